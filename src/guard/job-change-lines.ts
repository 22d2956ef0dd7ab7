import type { JobChange } from './judge-job.ts';
import { limitText } from './limits.ts';

/**
 * A changed setting as a person reads it, `path: old -> new`; what is made of several settings, such as a column, in
 * one line for each that changed.
 */
export function jobChangeLines({
  field,
  before,
  after,
}: Pick<JobChange, 'field' | 'before' | 'after'>): string[] {
  // A job with one feed says `feed`, and the ledger numbers it.
  const path = field.replace(/^feeds\.0\./, 'feed.');
  return differences(path, settingOf(before), settingOf(after));
}

function differences(path: string, before: unknown, after: unknown): string[] {
  if (isLimit(path, before) || isLimit(path, after) || !isRecord(before) || !isRecord(after)) {
    return [`${path}: ${textOf(path, before)} -> ${textOf(path, after)}`];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    return JSON.stringify(was) === JSON.stringify(is) ? [] : differences(`${path}.${name}`, was, is);
  });
}

/** Lists, and what belongs together, are kept as JSON in a text. */
function settingOf(json: string | null): unknown {
  if (json === null) return undefined;
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function textOf(path: string, value: unknown): string {
  if (value === undefined) return '(not given)';
  if (isLimit(path, value)) return limitText({ percent: null, count: null, ...value }, 0) || '(no limit)';
  return plainText(value);
}

function plainText(value: unknown): string {
  if (value === null) return '(none)';
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.map(plainText).join(', ');
  if (isRecord(value)) {
    const given = Object.entries(value).filter(([, part]) => !isNothing(part));
    return `{ ${given.map(([name, part]) => `${name}: ${plainText(part)}`).join(', ')} }`;
  }
  const text = String(value);
  return text === text.trim() && text !== '' ? text : JSON.stringify(text);
}

function isNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function isLimit(
  path: string,
  value: unknown,
): value is { readonly percent?: number; readonly count?: number } {
  const names = isRecord(value) ? Object.keys(value) : null;
  return path.startsWith('guards.') && (names?.every((name) => ['percent', 'count'].includes(name)) ?? false);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
