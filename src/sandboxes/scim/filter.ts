import { isJson, type Json, ScimError } from './answers.ts';

export type Test = (resource: Json) => boolean;

interface Comparison {
  readonly path: string;
  readonly operator: string;
  readonly value: unknown;
}

/** Whether values of this path compare with case. */
export type CaseExact = (path: string) => boolean;

const token = /\s*(?:("(?:[^"\\]|\\.)*")|([^\s"()[\]]+))/gy;
const operators: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'pr']);

/**
 * Filters of RFC 7644, section 3.4.2.2, as far as the sandbox goes: comparisons joined by `and` and `or` (`and` binds
 * stronger), without parentheses.
 */
export function parseFilter(text: string, caseExact: CaseExact): Test {
  const words = tokens(text);
  const alternatives: Comparison[][] = [[]];
  for (let at = 0; at < words.length; ) {
    const [path, operator] = [words[at], words[at + 1]?.toLowerCase()];
    if (path === undefined || operator === undefined || !operators.has(operator)) throw invalid();
    const takesValue = operator !== 'pr';
    const value = takesValue ? literalOf(words[at + 2]) : null;
    alternatives.at(-1)?.push({ path, operator, value });
    at += takesValue ? 3 : 2;
    const joint = words[at]?.toLowerCase();
    if (joint === undefined) break;
    if (joint !== 'and' && joint !== 'or') throw invalid();
    if (joint === 'or') alternatives.push([]);
    at += 1;
    if (at >= words.length) throw invalid();
  }
  if (alternatives.some((all) => all.length === 0)) throw invalid();
  return (resource) =>
    alternatives.some((all) => all.every((comparison) => holds(resource, comparison, caseExact)));
}

function tokens(text: string): readonly string[] {
  const words: string[] = [];
  token.lastIndex = 0;
  const trimmed = text.trim();
  while (token.lastIndex < trimmed.length) {
    const found = token.exec(trimmed);
    if (found === null) throw invalid();
    words.push(found[1] ?? found[2] ?? '');
  }
  return words;
}

function literalOf(word: string | undefined): unknown {
  try {
    const value: unknown = JSON.parse(word ?? '');
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  } catch {
    // Falls through to the refusal.
  }
  throw invalid();
}

function holds(resource: Json, { path, operator, value }: Comparison, caseExact: CaseExact): boolean {
  const values = valuesAt(resource, path);
  if (operator === 'pr') return values.length > 0;
  const fold = (one: unknown): unknown =>
    typeof one === 'string' && !caseExact(path) ? one.toLowerCase() : one;
  const wanted = fold(value);
  if (operator === 'ne') return values.every((one) => fold(one) !== wanted);
  return values.some((one) => {
    const has = fold(one);
    if (operator === 'eq') return has === wanted;
    if (typeof has !== 'string' || typeof wanted !== 'string') return false;
    if (operator === 'co') return has.includes(wanted);
    return operator === 'sw' ? has.startsWith(wanted) : has.endsWith(wanted);
  });
}

function valuesAt(resource: Json, path: string): readonly unknown[] {
  let values: readonly unknown[] = [resource];
  for (const name of path.split('.')) {
    values = values.flatMap((value) => {
      if (!isJson(value)) return [];
      const key = Object.keys(value).find((one) => one.toLowerCase() === name.toLowerCase());
      const found = key === undefined ? undefined : value[key];
      return found === undefined ? [] : Array.isArray(found) ? found : [found];
    });
  }
  return values.flatMap((value) => (isJson(value) && 'value' in value ? [value.value] : [value]));
}

function invalid(): ScimError {
  return new ScimError(400, 'invalidFilter', 'The filter is not understood.');
}
