import { describe, it } from 'vitest';
import { patient, pause, people, userOf, World, wholeFeed } from './world.ts';

describe.concurrent('a guard', patient, () => {
  it('holds the first load of an empty target until the job allows it', async ({ expect }) => {
    const rows = people(12);
    await using world = await World.open({ feed: wholeFeed(rows) });
    world.writeJob({ firstLoad: false });
    const held = await world.apply();
    expect(held.code).toBe(3);
    expect(held.stdout).toMatch(/first load/);
    expect(held.stdout).toMatch(/\b12 would be created/);
    expect(held.report.changes).toMatchObject({ total: 12, held: 12 });
    expect(held.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written/);
    expect(world.journal()).toEqual([]);

    world.writeJob({ firstLoad: true });
    const loaded = await world.apply();
    expect(loaded.code).toBe(0);
    expect(loaded.report.changes).toMatchObject({ total: 12, succeeded: 12 });
    expect(world.strays(rows)).toEqual([]);
  });

  it('holds a whole feed that 30 % of the people are gone from, and says its name, limit and figure', async ({
    expect,
  }) => {
    const rows = people(100);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    await world.link();
    world.writeFeed(wholeFeed(rows.slice(30)));
    for (const held of [await world.plan(), await world.apply(), await world.apply()]) {
      expect(held.code).toBe(3);
      expect(held.stdout).toMatch(/held by disables.*\b30\b.*\b5\b/);
      expect(held.stderr).toMatch(/[Hh]eld by the guards .*“disables”/);
      expect(held.report.changes).toMatchObject({ total: 30, held: 30, fromAbsence: 30 });
      expect(held.report.guards).toContainEqual(
        expect.objectContaining({ name: 'disables', limit: 5, actual: 30, tripped: true }),
      );
    }
    expect(world.journal()).toEqual([]);

    world.writeJob({ guards: { disables: '30%', feedRows: '30%', feedBytes: '31%' } });
    const raised = await world.apply('--accept-job-change', 'the plant is sold');
    expect([raised.code, raised.report.changes.succeeded]).toEqual([0, 30]);
  });
});

describe.concurrent('two applies at once', patient, () => {
  it('are one that runs, and one that ends at once with 5 and says who runs', async ({ expect }) => {
    const rows = people(40);
    await using world = await World.open({ faults: [{ do: { latencyMs: 300 } }], feed: wholeFeed(rows) });
    const first = world.start(['apply', 'job.yaml']);
    while (world.journalLines() === 0 && first.child.exitCode === null) await pause(5);
    // A holder that is stopped keeps the lock, however slow this machine is.
    first.child.kill('SIGSTOP');
    const second = await world.apply();
    first.child.kill('SIGCONT');
    expect(second.code).toBe(5);
    expect(second.stdout).toBe('');
    expect(second.stderr).toContain(`process ${first.child.pid}`);
    expect(second.stderr).toMatch(/Run 20\d\d-\S+ /);
    expect(second.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written by this command/);
    expect(second.hasReport).toBe(false);

    const end = await first.ended;
    expect([end.code, end.report.changes.succeeded]).toEqual([0, 40]);
    expect(second.stderr).toContain(end.report.run.id);
    expect(world.createdTwice()).toEqual([]);
  });

  it('that start in the same moment write everything once', async ({ expect }) => {
    const rows = people(40);
    await using world = await World.open({ faults: [{ do: { latencyMs: 500 } }], feed: wholeFeed(rows) });
    const ends = await Promise.all([world.apply(), world.apply(), world.apply()]);
    const codes = ends.map((end) => end.code);
    expect(codes).toContain(0);
    expect(codes.filter((code) => code !== 0 && code !== 5)).toEqual([]);
    expect(world.strays(rows)).toEqual([]);
    expect(world.journal()).toHaveLength(80);
  });

  it('leave the lock to the next when the holder is killed', async ({ expect }) => {
    const rows = people(40);
    await using world = await World.open({ faults: [{ do: { latencyMs: 400 } }], feed: wholeFeed(rows) });
    const first = world.start(['apply', 'job.yaml']);
    while (world.journalLines() === 0 && first.child.exitCode === null) await pause(5);
    first.child.kill('SIGKILL');
    await first.ended;
    const next = await world.apply();
    expect(next.code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
  });
});
