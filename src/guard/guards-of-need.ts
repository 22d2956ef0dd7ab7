import { foldedSet } from '../domain/comparison.ts';
import type { Need, Operation } from '../domain/change.ts';
import type { OperationGuard } from '../domain/guard-settings.ts';
import type { Value } from '../domain/user.ts';

/** What a guard has to know of an attribute. */
export interface GuardedAttribute {
  readonly type: 'string' | 'boolean' | 'set';
  readonly caseExact: boolean;
}

/** In which counts of the guards one person's change stands. */
export interface GuardedNeed {
  /** Null for a change that will not be sent. */
  readonly operation: OperationGuard | null;
  readonly accessLost: boolean;
  readonly keyChanges: boolean;
  /** Attributes whose value changes. */
  readonly attributes: readonly string[];
  /** Those of them that have no value afterwards. */
  readonly blanked: readonly string[];
}

export interface GuardedJob {
  readonly rules: Readonly<Record<string, GuardedAttribute>>;
  readonly match: readonly string[];
}

const guardOf: Readonly<Record<Operation, OperationGuard>> = {
  create: 'creates',
  update: 'updates',
  enable: 'enables',
  disable: 'disables',
  remove: 'removals',
};

const nothing = { accessLost: false, keyChanges: false, attributes: [], blanked: [] };

/**
 * Says which guards count what a person needs. Attributes are judged in updates: whoever comes, comes back or leaves
 * is counted as such. A login that another lasting id claims is a conflict, and still a key that has changed.
 */
export function guardsOfNeed(need: Need, { rules, match }: GuardedJob): GuardedNeed {
  if (need.conflict !== null) {
    return { ...nothing, operation: null, keyChanges: need.conflict.code === 'LOGIN_TAKEN' };
  }
  const operation = guardOf[need.operation];
  if (need.operation !== 'update') return { ...nothing, operation };
  const attributes = Object.keys(need.after);
  const before = (name: string): Value | null => need.before[name] ?? null;
  const after = (name: string): Value | null => need.after[name] ?? null;
  const isSet = (name: string): boolean => rules[name]?.type === 'set';
  return {
    operation,
    attributes,
    accessLost: attributes.some((name) => isSet(name) && losesEntry(before(name), after(name), rules[name])),
    keyChanges: attributes.some((name) => name === 'userName' || match.includes(name)),
    blanked: attributes.filter((name) => !isSet(name) && !isNothing(before(name)) && isNothing(after(name))),
  };
}

function losesEntry(before: Value | null, after: Value | null, rule: GuardedAttribute | undefined): boolean {
  const kept = foldedSet(after ?? [], rule);
  return [...foldedSet(before ?? [], rule)].some((entry) => !kept.has(entry));
}

function isNothing(value: Value | null): boolean {
  return value === null || value === '' || (typeof value === 'object' && value.length === 0);
}
