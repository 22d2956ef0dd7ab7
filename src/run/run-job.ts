import { createHash } from 'node:crypto';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { Job } from '../job/job.ts';
import { openMatching } from '../match/open-matching.ts';
import { failureKeys } from '../report/explain-change.ts';
import type { Report } from '../report/report.ts';
import { type Comparison, compare } from './compare.ts';
import { connectTarget, type Target } from './connect-target.ts';
import type { RunFacts } from './facts.ts';
import { makePlan, type Plan } from './make-plan.ts';
import { type OpenRun, openRun, type RunOptions } from './open-run.ts';
import { remember } from './remember.ts';
import { endState, reportRun } from './report-run.ts';
import { sendPlan } from './send-plan.ts';
import { type EarlierDoubts, noDoubts, settleEarlier } from './settle-earlier.ts';
import { setAsideDuplicates, takeFeed } from './take-feed.ts';
import { type StateSource, takeState } from './take-state.ts';
import { toolVersion } from './version.ts';
import type { World } from './world.ts';

export interface JobRunOptions extends RunOptions {
  /** Where the users are taken from, when not where the job says. */
  readonly state: StateSource | null;
  /** Told of the feed once it is read, before anything is written; throws when it must not be used. */
  readonly onFeed?: (feed: FeedFacts) => void;
}

export interface RunEnd {
  readonly report: Report;
  /** Folder of the report. */
  readonly directory: string;
  readonly planFile: string;
  /** What stopped the run before its end; null when it came to it. */
  readonly stopped: Failure | null;
}

/**
 * The whole run: feed and state meet, what differs becomes a plan, guards judge it, and an apply sends it.
 * Throws when nothing was written; what goes wrong after the first write is in the report.
 */
export async function runJob(job: Job, options: JobRunOptions, world: World): Promise<RunEnd> {
  const open = await openRun(job, options, world);
  const matching = openMatching(stagingFolder(job, open), {
    match: job.match,
    attributes: job.target.provider.attributes,
  });
  let target: Target | null = null;
  let sending = false;
  try {
    world.progress.stage('reading the feed');
    const feed = await takeFeed(job, open, matching, world);
    options.onFeed?.(feed.facts);

    world.progress.stage('reading the target');
    target = await connectTarget(job, world);
    const doubts = options.mode === 'apply' ? await settleEarlier(open, target, world) : noDoubts;
    const source = options.state ?? job.state.from;
    await takeState(job, source, open, target, matching);

    world.progress.stage('comparing');
    matching.index();
    const quarantined = feed.quarantined + (await setAsideDuplicates(open, matching));
    const inputs = { feed: feed.facts, quarantined, asOf: open.run.asOf, inDoubt: doubts.people };
    const comparison = compare(job, target, matching, inputs);
    const plan = await makePlan(job, open, matching, feed.facts, comparison);
    const facts = factsOf(job, open, target, plan, {
      feed: feed.facts,
      comparison,
      world,
    });
    await open.ledger.saveRunFacts(open.run.id, facts);

    let stopped: Failure | null = null;
    if (options.mode === 'apply' && !plan.held) {
      await remember(job, source, open, matching, feed.facts);
      matching.close();
      sending = plan.planned > 0;
      stopped = await sendOrStop(job, open, target, { plan, doubts, feed: feed.facts }, world);
    }
    return await account(open, plan, { ...facts, ...endOf(target, stopped) }, stopped, world);
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
  found: { readonly feed: FeedFacts; readonly comparison: Comparison; readonly world: World },
): RunFacts {
  return {
    directory: open.directory,
    toolVersion,
    jobSha256: job.sha256,
    trigger: found.world.trigger,
    previousRun: open.memory.lastAppliedRun,
    target: { provider: job.target.provider.id, baseUrl: target.baseUrl },
    feed: found.feed,
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
  made: { readonly plan: Plan; readonly doubts: EarlierDoubts; readonly feed: FeedFacts },
  world: World,
): Promise<Failure | null> {
  world.progress.sending(made.plan.planned);
  try {
    const sending = { doubtfulCreates: made.doubts.creates, feedSha256: made.feed.sha256 };
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
): Promise<RunEnd> {
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
