import type { Approval } from './approvals.ts';
import type { FailureExit } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { Guard } from '../guard/guard.ts';
import type { JobChange, JobSettings } from '../guard/judge-job.ts';
import type { Selection } from './choice.ts';
import type { Findings } from './count-findings.ts';
import type { SettledRun } from './settle-earlier.ts';

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
  readonly mode: FeedSettings['mode'];
  /** Null for an optional feed that was not there. */
  readonly facts: FeedFacts | null;
}

/** Everything that a report says besides changes and quarantined rows; kept in the ledger, so that it can be rebuilt. */
export interface RunFacts {
  /** Folder of the run's report, absolute. */
  readonly directory: string;
  readonly toolVersion: string;
  /** Absolute path of the job file, and the environment laid over it. */
  readonly jobFile: string;
  readonly environment: string | null;
  readonly jobSha256: string;
  /** What the job said, for the next run to compare with; what it said otherwise than the last one. */
  readonly jobSettings: JobSettings;
  readonly jobChanges: readonly JobChange[];
  readonly trigger: string;
  readonly previousRun: string | null;
  /** What it settled of earlier runs before its own plan. */
  readonly settled: readonly SettledRun[];
  /** The run that it undoes. */
  readonly reverts: string | null;
  /** What it was about; absent for a run about everything. */
  readonly part?: Pick<Selection, 'only' | 'people'>;
  readonly target: { readonly name: string; readonly provider: string; readonly baseUrl: string };
  /** In the order of the job. */
  readonly feeds: readonly FeedOfRun[];
  readonly rows: RowCounts;
  readonly users: { readonly managed: number; readonly unmanaged: number };
  readonly references: { readonly unresolved: number };
  readonly findings: Findings;
  readonly guards: readonly Guard[];
  readonly planHash: string;
  /** True for a run that took a plan which another one had made. */
  readonly reviewed: boolean;
  /** What let it pass. */
  readonly approvals: readonly Approval[];
  /** True when a guard held the whole run. */
  readonly held: boolean;
  /** What ended the run before its end; null when it came to it. */
  readonly stopped: { readonly code: string; readonly message: string; readonly exit: FailureExit } | null;
  readonly traffic: { readonly requests: number; readonly waitedMs: number };
  /** Who went on with it after a stop, and when; absent where nobody did. */
  readonly resumes?: readonly { readonly by: string; readonly at: string }[];
}
