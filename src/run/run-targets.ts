import path from 'node:path';
import { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import { discardFeedFile, type FeedFile, findFeedFile, newTally, readBytes } from '../feed/feed-file.ts';
import type { Job } from '../job/job.ts';
import { type JobRunOptions, type RunEnd, runJob } from './run-job.ts';
import type { World } from './world.ts';

/** How the run of one target ended: with a report, or with a failure before it wrote anything or could report it. */
export type TargetEnd = { readonly job: Job } & (
  | { readonly end: RunEnd; readonly failure: null }
  | { readonly end: null; readonly failure: Failure }
);

/**
 * Runs a job's targets one after the other, in their order, and gives each one's end when it has come. All see the
 * same bytes of the feed: standard input is kept for all of them, and a file that is another one for a later target
 * ends that target's run before it writes. What goes wrong with one target does not stop the others.
 */
export async function* runTargets(
  jobs: readonly Job[],
  options: Omit<JobRunOptions, 'onFeed'>,
  world: World,
): AsyncGenerator<TargetEnd> {
  const [first] = jobs;
  if (first === undefined) return;
  const onFeed = sameFeed();
  const spool = first.feed.path === '-' ? await keepStdin(first, world) : null;
  try {
    for (const job of jobs) {
      yield await runTarget(job, { ...options, onFeed }, spool, world);
    }
  } finally {
    if (spool !== null) await discardFeedFile(spool);
  }
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

async function runTarget(
  job: Job,
  options: JobRunOptions,
  spool: FeedFile | null,
  world: World,
): Promise<TargetEnd> {
  if (world.signal.aborted) return { job, end: null, failure: notBegun() };
  const stdin = spool === null ? world.stdin : Readable.from(readBytes(spool, newTally()));
  try {
    return { job, end: await runJob(job, options, { ...world, stdin }), failure: null };
  } catch (error) {
    const failure = error instanceof Failure ? error : bug(error);
    const { provider, origin } = job.target;
    world.log.error(
      { job: job.name, provider: provider.id, origin, code: failure.code },
      'the target has no report',
    );
    return { job, end: null, failure };
  } finally {
    if (spool !== null) stdin.destroy();
  }
}

/** Remembers the first target's feed, and refuses another one for those that come after it. */
function sameFeed(): (feed: FeedFacts) => void {
  let first: string | null = null;
  return ({ path: name, sha256 }) => {
    first ??= sha256;
    if (first === sha256) return;
    throw new Failure({
      code: 'FEED_CHANGED',
      message: `The feed ${name} is no longer what an earlier target of this job was given.`,
      hint: 'Run again once it is completely delivered; then all targets get the same.',
      exit: 1,
    });
  };
}

/** Beside the ledger, like the copy that a single run would make. */
function keepStdin(job: Job, world: World): Promise<FeedFile> {
  return findFeedFile('-', { stdin: world.stdin, spoolDirectory: path.dirname(job.ledger) });
}

function notBegun(): Failure {
  return new Failure({
    code: 'INTERRUPTED',
    message: "The run was told to stop before this target's turn.",
    hint: 'Run the same command again.',
    exit: 75,
  });
}

/** A bug before the first write; one that comes later is a failure already. */
function bug(error: unknown): Failure {
  const what = error instanceof Error ? error.message : String(error);
  return new Failure({
    code: 'BUG',
    message: `Something went wrong that rollcall did not expect: ${what}`,
    hint: 'Please report this, with the output of the same command under ROLLCALL_DEBUG=1.',
    exit: 1,
    cause: error,
  });
}
