import type { Provider } from '../contracts/provider.ts';
import { fold } from '../domain/comparison.ts';
import type { Column, Transform } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { ColumnFile, type TransformFile } from './feed-schema.ts';
import { didYouMean } from './nearest.ts';
import { checkTransforms } from './check-transforms.ts';
import type { FieldPath, Report } from './problem.ts';
import { isRecord } from './record.ts';
import { wordsOf } from './resolve-rows.ts';

/** Status words that mean a person who stays, unless the job names its own. */
export const defaultActiveWords = ['active', 'a', '1', 'true', 'yes', 'y', 'enabled', 'employed'] as const;

/** Status words that mean a person who left, unless the job names its own. */
export const defaultLeaverWords = [
  'inactive',
  'terminated',
  't',
  '0',
  'false',
  'no',
  'n',
  'disabled',
  'left',
  'leaver',
] as const;

/** Mapped for core's own use, whatever the provider can write. */
export const coreAttributes: readonly string[] = ['externalId', 'active'];

export interface ColumnsContext {
  readonly provider: Provider | undefined;
  /** Whether the job creates users. */
  readonly creates: boolean;
  readonly report: Report;
}

type ColumnObject = Exclude<ColumnFile, string>;

/** The mapped columns; unknown or unwritable attributes and options without meaning are reported. */
export function resolveColumns(raw: unknown, context: ColumnsContext): readonly Column[] {
  if (!isRecord(raw)) return [];
  const { provider, report } = context;
  const columns: Column[] = [];
  for (const [attribute, value] of Object.entries(raw)) {
    const path = ['columns', attribute];
    if (provider !== undefined) checkAttribute(attribute, path, provider, report);
    const file = sound(ColumnFile, value);
    if (file === undefined) continue;
    const column = typeof file === 'string' ? undefined : file;
    if (column !== undefined) checkOptions(column, { attribute, path, written: value, provider, report });
    columns.push(toColumn(attribute, file));
  }
  if (provider !== undefined && context.creates) warnOfRequired(Object.keys(raw), provider, report);
  return columns;
}

function toColumn(attribute: string, file: ColumnFile): Column {
  const column: Partial<ColumnObject> = typeof file === 'string' ? { from: file } : file;
  return {
    attribute,
    from: column.from === undefined ? [] : typeof column.from === 'string' ? [column.from] : column.from,
    join: column.join ?? ' ',
    value: column.value ?? null,
    transform: transformsOf(column.transform),
    write: column.write ?? 'always',
    empty: column.empty ?? 'keep',
    clearWords: wordsOf(column.clear) ?? [],
    split: column.split ?? ';',
    owned: column.owned ?? [],
    activeWords: attribute === 'active' ? (column.active ?? defaultActiveWords).map(String) : [],
    leaverWords: attribute === 'active' ? (column.leaver ?? defaultLeaverWords).map(String) : [],
    leaveWords: attribute === 'active' ? (column.leave ?? []).map(String) : [],
    ...(column.drift === undefined || column.drift === 'feedWins' ? {} : { drift: column.drift }),
  };
}

function transformsOf(file: ColumnObject['transform']): readonly Transform[] {
  if (file === undefined) return [];
  return (Array.isArray(file) ? file : [file]).map(transformOf);
}

function transformOf(file: TransformFile): Transform {
  if (file === 'phone') return { fn: 'phone', country: null };
  if (typeof file === 'string') return { fn: file };
  if ('replace' in file) return { fn: 'replace', find: file.replace[0], by: file.replace[1] };
  if ('part' in file) return { fn: 'part', split: file.part[0], take: file.part[1] };
  if ('date' in file) return { fn: 'date', ...file.date };
  if ('phone' in file) return { fn: 'phone', country: file.phone };
  const table = Object.fromEntries(
    Object.entries(file.map).map(([word, text]) => [fold(word.trim(), undefined), String(text)]),
  );
  return { fn: 'map', table, otherwise: file.otherwise };
}

function checkAttribute(attribute: string, path: FieldPath, provider: Provider, report: Report): void {
  if (coreAttributes.includes(attribute)) return;
  const rule = Object.hasOwn(provider.attributes, attribute) ? provider.attributes[attribute] : undefined;
  if (rule === undefined) {
    const known = [...coreAttributes, ...Object.keys(provider.attributes)];
    report({
      path,
      at: 'key',
      message: `unknown attribute \`${attribute}\`${didYouMean(attribute, known)}`,
      hint: `${provider.title} knows: ${known.join(', ')}`,
    });
  } else if (rule.writable === 'never') {
    report({
      path,
      at: 'key',
      message: `\`${attribute}\` can be read from ${provider.title}, never written`,
    });
  }
}

interface OptionsContext {
  readonly attribute: string;
  readonly path: FieldPath;
  readonly written: unknown;
  readonly provider: Provider | undefined;
  readonly report: Report;
}

function checkOptions(column: ColumnObject, context: OptionsContext): void {
  const { attribute, path, written, provider, report } = context;
  if ((column.from === undefined) === (column.value === undefined)) {
    report({ path, message: `\`${attribute}\` needs either \`from\`, a header, or \`value\`, a constant` });
  }
  const isCore = coreAttributes.includes(attribute);
  const type = isCore ? 'string' : provider?.attributes[attribute]?.type;
  const refuse = (options: readonly string[], why: string) => {
    for (const option of options) {
      if (!isRecord(written) || !Object.hasOwn(written, option)) continue;
      const message = `\`${option}\` ${why}`;
      report({ path: [...path, option], at: 'key', message, hint: `Take \`${option}\` out.` });
    }
  };
  if (type !== undefined && type !== 'set') {
    refuse(['owned', 'split'], `is for attributes with several values; \`${attribute}\` has one`);
  }
  if (attribute !== 'active') refuse(['active', 'leaver', 'leave'], 'words are for the attribute `active`');
  if (type === 'set') refuse(['join'], 'is for attributes with one value: here those of all columns count');
  else if (!Array.isArray(column.from) || column.from.length < 2)
    refuse(['join'], 'stands between several columns, and `from` does not name several');
  if (column.value !== undefined)
    refuse(['transform', 'clear', 'empty'], 'is for what the feed says, and `value` is a constant');
  if (isCore) refuse(['drift'], `is for what the target has, and \`${attribute}\` is the feed's alone`);
  if ((column.write ?? 'always') !== 'always')
    refuse(['drift'], 'is for what is written again; this is written once, or only while it is empty');
  if (isCore) refuse(['clear'], `cannot be: every row has to say \`${attribute}\``);
  checkHeaders(column.from, path, report);
  checkTransforms(column.transform, [...path, 'transform'], report);
  if (attribute === 'active') checkWords(column, path, report);
}

function checkHeaders(from: ColumnObject['from'], path: FieldPath, report: Report): void {
  if (typeof from !== 'object') return;
  for (const [index, header] of from.entries()) {
    if (from.indexOf(header) === index) continue;
    report({
      path: [...path, 'from', index],
      message: 'this column is named twice',
      hint: 'Name each column once.',
    });
  }
}

function checkWords(column: ColumnObject, path: FieldPath, report: Report): void {
  const meanings = [
    column.active ?? defaultActiveWords,
    column.leaver ?? defaultLeaverWords,
    column.leave ?? [],
  ];
  const given = meanings.flatMap((words) => [...new Set(wordsOf(words))]);
  const both = [...new Set(given.filter((word, index) => given.indexOf(word) < index))];
  if (both.length === 0) return;
  report({
    path: column.active === undefined ? [...path, 'leaver'] : [...path, 'active'],
    message: `these words mean more than one thing of a person (stays, left, on leave): ${both.join(', ')}`,
    hint: 'Give the lists `active`, `leaver` and `leave` without a common word.',
  });
}

function warnOfRequired(mapped: readonly string[], provider: Provider, report: Report): void {
  const missing = Object.entries(provider.attributes)
    .filter(([attribute, rule]) => rule.required && rule.writable !== 'never' && !mapped.includes(attribute))
    .map(([attribute]) => attribute);
  if (missing.length === 0) return;
  report({
    path: ['columns'],
    at: 'key',
    severity: 'warning',
    message: `${provider.title} refuses to create users without ${missing.join(', ')}`,
    hint: 'Map a column or a constant to it, or say `policy: { create: false }`.',
  });
}
