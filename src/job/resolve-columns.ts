import type { Provider } from '../contracts/provider.ts';
import type { Column, Transform } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { ColumnFile, type TransformFile } from './feed-schema.ts';
import { didYouMean } from './nearest.ts';
import type { FieldPath, Report } from './problem.ts';
import { isRecord } from './record.ts';

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
    clearWords: (column.clear ?? []).map((word) => String(word).trim().toLowerCase()),
    split: column.split ?? ';',
    owned: column.owned ?? [],
    activeWords: attribute === 'active' ? (column.active ?? defaultActiveWords).map(String) : [],
    leaverWords: attribute === 'active' ? (column.leaver ?? defaultLeaverWords).map(String) : [],
    leaveWords: attribute === 'active' ? (column.leave ?? []).map(String) : [],
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
    Object.entries(file.map).map(([word, text]) => [word.trim().toLowerCase(), String(text)]),
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
  const refuse = (option: string, message: string) => report({ path: [...path, option], at: 'key', message });
  if ((column.from === undefined) === (column.value === undefined)) {
    report({ path, message: `\`${attribute}\` needs either \`from\`, a header, or \`value\`, a constant` });
  }
  const type = coreAttributes.includes(attribute) ? 'string' : provider?.attributes[attribute]?.type;
  const isSingle = type !== undefined && type !== 'set';
  for (const option of ['owned', 'split']) {
    if (isSingle && isRecord(written) && Object.hasOwn(written, option)) {
      refuse(option, `\`${option}\` is for attributes with several values; \`${attribute}\` has one`);
    }
  }
  for (const option of ['active', 'leaver', 'leave'] as const) {
    if (attribute !== 'active' && column[option] !== undefined) {
      refuse(option, `\`${option}\` words are for the attribute \`active\``);
    }
  }
  if (attribute === 'active') checkWords(column, path, report);
}

function checkWords(column: ColumnObject, path: FieldPath, report: Report): void {
  const fold = (words: readonly (string | number | boolean)[]) =>
    words.map((word) => String(word).toLowerCase());
  const meanings = [
    column.active ?? defaultActiveWords,
    column.leaver ?? defaultLeaverWords,
    column.leave ?? [],
  ];
  const given = meanings.flatMap((words) => [...new Set(fold(words))]);
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
