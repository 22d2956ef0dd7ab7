import { isRecord } from './record.ts';
import type { FieldPath, Report } from './problem.ts';
import type { YamlSource } from './yaml-source.ts';

const feedNames: readonly FieldPath[] = [
  ['columns', '*'],
  ['columns', '*', 'from'],
  ['columns', '*', 'from', '*'],
  ['columns', '*', 'value'],
  ['passwordColumn'],
  ['whole', 'trailer'],
  ['where', '*', 'column'],
  ['action', 'column'],
  ['employment', 'start'],
  ['employment', 'start', 'column'],
  ['employment', 'end'],
  ['employment', 'end', 'column'],
  ['dates', 'timeZoneColumn'],
  ['sheet'],
  ['records'],
];

/** Fields that hold names: YAML reads `0123` as a number and loses its zero, so the spelling is taken. */
const names: readonly FieldPath[] = [
  ['name'],
  ['match'],
  ['match', '*'],
  ...feedNames.flatMap((path): FieldPath[] => [
    ['feed', ...path],
    ['feeds', '*', ...path],
  ]),
  ['feeds', '*', 'name'],
  ['targets', '*', 'name'],
  ['targets', '*', 'match'],
  ['targets', '*', 'match', '*'],
  ['targets', '*', 'columns', '*'],
  ['targets', '*', 'columns', '*', 'from'],
  ['targets', '*', 'columns', '*', 'from', '*'],
  ['targets', '*', 'columns', '*', 'value'],
];

/** Status words are often plain digits (`leaver: [0]`); their spelling is taken without a warning. */
const words: readonly FieldPath[] = [
  ...['active', 'leaver', 'leave', 'clear'].flatMap((list): FieldPath[] => [
    ['feed', 'columns', '*', list, '*'],
    ['feeds', '*', 'columns', '*', list, '*'],
    ['targets', '*', 'columns', '*', list, '*'],
  ]),
];

/**
 * The job's data with numbers and `true` or `false` turned back into their spelling wherever a name is meant;
 * a warning asks for quotes.
 */
export function wordsAsText(data: unknown, source: YamlSource, report: Report): unknown {
  const warn: Report = (trouble) => report({ ...trouble, severity: 'warning' });
  const named = names.reduce(
    (result, pattern) => respell(result, pattern, [], { source, report: warn }),
    data,
  );
  const silent: Report = () => undefined;
  return words.reduce((result, pattern) => respell(result, pattern, [], { source, report: silent }), named);
}

interface Respelling {
  readonly source: YamlSource;
  readonly report: Report;
}

function respell(value: unknown, pattern: FieldPath, path: FieldPath, tools: Respelling): unknown {
  const [segment, ...rest] = pattern;
  if (segment === undefined) return respellScalar(value, path, tools);
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => respell(item, rest, [...path, index], tools));
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    segment === '*' || segment === key ? respell(item, rest, [...path, key], tools) : item,
  ]);
  return Object.fromEntries(entries);
}

function respellScalar(value: unknown, path: FieldPath, tools: Respelling): unknown {
  if (typeof value !== 'number' && typeof value !== 'boolean') return value;
  const text = tools.source.source(path) ?? String(value);
  tools.report({
    path,
    message: `\`${text}\` is a ${typeof value === 'number' ? 'number' : 'yes or no'} to YAML; it is read as text`,
    hint: `Write it in quotes: "${text}"`,
  });
  return text;
}
