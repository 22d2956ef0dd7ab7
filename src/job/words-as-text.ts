import { isRecord, type JsonRecord } from './record.ts';
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
  ...inFeeds(feedNames),
  ['feeds', '*', 'name'],
  ['targets', '*', 'name'],
  ['targets', '*', 'match'],
  ['targets', '*', 'match', '*'],
  ['targets', '*', 'columns', '*'],
  ['targets', '*', 'columns', '*', 'from'],
  ['targets', '*', 'columns', '*', 'from', '*'],
  ['targets', '*', 'columns', '*', 'value'],
];

const tables: readonly FieldPath[] = [
  ['columns', '*', 'transform', 'map'],
  ['columns', '*', 'transform', '*', 'map'],
];

const columnWords: readonly FieldPath[] = [
  ...['active', 'leaver', 'leave', 'clear'].map((list): FieldPath => ['columns', '*', list, '*']),
  ...tables.map((table): FieldPath => [...table, '*']),
];

const feedWords: readonly FieldPath[] = [
  ...['is', 'isNot', 'like'].flatMap((test): FieldPath[] => [
    ['where', '*', test],
    ['where', '*', test, '*'],
  ]),
  ['action', 'words', '*', '*'],
];

/** Of users, for those whom a job manages or protects. */
const userWords: readonly FieldPath[] = [
  ...['is', 'isNot', 'like'].flatMap((test): FieldPath[] => [
    ['manage', 'scope', '*', test],
    ['manage', 'scope', '*', test, '*'],
  ]),
  ...['keys', 'groups', 'roles'].map((list): FieldPath => ['protect', list, '*']),
  ['protect', 'like', '*'],
  ['protect', 'like', '*', '*'],
];

function inFeeds(paths: readonly FieldPath[]): readonly FieldPath[] {
  return paths.flatMap((path): FieldPath[] => [
    ['feed', ...path],
    ['feeds', '*', ...path],
  ]);
}

function inTargets(paths: readonly FieldPath[]): readonly FieldPath[] {
  return paths.map((path): FieldPath => ['targets', '*', ...path]);
}

/**
 * Words of the feed are often plain digits (`leaver: [0]`) or `NULL`; their spelling is taken without a warning, in
 * tables that of the left side too.
 */
const words: readonly FieldPath[] = [
  ...inFeeds([...columnWords, ...feedWords]),
  ...inTargets(columnWords),
  ...userWords,
  ...inTargets(userWords),
];
const keyedByWords: readonly FieldPath[] = [...inFeeds(tables), ...inTargets(tables)];

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
  const spelt = words.reduce(
    (result, pattern) => respell(result, pattern, [], { source, report: null }),
    named,
  );
  return keyedByWords.reduce(
    (result, pattern) => respell(result, [...pattern, keys], [], { source, report: null }),
    spelt,
  );
}

/** At the end of a pattern: not the values of the record there, but its names. */
const keys = '\u0000keys';

interface Respelling {
  readonly source: YamlSource;
  /** Null where the spelling goes without saying. */
  readonly report: Report | null;
}

function respell(value: unknown, pattern: FieldPath, path: FieldPath, tools: Respelling): unknown {
  const [segment, ...rest] = pattern;
  if (segment === keys) return isRecord(value) ? respellKeys(value, path, tools) : value;
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

function respellKeys(record: JsonRecord, path: FieldPath, tools: Respelling): unknown {
  return Object.fromEntries(
    Object.entries(record).map(([key, item]) => [tools.source.keySource([...path, key]) ?? key, item]),
  );
}

function respellScalar(value: unknown, path: FieldPath, tools: Respelling): unknown {
  // `NULL` is a word, and nothing at all is none.
  if (value === null && tools.report === null) return tools.source.source(path) || null;
  if (typeof value !== 'number' && typeof value !== 'boolean') return value;
  const text = tools.source.source(path) ?? String(value);
  tools.report?.({
    path,
    message: `\`${text}\` is a ${typeof value === 'number' ? 'number' : 'yes or no'} to YAML; it is read as text`,
    hint: `Write it in quotes: "${text}"`,
  });
  return text;
}
