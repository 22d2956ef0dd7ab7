import { rmdir } from 'node:fs/promises';
import type { Bar } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { openMatching } from '../match/open-matching.ts';
import { failureKeys } from '../report/explain-change.ts';
import type { Report } from '../report/report.ts';
import type { Approval } from './approvals.ts';
import { barOf, type UrgentDisable } from './barred.ts';
import { chooseReviewed, chooseSelected, everything, type Selection } from './choice.ts';
import type { Comparison } from './compare.ts';
import type { Revert } from './compare-revert.ts';
import { connectTarget, type Target } from './connect-target.ts';
import type { RunFacts } from './facts.ts';
import type { FeedDelivery, GivenFeeds } from './feed-delivery.ts';
import { jobSettings } from './judge-plan.ts';
import type { Plan } from './make-plan.ts';
import { type OpenRun, openRun, type RunOptions } from './open-run.ts';
import { type Parts, planRun, readsFeeds } from './plan-run.ts';
import { remember } from './remember.ts';
import { endState, reportRun } from './report-run.ts';
import {
  type ReviewedPlan,
  requireCurrent,
  requireSameFeeds,
  selectionOf,
  takeReviewed,
} from './reviewed-plan.ts';
import { sendPlan } from './send-plan.ts';
import { type EarlierDoubts, noDoubts, settleEarlier } from './settle-earlier.ts';
import { stagingFolder } from './staging-folder.ts';
import type { TakenFeed } from './take-feed.ts';
import type { StateSource } from './take-state.ts';
import { toolVersion } from './version.ts';
import type { World } from './world.ts';

export interface JobRunOptions extends RunOptions {
  /** Where the users are taken from, when not where the job says. */
  readonly state: StateSource | null;
  /** Where the feeds come from, for this target and all others of the command. */
  readonly feeds: FeedDelivery;
  /** What the run is about; everything when absent. */
  readonly selection?: Selection;
  /** A plan that somebody has looked at, to be applied as it is; absent for a plan of today. */
  readonly reviewed?: ReviewedPlan;
  /** Somebody to be disabled now: such a run reads no feed, and is about nobody else. */
  readonly disable?: UrgentDisable;
  /** A run to be undone: such a run reads no feed, and is about nobody else either. */
  readonly revert?: Revert;
}

export interface RunEnd {
  readonly report: Report;
  /** Folder of the report. */
  readonly directory: string;
  readonly planFile: string;
  /** What stopped the run before its end; null when it came to it. */
  readonly stopped: Failure | null;
  /** How many deltas wait behind the one that was read. */
  readonly waiting: number;
}

/**
 * The whole run: feed and state meet, what differs becomes a plan, guards judge it, and an apply sends it.
 * Throws when nothing was written; what goes wrong after the first write is in the report.
 *
 * @returns null when no feed waits that this target has not taken already: then there is no report
 */
export async function runJob(job: Job, options: JobRunOptions, world: World): Promise<RunEnd | null> {
  const open = await openRun(job, options, world);
  const matching = openMatching(stagingFolder(job, open.scope), {
    match: job.match,
    attributes: job.target.provider.attributes,
    feeds: job.feeds,
  });
  let target: Target | null = null;
  let parts: OpenParts | null = null;
  let sending = false;
  try {
    parts = await partsOf(job, options, open);
    const { choice, reviewed, bar } = parts;
    let doubts = noDoubts;
    // What an earlier run left open is settled from the ledger and the target: that takes no feed, however it fails.
    if (options.mode === 'apply' && (await hasOpenRuns(open))) {
      world.progress.stage('settling an earlier run');
      target = await connectTarget(job, world);
      doubts = await settleEarlier(open, target, world);
    }
    world.progress.stage('reading the feed');
    const given = readsFeeds(parts) ? await options.feeds.next(job, open.ledger) : noFeeds;
    if (reviewed !== null) await requireSameFeeds(reviewed, given?.files ?? []);
    if (given === null) return await endWithoutFeed(open, world);
    const source = options.state ?? job.state.from;
    const connect = async (): Promise<Target> => {
      target ??= await connectTarget(job, world);
      return target;
    };
    const toPlan = { parts, files: given.files, source, connect, inDoubt: doubts.people };
    const planned = await planRun(job, open, matching, toPlan, world);
    const { feeds, comparison, plan, connected } = planned;
    const facts = factsOf(job, open, connected, plan, { feeds, comparison, world, parts });
    await open.ledger.saveRunFacts(open.run.id, facts);

    let stopped: Failure | null = null;
    if (options.mode === 'apply' && !plan.held) {
      const taken = { feeds, liftedBars: comparison.liftedBars, isPartial: choice.isPartial };
      await remember(job, source, open, matching, taken);
      if (bar !== null) await open.ledger.bar(open.scope, bar);
      matching.close();
      sending = plan.planned > 0;
      stopped = await sendOrStop(job, open, connected, { plan, doubts, feeds }, world);
    }
    const ended = { ...facts, ...endOf(connected, stopped) };
    const end = { ...(await account(open, plan, ended, stopped, world)), waiting: given.waiting };
    if (options.mode === 'apply' && !choice.isPartial && isSettled(end.report)) given.settledBy(open.run.id);
    return end;
  } catch (error) {
    const told = sending ? brokenOff(error, open) : error;
    await giveUp(open, told, world);
    throw told;
  } finally {
    world.progress.end();
    matching.close();
    parts?.close();
    await target?.close();
    await open.close();
  }
}

/** With what has to be let go of at the end. */
interface OpenParts extends Parts {
  close(): void;
}

/** @throws Failure as `requireCurrent` and `barOf` do */
async function partsOf(job: Job, options: JobRunOptions, open: OpenRun): Promise<OpenParts> {
  const known = await open.ledger.bars(open.scope);
  const { reviewed, disable } = options;
  if (reviewed !== undefined) {
    await requireCurrent(reviewed, job, open);
    const changes = await takeReviewed(reviewed, open, stagingFolder(job, open.scope));
    const selection = selectionOf(reviewed);
    const choice = chooseReviewed(changes, selection);
    const { revert } = reviewed.plan.header;
    return { selection, choice, reviewed, bar: null, bars: known, revert, close: changes.close };
  }
  const bar = disable === undefined ? null : await barOf(job, disable, open);
  const selection: Selection =
    bar === null ? (options.selection ?? everything) : { only: ['disable'], people: [bar.key] };
  const bars = bar === null ? known : [...known, bar];
  const choice = chooseSelected(selection);
  const revert = options.revert ?? null;
  return { selection, choice, reviewed: null, bar, bars, revert, close: () => undefined };
}

/** Who disables somebody by key says why, and the report shows it like an approval. */
function wordOf({ by, at, reason }: Bar): Approval {
  return { by, at, reason };
}

const noFeeds: GivenFeeds = { files: [], waiting: 0, settledBy: () => undefined };

async function hasOpenRuns({ ledger, scope, run }: OpenRun): Promise<boolean> {
  return (await ledger.openRuns(scope)).some(({ id }) => id !== run.id);
}

function isSettled({ exitCode }: Report): boolean {
  return exitCode === 0 || exitCode === 2;
}

/** Such a run leaves an entry in the ledger, so that everybody sees that it was there, and nothing else. */
async function endWithoutFeed({ ledger, run, directory }: OpenRun, world: World): Promise<null> {
  const finishedAt = new Date(world.clock.now()).toISOString();
  await ledger.finishRun(run.id, { state: 'finished', finishedAt, exitCode: 0 });
  await rmdir(directory).catch(() => undefined);
  return null;
}

function factsOf(
  job: Job,
  open: OpenRun,
  target: Target,
  plan: Plan,
  found: {
    readonly feeds: readonly TakenFeed[];
    readonly comparison: Comparison;
    readonly world: World;
    readonly parts: Parts;
  },
): RunFacts {
  const { reviewed, bar } = found.parts;
  return {
    directory: open.directory,
    toolVersion,
    jobFile: job.file,
    environment: job.environment,
    jobSha256: job.sha256,
    jobSettings: jobSettings(job),
    jobChanges: plan.jobChanges,
    trigger: found.world.trigger,
    previousRun: open.memory.lastAppliedRun,
    target: { provider: job.target.provider.id, baseUrl: target.baseUrl },
    feeds: found.feeds.map(({ settings: { name, path: place }, facts }) => ({ name, path: place, facts })),
    rows: found.comparison.rows,
    users: plan.users,
    references: { unresolved: found.comparison.unresolvedReferences },
    findings: found.comparison.findings,
    guards: plan.guards,
    planHash: plan.hash,
    reviewed: reviewed !== null,
    approvals: bar === null ? plan.approvals : [...plan.approvals, wordOf(bar)],
    held: plan.held,
    stopped: null,
    traffic: target.traffic(),
  };
}

/** From here on something may have been written, so that every trouble ends in a report, a bug of ours included. */
async function sendOrStop(
  job: Job,
  open: OpenRun,
  target: Target,
  made: { readonly plan: Plan; readonly doubts: EarlierDoubts; readonly feeds: readonly TakenFeed[] },
  world: World,
): Promise<Failure | null> {
  world.progress.sending(made.plan.planned);
  try {
    const sending = { doubtfulCreates: made.doubts.creates, feeds: made.feeds };
    const stopped = await sendPlan(job, open, target, sending, world);
    return stopped ?? (world.signal.aborted ? interrupted() : null);
  } catch (error) {
    if (error instanceof Failure) return error;
    world.log.error({ run: open.run.id, code: 'BUG' }, 'the run broke off');
    return bug(error);
  }
}

function bug(error: unknown): Failure {
  const what = error instanceof Error ? error.message : String(error);
  return new Failure({
    code: 'BUG',
    message: `Something went wrong that rollcall did not expect: ${what}`,
    hint: 'Run apply again: it looks up what is in doubt first. Please report this.',
    exit: 4,
    cause: error,
  });
}

/** What is wrong after the first write, such as a full disk under the report, no longer means that nothing was written. */
function brokenOff(error: unknown, open: OpenRun): Failure {
  if (!(error instanceof Failure)) return bug(error);
  return new Failure({
    code: error.code,
    message: error.message,
    hint: `${error.hint ?? ''} Its changes stand in the ledger: rollcall report ${open.run.id}`.trim(),
    exit: 4,
    cause: error,
  });
}

function interrupted(): Failure {
  return new Failure({
    code: 'INTERRUPTED',
    message: 'The run was told to stop.',
    hint: 'Run apply again: it goes on from here.',
    exit: 4,
  });
}

function endOf(target: Target, stopped: Failure | null): Pick<RunFacts, 'stopped' | 'traffic'> {
  return {
    stopped: stopped === null ? null : { code: stopped.code, message: stopped.message, exit: stopped.exit },
    traffic: target.traffic(),
  };
}

/** Writes the report, then notes the end of the run: a run without an end in the ledger is looked at by the next. */
async function account(
  open: OpenRun,
  plan: Plan,
  facts: RunFacts,
  stopped: Failure | null,
  world: World,
): Promise<Omit<RunEnd, 'waiting'>> {
  const { ledger, run, scope, directory } = open;
  const finishedAt = new Date(world.clock.now()).toISOString();
  await ledger.saveRunFacts(run.id, facts);
  if (run.mode === 'apply')
    await ledger.noteFailures(scope, run.id, failureKeys(ledger.results(run.id), run.mode));
  const { report, violations } = await reportRun(ledger, run, facts, directory, finishedAt);
  for (const violation of violations)
    world.log.error({ run: run.id, code: 'SUMS' }, `the report does not add up: ${violation}`);
  await ledger.finishRun(run.id, { state: endState(report), finishedAt, exitCode: report.exitCode });
  return { report, directory, planFile: plan.file, stopped };
}

/** Notes the end of a run without a report: it is over if nothing was written; else the next run looks at it. */
async function giveUp(open: OpenRun, error: unknown, world: World): Promise<void> {
  const finishedAt = new Date(world.clock.now()).toISOString();
  const exitCode = error instanceof Failure ? error.exit : 1;
  const intact = await open.ledger.run(open.run.id).catch(() => null);
  if (intact === null || intact.state !== 'running') return;
  await open.ledger
    .finishRun(open.run.id, { state: exitCode === 4 ? 'stopped' : 'finished', finishedAt, exitCode })
    .catch(() => undefined);
}
