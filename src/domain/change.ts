import type { Row } from './person.ts';
import type { Attributes, User } from './user.ts';

export const operations = ['create', 'update', 'enable', 'disable', 'remove'] as const;
export type Operation = (typeof operations)[number];

/** One call's worth of a change. Steps with the same action and subject may share a request. */
export interface Step {
  /** The provider's word for the call: `add`, `update`, `assign-role` … */
  readonly action: string;
  /** What the call is about when a request can serve only one: the role's or group's name; else ''. */
  readonly subject: string;
  readonly values: Attributes;
  /**
   * Attributes that name another person, with that person's lasting id: their values are known only once that
   * person has a user, so the step waits until everything else of the plan has been sent.
   */
  readonly references?: Readonly<Record<string, string>>;
  /** Steps are sent wave by wave, each once the one before it has ended; 0 when absent. */
  readonly wave?: number;
  /** Positions of the changes whose steps of earlier waves must have succeeded, because they free what this one needs. */
  readonly after?: readonly number[];
  /** Set for a step that writes a temporary value, to free the present one for somebody else. */
  readonly temporary?: true;
  /** Set once `values` hold what `references` stood for: never in a plan. */
  readonly isFilled?: true;
}

/** Why a change is not simply planned, or an outcome is not simply a success. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** What one person needs, before the provider has said which steps that takes. */
export interface Need {
  readonly operation: Operation;
  readonly key: string;
  readonly linkKey: string;
  /** The target's id of the user; null for a create. */
  readonly userId: string | null;
  /** The user as it was compared; null for a create. */
  readonly user: User | null;
  /** The rows that ask for it; empty when it comes from a person whom the feed does not name. */
  readonly rows: readonly Row[];
  /** `approved`: a person said so, by key, and not the feed. `revert`: an earlier run did otherwise. */
  readonly cause: 'feed' | 'status' | 'absence' | 'approved' | 'revert';
  /**
   * Name of the feed that the rows stand in, or that the person was last seen in; absent where the job has one feed.
   */
  readonly feed?: string;
  /** Only the attributes that change, as the target has them; for a create, empty. */
  readonly before: Attributes;
  /** The same attributes as they shall be. Sets (roles, groups) are given whole. */
  readonly after: Attributes;
  /** For a disable: what enabling the account again has to give back; else null. */
  readonly remember: Attributes | null;
  /** Set when a person has to look first; such a change has no steps. */
  readonly conflict: Reason | null;
}

export interface Change extends Need {
  /** Position in the plan, from 1. */
  readonly seq: number;
  readonly disposition: 'planned' | 'held' | 'conflict';
  readonly reason: Reason | null;
  readonly steps: readonly Step[];
  /** How far it can be undone; absent for a conflict. */
  readonly undo?: 'full' | 'partly' | 'no';
}

/** What sending needs of a change: not its rows, for one, which may be the larger part. */
export type Sendable = Pick<
  Change,
  'seq' | 'disposition' | 'operation' | 'userId' | 'user' | 'after' | 'steps'
>;

/** What accounts need of a change to know what its outcomes mean for them. */
export type Tellable = Pick<
  Change,
  'seq' | 'operation' | 'key' | 'linkKey' | 'userId' | 'cause' | 'feed' | 'after' | 'remember' | 'steps'
>;

/** What became of a step, and by its worst step of a change. */
export type Result = 'succeeded' | 'failed' | 'conflict' | 'unknown' | 'notSent';

/** What became of one step. */
export interface Outcome {
  readonly result: Result;
  /** Ours, stable, documented (`src/domain/error-code.ts`); null for a plain success. */
  readonly errorCode: string | null;
  /** The vendor's own code, as it came. */
  readonly providerCode: string | null;
  /** For people; never holds personal values or secrets. */
  readonly message: string | null;
  /** The id that the target gave a created user. */
  readonly userId: string | null;
}
