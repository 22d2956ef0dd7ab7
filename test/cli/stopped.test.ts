import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { patient, pause, people, readReport, userOf, World, wholeFeed } from './world.ts';

/** So many lines in the journal, or the end of the run. */
async function untilWritten(world: World, lines: number, isOver: () => boolean): Promise<void> {
  while (world.journalLines() < lines && !isOver()) await pause(5);
}

/** Every second or third person is somebody new: that is not the question here. */
const wide = { guards: { attributes: '60%' } };
const small = { ...wide, target: { limits: { requestsPerSecond: 2_000, concurrency: 2, batchSize: 20 } } };

describe.concurrent('an apply that stops', patient, () => {
  it('on SIGTERM lets what is on its way finish, ends with 4, and the next one goes on', async ({
    expect,
  }) => {
    const rows = people(400);
    await using world = await World.open({ faults: [{ do: { latencyMs: 150 } }], feed: wholeFeed(rows) });
    world.writeJob(small);
    const { child, ended } = world.start(['apply', 'job.yaml']);
    await untilWritten(world, 100, () => child.exitCode !== null);
    child.kill('SIGTERM');
    const ran = await ended;
    expect(ran.code).toBe(4);
    expect(ran.report.changes.unknown).toBe(0);
    expect(ran.report.changes.notSent).toBeGreaterThan(0);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).not.toMatch(/Nothing was written/);

    await world.serve();
    const next = await world.apply();
    expect(next.code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
    // An add and a role for everybody: what was answered before is not asked again.
    expect(world.journal()).toHaveLength(800);
  });

  it('on SIGHUP, of a terminal that was closed, does the same, however often it is told', async ({
    expect,
  }) => {
    const rows = people(400);
    await using world = await World.open({ faults: [{ do: { latencyMs: 150 } }], feed: wholeFeed(rows) });
    world.writeJob(small);
    const { child, ended } = world.start(['apply', 'job.yaml']);
    await untilWritten(world, 100, () => child.exitCode !== null);
    child.kill('SIGHUP');
    await pause(50);
    child.kill('SIGHUP');
    const ran = await ended;
    expect([ran.code, ran.signal, ran.hasReport]).toEqual([4, null, true]);
    expect(ran.report.changes.unknown).toBe(0);
    expect(ran.report.changes.notSent).toBeGreaterThan(0);
    await world.serve();
    expect((await world.apply()).code).toBe(0);
    expect(world.createdTwice()).toEqual([]);
  });

  it('at any moment from its start on, killed six times, is finished by the next', async ({ expect }) => {
    const before = people(300);
    const now = [
      ...before.slice(9).map((row, index) => (index % 3 === 0 ? { ...row, first: 'New' } : row)),
      ...people(40, 900),
    ];
    await using world = await World.open({ users: before.map(userOf), feed: wholeFeed(before), job: wide });
    await world.link();
    world.writeFeed(wholeFeed(now));
    world.writeJob(small);
    await world.serve({ faults: [{ do: { latencyMs: 15 } }] });
    for (const ms of [350, 500, 600, 700, 800, 900]) {
      const { child, ended } = world.start(['apply', 'job.yaml']);
      await pause(ms);
      child.kill('SIGKILL');
      await ended;
    }
    const last = await world.apply();
    expect(last.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
    const users = world.users();
    const left = before.slice(0, 9).map((row) => users.get(row.login)?.roles);
    expect(left).toEqual(left.map(() => []));
    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });

  it('because its report cannot be written says that changes were, and ends with 4', async ({ expect }) => {
    const rows = people(30);
    await using world = await World.open({ faults: [{ do: { latencyMs: 500 } }], feed: wholeFeed(rows) });
    const { child, ended } = world.start(['apply', 'job.yaml']);
    await untilWritten(world, 1, () => child.exitCode !== null);
    const [id = ''] = readdirSync(world.runsPath);
    mkdirSync(join(world.runsPath, id, 'report.html', 'in-the-way'), { recursive: true });
    const ran = await ended;
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/report could not be written/);
    expect(ran.stderr).not.toMatch(/Nothing was written/);
    expect(ran.stderr).toContain(`rollcall report ${id}`);
    expect(world.strays(rows)).toEqual([]);

    rmSync(join(world.runsPath, id, 'report.html'), { recursive: true });
    const rebuilt = await world.run('report', id, '--ledger', 'ledger.db');
    expect(rebuilt.code).toBe(0);
    expect(rebuilt.report.changes).toMatchObject({ total: 30, succeeded: 30 });
    const next = await world.apply();
    expect([next.code, next.report.changes.total]).toEqual([0, 0]);
  });

  it('while nobody can be looked up reports the lost answers as unknown, and the next one settles them', async ({
    expect,
  }) => {
    const before = people(30);
    const now = before.map((row, index) => (index < 8 ? { ...row, first: 'New' } : row));
    await using world = await World.open({ users: before.map(userOf), feed: wholeFeed(before) });
    await world.link();
    world.writeFeed(wholeFeed(now));
    world.writeJob({ target: { limits: { outageMax: '1s' } } });
    await world.serve({
      faults: [
        { match: { op: 'update' }, do: { drop: 'after' } },
        { match: { op: 'list-users' }, skip: 1, do: { status: 503 } },
      ],
    });
    const ran = await world.apply();
    expect(ran.code).toBe(4);
    expect(ran.report.changes).toMatchObject({ total: 8, unknown: 8, failed: 0 });
    await world.serve();
    const next = await world.apply();
    expect([next.code, next.report.changes.total]).toEqual([0, 0]);
    expect(world.journal()).toHaveLength(8);
    expect(world.strays(now)).toEqual([]);
    const settled = await world.run('report', ran.report.run.id, '--ledger', 'ledger.db', '--out', 'settled');
    expect(settled.code).toBe(0);
    expect(readReport(world.path('settled')).changes).toMatchObject({ total: 8, succeeded: 8, unknown: 0 });
  });

  it('by no means: a storm of lost answers, refusals and pauses leaves nothing doubled', async ({
    expect,
  }) => {
    const before = people(200);
    const now = [
      ...before.slice(6).map((row, index) => (index % 2 === 0 ? { ...row, first: 'New' } : row)),
      ...people(30, 900),
    ];
    await using world = await World.open({ users: before.map(userOf), feed: wholeFeed(before), job: wide });
    await world.link();
    world.writeFeed(wholeFeed(now));
    world.writeJob(small);
    const writes = { path: '*/v2/*' };
    await world.serve({
      faults: [
        { match: writes, chance: 0.15, do: { drop: 'after' } },
        { match: writes, chance: 0.15, do: { drop: 'before' } },
        { match: writes, chance: 0.1, do: { status: 503, applied: true } },
        { match: writes, chance: 0.1, do: { status: 429, retryAfter: 'none' } },
        { match: writes, chance: 0.1, do: { html: true, applied: true } },
      ],
    });
    const stormy = await world.apply();
    expect([0, 2, 4]).toContain(stormy.code);
    await world.serve();
    const calm = await world.apply();
    expect(calm.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
    const names = world.accepted().map((write) => `${write.op} ${write.subject ?? ''} ${write.key}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });
});
