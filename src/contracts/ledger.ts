import type { KeptAsIs } from '../domain/bounds.ts';
import type { Change, Operation, Outcome, Sendable, Tellable } from '../domain/change.ts';
import type { DuplicateRow, QuarantinedRow } from '../domain/person.ts';
import type { Account, Attributes } from '../domain/user.ts';

/** Entries are kept per job and target origin, so that test and production never mix. */
export interface Scope {
  readonly job: string;
  /** Origin (and path prefix) of the target, or `sandbox:<provider>`. */
  readonly origin: string;
}

/** What the ledger knows of a scope besides its accounts. */
export interface ScopeMemory {
  /** `asOf` of the last complete read of the target; null when there never was one: then the accounts are no state. */
  readonly completeReadAt: string | null;
  readonly lastAppliedRun: string | null;
}

/** A feed that an apply went on with, since no guard held it. */
export interface AcceptedFeed {
  /** Its name in the job's list of feeds; '' where the job has one feed. */
  readonly feed: string;
  /** Last part of the file's path; `-` for standard input. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** When the file was last written; null for what was no file. */
  readonly modifiedAt: string | null;
  /** `asOf` of the run. */
  readonly at: string;
}

/** With the run that accepted it: only one that ended with 0 or 2 has settled what the feed asked for. */
export interface FeedAcceptance extends AcceptedFeed {
  readonly runId: string;
  readonly exitCode: number | null;
}

export type RunMode = 'plan' | 'apply';
/** `superseded`: what it left open was settled by a later run, which planned anew. */
export type RunState = 'running' | 'finished' | 'stopped' | 'superseded';

/** One run. */
export interface Run {
  readonly id: string;
  readonly scope: Scope;
  readonly mode: RunMode;
  readonly state: RunState;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly asOf: string;
  readonly pid: number;
  readonly host: string;
  readonly operator: string;
  readonly exitCode: number | null;
  /** JSON of everything the report says before the first write: feed, target, rows, guards, plan counts, columns. */
  readonly facts: unknown;
  /** When its changes and rows were deleted for their age; absent while they are there. */
  readonly prunedAt?: string;
  /** Why it ended without a report, in words that name nobody; absent for any other. */
  readonly brokenOff?: string;
}

/** A step of a change of a run. */
export interface StepRef {
  readonly seq: number;
  /** Position in the change's steps, from 0. */
  readonly step: number;
}

/** That these steps are about to leave together in one request. Durable before it is sent. */
export interface Intent {
  /** Unique within the run, also when it is gone on with after a stop. */
  readonly batch: number;
  readonly attempt: number;
  readonly at: string;
  readonly steps: readonly StepRef[];
}

export interface StepOutcome extends Outcome, StepRef {
  /** How often the step was sent. */
  readonly attempts: number;
  readonly at: string;
  /** What the step wrote, where the plan could not know it: it names people who had no user then. */
  readonly values?: Attributes;
}

/** Outcomes that some changes of one slice of a run's plan came to, and that the accounts were not told of. */
export interface Untold {
  readonly runId: string;
  /** In the order of the plan, each change with those outcomes only. */
  readonly results: readonly { readonly change: Tellable; readonly outcomes: readonly StepOutcome[] }[];
  readonly slice: number;
  /** The last of the slice's entries that they stand in: with it, all up to here is told. */
  readonly upTo: number;
}

/** What outcomes mean for the accounts. */
export interface AccountChanges {
  readonly accounts: readonly Account[];
  /** Ids of users that are gone for good. */
  readonly removed: readonly string[];
}

/** Outcomes, and what is now known of the accounts they concern. */
export interface Settlement extends AccountChanges {
  readonly outcomes: readonly StepOutcome[];
}

/** A step that was sent, or was about to be, and has no outcome. */
export interface OpenStep extends StepRef {
  readonly runId: string;
  readonly change: Change;
}

export interface ChangeResult {
  readonly change: Change;
  /** One for each step that has one, in the order of the steps. */
  readonly outcomes: readonly StepOutcome[];
}

/** What one run had to do for a person, and what became of it. */
export interface ChangeInRun extends ChangeResult {
  readonly run: Pick<Run, 'id' | 'mode' | 'state' | 'asOf' | 'startedAt' | 'exitCode'>;
}

/** A failure as it is compared from run to run. */
export interface FailureKey {
  readonly key: string;
  readonly operation: string;
  readonly errorCode: string;
}

/** What somebody decided about a plan that guards held. */
export interface Decision {
  readonly kind: 'approved' | 'rejected';
  readonly planHash: string;
  /** The run that made the plan, and the account that started that run. */
  readonly runId: string;
  readonly plannedBy: string;
  /** Who decided, in their words, and the account that the command ran under. */
  readonly by: string;
  readonly operator: string;
  readonly reason: string;
  readonly at: string;
  /** Null for a rejection, which stays. */
  readonly expiresAt: string | null;
  /** The guards that held the plan. */
  readonly guards: readonly string[];
}

/** With the number under which the ledger keeps it; a later one has a higher. */
export interface KeptDecision extends Decision {
  readonly entry: number;
}

/** One change that a decision is about: who, what, and a hash of the values it leads to. */
export interface DecidedChange {
  readonly linkKey: string;
  readonly operation: Operation;
  readonly digest: string;
}

/** Somebody who has been disabled by key, and stays so whatever the feed says, until it agrees or somebody lifts it. */
export interface Bar {
  readonly linkKey: string;
  /** The lasting id as the feed spells it. */
  readonly key: string;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** Somebody whose account is kept exactly as it is for a while; it ends by itself. */
export interface Protection extends KeptAsIs {
  readonly linkKey: string;
  /** The lasting id as it was given. */
  readonly key: string;
  /** The account that the command ran under. */
  readonly operator: string;
  readonly at: string;
}

/** A user whom this job removed. */
export interface Departed {
  readonly linkKey: string;
  /** What `userName` was; null where the target has no such attribute. */
  readonly login: string | null;
  /** `asOf` of the run. */
  readonly at: string;
}

export type Lock =
  | { readonly held: true; release(): Promise<void> }
  | { readonly held: false; readonly by: LockHolder | null };

export interface LockHolder {
  readonly runId: string;
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/**
 * The durable memory. Everything it takes, it takes in arrays, and every promise resolves only when the entry
 * would survive a power cut. Arrays it gives are pages of at most some thousand entries.
 */
export interface Ledger {
  /** Made when the ledger was created; a plan belongs to one ledger. */
  readonly lineage: string;

  /**
   * Takes the lock of a scope, which the kernel drops with the process. When another holds it, says who
   * within a second. `holder` is what others are then told.
   */
  lock(scope: Scope, holder: LockHolder): Promise<Lock>;
  /** Who has the lock of a scope at this moment; null when nobody does. */
  holder(scope: Scope): Promise<LockHolder | null>;
  /** When a run last told of a step; null when it never did. */
  lastEntryAt(runId: string): Promise<string | null>;
  /** When each of these steps was intended first, in the order asked; null for one that never was. */
  intendedAt(runId: string, steps: readonly StepRef[]): Promise<readonly (string | null)[]>;
  /** The highest number of a batch that a run intended; 0 when it intended none. Reads through all its intents. */
  lastBatch(runId: string): Promise<number>;

  scope(scope: Scope): Promise<ScopeMemory>;
  noteCompleteRead(scope: Scope, at: string): Promise<void>;
  acceptFeed(runId: string, feed: AcceptedFeed): Promise<void>;
  /** The feed of this name that was accepted last; null when none was. */
  lastAcceptedFeed(scope: Scope, feed: string): Promise<FeedAcceptance | null>;
  /** Every time that these bytes were accepted as the feed of this name, newest first. */
  acceptedFeeds(scope: Scope, feed: string, sha256: string): Promise<readonly FeedAcceptance[]>;

  /** All accounts of the scope, ordered by user id. */
  accounts(scope: Scope): AsyncIterable<readonly Account[]>;
  /** Those of the accounts that the ledger knows, by user id. */
  accountsById(scope: Scope, userIds: readonly string[]): Promise<ReadonlyMap<string, Account>>;
  /** Adds or replaces, by user id. */
  saveAccounts(scope: Scope, accounts: readonly Account[]): Promise<void>;
  /** Forgets users that a complete read no longer shows. */
  forgetAccounts(scope: Scope, userIds: readonly string[]): Promise<void>;

  startRun(run: Run): Promise<void>;
  saveRunFacts(runId: string, facts: unknown): Promise<void>;
  finishRun(
    runId: string,
    end: {
      readonly state: RunState;
      readonly finishedAt: string;
      readonly exitCode: number;
      readonly brokenOff?: string;
    },
  ): Promise<void>;
  /** Newest first. */
  runs(filter: {
    readonly scope?: Scope;
    readonly job?: string;
    readonly limit: number;
  }): Promise<readonly Run[]>;
  run(runId: string): Promise<Run | null>;
  /** Runs of the scope in state `running` or `stopped`, oldest first. */
  openRuns(scope: Scope): Promise<readonly Run[]>;
  /** Ids of the scope's runs that sent something, or were about to, and ended at this moment or later, or not at all. */
  sendersSince(scope: Scope, since: string): Promise<readonly string[]>;
  /** Whether a run was begun after another one: ids, and clocks that were set, do not always tell. */
  isLater(runId: string, than: string): Promise<boolean>;

  storeChanges(runId: string, changes: readonly Change[]): Promise<void>;
  /** In the order of the plan. */
  changes(runId: string): AsyncIterable<readonly Change[]>;
  /**
   * The same as far as sending needs it, read while the page before is worked on.
   * @param atOnce how many changes one request takes: longer pages cost memory, and shorter ones time
   */
  sendable(runId: string, atOnce: number): AsyncIterable<readonly Sendable[]>;
  storeQuarantine(runId: string, rows: readonly QuarantinedRow[]): Promise<void>;
  /** In the order of the lines. */
  quarantine(runId: string): AsyncIterable<readonly QuarantinedRow[]>;
  storeDuplicates(runId: string, rows: readonly DuplicateRow[]): Promise<void>;
  /** In the order of the lines. */
  duplicates(runId: string): AsyncIterable<readonly DuplicateRow[]>;

  /** Makes ready for what follows, which takes a moment: worth asking for while something else takes one too. */
  prepareToSend(): Promise<void>;
  /** May share a sync with `recordOutcomes`. */
  recordIntents(runId: string, intents: readonly Intent[]): Promise<void>;
  /**
   * Outcomes alone, as a run sends: the accounts are told of them later, from `untold`. A step stands in them once; a later
   * outcome of it replaces the earlier one.
   */
  recordOutcomes(runId: string, outcomes: readonly StepOutcome[]): Promise<void>;
  /** Runs of the scope with outcomes that the accounts may not have been told of, the oldest first. */
  untoldRuns(scope: Scope): Promise<readonly Run[]>;
  /** Slice by slice in the order of the plan, and each slice in portions, in the order of its outcomes. */
  untold(runId: string): AsyncIterable<Untold>;
  /** Changes accounts as outcomes want it, and notes in the same transaction that they were told of them. */
  tellAccounts(scope: Scope, untold: Omit<Untold, 'results'>, changes: AccountChanges): Promise<void>;
  /** Notes that the accounts have been told of all outcomes of a run. */
  noteAllTold(runId: string): Promise<void>;
  /** Outcomes and accounts in one transaction, of a run of which nothing is untold. */
  settle(runId: string, scope: Scope, settlement: Settlement): Promise<void>;
  /** Steps with an intent and no outcome, or with the outcome `unknown`, of the given run. */
  openSteps(runId: string): AsyncIterable<readonly OpenStep[]>;
  /** Every change with what became of its steps, in the order of the plan. */
  results(runId: string): AsyncIterable<readonly ChangeResult[]>;
  /** What the scope's runs had to do for this person, the newest first. Reads through all changes of the scope. */
  history(scope: Scope, linkKey: string, limit: number): Promise<readonly ChangeInRun[]>;

  /**
   * Notes the failures of a finished run: new ones as first seen in `runId`, known ones keep their first run,
   * and those of the scope that did not come again are forgotten.
   */
  noteFailures(scope: Scope, runId: string, failures: AsyncIterable<readonly FailureKey[]>): Promise<void>;
  /** The run in which each was first seen, in the order asked; null for one never seen. */
  failuresSince(scope: Scope, failures: readonly FailureKey[]): Promise<readonly (string | null)[]>;

  /** Notes that a run made, or took, the plan with this hash. */
  notePlan(runId: string, planHash: string): Promise<void>;
  /** The runs with a plan whose hash begins so, newest first. */
  plans(hashPrefix: string): Promise<readonly { readonly runId: string; readonly planHash: string }[]>;
  /** Keeps a decision with all changes that it is about; it holds once all of them are kept. */
  decide(
    scope: Scope,
    decision: Decision,
    changes: AsyncIterable<readonly DecidedChange[]>,
  ): Promise<KeptDecision>;
  /** Newest first. */
  decisions(scope: Scope): Promise<readonly KeptDecision[]>;
  /** Whether an approval is about all of these changes, and no later rejection is about any of them. */
  isApproved(approval: KeptDecision, changes: readonly DecidedChange[]): Promise<boolean>;

  /** Adds or replaces, by lasting id. */
  bar(scope: Scope, bar: Bar): Promise<void>;
  bars(scope: Scope): Promise<readonly Bar[]>;
  liftBars(scope: Scope, linkKeys: readonly string[]): Promise<void>;

  /** Adds or replaces, by lasting id. */
  protect(scope: Scope, protection: Protection): Promise<void>;
  /** Expired ones included, by lasting id. */
  protections(scope: Scope): Promise<readonly Protection[]>;
  unprotect(scope: Scope, linkKeys: readonly string[]): Promise<void>;

  /** Everybody whom runs of the scope removed; one who was removed several times with one login comes once, the last. */
  departed(scope: Scope): AsyncIterable<readonly Departed[]>;

  close(): Promise<void>;
}
