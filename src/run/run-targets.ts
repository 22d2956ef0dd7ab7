import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { FeedDelivery } from './feed-delivery.ts';
import { putAway } from './put-away.ts';
import type { RunEnd } from './finish-run.ts';
import { type JobRunOptions, runJob } from './run-job.ts';
import { unforeseen } from './unforeseen.ts';
import type { World } from './world.ts';

/**
 * How the run of one target ended: with a report, or with a failure before it wrote anything or could report it, or
 * with neither when nothing waited for it.
 */
export type TargetEnd = { readonly job: Job } & (
  | { readonly end: RunEnd; readonly failure: null }
  | { readonly end: null; readonly failure: Failure | null }
);

export interface TargetsOptions extends Omit<JobRunOptions, 'feeds'> {
  /** One for each target of the job, those included that are not run; the jobs that are run when absent. */
  readonly all?: readonly Job[];
  /** Told of a feed that was settled and could not be put away. */
  readonly onLeftBehind?: (failure: Failure) => void;
}

/**
 * Runs a job's targets one after the other, in their order, and gives each one's end when it has come. All see the
 * same bytes of the feed. What goes wrong with one target does not stop the others. Where several deltas wait, each is
 * a run of its own, and the first that does not end well ends the turn of its target; a plan is made of the first only.
 * Feeds that every target has settled are put away at the end.
 */
export async function* runTargets(
  jobs: readonly Job[],
  { all = jobs, onLeftBehind = () => undefined, ...options }: TargetsOptions,
  world: World,
): AsyncGenerator<TargetEnd> {
  const feeds = new FeedDelivery(jobs, world);
  try {
    for (const job of jobs) {
      for (let goesOn = true; goesOn; ) {
        const target = await runTarget(job, { ...options, feeds }, world);
        goesOn = options.mode === 'apply' && moreWaits(target);
        yield target;
      }
    }
    if (options.mode === 'apply') for (const failure of await putAway(all, feeds)) onLeftBehind(failure);
  } finally {
    await feeds.close();
  }
}

function moreWaits(target: TargetEnd): boolean {
  const exitCode = exitCodeOf(target);
  return (exitCode === 0 || exitCode === 2) && target.end !== null && target.end.waiting > 0;
}

/** The exit code of one target's run. */
export function exitCodeOf({ end, failure }: TargetEnd): number {
  return failure?.exit ?? end?.report.exitCode ?? 0;
}

/** The worse, the sooner a person has to look. */
const worstFirst = [4, 1, 75, 3, 2];

/**
 * One exit code for the runs of several targets: 5 when other runs have all of them, else the worst by
 * `worstFirst`. A target that another run has, beside one that was run, is a passing cause like any other: 75.
 */
export function worstExit(codes: readonly number[]): number {
  if (codes.length > 0 && codes.every((code) => code === 5)) return 5;
  const judged = codes.map((code) => (code === 5 ? 75 : code));
  return worstFirst.find((code) => judged.includes(code)) ?? 0;
}

async function runTarget(job: Job, options: JobRunOptions, world: World): Promise<TargetEnd> {
  if (world.signal.aborted) return { job, end: null, failure: notBegun() };
  try {
    return { job, end: await runJob(job, options, world), failure: null };
  } catch (error) {
    const failure = error instanceof Failure ? error : unforeseen(error, 1);
    const { provider, origin } = job.target;
    world.log.error(
      { job: job.name, provider: provider.id, origin, code: failure.code, saidAnyway: true },
      'the run ended without a report',
    );
    return { job, end: null, failure };
  }
}

function notBegun(): Failure {
  return new Failure({
    code: 'INTERRUPTED',
    message: "The run was told to stop before this target's turn.",
    hint: 'Run the same command again.',
    exit: 75,
  });
}
