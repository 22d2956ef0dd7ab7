import type { OpenStep, Scope } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { lockedOut, openJobLedger } from './open-run.ts';
import { Settled } from './settle-earlier.ts';
import { tellOfEarlier } from './tell-accounts.ts';
import type { World } from './world.ts';

/** What somebody says of writes for a person whom nobody can look up. */
export interface SettledWord {
  /** The lasting id, as the feed spells it or as it is compared. */
  readonly key: string;
  readonly verdict: 'applied' | 'notApplied';
  readonly by: string;
  readonly reason: string;
}

export interface SettledByHand {
  /** Ids of the runs that had left something open for the person. */
  readonly runs: readonly string[];
  readonly steps: number;
}

/**
 * Settles what is in doubt about a person by the word of somebody who has looked in the target. The ledger keeps who
 * said so and why, in place of the outcome; the account is taken to be as they say.
 *
 * @throws Failure (exit 1) `NOTHING_IN_DOUBT`; (exit 5) `RUN_UNDER_WAY`
 */
export async function settleByHand(job: Job, word: SettledWord, world: World): Promise<SettledByHand> {
  const scope: Scope = { job: job.name, origin: job.target.origin };
  const ledger = await openJobLedger(job, scope, world);
  try {
    const { pid, host } = world;
    const now = new Date(world.clock.now()).toISOString();
    const lock = await ledger.lock(scope, { runId: 'settle', pid, host, since: now });
    if (!lock.held) throw await lockedOut(job, lock.by, ledger, world);
    await tellOfEarlier({ ledger, scope }, job.target, world);
    const runs: string[] = [];
    let count = 0;
    for (const run of await ledger.openRuns(scope)) {
      let left = 0;
      const mine: OpenStep[] = [];
      for await (const page of ledger.openSteps(run.id)) {
        const ofPerson = page.filter(({ change }) => change.key === word.key || change.linkKey === word.key);
        left += page.length - ofPerson.length;
        mine.push(...ofPerson);
      }
      if (mine.length === 0) continue;
      const ids = mine.map((step) => idOf(step, job));
      const known = await ledger.accountsById(scope, [...new Set(ids.filter((id) => id !== null))]);
      const settled = new Settled(known, job.target, world);
      for (const [position, step] of mine.entries()) {
        settled.add(step, word.verdict, ids[position] ?? null, messageOf(word));
      }
      await ledger.settle(run.id, scope, settled.settlement());
      // What was never sent of such a run is planned anew by the next one.
      if (left === 0) {
        const finishedAt = run.finishedAt ?? now;
        await ledger.finishRun(run.id, { state: 'superseded', finishedAt, exitCode: 4 });
      }
      runs.push(run.id);
      count += mine.length;
    }
    if (count === 0) throw nothingInDoubt(word.key, job);
    return { runs, steps: count };
  } finally {
    await ledger.close();
  }
}

function idOf({ change: { userId, user, after } }: OpenStep, { target: { provider } }: Job): string | null {
  return userId ?? provider.idOf({ ...user?.attributes, ...after });
}

function messageOf({ verdict, by, reason }: SettledWord): string {
  const what = verdict === 'applied' ? 'it took effect' : 'it did not take effect';
  return `${by} says that ${what}: ${reason}`;
}

function nothingInDoubt(key: string, { name }: Job): Failure {
  return new Failure({
    code: 'NOTHING_IN_DOUBT',
    message: `Nothing is in doubt about ${key} in job ${name}.`,
    hint: '`rollcall status JOB` names those of whom something is.',
    exit: 1,
  });
}
