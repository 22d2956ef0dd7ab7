import { existsSync, rmSync } from 'node:fs';
import { describe, it } from 'vitest';
import { patient, pause, people, person, userOf, World, wholeFeed } from './world.ts';

const slowly = { target: { limits: { requestsPerSecond: 2_000, concurrency: 1, batchSize: 10 } } };

/** So many lines in the journal, or the end of the run. */
async function untilWritten(world: World, lines: number, isOver: () => boolean): Promise<void> {
  while (world.journalLines() < lines && !isOver()) await pause(5);
}

describe.concurrent('an apply that is told to stop', patient, () => {
  it('while the target hangs gives up what is on its way, says that it is in doubt, and ends with 4', async ({
    expect,
  }) => {
    const before = people(40);
    const now = before.map((row) => ({ ...row, first: 'New' }));
    await using world = await World.open({ users: before.map(userOf), feed: wholeFeed(before) });
    await world.link();
    world.writeFeed(wholeFeed(now));
    world.writeJob({ ...slowly, guards: { updates: '100%', attributes: '100%' } });
    await world.serve({ faults: [{ match: { op: 'update' }, skip: 1, do: { latencyMs: 120_000 } }] });
    const { child, ended } = world.start(['apply', 'job.yaml', '--accept-job-change', 'a test']);
    await untilWritten(world, 10, () => child.exitCode !== null);
    await pause(300);
    child.kill('SIGTERM');
    const ran = await ended;
    expect(ran.code).toBe(4);
    expect(ran.durationMs).toBeLessThan(100_000);
    expect(ran.report.changes).toMatchObject({ total: 40, succeeded: 10, unknown: 10, notSent: 20 });

    await world.serve();
    const status = await world.run('status', 'job.yaml');
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^open +\S+ stopped: 10 steps in doubt, of E11, E12/m);
    expect(status.stderr).toContain('resume job.yaml');
    rmSync(world.path('hr.csv'));
    const resumed = await world.run('resume', 'job.yaml');
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain(ran.report.run.id);
    expect(world.strays(now)).toEqual([]);
  });

  it('twice ends at once, and the next one goes on', async ({ expect }) => {
    const rows = people(20);
    await using world = await World.open({ feed: wholeFeed(rows) });
    world.writeJob(slowly);
    await world.serve({ faults: [{ match: { op: 'add' }, skip: 1, do: { latencyMs: 120_000 } }] });
    const { child, ended } = world.start(['apply', 'job.yaml']);
    await untilWritten(world, 10, () => child.exitCode !== null);
    child.kill('SIGINT');
    await pause(100);
    child.kill('SIGINT');
    const ran = await ended;
    expect([ran.code, ran.signal, ran.hasReport]).toEqual([4, null, false]);
    await world.serve();
    expect((await world.apply()).code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
    expect(world.createdTwice()).toEqual([]);
  });

  it('before its first write ends with 75, and nothing was written', async ({ expect }) => {
    const rows = people(20);
    await using world = await World.open({ feed: wholeFeed(rows) });
    await world.serve({ faults: [{ match: { op: 'list-users' }, do: { latencyMs: 120_000 } }] });
    const { child, ended } = world.start(['apply', 'job.yaml', '--log-level', 'debug']);
    await untilSaid(world, child.exitCode !== null);
    child.kill('SIGTERM');
    const ran = await ended;
    expect(ran.code).toBe(75);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/^Nothing was written/);
    expect(world.journal()).toEqual([]);
  });
});

/** The run has its folder once it holds the lock. */
async function untilSaid(world: World, isOver: boolean): Promise<void> {
  while (!existsSync(world.runsPath) && !isOver) await pause(5);
  await pause(500);
}

describe.concurrent('a ledger', patient, () => {
  it('that is put back from a backup refuses the plans of before, and the next apply does what is left', async ({
    expect,
  }) => {
    const before = people(10);
    const now = [...before, person(900)];
    await using world = await World.open({ users: before.map(userOf), feed: wholeFeed(before) });
    await world.link();
    const backedUp = await world.run('ledger', 'backup', 'job.yaml', '--to', 'backup.db');
    expect(backedUp.code).toBe(0);
    world.writeFeed(wholeFeed(now));
    expect((await world.plan('--out', 'plan.ndjson')).code).toBe(0);
    expect((await world.apply()).code).toBe(0);

    const restored = await world.run('ledger', 'restore', 'backup.db', '--to', 'job.yaml');
    expect(restored.code).toBe(0);
    expect(restored.stderr).toMatch(/may have written what this ledger does not know/);
    const refused = await world.run('apply', '--plan', 'plan.ndjson');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/belongs to another ledger/);
    const asState = await world.apply('--state', 'ledger');
    expect(asState.stderr).toMatch(/never saw a complete read/);
    const next = await world.apply();
    expect([next.code, next.report.changes.total]).toEqual([0, 0]);
    expect(world.strays(now)).toEqual([]);
    const checked = await world.run('ledger', 'check', 'job.yaml', '--json');
    expect(JSON.parse(checked.stdout)).toMatchObject({ problems: [] });
  });

  it('that is gone is said aloud, and makes nobody a leaver', async ({ expect }) => {
    const rows = people(10);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    expect((await world.apply()).stderr).toMatch(/there was no ledger at .*first run/);
    expect((await world.apply()).stderr).not.toMatch(/there was no ledger/);
    rmSync(world.path('ledger.db'));
    world.writeFeed(wholeFeed(rows.slice(0, 5)));
    const again = await world.apply();
    expect(again.stderr).toMatch(/there was no ledger at .*nobody can be a leaver/);
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
    expect(world.journal()).toEqual([]);
  });

  it('keeps a second run out, and says for how long the first has been silent', async ({ expect }) => {
    const rows = people(40);
    await using world = await World.open({ faults: [{ do: { latencyMs: 300 } }], feed: wholeFeed(rows) });
    const first = world.start(['apply', 'job.yaml']);
    await untilWritten(world, 1, () => first.child.exitCode !== null);
    first.child.kill('SIGSTOP');
    const second = await world.apply();
    const restored = await world.run('ledger', 'restore', 'ledger.db', '--to', 'ledger.db');
    first.child.kill('SIGCONT');
    expect(second.code).toBe(5);
    expect(second.stderr).toMatch(/Run 20\S+ \(process \d+ on .+, since .+, \d+ s ago; silent for \d+ s\)/);
    expect(restored.code).toBe(5);
    expect((await first.ended).code).toBe(0);
  });

  it('is examined with disk, secrets, clock and target, and no credential leaves', async ({ expect }) => {
    await using world = await World.open({ feed: wholeFeed(people(3)) });
    const well = await world.run('doctor', 'job.yaml', '--json');
    expect(well.code).toBe(0);
    const { findings } = JSON.parse(well.stdout) as { findings: { what: string; ok: boolean }[] };
    const names = findings.map(({ what }) => what);
    expect(names).toEqual(['node', 'ledger', 'secret', 'secret', 'target', 'clock']);
    await world.stopSandbox();
    const ill = await world.runWith({ EPM_PASSWORD: '' }, 'doctor', 'job.yaml');
    expect(ill.code).toBe(1);
    expect(ill.stdout).toMatch(/^wrong +secret +.*EPM_PASSWORD/m);
    expect(ill.stdout).toMatch(/^wrong +target /m);
  });
});
