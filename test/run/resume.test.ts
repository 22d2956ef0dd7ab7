import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Job } from '../../src/job/job.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { decidePlan, findPlan } from '../../src/run/decide-plan.ts';
import { settleByHand } from '../../src/run/settle-by-hand.ts';
import { type Came, StoppingWorld } from './stopping-world.ts';

let world: StoppingWorld;
beforeEach(() => {
  world = new StoppingWorld();
});
afterEach(() => {
  world[Symbol.dispose]();
});

const titles = (title: string): Record<number, string> =>
  Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [n, title]));

const idOf = ({ end }: Came): string => end?.report.run.id ?? '';

/** A run that creates six, and is told to stop with its third write on its way. */
async function stoppedRun(job: Job): Promise<Came> {
  world.writeFeed(titles('Clerk'));
  world.onWrite = (write) => {
    if (write === 3) world.signal();
    return undefined;
  };
  const stopped = await world.apply(job);
  expect(stopped.code).toBe(4);
  expect(stopped.end?.report.changes).toMatchObject({ total: 6, succeeded: 3, notSent: 3 });
  world.onWrite = () => undefined;
  return stopped;
}

/** A run of six updates whose third answer is lost, and that nobody can look up; the run goes no further. */
async function doubtfulRun(job: Job): Promise<Came> {
  world.writeFeed(titles('Clerk'));
  expect((await world.apply(job)).code).toBe(0);
  world.writeFeed(titles('Manager'));
  world.canTell = false;
  world.onWrite = (write) => {
    if (write === 9) world.signal();
    return write === 9 ? { lost: true } : undefined;
  };
  const stopped = await world.apply(job);
  expect(stopped.end?.report.changes).toMatchObject({ total: 6, succeeded: 2, unknown: 1, notSent: 3 });
  world.onWrite = () => undefined;
  return stopped;
}

describe('resuming a run that stopped', () => {
  it('sends what was not sent, nothing twice, and reports the whole plan under the old id', async () => {
    const job = await world.job();
    const stopped = await stoppedRun(job);
    rmSync(join(world.folder, 'hr.csv'));
    const resumed = await world.resume(job, idOf(stopped));
    expect(resumed.code).toBe(0);
    expect(resumed.end?.report).toMatchObject({
      run: { id: idOf(stopped), mode: 'apply' },
      changes: { total: 6, succeeded: 6, notSent: 0 },
      rows: { total: 6, changed: 6 },
    });
    expect(world.writes).toEqual([1, 2, 3, 4, 5, 6].map((n) => `add p${n}`));
    expect(await world.stateOf(job, idOf(stopped))).toBe('finished');
    world.writeFeed(titles('Clerk'));
    expect((await world.apply(job)).end?.report.changes.total).toBe(0);
  });

  it('numbers its batches on, so that no two of the run are alike, and says who went on with it', async () => {
    const job = await world.job();
    const stopped = await stoppedRun(job);
    expect(stopped.end?.report.run.resumes).toEqual([]);
    const resumed = await world.resume(job);
    expect(resumed.end?.report.run.resumes).toEqual([
      { by: world.world().operator, at: new Date(world.clock.now()).toISOString() },
    ]);
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(job.ledger, { readOnly: true });
    const intents = database.prepare('SELECT body FROM step_entries WHERE result IS NULL').all();
    database.close();
    const batches = intents.flatMap(({ body }) =>
      (JSON.parse(String(body)) as [number][]).map(([batch]) => batch),
    );
    expect(batches.length).toBeGreaterThan(5);
    expect(new Set(batches).size).toBe(batches.length);
  });

  it('finds the run by its job, and has nothing to do when there is none', async () => {
    const job = await world.job();
    expect((await world.resume(job)).code).toBe('nothing');
    await stoppedRun(job);
    expect((await world.resume(job)).code).toBe(0);
    expect((await world.resume(job)).code).toBe('nothing');
  });

  it('looks up what was on its way when it was killed, and sends it only if it did not take effect', async () => {
    const job = await world.job();
    const stopped = await doubtfulRun(job);
    await world.asIfKilled(job, idOf(stopped));
    world.canTell = true;
    world.lookUps = 0;
    const resumed = await world.resume(job);
    expect(resumed.end?.report.changes).toMatchObject({ total: 6, succeeded: 6 });
    expect(world.lookUps).toBeGreaterThan(0);
    expect(world.writes.slice(6)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `set p${n}`));
  });

  it('leaves unknown what nobody can look up, says so, and sends the rest', async () => {
    const job = await world.job();
    await doubtfulRun(job);
    const resumed = await world.resume(job);
    expect(resumed.code).toBe(4);
    expect(resumed.end?.report.changes).toMatchObject({ succeeded: 5, unknown: 1, notSent: 0 });
    expect(world.writes.filter((write) => write === 'set p3')).toHaveLength(1);
  });

  it('sends a create again of which nobody can tell, where repeating it does no harm', async () => {
    const job = await world.job();
    world.writeFeed(titles('Clerk'));
    world.canTell = false;
    world.createOnly = true;
    world.onWrite = (write) => {
      if (write === 3) world.signal();
      return { lost: write === 3 };
    };
    const stopped = await world.apply(job);
    expect(stopped.end?.report.changes).toMatchObject({ succeeded: 2, unknown: 1, notSent: 3 });
    world.onWrite = () => undefined;
    const resumed = await world.resume(job);
    expect(resumed.end?.report.changes).toMatchObject({ succeeded: 6, unknown: 0 });
    expect(world.writes.filter((write) => write === 'add p3')).toHaveLength(2);
  });

  it('sends what nobody can look up again with its old key, while the target remembers that', async () => {
    const job = await world.job();
    world.keyLifetimeMs = 3_600_000;
    await doubtfulRun(job);
    const keys = world.keys.slice();
    expect(new Set(keys).size).toBe(keys.length);
    const resumed = await world.resume(job);
    expect(resumed.code).toBe(0);
    expect(resumed.end?.report.changes).toMatchObject({ succeeded: 6, unknown: 0 });
    expect(world.writes.filter((write) => write === 'set p3')).toHaveLength(1);
    expect(world.keys.filter((key) => key === keys.at(-1))).toHaveLength(2);
    expect(new Set(world.keys).size).toBe(world.keys.length - 1);
  });

  it('counts the time of a key from the first attempt, over every sitting, and then leaves it unknown', async () => {
    const job = await world.job();
    world.keyLifetimeMs = 3_600_000;
    const stopped = await doubtfulRun(job);
    await world.asIfKilled(job, idOf(stopped));
    world.onWrite = () => {
      world.signal();
      return { lost: true };
    };
    await world.clock.advance(1_800_000);
    const again = await world.resume(job);
    expect(again.end?.report.changes).toMatchObject({ succeeded: 2, unknown: 1, notSent: 3 });
    const sent = world.keys.length;
    world.onWrite = () => undefined;
    await world.clock.advance(1_800_000);
    const late = await world.resume(job);
    expect(late.end?.report.changes).toMatchObject({ succeeded: 5, unknown: 1, notSent: 0 });
    expect(world.keys).toHaveLength(sent + 3);
  });

  it('leaves whom somebody changed since alone, as a conflict', async () => {
    const job = await world.job();
    await doubtfulRun(job);
    world.canTell = true;
    const user = world.users.get('p5@example.com');
    if (user === undefined) throw new Error('nobody');
    world.users.set(user.id, {
      ...user,
      attributes: { ...user.attributes, 'name.familyName': 'Elsewhere' },
    });
    const resumed = await world.resume(job);
    expect(resumed.code).toBe(2);
    expect(resumed.end?.report.changes).toMatchObject({ succeeded: 5, conflict: 1 });
    expect(resumed.end?.report.failures).toMatchObject([{ key: 'E5', errorCode: 'CHANGED_SINCE_PLAN' }]);
    expect(world.users.get('p5@example.com')?.attributes['name.familyName']).toBe('Elsewhere');
  });

  it('can stop and be gone on with as often as need be', async () => {
    const job = await world.job();
    await stoppedRun(job);
    for (const succeeded of [4, 5]) {
      world.onWrite = () => {
        world.signal();
        return undefined;
      };
      expect((await world.resume(job)).end?.report.changes).toMatchObject({ total: 6, succeeded });
    }
    world.onWrite = () => undefined;
    expect((await world.resume(job)).code).toBe(0);
    expect(world.writes).toHaveLength(6);
  });

  it('is refused, with nothing sent, when the target cannot be asked, and can be tried again', async () => {
    const job = await world.job();
    const stopped = await doubtfulRun(job);
    const { connect } = job.target.provider;
    const away = new TargetFailure({ trouble: 'unsent', message: 'The connection was refused.' });
    const provider = { ...job.target.provider, connect: () => Promise.reject(away) };
    const before = world.writes.length;
    const refused = await world.resume({ ...job, target: { ...job.target, provider } });
    expect([refused.code, refused.exit]).toEqual(['TARGET_UNSENT', 75]);
    expect(world.writes).toHaveLength(before);
    expect(await world.stateOf(job, idOf(stopped))).toBe('stopped');
    expect(connect).toBeDefined();
    expect((await world.resume(job)).end?.report.changes.notSent).toBe(0);
  });
});

describe('the next apply', () => {
  it('says in its report which run it settled, and what of it stays in doubt', async () => {
    const job = await world.job();
    const stopped = await doubtfulRun(job);
    const inDoubt = await world.apply(job);
    expect(inDoubt.end?.report.run).toMatchObject({
      settled: [{ run: idOf(stopped), state: 'stopped', inDoubt: 1 }],
      resumes: [],
      reverts: null,
    });
    world.canTell = true;
    const settled = await world.apply(job);
    expect(settled.end?.report.run.settled).toEqual([
      { run: idOf(stopped), state: 'superseded', inDoubt: 0 },
      ...(inDoubt.code === 4 ? [{ run: idOf(inDoubt), state: 'superseded', inDoubt: 0 }] : []),
    ]);
    expect((await world.apply(job)).end?.report.run.settled).toEqual([]);
  });
});

describe('the next apply and keys', () => {
  it('never takes the key of an earlier run: what that left in doubt stays so', async () => {
    const job = await world.job();
    world.keyLifetimeMs = 3_600_000;
    await doubtfulRun(job);
    const keys = new Set(world.keys);
    const next = await world.apply(job);
    expect(next.end?.report.failures).toMatchObject([{ key: 'E3', errorCode: 'IN_DOUBT' }]);
    expect(world.keys.slice(keys.size).filter((key) => keys.has(key))).toEqual([]);
    expect(world.keys.length).toBeGreaterThan(keys.size);
  });
});

describe('a run is not gone on with', () => {
  it('when a later one was applied, or when it has come to its end', async () => {
    const job = await world.job();
    const stopped = await stoppedRun(job);
    const later = await world.apply(job);
    expect(later.code).toBe(0);
    for (const [id, code] of [
      [idOf(stopped), 'RUN_SUPERSEDED'],
      [idOf(later), 'RUN_NOT_STOPPED'],
      ['nobody', 'RUN_UNKNOWN'],
    ] as const) {
      const refused = await world.resume(job, id);
      expect([refused.code, refused.exit]).toEqual([code, 1]);
    }
    expect(world.writes).toHaveLength(6);
  });

  it('when the job was changed since', async () => {
    const stopped = await stoppedRun(await world.job());
    const other = await world.job({ guards: { creates: 200 } });
    expect((await world.resume(other, idOf(stopped))).code).toBe('RUN_OTHER_JOB');
  });

  it('when it is too old, unless that is asked for', async () => {
    const job = await world.job();
    await stoppedRun(job);
    await world.clock.advance(25 * 3_600_000);
    expect((await world.resume(job)).code).toBe('RUN_TOO_OLD');
    expect((await world.resume(job, null, 72 * 3_600_000)).code).toBe(0);
  });

  it('when somebody rejected its plan since', async () => {
    const job = await world.job();
    const stopped = await stoppedRun(job);
    const ledger = await openLedger(job.ledger);
    await decidePlan(ledger, await findPlan(ledger, idOf(stopped)), {
      ...{ kind: 'rejected', by: 'Ines', operator: 'ines', reason: 'the wrong export' },
      ...{ at: new Date(world.clock.now()).toISOString(), expiresAt: null, fourEyes: false },
    });
    await ledger.close();
    const refused = await world.resume(job);
    expect(refused.code).toBe('PLAN_REJECTED');
    expect(world.writes).toHaveLength(3);
  });

  it('when first passwords stand in its feed only', async () => {
    const job = await world.job({
      feed: { passwordColumn: 'Title', columns: { externalId: 'ID', userName: 'Login' } },
    });
    await stoppedRun(job);
    expect((await world.resume(job)).code).toBe('RESUME_NEEDS_FEED');
    expect(world.writes).toHaveLength(3);
  });

  it('when what is expected has ended, and the limit over a day is reached', async () => {
    const guards = { creates: { count: 100, per24h: 4 }, updates: 100, expected: [] as object[] };
    const week = {
      ...{ from: '2026-06-01', to: '2026-06-02', what: 'creates', upTo: 50, why: 'a new plant', by: 'Ines' },
    };
    const job = await world.job({ guards: { ...guards, expected: [week] } });
    world.writeFeed({ 9: 'Clerk' });
    expect((await world.apply(job)).code).toBe(0);
    await world.clock.advance(20 * 3_600_000);
    world.writeFeed({ ...titles('Clerk'), 9: 'Clerk' });
    world.onWrite = (write) => {
      if (write === 4) world.signal();
      return undefined;
    };
    expect((await world.apply(job)).end?.report.changes).toMatchObject({ succeeded: 3, notSent: 3 });
    world.onWrite = () => undefined;
    await world.clock.advance(5 * 3_600_000);
    const held = await world.resume(job);
    expect([held.code, held.exit]).toEqual(['RESUME_HELD', 3]);
    expect(world.writes).toHaveLength(4);
  });
});

describe('settling by hand', () => {
  const word = { key: 'E3', by: 'Bea Okafor', reason: 'seen in the console, OPS-4711' } as const;

  async function messageOf(job: Job, runId: string): Promise<unknown> {
    const ledger = await openLedger(job.ledger, { readOnly: true });
    try {
      for await (const page of ledger.results(runId)) {
        const [outcome] = page.find(({ change }) => change.key === 'E3')?.outcomes ?? [];
        return [outcome?.result, outcome?.message];
      }
      return null;
    } finally {
      await ledger.close();
    }
  }

  it('lets a person be written again of whom nobody could tell, and keeps who said so and why', async () => {
    const job = await world.job();
    const stopped = await doubtfulRun(job);
    const inDoubt = await world.apply(job);
    expect(inDoubt.end?.report.failures).toMatchObject([{ key: 'E3', errorCode: 'IN_DOUBT' }]);
    const settled = await settleByHand(job, { ...word, verdict: 'notApplied' }, world.world());
    expect(settled).toEqual({ runs: [idOf(stopped)], steps: 1 });
    expect(await messageOf(job, idOf(stopped))).toEqual([
      'notSent',
      'Bea Okafor says that it did not take effect: seen in the console, OPS-4711',
    ]);
    world.users.set('p3@example.com', {
      id: 'p3@example.com',
      active: true,
      attributes: { userName: 'p3@example.com', 'name.familyName': 'Clerk' },
    });
    const next = await world.apply(job);
    expect([next.code, next.end?.report.changes.succeeded]).toEqual([0, 1]);
    expect(await world.stateOf(job, idOf(stopped))).toBe('superseded');
  });

  it('takes a write for done that took effect, and the account for what it made of it', async () => {
    const job = await world.job();
    const stopped = await doubtfulRun(job);
    await settleByHand(job, { ...word, verdict: 'applied' }, world.world());
    expect(await messageOf(job, idOf(stopped))).toEqual([
      'succeeded',
      'Bea Okafor says that it took effect: seen in the console, OPS-4711',
    ]);
    const ledger = await openLedger(job.ledger, { readOnly: true });
    const known = await ledger.accountsById({ job: 'hr', origin: job.target.origin }, ['p3@example.com']);
    await ledger.close();
    expect(known.get('p3@example.com')?.attributes['name.familyName']).toBe('Manager');
  });

  it('is refused about somebody of whom nothing is in doubt', async () => {
    const job = await world.job();
    await doubtfulRun(job);
    await expect(
      settleByHand(job, { ...word, key: 'E1', verdict: 'applied' }, world.world()),
    ).rejects.toMatchObject({ code: 'NOTHING_IN_DOUBT', exit: 1 });
  });
});
