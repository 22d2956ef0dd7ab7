import type { Bar, Scope } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import type { OpenRun } from './open-run.ts';
import type { World } from './world.ts';

/** Somebody to be disabled now, by key, whatever the feed says. */
export interface UrgentDisable {
  /** The lasting id, as the feed spells it or as it is compared. */
  readonly key: string;
  readonly reason: string;
}

/**
 * Whom the job shall bar.
 * @throws Failure (exit 1): `DISABLE_UNSUPPORTED`, `PERSON_UNKNOWN`
 */
export async function barOf(job: Job, { key, reason }: UrgentDisable, open: OpenRun): Promise<Bar> {
  const { provider } = job.target;
  if (!provider.supports.operations.includes('disable')) {
    throw new Failure({
      code: 'DISABLE_UNSUPPORTED',
      message: `${provider.title} has no way to disable a user.`,
      hint: 'Take the access away in the target itself.',
      exit: 1,
    });
  }
  for await (const page of open.ledger.accounts(open.scope)) {
    for (const account of page) {
      const { linkKey } = account;
      if (linkKey === null || (account.key !== key && linkKey !== key)) continue;
      const { operator: by, startedAt: at } = open.run;
      return { linkKey, key: account.key ?? linkKey, by, reason, at };
    }
  }
  throw unknownPeople([key]);
}

/**
 * Lets the feed speak of somebody again who was disabled by key.
 * @returns the bar that was lifted
 * @throws Failure (exit 1): `NOT_BARRED`; (exit 5) while a run is under way
 */
export async function releaseBarred(job: Job, key: string, world: World): Promise<Bar> {
  const ledger = await openLedger(job.ledger);
  try {
    const scope: Scope = { job: job.name, origin: job.target.origin };
    const since = new Date(world.clock.now()).toISOString();
    const { pid, host } = world;
    const lock = await ledger.lock(scope, { runId: 'release', pid, host, since });
    if (!lock.held) throw underWay(job);
    const bar = (await ledger.bars(scope)).find((one) => one.key === key || one.linkKey === key);
    if (bar === undefined) throw notBarred(job, key);
    await ledger.liftBars(scope, [bar.linkKey]);
    await lock.release();
    return bar;
  } finally {
    await ledger.close();
  }
}

/** Nobody has this lasting id: a slip of the pen must not look like something done. */
export function unknownPeople(keys: readonly string[]): Failure {
  return new Failure({
    code: 'PERSON_UNKNOWN',
    message: `Nobody of this job has the lasting id ${keys.join(', ')}: no row of the feed that could be read, and no user in the target who is linked to it.`,
    hint: 'Give the id as the feed spells it, such as the employee number.',
    exit: 1,
  });
}

/** Whom the job protects is out of reach for everybody. */
export function protectedPerson(key: string): Failure {
  return new Failure({
    code: 'PERSON_PROTECTED',
    message: `${key} is protected, kept as they are, or outside the scope of the job, so nothing takes their access away.`,
    hint: 'Look at `protect` and `manage.scope` in the job, and at `rollcall protect`; or do it in the target itself.',
    exit: 1,
  });
}

function notBarred({ name }: Job, key: string): Failure {
  return new Failure({
    code: 'NOT_BARRED',
    message: `Nobody with the lasting id ${key} is barred in job ${name}.`,
    hint: 'Give the id as --disable was given it.',
    exit: 1,
  });
}

function underWay({ name }: Job): Failure {
  return new Failure({
    code: 'RUN_UNDER_WAY',
    message: `A run of job ${name} is under way against the same target.`,
    hint: 'Wait until it has ended.',
    exit: 5,
  });
}
