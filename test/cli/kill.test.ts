import { describe, it } from 'vitest';
import { allowEverything } from '../guard/allow-everything.ts';
import { type PersonRow, patient, pause, people, person, userOf, World, wholeFeed } from './world.ts';

/** Every answer takes its time, so that a kill finds requests on their way. */
const slow = [{ do: { latencyMs: 30 } }];
const noGuards = {
  guards: allowEverything,
};

/** Starts an apply, and kills it once the journal has so many more lines. Fails when it ends before. */
async function killAfter(world: World, lines: number): Promise<void> {
  const before = world.journal().length;
  const { child, ended } = world.start(['apply', 'job.yaml']);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over && world.journalLines() < before + lines) {
    await pause(5);
  }
  child.kill('SIGKILL');
  const { signal, stderr } = await ended;
  if (signal !== 'SIGKILL') throw new Error(`the apply ended before it was killed: ${stderr}`);
}

describe.concurrent('kill -9 in the midst of an apply', patient, () => {
  it('of a first load of 10,000 people creates nobody twice, and the next apply finishes it', async ({
    expect,
  }) => {
    const rows = people(10_000);
    await using world = await World.open({ faults: slow, feed: wholeFeed(rows) });
    await killAfter(world, 6_200);
    const halfway = world.accepted().length;
    expect(halfway).toBeLessThan(20_000);

    const second = await world.apply();
    expect(second.stderr).not.toMatch(/held/i);
    expect(second.code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
    expect(second.report.changes.succeeded).toBe(second.report.changes.total);
    expect(second.report.rows.total).toBe(10_000);
    expect(second.report.rows.quarantined).toBe(0);

    const killedId = second.report.run.previousRun ?? '';
    const killed = await world.run('report', killedId, '--ledger', 'ledger.db', '--json');
    expect(killed.code).toBe(0);
    expect(killed.report.run.id).toBe(killedId);
    expect(killed.report).toMatchObject({ exitCode: 4, changes: { total: 10_000 } });
    expect(killed.report.changes.notSent).toBeGreaterThan(0);

    const third = await world.apply();
    expect([third.code, third.report.changes.total]).toEqual([0, 0]);
  });

  it('of creates leaves no conflict behind, even where people are not matched by login', async ({
    expect,
  }) => {
    const rows = people(600);
    await using world = await World.open({
      faults: [{ match: { op: 'add' }, do: { latencyMs: 50, drop: 'after' }, times: 1 }, ...slow],
      feed: wholeFeed(rows),
      job: { match: 'emails.work' },
    });
    await killAfter(world, 300);
    const second = await world.apply();
    expect(second.code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
    const third = await world.apply();
    expect([third.code, third.report.changes.total]).toEqual([0, 0]);
  });

  it('of a first load lets the same feed go on, and judges another one like any other', async ({
    expect,
  }) => {
    const rows = people(1_200);
    await using world = await World.open({ faults: slow, feed: wholeFeed(rows) });
    await killAfter(world, 1_500);
    world.writeFeed(wholeFeed([...rows, ...people(400, 5_000)]));
    const another = await world.apply();
    expect(another.code).toBe(3);
    expect(another.stdout).toMatch(/creates/);
    world.writeFeed(wholeFeed(rows));
    expect((await world.apply()).code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
  });

  it('of updates, creates and leavers, three times, still ends with everybody as the feed says', async ({
    expect,
  }) => {
    const before = people(2_000).map((row) => ({ ...row, role: 'Viewer;Ad Hoc - Create' }));
    const leavers = before.slice(0, 300);
    const now: readonly PersonRow[] = [
      ...before.slice(300).map((row, index) => (index < 900 ? { ...row, first: `New${index}` } : row)),
      ...Array.from({ length: 600 }, (_, index) => person(3_000 + index, { role: 'User;Ad Hoc - Create' })),
    ];
    await using world = await World.open({
      users: before.map(userOf),
      feed: wholeFeed(before),
      job: noGuards,
    });
    await world.link();
    await world.serve({ faults: slow });
    world.writeJob({
      ...noGuards,
      target: { limits: { requestsPerSecond: 2_000, concurrency: 4, batchSize: 40 } },
    });
    world.writeFeed(wholeFeed(now));
    await killAfter(world, 130);
    await killAfter(world, 700);
    await killAfter(world, 900);

    const last = await world.apply();
    expect(last.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
    const users = world.users();
    expect(leavers.filter((row) => users.get(row.login)?.roles.length !== 0)).toEqual([]);
    expect(last.report.changes.succeeded).toBe(last.report.changes.total);

    // Who left in a killed run can still come back to the roles of before.
    world.writeFeed(wholeFeed([...now, ...leavers.map((row) => ({ ...row, role: '' }))]));
    const back = await world.apply();
    expect(back.code).toBe(0);
    expect(world.strays(leavers)).toEqual([]);
  });
});
