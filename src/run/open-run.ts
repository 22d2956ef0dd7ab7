import { existsSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { Ledger, LockHolder, Run, RunMode, Scope, ScopeMemory } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { tellOfEarlier } from './tell-accounts.ts';
import type { World } from './world.ts';

/** A run under way: it holds the lock of its job and target until `close`. */
export interface OpenRun {
  readonly run: Run;
  readonly scope: Scope;
  readonly ledger: Ledger;
  readonly memory: ScopeMemory;
  /** `runs/<run id>`, where the report goes. */
  readonly directory: string;
  /** Why a person lets a change of the job pass; absent where nobody does. */
  readonly acceptJobChange?: string;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly mode: RunMode;
  /** ISO 8601; the clock's time when null. */
  readonly asOf: string | null;
  /** Why a change of the job is let pass. */
  readonly acceptJobChange?: string;
}

/** Opens the ledger, takes the lock and notes the run. Throws a failure of exit 5 when another run has the lock. */
export async function openRun(job: Job, options: RunOptions, world: World): Promise<OpenRun> {
  const scope: Scope = { job: job.name, origin: job.target.origin };
  const ledger = await openJobLedger(job, scope, world);
  try {
    const startedAt = new Date(world.clock.now()).toISOString();
    const id = await freshRunId(ledger, startedAt, world.random());
    const { pid, host, operator } = world;
    const lock = await ledger.lock(scope, { runId: id, pid, host, since: startedAt });
    if (!lock.held) throw await lockedOut(job, lock.by, ledger, world);
    const run: Run = {
      id,
      scope,
      mode: options.mode,
      state: 'running',
      startedAt,
      finishedAt: null,
      asOf: options.asOf ?? startedAt,
      pid,
      host,
      operator,
      exitCode: null,
      facts: null,
    };
    await tellOfEarlier({ ledger, scope }, job.target, world);
    await ledger.startRun(run);
    const directory = path.join(job.report.directory, id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const close = async (): Promise<void> => {
      // Only an empty folder goes: that of a run which ended without a report.
      await rmdir(directory).catch(() => undefined);
      await lock.release();
      await ledger.close();
    };
    const memory = await ledger.scope(scope);
    const { acceptJobChange } = options;
    const accepts = acceptJobChange === undefined ? {} : { acceptJobChange };
    return { run, scope, ledger, memory, directory, ...accepts, close };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

const suffixes = 0x1_0000;

/** Sorts by time; an id that the ledger has already, from a run of the same second, is passed over. */
async function freshRunId(ledger: Ledger, startedAt: string, random: number): Promise<string> {
  const first = Math.floor(random * suffixes);
  let id = runId(startedAt, first);
  for (let next = 1; next < suffixes && (await ledger.run(id)) !== null; next += 1) {
    id = runId(startedAt, (first + next) % suffixes);
  }
  return id;
}

function runId(startedAt: string, suffix: number): string {
  return `${startedAt.slice(0, 19).replaceAll(':', '-')}Z-${suffix.toString(16).padStart(4, '0')}`;
}

/**
 * Opens the ledger for a run about a scope. Opening one to write reads all of it, to see that it is whole; so whoever has
 * the lock is looked for before, and a second run knows within a second. That there was no ledger is said aloud: it
 * may have been moved, and nobody is linked then.
 *
 * @throws Failure (exit 5) `RUN_UNDER_WAY`
 */
export async function openJobLedger(job: Job, scope: Scope, world: World): Promise<Ledger> {
  if (!existsSync(job.ledger)) {
    const ledger = await openLedger(job.ledger, { ownThread: world.ledgerThread });
    world.log.warn(
      { job: job.name, code: 'LEDGER_NEW' },
      `there was no ledger at ${job.ledger}, so this is a first run: nobody is linked yet, and nobody can be a leaver`,
    );
    return ledger;
  }
  await refuseWhileHeld(job, scope, world);
  return openLedger(job.ledger, { ownThread: world.ledgerThread });
}

async function refuseWhileHeld(job: Job, scope: Scope, world: World): Promise<void> {
  // Whatever is wrong with the ledger is told when it is opened to write.
  const ledger = await openLedger(job.ledger, { readOnly: true }).catch(() => null);
  if (ledger === null) return;
  try {
    const holder = await ledger.holder(scope);
    if (holder !== null) throw await lockedOut(job, holder, ledger, world);
  } finally {
    await ledger.close();
  }
}

/** Another run has the lock: who, since when, and for how long it has been silent. */
export async function lockedOut(
  job: Job,
  by: LockHolder | null,
  ledger: Pick<Ledger, 'lastEntryAt'>,
  world: World,
): Promise<Failure> {
  const lastAt = by === null ? null : await ledger.lastEntryAt(by.runId);
  const silent = lastAt === null ? 'it has sent nothing yet' : `silent for ${secondsSince(lastAt, world)} s`;
  const who =
    by === null
      ? 'Another run'
      : `Run ${by.runId} (process ${by.pid} on ${by.host}, since ${by.since}, ${secondsSince(by.since, world)} s ago; ${silent})`;
  return new Failure({
    code: 'RUN_UNDER_WAY',
    message: `${who} of job ${job.name} is under way against the same target.`,
    hint: 'Wait until it has ended. If its process is gone, the lock is free already: run again.',
    exit: 5,
  });
}

function secondsSince(since: string, world: World): number {
  return Math.max(0, Math.round((world.clock.now() - Date.parse(since)) / 1_000));
}
