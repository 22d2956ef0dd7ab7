import { z } from 'zod';
import { fieldNames } from './field-names.ts';
import { didYouMean, nearest, oneOf } from './nearest.ts';
import { type FieldPath, fieldName, type Report } from './problem.ts';
import { fieldOf, valueAt } from './record.ts';

type Issue = z.core.$ZodIssue;

export interface Shape<T> {
  readonly schema: z.ZodType<T>;
  readonly value: unknown;
  /** Where the value stands in the job. */
  readonly path: FieldPath;
  /** Names that belong there although the schema does not have them. */
  readonly otherNames?: readonly string[];
}

/**
 * The value as its schema parses it; undefined when it does not fit, and then every reason is reported at its
 * own place. No message repeats a value, except a misspelt word outside `auth`.
 */
export function checkShape<T>(shape: Shape<T>, report: Report): T | undefined {
  const parsed = shape.schema.safeParse(shape.value, { error: wording });
  if (parsed.success) return parsed.data;
  const json = z.toJSONSchema(shape.schema, { io: 'input', unrepresentable: 'any' });
  for (const issue of parsed.error.issues) reportIssue(issue, { ...shape, json }, report);
  return undefined;
}

/** The value as its schema parses it, or undefined: for checks whose shape has been reported already. */
export function sound<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

interface Context {
  readonly value: unknown;
  readonly path: FieldPath;
  readonly otherNames?: readonly string[];
  readonly json: unknown;
}

function reportIssue(issue: Issue, context: Context, report: Report): void {
  const inner = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  const path = [...context.path, ...inner];
  if (issue.code === 'unrecognized_keys') {
    const names = [...fieldNames(context.json, inner, context.value)];
    if (inner.length === 0) names.push(...(context.otherNames ?? []));
    for (const key of issue.keys) reportUnknownField([...path, key], names, report);
    return;
  }
  const branch =
    issue.code === 'invalid_union' ? likelyBranch(issue.errors, valueAt(context.value, inner)) : undefined;
  if (branch !== undefined) {
    for (const nested of branch) {
      reportIssue({ ...nested, path: [...issue.path, ...nested.path] }, context, report);
    }
    return;
  }
  const plural = plurals[path.join('.')];
  if (plural !== undefined && fieldOf(context.value, plural) !== undefined) return;
  report({ path, ...describe(issue, path, valueAt(context.value, inner)) });
}

/** Of several allowed forms, the one that the value has already, though with faults inside. */
function likelyBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  return branches
    .filter((issues) => !isOtherForm(issues, value))
    .sort((one, other) => one.length - other.length)[0];
}

/** Whether these are the faults of a form that the value does not have at all. */
function isOtherForm(issues: readonly Issue[], value: unknown): boolean {
  return issues.some((issue) => {
    if (issue.path.length > 0) return false;
    if (issue.code === 'invalid_union') return issue.errors.every((branch) => isOtherForm(branch, value));
    return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof value !== 'string');
  });
}

function describe(issue: Issue, path: FieldPath, value: unknown): { message: string; hint?: string } {
  const name = fieldName(path) === '' ? 'the job' : `\`${fieldName(path)}\``;
  if (issue.code === 'custom') return { message: phrased(name, issue.message) };
  if (value === undefined) return { message: `${name} is missing` };
  if (value === null) return { message: `${name} is empty`, hint: 'Give it a value or take the line out.' };
  const words = allowedWords(issue);
  if (words.length > 0 && typeof value === 'string') {
    const meant = didYouMean(value, words);
    // What stands under `auth` may be a secret in the wrong place, so it is not repeated.
    if (isUnderAuth(path)) return { message: `${name} must be ${oneOf(words)}${meant}` };
    return { message: `${name} cannot be \`${value}\`${meant}`, hint: `Known here: ${oneOf(words)}` };
  }
  if (words.length > 0) return { message: `${name} must be ${oneOf(words)}` };
  return { message: phrased(name, issue.message) };
}

/** Our own messages begin with a verb; a provider's may be whole sentences. */
function phrased(name: string, message: string): string {
  return /^(?:must|needs|is|has) /.test(message) ? `${name} ${message}` : `${name}: ${message}`;
}

function allowedWords(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union' || !('options' in issue)) return [];
  return Array.isArray(issue.options) ? issue.options.map(String) : [];
}

/** Fields that the design names and this version does not have. */
const notYet: ReadonlyMap<string, string> = new Map([
  ['notifications', 'notifications are not supported yet'],
]);

/** The plural of a later version stands in for its singular, which is then not reported as missing. */
const plurals: Readonly<Record<string, string>> = { feed: 'feeds' };

function reportUnknownField(path: FieldPath, names: readonly string[], report: Report): void {
  const key = String(path.at(-1));
  const later = notYet.get(path.includes('guards') ? `guards.${key}` : fieldName(path));
  if (later !== undefined) {
    report({ path, at: 'key', message: later });
    return;
  }
  const hint = names.length === 0 ? {} : { hint: `Known here: ${names.join(', ')}` };
  if (isQuotable(path, names)) {
    report({ path, at: 'key', message: `unknown field \`${key}\`${didYouMean(key, names)}`, ...hint });
    return;
  }
  const parent = path.slice(0, -1);
  const message = `unknown field in \`${fieldName(parent)}\`; it may lack the space after its colon`;
  report({ path: parent, place: path, at: 'key', message, ...hint });
}

/** A name in which a secret may stand (`password:hunter2` without a space is one name) is not repeated. */
function isQuotable(path: FieldPath, names: readonly string[]): boolean {
  const key = String(path.at(-1));
  if (!isUnderAuth(path)) return !key.includes(':');
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(key) && nearest(key, names) !== undefined;
}

function isUnderAuth(path: FieldPath): boolean {
  return path.includes('auth');
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** The words for what zod finds, where a schema has none of its own. */
const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return `must be ${typeWords[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small') {
    if (issue.origin === 'number' || issue.origin === 'int')
      return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    return 'must not be empty';
  }
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  if (issue.code === 'invalid_union') return 'has none of the allowed forms';
  if (issue.code === 'invalid_format') return 'is not in the expected form';
  return undefined;
};
