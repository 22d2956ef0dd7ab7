import { sameValue } from '../domain/comparison.ts';
import type { Column } from '../domain/settings.ts';
import type { Account, Value } from '../domain/user.ts';

/*
 * Three values of one attribute: what the feed says, what the target has, and what both had in common last. Where the
 * feed still says that, somebody changed the target; where the target still has it, the feed changed; else both did.
 *
 * What both had in common last is remembered for each account (`Account.agreed`) and moves on when they are seen to
 * agree, or when the feed's value was written with success. It stays where it is while a drift is kept or a write fails,
 * so that neither is forgotten.
 */

export interface Differing {
  readonly target: Value | null;
  /** What writing the feed's value would make of another one: the value itself, or a set that has grown by it. */
  readonly next: (from: Value | null) => Value | null;
  readonly rule: { readonly caseExact: boolean };
}

export interface Drift {
  /** Whether the feed's value is written. */
  readonly writes: boolean;
  /** Whether the target was changed by somebody else. */
  readonly drifted: boolean;
  /** Whether a person has to look. */
  readonly isConflict: boolean;
  /** What both had in common; undefined where that is not known, or need not be remembered. */
  readonly agreed: Value | null | undefined;
}

/**
 * What becomes of one attribute in which feed and target differ.
 * @param known what the ledger remembers of the user, once it is linked
 */
export function judgeDrift(
  { target, next, rule }: Differing,
  { attribute, drift: policy = 'feedWins' }: Pick<Column, 'attribute' | 'drift'>,
  known: Account | null,
): Drift {
  const base = baseOf(attribute, known);
  if (base === undefined) return { writes: true, drifted: false, isConflict: false, agreed: undefined };
  const feedChanged = !sameValue(base, next(base), rule);
  const drifted = !feedChanged || !sameValue(base, target, rule);
  if (policy === 'feedWins') return { writes: true, drifted, isConflict: false, agreed: undefined };
  const isConflict = policy === 'conflict' && feedChanged && drifted;
  return { writes: feedChanged && !isConflict, drifted, isConflict, agreed: base };
}

/** Whether it is remembered what both have in common: where the column asks, or that of an earlier job file did. */
export function remembersAgreement(
  { attribute, drift = 'feedWins' }: Pick<Column, 'attribute' | 'drift'>,
  known: Account | null,
): boolean {
  return drift !== 'feedWins' || known?.agreed?.[attribute] !== undefined;
}

/** Before both were ever seen to agree, what the ledger last knew of the target stands in. */
function baseOf(attribute: string, known: Account | null): Value | null | undefined {
  const agreed = known?.agreed?.[attribute];
  return agreed === undefined ? known?.attributes[attribute] : agreed;
}
