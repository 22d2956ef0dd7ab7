import { createHash } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { openMatching } from '../match/open-matching.ts';
import { failureKeys } from '../report/explain-change.ts';
import type { Report } from '../report/report.ts';
import { type Comparison, compare } from './compare.ts';
import { connectTarget, type Target } from './connect-target.ts';
import type { RunFacts } from './facts.ts';
import type { FeedDelivery } from './feed-delivery.ts';
import { makePlan, type Plan } from './make-plan.ts';
import { type OpenRun, openRun, type RunOptions } from './open-run.ts';
import { remember } from './remember.ts';
import { endState, reportRun } from './report-run.ts';
import { sendPlan } from './send-plan.ts';
import { type EarlierDoubts, noDoubts, settleEarlier } from './settle-earlier.ts';
import { type TakenFeed, takeFeeds, unitePeople } from './take-feed.ts';
import { type StateSource, takeState } from './take-state.ts';
import { toolVersion } from './version.ts';
import type { World } from './world.ts';

export interface JobRunOptions extends RunOptions {
  /** Where the users are taken from, when not where the job says. */
  readonly state: StateSource | null;
  /** Where the feeds come from, for this target and all others of the command. */
  readonly feeds: FeedDelivery;
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
  const matching = openMatching(stagingFolder(job, open), {
    match: job.match,
    attributes: job.target.provider.attributes,
    feeds: job.feeds,
  });
  let target: Target | null = null;
  let sending = false;
  try {
    let doubts = noDoubts;
    // What an earlier run left open is settled from the ledger and the target: that takes no feed, however it fails.
    if (options.mode === 'apply' && (await hasOpenRuns(open))) {
      world.progress.stage('settling an earlier run');
      target = await connectTarget(job, world);
      doubts = await settleEarlier(open, target, world);
    }
    world.progress.stage('reading the feed');
    const given = await options.feeds.next(job, open.ledger);
    if (given === null) return await endWithoutFeed(open, world);
    const { feeds, quarantined } = await takeFeeds(job, given.files, open, matching, world);

    world.progress.stage('reading the target');
    target ??= await connectTarget(job, world);
    const source = options.state ?? job.state.from;
    await takeState(job, source, open, target, matching);

    world.progress.stage('comparing');
    matching.index();
    const notTaken = await unitePeople(open, matching);
    const setAside = {
      quarantined: quarantined + notTaken.quarantined,
      duplicates: notTaken.duplicates,
      excluded: excludedIn(feeds),
    };
    const inputs = { feeds, setAside, asOf: open.run.asOf, inDoubt: doubts.people };
    const comparison = compare(job, target, matching, inputs);
    const plan = await makePlan(job, open, matching, feeds, comparison);
    const facts = factsOf(job, open, target, plan, { feeds, comparison, world });
    await open.ledger.saveRunFacts(open.run.id, facts);

    let stopped: Failure | null = null;
    if (options.mode === 'apply' && !plan.held) {
      await remember(job, source, open, matching, feeds);
      matching.close();
      sending = plan.planned > 0;
      stopped = await sendOrStop(job, open, target, { plan, doubts, feeds }, world);
    }
    const ended = { ...facts, ...endOf(target, stopped) };
    const end = { ...(await account(open, plan, ended, stopped, world)), waiting: given.waiting };
    if (options.mode === 'apply' && isSettled(end.report)) given.settledBy(open.run.id);
    return end;
  } catch (error) {
    const told = sending ? brokenOff(error, open) : error;
    await giveUp(open, told, world);
    throw told;
  } finally {
    world.progress.end();
    matching.close();
    await target?.close();
    await open.close();
  }
}

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

function excludedIn(feeds: readonly TakenFeed[]): number {
  return feeds.reduce((rows, { facts }) => rows + (facts?.excluded ?? 0), 0);
}

/** Personal data of the run rest here while it goes on: beside the ledger, a folder for each job and target. */
function stagingFolder(job: Job, open: OpenRun): string {
  const scope = createHash('sha256')
    .update(`${open.scope.job}\n${open.scope.origin}`)
    .digest('hex')
    .slice(0, 16);
  return path.join(path.dirname(job.ledger), 'staging', scope);
}

function factsOf(
  job: Job,
  open: OpenRun,
  target: Target,
  plan: Plan,
  found: { readonly feeds: readonly TakenFeed[]; readonly comparison: Comparison; readonly world: World },
): RunFacts {
  return {
    directory: open.directory,
    toolVersion,
    jobSha256: job.sha256,
    trigger: found.world.trigger,
    previousRun: open.memory.lastAppliedRun,
    target: { provider: job.target.provider.id, baseUrl: target.baseUrl },
    feeds: found.feeds.map(({ settings: { name, path: place }, facts }) => ({ name, path: place, facts })),
    rows: found.comparison.rows,
    users: plan.users,
    references: { unresolved: found.comparison.unresolvedReferences },
    guards: plan.guards,
    planHash: plan.hash,
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
