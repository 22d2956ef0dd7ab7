import type { Provider } from '../contracts/provider.ts';
import type { Column } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { ColumnFile } from './job.ts';
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
    const path = ['feed', 'columns', attribute];
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
    from: column.from ?? null,
    value: column.value ?? null,
    write: column.write ?? 'always',
    empty: column.empty ?? 'keep',
    split: column.split ?? ';',
    owned: column.owned ?? [],
    activeWords: attribute === 'active' ? (column.active ?? defaultActiveWords).map(String) : [],
    leaverWords: attribute === 'active' ? (column.leaver ?? defaultLeaverWords).map(String) : [],
  };
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
  for (const option of ['active', 'leaver'] as const) {
    if (attribute !== 'active' && column[option] !== undefined) {
      refuse(option, `\`${option}\` words are for the attribute \`active\``);
    }
  }
  if (attribute === 'active') checkWords(column, path, report);
}

function checkWords(column: ColumnObject, path: FieldPath, report: Report): void {
  const fold = (words: readonly (string | number | boolean)[]) =>
    words.map((word) => String(word).toLowerCase());
  const leaver = new Set(fold(column.leaver ?? defaultLeaverWords));
  const both = fold(column.active ?? defaultActiveWords).filter((word) => leaver.has(word));
  if (both.length === 0) return;
  report({
    path: column.active === undefined ? [...path, 'leaver'] : [...path, 'active'],
    message: `these words mean both that a person stays and that the person left: ${both.join(', ')}`,
    hint: 'Give both lists, `active` and `leaver`, without a common word.',
  });
}

function warnOfRequired(mapped: readonly string[], provider: Provider, report: Report): void {
  const missing = Object.entries(provider.attributes)
    .filter(([attribute, rule]) => rule.required && rule.writable !== 'never' && !mapped.includes(attribute))
    .map(([attribute]) => attribute);
  if (missing.length === 0) return;
  report({
    path: ['feed', 'columns'],
    at: 'key',
    severity: 'warning',
    message: `${provider.title} refuses to create users without ${missing.join(', ')}`,
    hint: 'Map a column or a constant to it, or say `policy: { create: false }`.',
  });
}
