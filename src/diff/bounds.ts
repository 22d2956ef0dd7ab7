import type { ProtectedUsers, ScopeCondition } from '../domain/bounds.ts';
import { fold } from '../domain/comparison.ts';
import type { User, Value } from '../domain/user.ts';
import { anyOf } from '../domain/wildcard.ts';

/** What no feed and no approval moves: whom a run may touch, and from whom it takes nothing. */
export interface Bounds {
  /** Whether the job may change this user at all, or take it for a leaver. */
  readonly isInScope: (user: User) => boolean;
  /** Whether nothing is ever taken from this user. */
  readonly isProtected: (user: User, linkKey: string | null) => boolean;
  /** Lasting ids of people whose account is kept exactly as it is. */
  readonly kept: ReadonlySet<string>;
  /** Whom this job removed before. */
  readonly departed: DepartedPeople;
}

export interface DepartedPeople {
  has(linkKey: string): boolean;
  /** When a user with this login was last removed who was not this person's, ISO 8601; null when none was. */
  loginOfAnother(login: string, linkKey: string): string | null;
}

/** A job that says nothing of either, and that has removed nobody. */
export const unbounded: Bounds = {
  isInScope: () => true,
  isProtected: () => false,
  kept: new Set(),
  departed: { has: () => false, loginOfAnother: () => null },
};

/** Whether a user meets all conditions; everybody does where there are none. */
export function scopeOf(conditions: readonly ScopeCondition[] | null): (user: User) => boolean {
  const tests = (conditions ?? []).map(testOf);
  return (user) => tests.every((meets) => meets(user));
}

function testOf({ attribute, is, isNot, like, empty }: ScopeCondition): (user: User) => boolean {
  const likes = like === null ? null : anyOf(like);
  return ({ attributes }) => {
    const words = wordsIn(attributes[attribute] ?? null);
    if (empty !== null && (words.length === 0) !== empty) return false;
    if (is !== null && !words.some((word) => is.includes(word))) return false;
    if (isNot !== null && words.some((word) => isNot.includes(word))) return false;
    return likes === null || words.some(likes);
  };
}

/** @param ownId id of the account that signs in, which is always protected; null when unknown */
export function protectionOf(
  { keys, groups, roles, like }: ProtectedUsers,
  ownId: string | null,
): Bounds['isProtected'] {
  const linkKeys = new Set(keys.map((key) => key.normalize('NFC')));
  const tests = Object.entries({
    ...like,
    groups: [...groups, ...(like.groups ?? [])],
    roles: [...roles, ...(like.roles ?? [])],
  })
    .filter(([, patterns]) => patterns.length > 0)
    .map(([attribute, patterns]) => [attribute, anyOf(patterns)] as const);
  return (user, linkKey) =>
    user.id === ownId ||
    (linkKey !== null && linkKeys.has(linkKey)) ||
    tests.some(([attribute, matches]) => wordsIn(user.attributes[attribute] ?? null).some(matches));
}

/** In the form in which the job's words are kept. */
function wordsIn(value: Value | null): readonly string[] {
  const entries: readonly string[] = typeof value === 'object' ? (value ?? []) : [String(value)];
  return entries.map((entry) => fold(entry.trim(), undefined)).filter((word) => word !== '');
}
