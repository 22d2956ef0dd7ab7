import type { Attributes, Value } from './user.ts';

/** How one attribute's values compare; the provider's attribute rules have at least this. */
export interface ComparisonRule {
  readonly caseExact: boolean;
}

const caseIgnored: ComparisonRule = { caseExact: false };

/**
 * The form in which two spellings of the same value are equal: NFC (never NFKC, which merges what people keep
 * apart), and lower case where the target ignores case.
 */
export function fold(text: string, rule: ComparisonRule | undefined): string {
  const composed = text.normalize('NFC');
  return (rule ?? caseIgnored).caseExact ? composed : composed.toLowerCase();
}

/** Whether the target would take two values for the same; sets compare without order or repetition. */
export function sameValue(
  left: Value | null | undefined,
  right: Value | null | undefined,
  rule: ComparisonRule | undefined,
): boolean {
  const one = emptyAsNull(left);
  const other = emptyAsNull(right);
  if (one === null || other === null) return one === other;
  if (typeof one === 'object' || typeof other === 'object') {
    const ones = foldedSet(one, rule);
    const others = foldedSet(other, rule);
    return ones.size === others.size && [...ones].every((entry) => others.has(entry));
  }
  if (typeof one === 'string' && typeof other === 'string') return fold(one, rule) === fold(other, rule);
  return one === other;
}

/** Whether the spellings are equal to the letter: a change of case alone is still a change worth writing. */
export function identicalValue(left: Value | null | undefined, right: Value | null | undefined): boolean {
  return sameValue(left, right, { caseExact: true });
}

/** The folded entries of a set. */
export function foldedSet(value: Value, rule: ComparisonRule | undefined): ReadonlySet<string> {
  const entries = typeof value === 'object' ? value : [String(value)];
  return new Set(entries.map((entry) => fold(entry, rule)));
}

/**
 * The key by which a person and a user are found to be the same the first time: the folded values of the match
 * attributes. Null when one of them has no value: then there is nothing to match by.
 */
export function matchKeyOf(
  attributes: Attributes,
  match: readonly string[],
  rules: Readonly<Record<string, ComparisonRule>>,
): string | null {
  const parts: string[] = [];
  for (const name of match) {
    const value = attributes[name];
    if (typeof value !== 'string' || value === '') return null;
    parts.push(fold(value, rules[name]));
  }
  return parts.join('\u001f');
}

function emptyAsNull(value: Value | null | undefined): Value | null {
  if (value === undefined || value === '') return null;
  if (typeof value === 'object' && value !== null && value.length === 0) return null;
  return value;
}
