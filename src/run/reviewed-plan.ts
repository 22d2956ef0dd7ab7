import { copyFile, chmod } from 'node:fs/promises';
import path from 'node:path';
import type { KeptDecision } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import { type FeedFile, hashFeedFile } from '../feed/feed-file.ts';
import type { Job } from '../job/job.ts';
import { planChanges, type SavedPlan } from '../plan/read-plan.ts';
import { openReviewedChanges, type ReviewedChanges } from '../plan/reviewed-changes.ts';
import type { Selection } from './choice.ts';
import type { OpenRun } from './open-run.ts';

/** A plan that somebody has looked at, to be applied as it is. */
export interface ReviewedPlan {
  readonly plan: SavedPlan;
  /** Milliseconds for which it may be applied after it was made. */
  readonly maxAgeMs: number;
}

/**
 * Refuses a plan that is not for this job and this ledger as they are now; to be called under the lock, before
 * anything else.
 *
 * @throws Failure (exit 1): `PLAN_OTHER_JOB`, `PLAN_OTHER_LEDGER`, `PLAN_UNKNOWN`, `PLAN_SUPERSEDED`, `PLAN_REJECTED`,
 * `PLAN_TOO_OLD`
 */
export async function requireCurrent(reviewed: ReviewedPlan, job: Job, open: OpenRun): Promise<void> {
  const { header, hash } = reviewed.plan;
  if (header.jobSha256 !== job.sha256) throw otherJob(header.jobFile);
  const { lineage, lastAppliedRun } = header.ledger;
  if (lineage !== open.ledger.lineage) throw otherLedger(job);
  const madeAt = await madeAtOf(hash, open);
  if (madeAt === null) throw unknownPlan();
  if (lastAppliedRun !== open.memory.lastAppliedRun) throw superseded(open.memory.lastAppliedRun);
  const [decision] = (await open.ledger.decisions(open.scope)).filter(({ planHash }) => planHash === hash);
  if (decision?.kind === 'rejected') throw rejected(decision);
  const ageMs = Date.parse(open.run.startedAt) - Date.parse(madeAt);
  if (ageMs > reviewed.maxAgeMs) throw tooOld(madeAt, reviewed.maxAgeMs);
}

/** When the plan was made last: nothing in a plan itself says so. Null when no run of this ledger made it. */
async function madeAtOf(hash: string, { ledger, run, scope }: OpenRun): Promise<string | null> {
  for (const { runId } of await ledger.plans(hash)) {
    const made = await ledger.run(runId);
    if (made === null || made.id === run.id || made.scope.origin !== scope.origin) continue;
    // A run that only took the plan did not make it.
    if (made.mode === 'plan' || !tookReviewed(made.facts)) return made.startedAt;
  }
  return null;
}

function tookReviewed(facts: unknown): boolean {
  return (facts as { readonly reviewed?: boolean } | null)?.reviewed === true;
}

/**
 * Refuses feeds with other bytes than those that the plan was made from.
 * @param files in the order of the job's feeds; null for one that is not there
 * @throws Failure (exit 1): `PLAN_STALE_FEED`
 */
export async function requireSameFeeds(
  { plan: { header } }: ReviewedPlan,
  files: readonly (FeedFile | null)[],
): Promise<void> {
  for (const [position, { name, sha256, path: place }] of header.feeds.entries()) {
    const file = files[position] ?? null;
    const now = file === null ? null : await hashFeedFile(file);
    if (now !== sha256) throw staleFeed(name === '' ? 'The feed' : `The feed ${name}`, file?.name ?? place);
  }
}

/** Where a feed of the plan has to be read from: the very file, whatever a pattern would find by now. */
export function withFeedsOfPlan(job: Job, { header }: SavedPlan): Job {
  const feeds = job.feeds.map((settings, position) => {
    const feed = header.feeds[position];
    if (feed === undefined || feed.sha256 === null || feed.source !== 'file') return settings;
    return { ...settings, path: feed.path, source: { kind: 'file' as const, path: feed.path } };
  });
  return { ...job, feeds };
}

/** @throws Failure (exit 1): `PLAN_FEED_NOT_KEPT` for what came through a pipe or out of a command */
export function requireKeptFeeds({ header, file }: SavedPlan, given: readonly string[]): void {
  const gone = header.feeds.find(({ source, sha256 }) => source !== 'file' && sha256 !== null);
  if (gone === undefined || given.length > 0) return;
  throw new Failure({
    code: 'PLAN_FEED_NOT_KEPT',
    message: `The plan was made from ${gone.source === 'stdin' ? 'standard input' : 'the output of a command'}, which nobody can read again.`,
    hint: `Keep the feed's bytes in a file and name it: rollcall apply --plan ${file} --feed FILE`,
    exit: 1,
  });
}

/** What the plan is about. */
export function selectionOf({ plan: { header } }: ReviewedPlan): Selection {
  return { only: header.only, people: header.people, trustsAbsences: header.trustsAbsences };
}

/** Lays a copy of the plan into the run's folder, and its changes where they can be asked for. */
export async function takeReviewed(
  { plan }: ReviewedPlan,
  { directory }: OpenRun,
  stagingFolder: string,
): Promise<ReviewedChanges> {
  const copy = path.join(directory, 'plan.ndjson');
  await copyFile(plan.file, copy);
  await chmod(copy, 0o600);
  return openReviewedChanges(`${stagingFolder}-plan`, planChanges({ ...plan, file: copy }));
}

const anew = 'Make a new plan and have it reviewed: rollcall plan JOB --out FILE';

/** The job file, or the environment that is laid over it, is not the one that the plan was made from. */
export function otherJob(jobFile: string): Failure {
  return new Failure({
    code: 'PLAN_OTHER_JOB',
    message: `The job file ${jobFile} is not the one that the plan was made from.`,
    hint: anew,
    exit: 1,
  });
}

function otherLedger({ ledger }: Job): Failure {
  return new Failure({
    code: 'PLAN_OTHER_LEDGER',
    message: `The plan belongs to another ledger than ${ledger}.`,
    hint: 'Put back the ledger of the job, or make a new plan.',
    exit: 1,
  });
}

function unknownPlan(): Failure {
  return new Failure({
    code: 'PLAN_UNKNOWN',
    message: 'No run of this ledger made this plan for this target.',
    hint: `An older ledger may have been put back since. ${anew}`,
    exit: 1,
  });
}

function superseded(lastRun: string | null): Failure {
  return new Failure({
    code: 'PLAN_SUPERSEDED',
    message: `Run ${lastRun ?? '(unknown)'} has been applied since the plan was made.`,
    hint: anew,
    exit: 1,
  });
}

function rejected({ by, at, reason }: KeptDecision): Failure {
  return new Failure({
    code: 'PLAN_REJECTED',
    message: `${by} rejected the plan at ${at}: ${reason}`,
    hint: anew,
    exit: 1,
  });
}

function tooOld(madeAt: string, maxAgeMs: number): Failure {
  return new Failure({
    code: 'PLAN_TOO_OLD',
    message: `The plan was made at ${madeAt}, longer ago than ${maxAgeMs / 3_600_000} h.`,
    hint: `${anew}. If it shall hold for longer: --max-age 72h`,
    exit: 1,
  });
}

function staleFeed(what: string, place: string): Failure {
  return new Failure({
    code: 'PLAN_STALE_FEED',
    message: `${what} at ${place} has not the bytes that the plan was made from.`,
    hint: `If it was moved, name the file: --feed FILE. Else: ${anew}`,
    exit: 1,
  });
}
