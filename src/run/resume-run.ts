import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Change } from '../domain/change.ts';
import type { ChangeResult, Ledger, Scope, StepOutcome } from '../contracts/ledger.ts';
import { sameValue } from '../domain/comparison.ts';
import type { User } from '../domain/user.ts';
import type { Job } from '../job/job.ts';
import { connectTarget, type Target } from './connect-target.ts';
import type { RunFacts } from './facts.ts';
import { account, brokenOff, endOf, giveUp, type RunEnd, sendOrStop } from './finish-run.ts';
import { judgeOverTime } from './judge-over-time.ts';
import { lockedOut, type OpenRun, openJobLedger } from './open-run.ts';
import {
  requireFresh,
  requireLast,
  requireNoPasswords,
  requireNotRejected,
  requireSameJob,
  requireStopped,
} from './resumable.ts';
import { settleRun } from './settle-earlier.ts';
import { tellOfEarlier } from './tell-accounts.ts';
import { stopIfTold, takeTurn } from './turns.ts';
import type { World } from './world.ts';

/*
 * Goes on with a run that stopped: the old plan, under the old run's id, without its feed.
 *
 *   what is settled            ──> stays as it is
 *   what is open               ──> looked up: applied, not applied, or unknown, which stays so
 *   what was never sent        ──> sent, unless the user is no longer what the plan saw (a conflict)
 *   guards over time           ──> judged again; what holds the rest now holds it
 *   report                     ──> written anew, about the whole plan
 */

export interface ResumeOptions {
  /** Null: the one run of this target that stopped, if there is one. */
  readonly runId: string | null;
  /** Milliseconds for which a plan may be gone on with after its run began. */
  readonly maxAgeMs: number;
}

/**
 * Goes on with the run of this target that stopped.
 *
 * @returns null when no run is named and none of this target's is open
 * @throws Failure (exit 1): `RUN_NOT_STOPPED`, `RUN_WITHOUT_PLAN`, `RUN_SUPERSEDED`, `RUN_OTHER_JOB`, `RUN_TOO_OLD`,
 * `PLAN_REJECTED`, `RESUME_NEEDS_FEED`; (exit 3) `RESUME_HELD`; (exit 5) `RUN_UNDER_WAY`; (exit 75) when the target
 * cannot be asked. Then nothing was written
 */
export async function resumeRun(job: Job, options: ResumeOptions, world: World): Promise<RunEnd | null> {
  const scope: Scope = { job: job.name, origin: job.target.origin };
  const ledger = await openJobLedger(job, scope, world);
  try {
    const runId = options.runId ?? (await lastOpen(ledger, scope));
    if (runId === null) return null;
    const { pid, host } = world;
    const lock = await ledger.lock(scope, { runId, pid, host, since: nowOf(world) });
    if (!lock.held) throw await lockedOut(job, lock.by, ledger, world);
    const run = requireStopped(runId, await ledger.run(runId));
    const facts = run.facts as RunFacts;
    const memory = await ledger.scope(scope);
    await requireLast(run, memory.lastAppliedRun, ledger);
    requireSameJob(facts, job);
    requireFresh(run, nowOf(world), options.maxAgeMs);
    requireNotRejected(facts, await ledger.decisions(scope));
    await tellOfEarlier({ ledger, scope }, job.target, world);
    const { directory } = facts;
    const open: OpenRun = { run, scope, ledger, memory, directory, close: async () => undefined };
    await requireNoPasswords(job, open);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await goOn(job, open, facts, world);
  } finally {
    world.progress.end();
    await ledger.close();
  }
}

async function lastOpen(ledger: Ledger, scope: Scope): Promise<string | null> {
  const open = (await ledger.openRuns(scope)).filter(({ mode }) => mode === 'apply');
  return open.at(-1)?.id ?? null;
}

async function goOn(job: Job, open: OpenRun, facts: RunFacts, world: World): Promise<RunEnd> {
  let sending = false;
  let target: Target | null = null;
  try {
    world.progress.stage('looking up what is in doubt');
    target = await connectTarget(job, world);
    const doubts = await settleRun(open.run.id, open, target, world);
    const planned = await setAsideChanged(open, target, world);
    await judgeOverTime(job, open, facts, target, world);
    stopIfTold(world);
    sending = true;
    const toSend = { planned, doubtfulCreates: doubts.creates, feeds: [], goesOn: true };
    const stopped = await sendOrStop(job, open, target, toSend, world);
    const end = endOf(target, stopped);
    const { requests, waitedMs } = facts.traffic;
    const traffic = {
      requests: requests + end.traffic.requests,
      waitedMs: waitedMs + end.traffic.waitedMs,
    };
    const resumes = [...(facts.resumes ?? []), { by: world.operator, at: nowOf(world) }];
    const planFile = path.join(open.directory, 'plan.ndjson');
    const ended = { ...facts, ...end, traffic, resumes };
    return { ...(await account(open, planFile, ended, stopped, world)), waiting: 0 };
  } catch (error) {
    const told = sending ? brokenOff(error, open) : error;
    if (sending) await giveUp(open, told, world);
    throw told;
  } finally {
    await target?.close();
  }
}

/** What is still to be sent of a change, of which no step has taken effect yet. */
function isUntouched({ change, outcomes }: ChangeResult): boolean {
  const isToSend = change.disposition === 'planned' && change.steps.length > 0;
  return isToSend && outcomes.every(({ result }) => result === 'notSent');
}

/** And of one that has begun. */
function goesOn({ change, outcomes }: ChangeResult): boolean {
  const told = outcomes.filter(({ result }) => result !== 'notSent');
  const isToSend = change.disposition === 'planned' && told.length < change.steps.length;
  return isToSend && told.every(({ result }) => result === 'succeeded');
}

/**
 * Time has passed since the plan: whoever is no longer as the plan saw them is that person's conflict.
 * @returns how many changes are still to be sent
 */
async function setAsideChanged(open: OpenRun, target: Target, world: World): Promise<number> {
  let planned = 0;
  for await (const page of open.ledger.results(open.run.id)) {
    await takeTurn(world);
    planned += page.filter(goesOn).length;
    const untouched = page.filter(isUntouched).map(({ change }) => change);
    const known = untouched.filter(({ user }) => user !== null);
    if (known.length === 0) continue;
    const found = await target.connection.lookUp(
      known.map(({ userId, user, after }) => ({ userId, attributes: { ...user?.attributes, ...after } })),
    );
    const changed = known.filter((change, position) => isChanged(change, found[position], target));
    planned -= changed.length;
    const outcomes = changed.flatMap((change) => conflictOf(change, nowOf(world)));
    if (outcomes.length > 0) {
      await open.ledger.recordOutcomes(open.run.id, outcomes);
    }
  }
  return planned;
}

/** What a look-up does not show says nothing. */
function isChanged({ user, before }: Change, found: User | undefined, { provider }: Target): boolean {
  if (found === undefined || user === null) return false;
  if (found.active !== user.active) return true;
  return Object.entries(before).some(([name, value]) => {
    const now = found.attributes[name];
    return now !== undefined && !sameValue(value, now, provider.attributes[name]);
  });
}

function conflictOf({ seq, steps }: Change, at: string): readonly StepOutcome[] {
  const nothing = { seq, providerCode: null, userId: null, attempts: 0, at };
  return steps.map((_, step) =>
    step === 0
      ? {
          ...nothing,
          step,
          result: 'conflict',
          errorCode: 'CHANGED_SINCE_PLAN',
          message: 'Somebody changed the user since the run stopped.',
        }
      : { ...nothing, step, result: 'notSent', errorCode: 'PREDECESSOR_FAILED', message: null },
  );
}

function nowOf({ clock }: Pick<World, 'clock'>): string {
  return new Date(clock.now()).toISOString();
}
