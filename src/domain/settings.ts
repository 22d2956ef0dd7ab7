/** How one attribute is filled from the feed. */
export interface Column {
  /** SCIM name of the attribute. */
  readonly attribute: string;
  /** Header of the feed's column; null when `value` is a constant for all rows. */
  readonly from: string | null;
  readonly value: string | null;
  readonly write: 'always' | 'onCreate' | 'ifEmpty';
  /** What an empty cell means: leave the target's value, clear it, or set the row aside. */
  readonly empty: 'keep' | 'clear' | 'reject';
  /** Separator of a cell with several values. */
  readonly split: string;
  /** Glob patterns of the set's values that the job owns: only these are ever taken away. */
  readonly owned: readonly string[];
  /** For `active`: status words, compared without case, that mean a person who stays or one who left. */
  readonly activeWords: readonly string[];
  readonly leaverWords: readonly string[];
}

/** What proves that a full feed is whole. */
export interface Wholeness {
  /** Rows that the feed must have, given in the job. */
  readonly rows: number | null;
  /** Path of a side file with a row count or a SHA-256. */
  readonly manifest: string | null;
  /** First cell of the last record, which states the row count in one of its other cells. */
  readonly trailer: string | null;
}

export interface FeedSettings {
  /** Absolute path, or `-` for standard input. */
  readonly path: string;
  readonly mode: 'full' | 'delta';
  readonly format: 'csv' | 'json' | 'ndjson';
  /** A label of the WHATWG encoding standard, such as `utf-8` or `windows-1252`. */
  readonly encoding: string;
  readonly delimiter: string;
  readonly columns: readonly Column[];
  /** Header of the column with new users' first passwords, which are never among a row's cells; null: there is none. */
  readonly passwordColumn: string | null;
  readonly whole: Wholeness;
}

/** What happens to a leaver, and how many days after the person was first seen to leave. */
export interface LeaverRule {
  readonly operation: 'disable' | 'remove';
  readonly afterDays: number;
}

export interface Policy {
  readonly create: boolean;
  readonly update: boolean;
  readonly leavers: readonly LeaverRule[];
}

/** At most `max(floor people, percent of the managed users)`, and never more than `count`. */
export interface GuardLimit {
  readonly percent: number | null;
  readonly count: number | null;
}

export const guardNames = ['creates', 'updates', 'enables', 'disables', 'removals'] as const;
export type GuardName = (typeof guardNames)[number];
export type GuardLimits = Readonly<Record<GuardName, GuardLimit>>;

export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

export interface Limits {
  /** All of them hold at once. */
  readonly rates: readonly RateLimit[];
  readonly concurrency: number;
  /** Steps in one request, at most. */
  readonly batchSize: number;
  /** Bytes of a request's body, at most. */
  readonly batchBytes: number;
  /** From the first byte sent to the last received, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Seconds since 1970 are nobody's friend: times inside are ISO 8601 in UTC, durations end in their unit. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
