import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { type PersonRow, patient, people, plainFeed, userOf, World, wholeFeed } from './world.ts';

const staff = people(60);
const status = { feed: { columns: columnsWith('Status') } };

function columnsWith(active: string): object {
  return {
    externalId: 'Employee ID',
    userName: 'User Login',
    'name.givenName': 'First Name',
    'name.familyName': 'Last Name',
    'emails.work': 'Email',
    roles: 'Role',
    active: { from: active, active: ['Active'], leaver: ['Left'] },
  };
}

async function linkedWorld(job: object = {}, feed = wholeFeed(staff)): Promise<World> {
  const world = await World.open({ users: staff.map(userOf), feed, job });
  await world.link();
  return world;
}

const withdrawn = (world: World, skip = 0): readonly string[] =>
  world
    .accepted(skip)
    .filter(({ op }) => op === 'unassign-role')
    .map(({ key }) => key);

describe.concurrent('a run about some operations', patient, () => {
  it('disables who has left while the creates of the same feed are held', async ({ expect }) => {
    await using world = await linkedWorld(status);
    const gone = { ...(staff[0] as PersonRow), status: 'Left' };
    const feed = [gone, ...staff.slice(1), ...people(40, 500)];
    world.writeFeed(wholeFeed(feed));
    const held = await world.apply();
    expect([held.code, world.journal()]).toEqual([3, []]);

    const only = await world.apply('--only', 'disables');
    expect(only.code).toBe(0);
    expect(only.report.changes).toMatchObject({ total: 1, succeeded: 1, held: 0 });
    expect(only.report.rows).toMatchObject({ changed: 1, excluded: 40 });
    expect([held.report.run.part, only.report.run.part]).toEqual([null, { only: ['disable'], people: null }]);
    expect(only.stderr).toContain('The feed was not accepted by this part');
    expect(world.journal().map(({ op, key }) => [op, key])).toEqual([['unassign-role', gone.login]]);

    world.writeJob({ ...status, guards: { creates: '100%' } });
    const rest = await world.apply('--accept-job-change', 'forty people join');
    expect([rest.code, rest.report.changes.succeeded]).toEqual([0, 40]);
  });

  it('accepts no feed, so that it is no witness of an absence', async ({ expect }) => {
    await using world = await linkedWorld({ feed: { whole: undefined } }, plainFeed(staff));
    // The first witness is a full run, the second is only half a run.
    world.writeFeed(plainFeed(staff.slice(1)));
    for (const args of [
      ['--only', 'disables'],
      ['--only', 'disables', '--only', 'updates'],
      ['--person', 'E1'],
    ]) {
      const run = await world.apply(...args);
      expect([run.code, run.report.changes.total]).toEqual([0, 0]);
    }
    const changed = staff.slice(1).map((row, index) => (index === 0 ? { ...row, last: 'Lindqvist' } : row));
    world.writeFeed(plainFeed(changed));
    const first = await world.apply();
    expect(first.report.byOperation.disable.succeeded).toBe(0);
    world.writeFeed(plainFeed(changed.map((row, index) => (index === 0 ? { ...row, last: 'Berg' } : row))));
    // Long enough after the first witness for a second one.
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const half = await world.apply('--only', 'disables', '--as-of', tomorrow);
    expect(half.report.changes.total).toBe(0);
    const second = await world.apply('--as-of', tomorrow);
    expect(second.report.byOperation.disable.succeeded).toBe(1);
  });

  it('leaves the last feed the one that was accepted last', async ({ expect }) => {
    await using world = await linkedWorld();
    world.writeFeed(wholeFeed([...staff, ...people(1, 500)]));
    expect((await world.apply('--only', 'disables')).code).toBe(0);
    // Had the part accepted its feed, the first one would be an older one now.
    world.writeFeed(wholeFeed(staff));
    expect((await world.apply()).code).toBe(0);
  });

  it('is held by its own guards', async ({ expect }) => {
    await using world = await linkedWorld();
    world.writeFeed(wholeFeed(staff.slice(10)));
    const held = await world.apply('--only', 'disables');
    expect([held.code, held.report.changes.held, world.journal()]).toEqual([3, 10, []]);
    expect((await world.apply('--only', 'creates')).code).toBe(3);
  });

  it('may be planned, saved and applied', async ({ expect }) => {
    await using world = await linkedWorld();
    world.writeFeed(wholeFeed([...staff.slice(2), ...people(2, 500)]));
    const planned = await world.plan('--only', 'disables', '--out', 'plan.ndjson');
    expect([planned.code, planned.report.changes.total]).toEqual([0, 2]);
    const applied = await world.run('apply', '--plan', 'plan.ndjson');
    expect([applied.code, applied.report.changes.succeeded]).toEqual([0, 2]);
    expect(applied.report.run.part).toEqual({ only: ['disable'], people: null });
    const rest = await world.apply();
    expect([rest.code, rest.report.byOperation.create.succeeded, rest.report.changes.total]).toEqual([
      0, 2, 2,
    ]);
  });

  it('refuses an operation that there is not, and a person whom nobody knows', async ({ expect }) => {
    await using world = await linkedWorld();
    const operation = await world.apply('--only', 'everything');
    expect([operation.code, operation.stderr]).toEqual([
      1,
      expect.stringMatching(/creates, updates, enables/),
    ]);
    const nobody = await world.apply('--only', 'disables', '--person', 'E4711');
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringMatching(/has the lasting id E4711/)]);
  });
});

describe.concurrent('somebody disabled by key', patient, () => {
  const urgent = ['--disable', 'E7', '--reason', 'dismissed, HR-4711'] as const;
  const seven = staff[6] as PersonRow;

  it('loses the access at once, without a feed, and the report says why', async ({ expect }) => {
    await using world = await linkedWorld();
    rmSync(world.path('hr.csv'));
    const run = await world.apply(...urgent);
    expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/E7 is barred/)]);
    expect(withdrawn(world)).toEqual([seven.login]);
    const report = JSON.parse(readFileSync(join(run.directory, 'report.json'), 'utf8')) as {
      run: { approvals: readonly object[] };
      feed: readonly object[];
    };
    expect(report.run.approvals).toEqual([expect.objectContaining({ reason: 'dismissed, HR-4711' })]);
    expect(report.feed).toEqual([]);
    expect(world.journal()).toHaveLength(1);
  });

  it('stays disabled although the feed names them, also when somebody enables them, until released', async ({
    expect,
  }) => {
    await using world = await linkedWorld();
    expect((await world.apply(...urgent)).code).toBe(0);
    const night = await world.apply();
    expect([night.code, night.report.changes.total, night.report.rows.excluded]).toEqual([0, 0, 1]);
    // Somebody gives the roles back in the target.
    await givenBack(world);
    const again = await world.apply();
    expect([again.code, again.report.byOperation.disable.succeeded]).toEqual([0, 1]);

    const released = await world.apply('--release', 'E7');
    expect([released.code, released.stdout]).toEqual([0, expect.stringMatching(/dismissed, HR-4711/)]);
    const enabled = await world.apply('--person', 'E7');
    expect([enabled.code, enabled.report.byOperation.enable.succeeded]).toEqual([0, 1]);
    expect(enabled.report.run.part).toEqual({ only: null, people: ['E7'] });
    expect(world.strays(staff)).toEqual([]);
    const twice = await world.apply('--release', 'E7');
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringMatching(/is barred/)]);
  });

  it('is a leaver like any other once the feed has them leave, and may come back', async ({ expect }) => {
    await using world = await linkedWorld();
    expect((await world.apply(...urgent)).code).toBe(0);
    world.writeFeed(wholeFeed(staff.filter(({ id }) => id !== 'E7')));
    const left = await world.apply();
    expect([left.code, left.report.changes.total]).toEqual([0, 0]);
    world.writeFeed(wholeFeed(staff.map((row) => (row.id === 'E1' ? { ...row, last: 'Berg' } : row))));
    const back = await world.apply();
    expect([back.code, back.report.byOperation.enable.succeeded]).toEqual([0, 1]);
  });

  it('is nobody whom the job does not know, and needs a reason', async ({ expect }) => {
    await using world = await linkedWorld();
    const nobody = await world.apply('--disable', 'E4711', '--reason', 'x');
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringMatching(/has the lasting id E4711/)]);
    const silent = await world.apply('--disable', 'E7');
    expect([silent.code, silent.stderr]).toEqual([1, expect.stringMatching(/needs a reason/)]);
    expect(world.journal()).toEqual([]);
  });

  it('is nobody who is protected', async ({ expect }) => {
    await using world = await linkedWorld({ protect: { keys: ['E7'] } });
    const refused = await world.apply(...urgent);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/E7 is protected/)]);
    expect(world.journal()).toEqual([]);
    expect((await world.apply('--release', 'E7')).code).toBe(1);
  });

  it('is held by the guards like anybody', async ({ expect }) => {
    await using world = await linkedWorld({ guards: { disables: 0 } });
    const held = await world.apply(...urgent);
    expect([held.code, world.journal()]).toEqual([3, []]);
    const night = await world.apply();
    expect([night.code, night.report.changes.total]).toEqual([0, 0]);
  });
});

/** The target as somebody there makes it again; the sandbox remembers by its journal. */
async function givenBack(world: World): Promise<void> {
  await world.stopSandbox();
  rmSync(world.journalPath);
  await world.serve({ users: staff.map(userOf) });
}
