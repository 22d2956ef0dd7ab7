import type { Value } from './user.ts';

/** Users from whom nothing is ever taken, whatever a feed or an approval says; who matches one of these. */
export interface ProtectedUsers {
  /** Lasting ids, as the feed spells them. */
  readonly keys: readonly string[];
  /** Patterns of the groups and of the roles that a protected user has. */
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** Patterns of values, by attribute of the target's user. */
  readonly like: Readonly<Record<string, readonly string[]>>;
}

/** A condition on an attribute of the target's user; of a set, one entry is enough. Text is compared without case. */
export interface ScopeCondition {
  readonly attribute: string;
  readonly is: readonly string[] | null;
  readonly isNot: readonly string[] | null;
  readonly like: readonly string[] | null;
  readonly empty: boolean | null;
}

/** The last moment, ISO 8601, before which a person's account is kept exactly as it is, and why. */
export interface KeptAsIs {
  readonly until: string;
  readonly reason: string;
}

/** What an update wrote to an attribute lately. */
export interface WrittenLately {
  readonly value: Value | null;
  /** When it was written, the oldest first. */
  readonly at: readonly string[];
}
