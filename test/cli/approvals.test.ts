import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { type PersonRow, patient, people, plainFeed, type Ran, userOf, World, wholeFeed } from './world.ts';

const staff = people(60);
/** Ten people leave, which is more than 5 %, at least 3. */
const tenGone = staff.slice(10);

/** A target with the staff, linked by a first run, and a feed that lacks ten of them. */
async function linkedWorld(job: object = {}): Promise<World> {
  const world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job });
  await world.link();
  world.writeFeed(wholeFeed(tenGone));
  return world;
}

const approve = (world: World, plan: string, ...more: readonly string[]): Promise<Ran> =>
  world.run('approve', plan, '--job', 'job.yaml', '--reason', 'the Leeds office closes', ...more);

const disabled = (world: World): readonly string[] =>
  world
    .accepted()
    .filter(({ op }) => op === 'unassign-role')
    .map(({ key }) => key)
    .sort();

const loginsOf = (rows: readonly PersonRow[]): readonly string[] => rows.map(({ login }) => login).sort();

describe.concurrent('an approval', patient, () => {
  it('lets the held plan pass, and the report names who, why and when', async ({ expect }) => {
    await using world = await linkedWorld();
    const held = await world.plan('--out', 'plan.ndjson');
    expect([held.code, held.stderr]).toEqual([
      3,
      expect.stringContaining(`rollcall approve ${held.report.run.id}`),
    ]);
    expect((await world.run('runs', '--job', 'job.yaml')).stdout).toContain('waits for approval');
    const refused = await world.run('apply', '--plan', 'plan.ndjson');
    expect([refused.code, world.journal()]).toEqual([3, []]);

    const approved = await world.run(
      'approve',
      'plan.ndjson',
      '--by',
      'Bea Okafor',
      '--reason',
      'Leeds closes',
    );
    expect([approved.code, approved.stdout]).toEqual([
      0,
      expect.stringMatching(/10 disables[\s\S]*Bea Okafor: Leeds closes/),
    ]);
    expect((await world.run('runs', '--job', 'job.yaml')).stdout).toMatch(/approved/);
    expect(world.journal()).toEqual([]);

    const applied = await world.run('apply', '--plan', 'plan.ndjson');
    expect([applied.code, applied.report.changes.succeeded]).toEqual([0, 10]);
    expect(disabled(world)).toEqual(loginsOf(staff.slice(0, 10)));
    const { run } = JSON.parse(readFileSync(join(applied.directory, 'report.json'), 'utf8')) as {
      run: { planHash: string; approvals: readonly object[] };
    };
    expect(run.approvals).toEqual([{ by: 'Bea Okafor', reason: 'Leeds closes', at: expect.any(String) }]);
    expect(applied.stdout).toMatch(/passed {2}disables .*approved by Bea Okafor/);
  });

  it('of a held apply lets the next apply pass, also when the feed brings what no guard holds', async ({
    expect,
  }) => {
    await using world = await linkedWorld();
    const held = await world.apply();
    expect(held.code).toBe(3);
    expect((await approve(world, held.report.run.id)).code).toBe(0);
    const renamed = tenGone.map((row, index) => (index === 0 ? { ...row, last: 'Lindqvist' } : row));
    world.writeFeed(wholeFeed(renamed));
    const applied = await world.apply();
    expect([applied.code, applied.report.changes.succeeded]).toEqual([0, 11]);
  });

  it('holds the whole plan again when one more person leaves', async ({ expect }) => {
    await using world = await linkedWorld();
    const held = await world.apply();
    expect((await approve(world, held.report.run.planHash?.slice(0, 12) ?? '')).code).toBe(0);
    world.writeFeed(wholeFeed(staff.slice(11)));
    const again = await world.apply();
    expect([again.code, again.report.changes.held, world.journal()]).toEqual([3, 11, []]);
    // A part of what was approved is within it.
    world.writeFeed(wholeFeed(staff.slice(9)));
    const part = await world.apply();
    expect([part.code, part.report.changes.succeeded]).toEqual([0, 9]);
  });

  it('counts no more once the plan is rejected, or its time is over', async ({ expect }) => {
    await using world = await linkedWorld();
    const held = await world.plan('--out', 'plan.ndjson');
    const { id } = held.report.run;
    expect((await approve(world, id, '--expires', '1h')).code).toBe(0);
    // What is planned for a later moment is planned by what holds then.
    expect((await world.plan('--as-of', '2099-01-01')).code).toBe(3);
    expect((await world.plan()).code).toBe(0);
    const rejected = await world.run('reject', id, '--job', 'job.yaml', '--reason', 'an old export');
    expect(rejected.code).toBe(0);
    expect((await world.apply()).code).toBe(3);
    const refused = await world.run('apply', '--plan', 'plan.ndjson');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/rejected the plan/)]);
    expect(world.journal()).toEqual([]);
    expect((await approve(world, 'plan.ndjson')).code).toBe(0);
    expect((await world.run('apply', '--plan', 'plan.ndjson')).code).toBe(0);
  });

  it('needs somebody else where the job asks for four eyes', async ({ expect }) => {
    await using world = await linkedWorld({ guards: { approval: { fourEyes: true } } });
    const held = await world.plan();
    const refused = await approve(world, held.report.run.id, '--by', 'Bea Okafor');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/asks for somebody else/)]);
    expect((await world.apply()).code).toBe(3);
  });

  it('given before the job asked for four eyes releases nothing since', async ({ expect }) => {
    await using world = await linkedWorld();
    const held = await world.plan();
    expect((await approve(world, held.report.run.id, '--by', 'Bea Okafor')).code).toBe(0);
    world.writeJob({ guards: { approval: { fourEyes: true } } });
    expect((await world.apply()).code).toBe(3);
  });

  it('of a feed that a guard doubts releases that very plan, and no newer one', async ({ expect }) => {
    await using world = await linkedWorld();
    world.writeFeed(wholeFeed(staff));
    const same = wholeFeed(people(60).map((row) => ({ ...row, first: 'Adah' })));
    world.writeFeed(same);
    expect((await world.apply()).code).toBe(3);
    world.writeJob({ guards: { updates: '100%', attributes: '100%', jobChanged: '100%' } });
    expect((await world.apply('--accept-job-change', 'a test')).code).toBe(0);
    // The bytes of the first feed again: held as older.
    world.writeFeed(wholeFeed(staff));
    const held = await world.plan('--out', 'plan.ndjson');
    expect([held.code, held.report.guards.filter(({ tripped }) => tripped).map(({ name }) => name)]).toEqual([
      3,
      ['feedOlder'],
    ]);
    expect((await approve(world, 'plan.ndjson')).code).toBe(0);
    const today = await world.apply();
    expect(today.code).toBe(3);
    const applied = await world.run('apply', '--plan', 'plan.ndjson');
    expect([applied.code, applied.report.changes.succeeded]).toEqual([0, 60]);
  });

  it('is the word of a person for an absence that nothing proves, in that very plan', async ({ expect }) => {
    const unproven = { feed: { whole: undefined } };
    await using world = await World.open({ users: staff.map(userOf), feed: plainFeed(staff), job: unproven });
    await world.link();
    world.writeFeed(plainFeed(staff.slice(2)));
    expect((await world.plan()).report.changes.total).toBe(0);
    const held = await world.plan('--trust-absences', '--out', 'plan.ndjson');
    expect([held.code, held.report.changes.held]).toEqual([3, 2]);
    expect(held.stdout).toMatch(/held by absenceUnproven.*2 would leave/);
    expect((await world.run('apply', '--plan', 'plan.ndjson')).code).toBe(3);
    expect((await approve(world, 'plan.ndjson')).code).toBe(0);
    expect((await world.plan('--trust-absences')).code).toBe(3);
    expect(world.journal()).toEqual([]);
    const applied = await world.run('apply', '--plan', 'plan.ndjson');
    expect([applied.code, applied.report.changes.succeeded]).toEqual([0, 2]);
    expect(disabled(world)).toEqual(loginsOf(staff.slice(0, 2)));
  });

  it('is refused for a plan that nobody knows, that is not held, and without a reason', async ({
    expect,
  }) => {
    await using world = await linkedWorld();
    world.writeFeed(wholeFeed(staff.slice(1)));
    const free = await world.plan();
    expect(free.code).toBe(0);
    const refusals = [
      [await approve(world, free.report.run.id), /needs no approval/],
      [await approve(world, 'abcdef123456'), /no run and no plan of that name/],
      [await approve(world, '2020-01-01T00-00-00Z-0000'), /no run and no plan of that name/],
      [await world.run('approve', free.report.run.id, '--job', 'job.yaml'), /required option '--reason/],
      [await approve(world, free.report.run.id, '--expires', 'soon'), /Give hours or days/],
      [await approve(world, free.report.run.id, '--expires', '91d'), /90d at most/],
    ] as const;
    for (const [refused, sentence] of refusals) {
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(sentence)]);
    }
  });
});
