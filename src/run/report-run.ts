import type { Ledger, Run, RunState } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import { checkSums, exitCodeOf, tally } from '../report/reconcile.ts';
import type { FeedSection, NamedFeedSection, Report, ReportWithoutFailures } from '../report/report.ts';
import { writeReport } from '../report/write-report.ts';
import type { FeedOfRun, RunFacts } from './facts.ts';

export interface Reported {
  readonly report: Report;
  /** Sums that do not hold, in words; empty for a report that adds up. */
  readonly violations: readonly string[];
}

/**
 * Accounts for a run from what the ledger holds, and writes its report: right after the run, or years later.
 * @param directory `runs/<run id>`
 */
export async function reportRun(
  ledger: Ledger,
  run: Run,
  facts: RunFacts,
  directory: string,
  finishedAt: string,
): Promise<Reported> {
  const { counts, written } = await countResults(ledger, run);
  const draft = composeReport(run, facts, counts, finishedAt);
  const { stopped } = facts;
  // Stopped before anything was written, for a cause that the failure names better than "midway".
  if (stopped !== null && !written && stopped.exit !== 4) draft.exitCode = stopped.exit;
  const violations = checkSums(draft);
  const report = await writeReport({
    directory,
    report: violations.length === 0 ? draft : { ...draft, exitCode: Math.max(draft.exitCode, 4) },
    results: () => ledger.results(run.id),
    quarantine: () => ledger.quarantine(run.id),
    duplicates: () => ledger.duplicates(run.id),
    feeds: facts.feeds.flatMap(({ name, facts: feed }) =>
      feed === null ? [] : [{ name, columns: feed.columns, form: feed.form }],
    ),
    since: (failures) => ledger.failuresSince(run.scope, failures),
  });
  return { report, violations };
}

/**
 * Writes the report of a run that the ledger knows. Throws a `Failure` when it never came as far as a plan.
 * @param directory where to; null: where the run put it
 */
export async function rebuildReport(
  ledger: Ledger,
  runId: string,
  directory: string | null,
): Promise<Reported & { readonly directory: string }> {
  const run = await ledger.run(runId);
  if (run === null) throw unknownRun(runId);
  if (run.facts === null) {
    throw new Failure({
      code: 'RUN_WITHOUT_PLAN',
      message: `Run ${runId} ended before it had a plan, so there is nothing to report.`,
      hint: 'Nothing was written by it. Its log says why it ended.',
      exit: 1,
    });
  }
  if (run.prunedAt !== undefined) throw pruned(run, run.prunedAt);
  const finishedAt = run.finishedAt ?? run.startedAt;
  const facts = run.facts as RunFacts;
  const into = directory ?? facts.directory;
  return { ...(await reportRun(ledger, run, facts, into, finishedAt)), directory: into };
}

export function unknownRun(runId: string): Failure {
  return new Failure({
    code: 'RUN_UNKNOWN',
    message: `The ledger knows no run ${runId}.`,
    hint: '`rollcall runs` lists them; --job or --ledger says where to look.',
    exit: 1,
  });
}

/** Nobody can tell any more what such a run did. */
export function pruned({ id }: Pick<Run, 'id'>, prunedAt: string): Failure {
  return new Failure({
    code: 'RUN_PRUNED',
    message: `The changes of run ${id} were deleted for their age at ${prunedAt}.`,
    hint: 'Its report is where somebody has kept it.',
    exit: 1,
  });
}

/** Sums of a run that do not hold, in words; none for a run that has nothing to sum any more, or not yet. */
export async function brokenSums(ledger: Ledger, run: Run): Promise<readonly string[]> {
  if (run.facts === null || run.prunedAt !== undefined) return [];
  const { counts } = await countResults(ledger, run);
  return checkSums(composeReport(run, run.facts as RunFacts, counts, run.finishedAt ?? run.startedAt));
}

/** `stopped` while something has to be looked up or sent by the next run; else `finished`. */
export function endState(report: Report): RunState {
  return report.run.mode === 'apply' && report.exitCode === 4 ? 'stopped' : 'finished';
}

interface CountedResults {
  readonly counts: Pick<Report, 'changes' | 'byOperation'>;
  /** Whether anything may have reached the target. */
  readonly written: boolean;
}

async function countResults(ledger: Ledger, run: Run): Promise<CountedResults> {
  const counting = tally(run.mode);
  let written = false;
  for await (const page of ledger.results(run.id)) {
    for (const { change, outcomes } of page) {
      counting.add(change, outcomes);
      written ||= outcomes.some(({ result }) => result !== 'notSent');
    }
  }
  return { counts: counting.counts(), written };
}

function partSection({ part }: RunFacts): Report['run']['part'] {
  if (part === undefined) return null;
  return { only: part.only && [...part.only], people: part.people && [...part.people] };
}

/** An object for one feed, a list for a job with several. */
function feedSection(feeds: readonly FeedOfRun[]): Report['feed'] {
  const [only] = feeds;
  if (only?.name === '' && only.facts !== null) return sectionOf(only.facts, only.mode);
  return feeds.map(namedSection);
}

function namedSection({ name, path, mode, facts }: FeedOfRun): NamedFeedSection {
  if (facts !== null) return { name, ...sectionOf(facts, mode), missing: false };
  const nothing = { sha256: null, bytes: 0, rows: 0, whole: 'unproven', partial: false } as const;
  return { name, path, mode, ...nothing, missing: true };
}

function sectionOf(facts: FeedFacts, mode: FeedOfRun['mode']): FeedSection {
  const { path, sha256, bytes, rows, whole, partial } = facts;
  return { path, mode, sha256, bytes, rows, whole, partial };
}

function composeReport(
  run: Run,
  facts: RunFacts,
  counts: Pick<Report, 'changes' | 'byOperation'>,
  finishedAt: string,
): ReportWithoutFailures {
  const stopped = facts.stopped !== null;
  const durationMs = Math.max(0, Date.parse(finishedAt) - Date.parse(run.startedAt));
  return {
    schemaVersion: 1,
    exitCode: exitCodeOf({ wholeRunHeld: facts.held, stopped, rows: facts.rows, changes: counts.changes }),
    run: {
      id: run.id,
      job: run.scope.job,
      mode: run.mode,
      startedAt: run.startedAt,
      finishedAt,
      asOf: run.asOf,
      toolVersion: facts.toolVersion,
      jobSha256: facts.jobSha256,
      jobChanges: facts.jobChanges.map((change) => ({ ...change })),
      planHash: facts.planHash,
      trigger: facts.trigger,
      operator: run.operator,
      host: run.host,
      approvals: facts.approvals.map((approval) => ({ ...approval })),
      previousRun: facts.previousRun,
      settled: facts.settled.map((one) => ({ ...one })),
      resumes: (facts.resumes ?? []).map((one) => ({ ...one })),
      reverts: facts.reverts,
      part: partSection(facts),
    },
    feed: feedSection(facts.feeds),
    target: facts.target,
    rows: facts.rows,
    changes: counts.changes,
    users: facts.users,
    references: facts.references,
    ...facts.findings,
    protections: [...facts.findings.protections],
    byOperation: counts.byOperation,
    guards: facts.guards.map((guard) => ({ ...guard })),
    timing: { durationMs, ...facts.traffic },
  };
}
