import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { patient, people, person, plainFeed, userOf, World, wholeFeed } from './world.ts';

interface Explained {
  readonly people: readonly {
    readonly linkKey: string | null;
    readonly feed: { readonly quarantined: readonly { readonly code: string }[] };
    readonly target: { readonly foundBy: string | null };
    readonly plan: { readonly change: { readonly operation: string; readonly undo?: string } | null };
    readonly history: readonly { readonly run: { readonly id: string } }[];
  }[];
}

describe.concurrent('explaining one person', patient, () => {
  it('says what plan does and why, and leaves neither a run nor a write behind', async ({ expect }) => {
    const rows = people(12);
    const users = [...rows.map(userOf), userOf(person(99))];
    await using world = await World.open({ users, feed: wholeFeed(rows) });
    await world.link();
    const today = rows.slice(1).map((row) => (row.id === 'E3' ? { ...row, first: 'Eve' } : row));
    world.writeFeed(wholeFeed(today));
    const planned = await world.plan('--out', 'plan.ndjson');
    expect(planned.code).toBe(0);
    const runs = readdirSync(world.runsPath);
    const lines = world.journalLines();

    const json = await world.run('explain', 'job.yaml', 'E3', '--json');
    const [one] = (JSON.parse(json.stdout) as Explained).people;
    const inPlan = readFileSync(world.path('plan.ndjson'), 'utf8')
      .split('\n')
      .find((line) => line.includes('"key":"E3"'));
    expect(one?.plan.change).toEqual(JSON.parse(inPlan ?? 'null'));
    expect(one?.history.map(({ run }) => run.id)).toEqual([planned.report.run.id]);

    const gone = await world.run('explain', 'job.yaml', 'E1');
    expect(gone.code).toBe(0);
    expect(gone.stdout).toMatch(/no row names this person/);
    expect(gone.stdout).toMatch(/< disable E1 .*undo: full\n/);
    expect(gone.stdout).toMatch(/because a feed that is proven whole does not name them/);

    const byLogin = await world.run('explain', 'job.yaml', 'ADA.Moreau3@example.com', '--offline');
    expect(byLogin.stdout).toMatch(/^E3\n/);
    expect(byLogin.stdout).toMatch(/target, as the ledger knows it/);
    expect(byLogin.stdout).toMatch(/name\.givenName {2}Ada -> Eve/);

    const stranger = await world.run('explain', 'job.yaml', 'ada.moreau99@example.com');
    expect(stranger.stdout).toMatch(/because no person of this job is linked to it/);

    const nobody = await world.run('explain', 'job.yaml', 'E33');
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toMatch(/Nobody was found by E33\. Spelt alike: E3/);

    expect(readdirSync(world.runsPath)).toEqual(runs);
    expect(readdirSync(world.path('staging'))).toEqual([]);
    expect(world.journalLines()).toBe(lines);
  });

  it('tells of rows that were set aside, of a first witness, and of what earlier runs did', async ({
    expect,
  }) => {
    const rows = people(12);
    await using world = await World.open({ users: rows.map(userOf), feed: plainFeed(rows) });
    world.writeJob({ feed: { whole: undefined } });
    expect((await world.apply()).code).toBe(0);
    const twice = rows.slice(1).flatMap((row) => (row.id === 'E5' ? [row, { ...row, first: 'Eve' }] : [row]));
    world.writeFeed(plainFeed(twice));
    const missing = await world.run('explain', 'job.yaml', 'E1');
    expect(missing.stdout).toMatch(/nothing\n {2}missing since .*: another feed at least 4 h later/);
    const double = await world.run('explain', 'job.yaml', 'E5');
    expect(double.stdout).toMatch(/line 5 is set aside: (DUPLICATE_PERSON|CONTRADICTING_ROWS)/);
    expect(double.stdout).toMatch(/plan as of .*\n {2}nothing\n/);

    world.writeFeed(plainFeed(rows.map((row) => (row.id === 'E5' ? { ...row, first: 'Eve' } : row))));
    const run = await world.apply();
    expect(run.report.changes.succeeded).toBe(1);
    const done = await world.run('explain', 'job.yaml', 'E5', '--offline');
    expect(done.stdout).toContain(`${run.report.run.id}  apply  update name.givenName: succeeded`);
    expect(done.stdout).toMatch(/nothing\n {2}because the target has what the feed says/);
  });
});

describe.concurrent('a plan on the screen', patient, () => {
  it('begins with what is riskiest, can be summed up, and hides values where that is asked for', async ({
    expect,
  }) => {
    const rows = people(30);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    await world.link();
    const today = rows.slice(2).map((row, index) => (index < 3 ? { ...row, first: 'Eve' } : row));
    world.writeFeed(wholeFeed([...today, person(40)]));
    const plan = await world.plan('--out', 'plan.ndjson');
    const order = ['disables (2)', 'other updates (3)', 'creates (1)'].map((head) =>
      plan.stdout.indexOf(head),
    );
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(order).not.toContain(-1);
    expect(plan.stdout).toMatch(/^undo {4}5 full, 1 partly$/m);
    expect(plan.stdout).toMatch(/^time {4}\d+ s or more, by .*: 7 steps in 4 requests at the least$/m);

    const masked = await world.plan('--mask');
    expect(masked.stdout).toMatch(/~ update E3 \*\*\* \(line 2\)/);
    expect(masked.stdout).not.toMatch(/Eve|moreau|Viewer/);

    const attributes = await world.run('show', 'plan.ndjson', '--show', 'attributes');
    expect(attributes.code).toBe(0);
    expect(attributes.stdout).toMatch(/name\.givenName {2}3 changes\n +3 x Ada -> Eve/);
    const summary = await world.run('show', 'plan.ndjson', '--show', 'summary');
    expect(summary.stdout).toMatch(/^disable +0 +2$/m);
    expect(summary.stdout).toMatch(/^disables +at most 3 +2 {2}passes$/m);

    const bytes = readFileSync(world.path('plan.ndjson'), 'utf8');
    world.write('changed.ndjson', bytes.replace('Eve', 'Eva'));
    const refused = await world.run('show', 'changed.ndjson');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
  });
});
