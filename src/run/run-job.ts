import { rmdir } from 'node:fs/promises';
import type { Bar } from '../contracts/ledger.ts';
import type { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { openMatching } from '../match/open-matching.ts';
import type { Report } from '../report/report.ts';
import type { Approval } from './approvals.ts';
import { barOf, type UrgentDisable } from './barred.ts';
import { chooseReviewed, chooseSelected, everything, isPartial, type Selection } from './choice.ts';
import type { Comparison } from './compare.ts';
import type { Revert } from './compare-revert.ts';
import { connectTarget, type Target } from './connect-target.ts';
import type { FeedOfRun, RunFacts } from './facts.ts';
import { account, brokenOff, endOf, giveUp, type RunEnd, sendOrStop } from './finish-run.ts';
import type { FeedDelivery, GivenFeeds } from './feed-delivery.ts';
import { jobSettings } from './judge-plan.ts';
import type { Plan } from './make-plan.ts';
import { type OpenRun, openRun, type RunOptions } from './open-run.ts';
import { type Parts, planRun, readsFeeds } from './plan-run.ts';
import { remember } from './remember.ts';
import {
  type ReviewedPlan,
  requireCurrent,
  requireSameFeeds,
  selectionOf,
  takeReviewed,
} from './reviewed-plan.ts';
import { noDoubts, settleEarlier } from './settle-earlier.ts';
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
  let mayHaveWritten = false;
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
    const { settled } = doubts;
    const facts = factsOf(job, open, connected, plan, { feeds, comparison, world, parts, settled });
    await open.ledger.saveRunFacts(open.run.id, facts);

    let stopped: Failure | null = null;
    if (options.mode === 'apply' && !plan.held) {
      const taken = { feeds, liftedBars: comparison.liftedBars, isPartial: choice.isPartial };
      await remember(job, source, open, matching, taken);
      if (bar !== null) await open.ledger.bar(open.scope, bar);
      matching.close();
      const onIntended = (): void => {
        mayHaveWritten = true;
      };
      const toSend = { planned: plan.planned, doubtfulCreates: doubts.creates, feeds, onIntended };
      stopped = await sendOrStop(job, open, connected, toSend, world);
    }
    const ended = { ...facts, ...endOf(connected, stopped) };
    const end = { ...(await account(open, plan.file, ended, stopped, world)), waiting: given.waiting };
    if (options.mode === 'apply' && !choice.isPartial && isSettled(end.report)) given.settledBy(open.run.id);
    return end;
  } catch (error) {
    const told = mayHaveWritten ? brokenOff(error, open) : error;
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

function feedOfRun({ settings, facts }: TakenFeed): FeedOfRun {
  const { name, path, mode } = settings;
  return { name, path, mode, facts };
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
    readonly settled: RunFacts['settled'];
  },
): RunFacts {
  const { selection, reviewed, bar, revert } = found.parts;
  const { only, people } = selection;
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
    settled: found.settled,
    reverts: revert?.run ?? null,
    ...(isPartial(selection) ? { part: { only, people } } : {}),
    target: { name: job.target.name, provider: job.target.provider.id, baseUrl: target.baseUrl },
    feeds: found.feeds.map(feedOfRun),
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
