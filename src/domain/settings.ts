import type { Operation } from './change.ts';

/** A named function over a cell's text, applied from left to right before the text becomes a value. */
export type Transform =
  | { readonly fn: 'lower' | 'upper' }
  /** Literal text, every occurrence. */
  | { readonly fn: 'replace'; readonly find: string; readonly by: string }
  /** The part with this number, counted from 1, or from the end when negative; '' when there are fewer. */
  | { readonly fn: 'part'; readonly split: string; readonly take: number }
  /** Luxon's tokens, such as `dd.MM.yyyy`. */
  | { readonly fn: 'date'; readonly from: string; readonly to: string }
  /** E.164; a number without a country code belongs to `country` (ISO 3166, two letters). */
  | { readonly fn: 'phone'; readonly country: string | null }
  | {
      readonly fn: 'map';
      /** By the lower-case, trimmed word. */
      readonly table: Readonly<Record<string, string>>;
      readonly otherwise: 'keep' | 'empty' | 'reject';
    };

/** How one attribute is filled from the feed. */
export interface Column {
  /** SCIM name of the attribute. */
  readonly attribute: string;
  /** Headers of the feed's columns that fill it, joined; empty when `value` is a constant for all rows. */
  readonly from: readonly string[];
  /** What stands between the texts of several columns; empty ones are left out with it. */
  readonly join: string;
  readonly value: string | null;
  readonly transform: readonly Transform[];
  readonly write: 'always' | 'onCreate' | 'ifEmpty';
  /** What an empty cell means: leave the target's value, clear it, or set the row aside. */
  readonly empty: 'keep' | 'clear' | 'reject';
  /** Words that clear the value, compared without case: an explicit "nothing", where an empty cell is not one. */
  readonly clearWords: readonly string[];
  /** Separator of a cell with several values. */
  readonly split: string;
  /** Glob patterns of the set's values that the job owns: only these are ever taken away. */
  readonly owned: readonly string[];
  /** For `active`: status words, compared without case: a person who stays, one who left, one on leave of absence. */
  readonly activeWords: readonly string[];
  readonly leaverWords: readonly string[];
  readonly leaveWords: readonly string[];
  /** What happens to a value that somebody changed in the target; `feedWins` when absent. */
  readonly drift?: DriftPolicy;
}

/**
 * A value is compared with the one that feed and target had in common last. `feedWins`: the feed's is written, whatever
 * happened. `targetWins`: what somebody changed in the target stays until the feed itself changes. `report`: the same,
 * and the drift is counted. `conflict`: the same, and where both changed a person has to look.
 */
export type DriftPolicy = 'feedWins' | 'targetWins' | 'report' | 'conflict';

/** What proves that a full feed is whole. */
export interface Wholeness {
  /** Rows that the feed must have, given in the job. */
  readonly rows: number | null;
  /** Path of a side file with a row count or a SHA-256. */
  readonly manifest: string | null;
  /** First cell of the last record, which states the row count in one of its other cells. */
  readonly trailer: string | null;
}

/** Where the bytes of a feed come from. Paths are absolute. */
export type FeedSource =
  | { readonly kind: 'file'; readonly path: string }
  /** Files by a glob pattern: the newest, or all of them in the order of their names. */
  | {
      readonly kind: 'pattern';
      /** What the pattern is relative to; it may itself hold characters that mean something in a pattern. */
      readonly directory: string;
      readonly pattern: string;
      readonly pick: 'newest' | 'all';
    }
  | { readonly kind: 'stdin' }
  /** A program whose standard output is the feed, if it ends with status 0. */
  | {
      readonly kind: 'command';
      readonly command: readonly string[];
      readonly directory: string;
      readonly timeoutMs: number;
    };

/** How it is told that a file has been delivered completely. */
export interface Delivery {
  /** A file that has to be there, `*` standing for the feed's own path; null: none is waited for. */
  readonly marker: string | null;
  /** Milliseconds for which the file must not have changed. */
  readonly stableMs: number;
  /** Milliseconds to wait for either. */
  readonly waitMs: number;
}

/** What becomes of the file once a run has settled all that it asks for. */
export type Afterwards =
  | { readonly kind: 'leave' | 'delete' }
  | { readonly kind: 'archive'; readonly directory: string };

/** Bounds on a feed; one over a bound ends the reading with a clear error. Bytes are those of the decoded text. */
export interface FeedLimits {
  readonly fileBytes: number;
  readonly recordBytes: number;
  readonly fieldBytes: number;
  readonly columns: number;
  readonly jsonDepth: number;
  /** Bytes that one compressed byte may become. */
  readonly gzipRatio: number;
}

/** A condition on a cell, compared trimmed and without case. */
export interface Condition {
  readonly column: string;
  readonly is: readonly string[] | null;
  readonly isNot: readonly string[] | null;
  /** Glob patterns. */
  readonly like: readonly string[] | null;
  readonly empty: boolean | null;
}

/** Which of several rows of one person counts: the first rule that tells them apart decides. */
export type Preference =
  | { readonly kind: 'is'; readonly column: string; readonly word: string }
  | { readonly kind: 'latest' | 'earliest'; readonly column: string }
  | { readonly kind: 'highest' | 'lowest'; readonly column: string };

/** What several rows of one person mean; without it all of them are set aside. */
export type OnePerson =
  | { readonly kind: 'prefer'; readonly rules: readonly Preference[] }
  /** A line per person and group: sets are united, all else has to agree. */
  | { readonly kind: 'fold' };

/** The column of a delta that says what is to be done. */
export interface ActionColumn {
  readonly column: string;
  /** Words by operation, compared without case. */
  readonly words: Readonly<Record<Operation, readonly string[]>>;
  /** Several rows of one person: taken one after the other, or all set aside. */
  readonly several: 'inOrder' | 'refuse';
  /** What a delta may take from a user whom this job never linked before: nothing (a conflict), or what it says. */
  readonly unlinked: 'conflict' | 'act';
}

/** Dates between which a person works here. */
export interface Employment {
  /** First day; who starts later is not due yet. */
  readonly start: { readonly column: string; readonly leadDays: number } | null;
  /** Last day; inclusive: the person still works on it. */
  readonly end: { readonly column: string; readonly inclusive: boolean } | null;
}

/** How the feed writes its dates, and whose midnight they mean. */
export interface FeedDates {
  /** Luxon's tokens; several are tried in their order. */
  readonly formats: readonly string[];
  /** IANA name of the zone; used where the row names none. */
  readonly timeZone: string;
  /** Column with the row's own zone. */
  readonly timeZoneColumn: string | null;
}

export interface FeedSettings {
  /** The feed's name in the job's list; '' where the job has one feed. */
  readonly name: string;
  /** What people call its place: the absolute path or pattern, `-`, or the command. */
  readonly path: string;
  readonly source: FeedSource;
  readonly delivery: Delivery;
  readonly mode: 'full' | 'delta';
  readonly format: 'csv' | 'json' | 'ndjson' | 'xlsx';
  /** A label of the WHATWG encoding standard, such as `windows-1252`; `auto`: what the bytes prove, else refused. */
  readonly encoding: string;
  readonly delimiter: string;
  /** CSV: what encloses a cell, and what stands before that character inside one; the quote is null when there is none. */
  readonly quote: string | null;
  readonly escape: string;
  /** CSV: whether the last record may lack the line end that the others have. */
  readonly finalNewline: 'required' | 'optional';
  /** JSON: names that lead to the array of people; null: the only array at the top. */
  readonly recordsAt: readonly string[] | null;
  /** Excel: the sheet's name; null: the first. */
  readonly sheet: string | null;
  readonly columns: readonly Column[];
  /** Header of the column with new users' first passwords, which are never among a row's cells; null: there is none. */
  readonly passwordColumn: string | null;
  readonly whole: Wholeness;
  /** Only rows for which all hold are people of this job. */
  readonly where: readonly Condition[];
  /** What the others are: kept as they are in the target, or leavers. */
  readonly outside: 'keep' | 'leaver';
  readonly onePerson: OnePerson | null;
  /** Set for a delta with actions. */
  readonly action: ActionColumn | null;
  readonly employment: Employment;
  readonly dates: FeedDates;
  readonly limits: FeedLimits;
  /** Age from which a file is held as that of an export that died; null: any age will do. */
  readonly maxAgeMs: number | null;
  /** Whether a feed that is older than the last one taken, by its bytes or its time, is held. */
  readonly older: 'hold' | 'take';
  readonly afterwards: Afterwards;
  /** Whether a run may go on without this feed; its people are then left alone. */
  readonly optional: boolean;
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
  /** What happens to a person on leave of absence: nothing at all, what happens to anybody, or the access is taken away. */
  readonly onLeave: 'keep' | 'active' | 'disable';
  /** How long after the first a second feed has to be to confirm an absence that nothing proves; milliseconds. */
  readonly witnessesApartMs: number;
  /** Somebody comes back whom this job disabled or removed: the old account, a new one, or a person has to look. */
  readonly rehire: 'reactivate' | 'new' | 'hold';
  /** For how long nobody else gets the login of a user whom this job removed, in milliseconds; null: no such time. */
  readonly reuseLoginAfterMs: number | null;
  /** A value that others keep changing back: named, or not written any more until a person has looked. */
  readonly flapping: 'report' | 'hold';
  /** Where people exchange values that only one user can have: one takes a temporary value first, or all are conflicts. */
  readonly swaps: 'temporary' | 'conflict';
  /** `leaversFirst`: users are created and enabled only once all others have been disabled and removed. */
  readonly order: 'together' | 'leaversFirst';
}

export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

export interface RecordRate {
  readonly records: number;
  readonly perMs: number;
}

export interface Limits {
  /** All of them hold at once. */
  readonly rates: readonly RateLimit[];
  /** Records that all requests together carry; hold beside the rates. */
  readonly recordRates?: readonly RecordRate[];
  /** Of a provider: false where nobody states the limit, and the target says when it is exceeded. The rates are then only where to begin. */
  readonly known?: false;
  /** Set: the limit is looked for, beginning here. Rates, where there are any, still hold. */
  readonly adaptiveFrom?: RateLimit;
  readonly concurrency: number;
  /** Steps in one request, at most. */
  readonly batchSize: number;
  /** Bytes of a request's body, at most. */
  readonly batchBytes: number;
  /** From the first byte sent to the last received, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** The longest pause that a target may ask for; one that asks for more gets its wish by the run ending. 15 minutes when absent. */
  readonly waitMaxMs?: number;
  /** How long a target that has answered before may stay away until the run ends. 30 minutes when absent. */
  readonly outageMaxMs?: number;
}

/** Seconds since 1970 are nobody's friend: times inside are ISO 8601 in UTC, durations end in their unit. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
