/** At most `max(3, percent)` of what it speaks of, and never more than `count`; null: no such bound. */
export interface GuardLimit {
  readonly percent: number | null;
  readonly count: number | null;
}

/** A limit for one plan, and for what all runs of a window of time do together. */
export interface TimedLimit extends GuardLimit {
  readonly per24h: GuardLimit;
  readonly per7d: GuardLimit;
}

/** Windows of time that are judged besides the plan alone. */
export const guardWindows = ['per24h', 'per7d'] as const;
export type GuardWindow = (typeof guardWindows)[number];

/** People whom each operation concerns. */
export const operationGuards = ['creates', 'updates', 'enables', 'disables', 'removals'] as const;
export type OperationGuard = (typeof operationGuards)[number];

/** Judged over time, too. */
export const timedGuards = [...operationGuards, 'accessLost'] as const;
export type TimedGuard = (typeof timedGuards)[number];

/** The other limits that a job sets with a single figure, `attributes` by their names excepted. */
export const plainGuards = [
  'blanked',
  'keyChanges',
  'missing',
  'targetRead',
  'feedRows',
  'feedBytes',
  'feedColumns',
  'emptyCells',
  'rowsSetAside',
  'jobChanged',
] as const;
export type PlainGuard = (typeof plainGuards)[number];

/** All guards with a figure of their own, in the order in which they are explained. */
export const guardNames = [...timedGuards, 'attributes', ...plainGuards] as const;
export type GuardName = (typeof guardNames)[number];

/** A reorganisation, say: for its days a guard allows more, and afterwards it is as it was. */
export interface ExpectedEvent {
  /** First and last day, both included, `2026-12-01`, in UTC. */
  readonly from: string;
  readonly to: string;
  readonly what: GuardName;
  /** For `attributes`: the one that it speaks of; null: all. */
  readonly attribute: string | null;
  readonly upTo: GuardLimit;
  readonly why: string;
  readonly by: string;
}

export interface GuardLimits
  extends Readonly<Record<TimedGuard, TimedLimit>>,
    Readonly<Record<PlainGuard, GuardLimit>> {
  /** By attribute; `*` is for those that are not named. */
  readonly attributes: Readonly<Record<string, GuardLimit>>;
  readonly expected: readonly ExpectedEvent[];
}
