import { fold, foldedSet, sameValue } from '../domain/comparison.ts';
import type { Need } from '../domain/change.ts';
import type { Attributes, User, Value } from '../domain/user.ts';
import type { DiffRule, Difference, DiffSettings } from './difference.ts';

/**
 * Leaves a protected user what a change would take: the access, the account, roles and groups. Nothing is remembered
 * of somebody who would leave, so that no day counts from which on it happens all at once.
 */
export function sparing(
  difference: Difference,
  user: User | null,
  linkKey: string | null,
  settings: Pick<DiffSettings, 'bounds' | 'rules'>,
): Difference {
  if (user === null || !settings.bounds.isProtected(user, linkKey)) return difference;
  const { need, account } = difference;
  if (need === null) return account?.leaverSince == null ? difference : { ...difference, account: null };
  if (need.operation === 'disable' || need.operation === 'remove') {
    return { need: null, bucket: 'excluded', account: null, spared: 'protected' };
  }
  const spared = withoutLosses(need, settings.rules);
  if (spared === need) return difference;
  const rest = Object.keys(spared.after).length > 0 || spared.conflict !== null ? spared : null;
  return { ...difference, need: rest, bucket: rest === null ? 'excluded' : 'changed', spared: 'protected' };
}

/** The need with all that sets have kept; the same need where none loses anything. */
export function withoutLosses(need: Need, rules: Readonly<Record<string, DiffRule>>): Need {
  const before: Record<string, Value | null> = { ...need.before };
  const after: Record<string, Value | null> = { ...need.after };
  let loses = false;
  for (const [name, value] of Object.entries(need.after)) {
    const rule = rules[name];
    const had = need.before[name] ?? null;
    if (rule?.type !== 'set' || !Array.isArray(had)) continue;
    const whole = united(value, had, rule);
    if (sameValue(whole, value, rule)) continue;
    loses = true;
    after[name] = whole;
    if (!sameValue(whole, had, rule)) continue;
    delete before[name];
    delete after[name];
  }
  return loses ? { ...need, before, after } : need;
}

function united(wanted: Value | null, had: readonly string[], rule: DiffRule): readonly string[] {
  const wants = Array.isArray(wanted) ? (wanted as readonly string[]) : [];
  const known = foldedSet(wants, rule);
  return [...wants, ...had.filter((entry) => !known.has(fold(entry, rule)))].sort();
}

/** What the feed says of a user who was spared: of sets only what the change writes. */
export function saidOfSpared(
  says: Attributes,
  need: Need,
  rules: Readonly<Record<string, DiffRule>>,
): Attributes {
  return Object.fromEntries(
    Object.entries(says).flatMap(([name, value]) => {
      if (rules[name]?.type !== 'set') return [[name, value]];
      const written = need.after[name];
      return written === undefined ? [] : [[name, written]];
    }),
  );
}
