import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { patient, people, readReport, userOf, World, wholeFeed } from './world.ts';

const refuse = { errorcode: 'EPMCSS-21143', errormessage: 'Failed to update user. Invalid email.' };
const before = people(40);
/** Of 40 people one left, four changed, one of them is refused, one row is broken, and two are new. */
const mixed = [
  ...before.slice(1).map((row, index) => (index < 4 ? { ...row, first: `New${index}` } : row)),
  ...people(2, 900),
  ...people(1, 950).map((row) => ({ ...row, email: 'no address' })),
];

async function openMixedDay(): Promise<World> {
  const world = await World.open({
    users: before.map(userOf),
    faults: [{ match: { op: 'update', user: 'ada.moreau3@example.com' }, do: { refuse } }],
    feed: wholeFeed(before),
  });
  await world.link();
  world.writeFeed(wholeFeed(mixed));
  return world;
}

describe.concurrent('report RUN', patient, () => {
  it('rebuilds from the ledger what the run itself wrote, even after later runs', async ({ expect }) => {
    await using world = await openMixedDay();
    const first = await world.apply('--json');
    expect(first.code).toBe(2);
    expect(first.report.rows).toMatchObject({ total: 42, changed: 6, quarantined: 1, unchanged: 35 });
    expect(first.report.changes).toMatchObject({ total: 7, succeeded: 6, failed: 1, fromAbsence: 1 });
    expect(JSON.parse(first.stdout)).toEqual(first.report);
    const files = ['results.csv', 'rejects.csv'];
    const bytes = files.map((name) => readFileSync(join(first.directory, name)));
    await world.apply();

    const id = first.report.run.id;
    const rebuilt = await world.run('report', id, '--ledger', 'ledger.db', '--out', 'rebuilt', '--json');
    expect(rebuilt.code).toBe(0);
    const withoutTiming = { ...first.report, timing: null };
    expect({ ...readReport(world.path('rebuilt')), timing: null }).toEqual(withoutTiming);
    expect({ ...JSON.parse(rebuilt.stdout), timing: null }).toEqual(withoutTiming);
    expect(files.map((name) => readFileSync(world.path(join('rebuilt', name))))).toEqual(bytes);
    for (const name of readdirSync(world.path('rebuilt'))) {
      expect(statSync(world.path(join('rebuilt', name))).mode & 0o777).toBe(0o600);
    }

    const byJob = await world.run('report', id, '--job', 'job.yaml', '--out', 'rebuilt-by-job');
    expect(byJob.code).toBe(0);
    const runs = await world.run('runs', '--job', 'job.yaml', '--json');
    expect(JSON.parse(runs.stdout).map((run: { exitCode: number }) => run.exitCode)).toEqual([2, 2, 0]);
  });

  it('of a run that nobody knows ends with 1 and the way to those that are known', async ({ expect }) => {
    await using world = await openMixedDay();
    const ran = await world.run('report', '2020-01-01T00-00-00Z-0000', '--ledger', 'ledger.db');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/rollcall runs/);
    const nowhere = await world.run('runs', '--ledger', 'nowhere.db');
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toContain('nowhere.db');
  });
});

describe.concurrent('plan', patient, () => {
  it('of the same inputs is the same, byte for byte, and writes to no target', async ({ expect }) => {
    await using world = await openMixedDay();
    const journal = world.journal();
    const asOf = ['--as-of', '2026-11-20T02:15:00Z'];
    const one = await world.plan(...asOf, '--out', 'one.ndjson');
    const two = await world.plan(...asOf, '--out', 'two.ndjson', '--json');
    expect([one.code, two.code]).toEqual([2, 2]);
    const bytes = readFileSync(world.path('one.ndjson'));
    expect(readFileSync(world.path('two.ndjson')).equals(bytes)).toBe(true);
    expect(statSync(world.path('one.ndjson')).mode & 0o777).toBe(0o600);
    expect(one.report.run.planHash).toBe(two.report.run.planHash);
    expect(bytes.toString()).toContain(one.report.run.planHash ?? 'no hash');

    const later = await world.plan('--as-of', '2026-11-21', '--out', 'later.ndjson');
    expect(later.report.run.planHash).not.toBe(one.report.run.planHash);
    expect(world.journal()).toEqual(journal);
  });

  it('shows each person, attribute by attribute, before and after', async ({ expect }) => {
    await using world = await openMixedDay();
    const ran = await world.plan();
    expect(ran.stdout).toMatch(/< disable E1 ada\.moreau1@example\.com \(not in the feed\)/);
    expect(ran.stdout).toMatch(
      /~ update E2 .*\(line 2\) {2}undo: full\n {4}name\.givenName {2}Ada -> New0\n/,
    );
    expect(ran.stdout).toMatch(/\+ create E900 \(line 41\)/);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/Next: rollcall apply job\.yaml$/);
    const few = await world.plan('--limit', '2');
    expect(few.stdout).toMatch(/… and 5 more/);
    const summary = await world.plan('--show', 'summary');
    expect(summary.stdout).not.toMatch(/New0/);
  });
});

describe.concurrent('an apply whose output nobody reads', patient, () => {
  it.each(['info', 'debug'])('goes on to its end and says how it ended, at level %s', async (level) => {
    const rows = people(60);
    await using world = await World.open({ faults: [{ do: { latencyMs: 50 } }], feed: wholeFeed(rows) });
    const { child, ended } = world.start(['apply', 'job.yaml', '--log-level', level]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    const ran = await ended;
    expect([ran.code, ran.report.changes.succeeded]).toEqual([0, 60]);
    expect(world.strays(rows)).toEqual([]);
  });
});

describe.concurrent('the log', patient, () => {
  it('names no person and no secret at its most talkative, whatever the target refuses', async ({
    expect,
  }) => {
    await using world = await openMixedDay();
    const ran = await world.apply('--log-level', 'debug');
    const log = ran.stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(log.length).toBeGreaterThan(3);
    const entries = log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.some((entry) => entry.path === '/interop/rest/security/v2/users/add')).toBe(true);
    // Every value that the feed has for a person, and the account's own password.
    const personal = mixed.flatMap((row) => [row.login, row.email, row.last]);
    expect(personal.filter((value) => log.some((line) => line.includes(value)))).toEqual([]);
    expect(ran.stderr).not.toMatch(/@example\.com|no address|Sesame/);
  });

  it('is silent when told so', async ({ expect }) => {
    await using world = await openMixedDay();
    const ran = await world.apply('--log-level', 'silent');
    expect(ran.stderr.split('\n').filter((line) => line.startsWith('{'))).toEqual([]);
  });
});
