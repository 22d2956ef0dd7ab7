import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { patient, people, type PersonRow, plainFeed, userOf, World, wholeFeed } from './world.ts';

const staff = people(40);
/** Two leave, one is renamed, one is new. */
const wanted: readonly PersonRow[] = [
  ...staff.slice(2, 39),
  { ...(staff[39] as PersonRow), last: 'Okafor' },
  ...people(1, 900),
];

/** A target with the staff, linked by a first run, and a feed that asks for four changes. */
async function linkedWorld(job: object = {}): Promise<World> {
  const world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job });
  await world.link();
  world.writeFeed(wholeFeed(wanted));
  return world;
}

/** A world as it is, with a plan of its changes in `plan.ndjson`. */
async function plannedWorld(job: object = {}): Promise<World> {
  const world = await linkedWorld(job);
  const planned = await world.plan('--out', 'plan.ndjson');
  if (planned.code !== 0) throw new Error(planned.stderr);
  return world;
}

const applyPlan = (world: World, ...args: readonly string[]) =>
  world.run('apply', '--plan', 'plan.ndjson', ...args);

function hashOf(file: string): string {
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  return (JSON.parse(last) as { planHash: string }).planHash;
}

describe.concurrent('a saved plan', patient, () => {
  it('is applied as it was reviewed, without naming the job again', async ({ expect }) => {
    await using world = await plannedWorld();
    const before = world.journalLines();
    const applied = await applyPlan(world);
    expect([applied.code, applied.stderr]).toEqual([0, expect.stringContaining('all 4 changes succeeded')]);
    expect(applied.report.changes).toMatchObject({ total: 4, succeeded: 4 });
    expect(applied.report.run.planHash).toBe(hashOf(world.path('plan.ndjson')));
    expect(readFileSync(join(applied.directory, 'plan.ndjson'))).toEqual(
      readFileSync(world.path('plan.ndjson')),
    );
    expect(world.accepted(before).length).toBeGreaterThan(0);
    expect(world.strays(wanted)).toEqual([]);
    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });

  it('skips whom somebody changed since, and goes on with the rest', async ({ expect }) => {
    await using world = await plannedWorld();
    // Somebody in the target renames the one who is to be renamed, and takes the roles of one who is to be disabled.
    const [gone, renamed] = [staff[0] as PersonRow, staff[39] as PersonRow];
    const edited = staff.map((row) => {
      const user = userOf(row);
      if (row.id === renamed.id) return { ...user, lastname: 'Lindqvist' };
      return row.id === gone.id ? { ...user, roles: [] } : user;
    });
    await world.serve({ users: edited });
    const before = world.journalLines();
    const applied = await applyPlan(world);
    expect(applied.code).toBe(2);
    expect(applied.report.changes).toMatchObject({ total: 4, succeeded: 2, conflict: 2 });
    expect(applied.report.failures.map(({ key, errorCode }) => [key, errorCode]).sort()).toEqual([
      [gone.id, 'CHANGED_SINCE_PLAN'],
      [renamed.id, 'CHANGED_SINCE_PLAN'],
    ]);
    const written = new Set(world.accepted(before).map(({ key }) => key));
    expect(written.has(renamed.login)).toBe(false);
    expect(written.has(gone.login)).toBe(false);
    expect(applied.report.run.planHash).toBe(hashOf(world.path('plan.ndjson')));
  });

  it('does nothing to people of whom it says nothing, whatever they need by now', async ({ expect }) => {
    await using world = await plannedWorld();
    const drifted = staff[10] as PersonRow;
    await world.serve({
      users: staff.map((row) => ({
        ...userOf(row),
        ...(row.id === drifted.id ? { lastname: 'Drift' } : {}),
      })),
    });
    const before = world.journalLines();
    const applied = await applyPlan(world);
    expect([applied.code, applied.report.changes.succeeded, applied.report.changes.total]).toEqual([0, 4, 4]);
    expect(applied.report.rows.excluded).toBe(1);
    expect(world.accepted(before).some(({ key }) => key === drifted.login)).toBe(false);
  });

  it('is refused for every changed byte, and then nothing is written', async ({ expect }) => {
    await using world = await plannedWorld();
    const before = world.journalLines();
    const bytes = readFileSync(world.path('plan.ndjson'));
    for (let n = 0; n < 8; n += 1) {
      const at = Math.floor(((n + 0.5) / 8) * bytes.length);
      const spoiled = Buffer.from(bytes);
      spoiled[at] = (spoiled[at] ?? 0) ^ 1;
      writeFileSync(world.path('plan.ndjson'), spoiled);
      const refused = await applyPlan(world);
      expect([refused.code, refused.hasReport]).toEqual([1, false]);
      expect(refused.stderr).toMatch(
        /is not the plan that was written|this rollcall applies plans of format 2/,
      );
    }
    expect(world.journalLines()).toBe(before);
    writeFileSync(world.path('plan.ndjson'), bytes);
    expect((await applyPlan(world)).code).toBe(0);
  });

  it('is refused for another feed, job or ledger, after another run, and when it is old', async ({
    expect,
  }) => {
    await using world = await plannedWorld();
    const before = world.journalLines();
    const refusal = async (sentence: RegExp, ...args: readonly string[]): Promise<void> => {
      const refused = await applyPlan(world, ...args);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(sentence)]);
      expect(refused.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written/);
      expect(world.journalLines()).toBe(before);
    };
    const feed = readFileSync(world.path('hr.csv'));
    writeFileSync(world.path('hr.csv'), feed.toString().replace('Okafor', 'Okafar'));
    await refusal(/has not the bytes that the plan was made from/);
    renameSync(world.path('hr.csv'), world.path('elsewhere.csv'));
    await refusal(/There is no feed at/);
    writeFileSync(world.path('hr.csv'), feed);

    const job = readFileSync(world.path('job.yaml'));
    writeFileSync(world.path('job.yaml'), `${job.toString()} `);
    await refusal(/is not the one that the plan was made from/);
    writeFileSync(world.path('job.yaml'), `${job.toString()} }`);
    await refusal(/is not the one that the plan was made from/);
    writeFileSync(world.path('job.yaml'), job);

    copyFileSync(world.path('ledger.db'), world.path('kept.db'));
    rmSync(world.path('ledger.db'));
    await refusal(/belongs to another ledger/);
    rmSync(world.path('ledger.db'));
    renameSync(world.path('kept.db'), world.path('ledger.db'));

    await refusal(/longer ago than/, '--max-age', '0h').catch(() => undefined);
    expect((await world.apply()).code).toBe(0);
    const refused = await applyPlan(world);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/has been applied since/)]);
  });

  it('takes the bytes of its feed from where they lie by now', async ({ expect }) => {
    await using world = await plannedWorld();
    renameSync(world.path('hr.csv'), world.path('kept.csv'));
    const applied = await applyPlan(world, '--feed', 'kept.csv');
    expect([applied.code, applied.report.changes.succeeded]).toEqual([0, 4]);
  });

  it('of a feed that came out of a command is applied only from kept bytes', async ({ expect }) => {
    const feed = {
      path: undefined,
      command: [process.execPath, '-e', 'process.stdout.write(require("fs").readFileSync("hr.csv"))'],
    };
    await using world = await plannedWorld({ feed });
    const refused = await applyPlan(world);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/the output of a command/)]);
    expect((await applyPlan(world, '--feed', 'hr.csv')).code).toBe(0);
  });

  it('is refused beside options that say otherwise, and without a plan or a job', async ({ expect }) => {
    await using world = await plannedWorld();
    for (const args of [
      ['--only', 'disables'],
      ['--person', 'E1'],
      ['--as-of', '2026-01-01'],
      ['--env', 'test'],
    ]) {
      const refused = await applyPlan(world, ...args);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/do not go together/)]);
    }
    expect((await world.run('apply')).code).toBe(1);
    expect(existsSync(world.path('plan.ndjson'))).toBe(true);
  });

  it('is not applied twice', async ({ expect }) => {
    await using world = await plannedWorld();
    expect((await applyPlan(world)).code).toBe(0);
    const before = world.journalLines();
    const again = await applyPlan(world);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/has been applied since/)]);
    expect(world.journalLines()).toBe(before);
  });

  it('of an unproven feed is applied like any other', async ({ expect }) => {
    await using world = await World.open({
      users: staff.map(userOf),
      feed: plainFeed(wanted),
      job: { feed: { whole: undefined } },
    });
    expect((await world.plan('--out', 'plan.ndjson')).code).toBe(0);
    expect((await applyPlan(world)).code).toBe(0);
  });
});
