import type { FailureExit } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { Guard } from '../guard/judge-guards.ts';

export interface RowCounts {
  readonly total: number;
  readonly quarantined: number;
  readonly duplicates: number;
  readonly excluded: number;
  readonly unchanged: number;
  readonly changed: number;
}

/** One of the run's feeds. */
export interface FeedOfRun {
  /** '' where the job has one feed. */
  readonly name: string;
  readonly path: string;
  /** Null for an optional feed that was not there. */
  readonly facts: FeedFacts | null;
}

/** Everything that a report says besides changes and quarantined rows; kept in the ledger, so that it can be rebuilt. */
export interface RunFacts {
  /** Folder of the run's report, absolute. */
  readonly directory: string;
  readonly toolVersion: string;
  readonly jobSha256: string;
  readonly trigger: string;
  readonly previousRun: string | null;
  readonly target: { readonly provider: string; readonly baseUrl: string };
  /** In the order of the job. */
  readonly feeds: readonly FeedOfRun[];
  readonly rows: RowCounts;
  readonly users: { readonly managed: number; readonly unmanaged: number };
  readonly references: { readonly unresolved: number };
  readonly guards: readonly Guard[];
  readonly planHash: string;
  /** True when a guard held the whole run. */
  readonly held: boolean;
  /** What ended the run before its end; null when it came to it. */
  readonly stopped: { readonly code: string; readonly message: string; readonly exit: FailureExit } | null;
  readonly traffic: { readonly requests: number; readonly waitedMs: number };
}
