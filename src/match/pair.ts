import type { Reason } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Account, User } from '../domain/user.ts';

/** A person of the feed beside the user that is the same one, as far as there is one. */
export interface PersonPair {
  readonly kind: 'person';
  readonly person: Person;
  /** What the ledger remembers of the user; null when it never saw it. */
  readonly account: Account | null;
  /** The user as it is now; null when the target has none. */
  readonly user: User | null;
  /** How they were found to be the same; null when the person has no user. */
  readonly by: 'link' | 'matchKey' | null;
  /** Set when the person could not be paired safely. */
  readonly conflict: Reason | null;
  /** Why a person without a user must not get one: the match key only looks like another one. */
  readonly lookalike?: Reason;
}

/** A linked user whose person the feed does not name, or one of a declared scope who is nobody's. */
export interface AbsentPair {
  readonly kind: 'absent';
  readonly account: Account;
  readonly user: User;
}

export interface UserCounts {
  /** Users linked to a person of this job, or found by match key to be one now; those of the scope where one is declared. */
  readonly managed: number;
  readonly unmanaged: number;
  /** Users that the target, or the ledger in its stead, shows: those completed from the ledger are not among them. */
  readonly total: number;
  /** Linked accounts that the ledger knew before this run. */
  readonly linkedBefore: number;
  /** Those of them that the target should show: not the ones that its list was known to leave out. */
  readonly expected: number;
  /** And those of them that it does show. */
  readonly shown: number;
}
