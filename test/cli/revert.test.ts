import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { guardNames } from '../../src/domain/guard-settings.ts';
import { type EpmUser, type PersonRow, patient, people, person, userOf, World, wholeFeed } from './world.ts';

/** What guards say of such days is not the question here. */
const guards = Object.fromEntries(guardNames.map((name) => [name, '100%']));
const job = {
  guards,
  feed: {
    older: 'take',
    columns: {
      externalId: 'Employee ID',
      userName: 'User Login',
      'name.givenName': 'First Name',
      'name.familyName': 'Last Name',
      'emails.work': 'Email',
      roles: { from: 'Role', split: ';', owned: ['Power User', 'Viewer'] },
    },
  },
};

/** The users as they are, by login, each with its roles in order. */
function dump(world: World): ReadonlyMap<string, EpmUser> {
  return new Map(
    [...world.users()].map(([login, user]) => [login, { ...user, roles: [...user.roles].sort() }]),
  );
}

/** What somebody else in the target does, by a job with a memory of its own. */
async function others(world: World, rows: readonly PersonRow[], columns: object): Promise<void> {
  const own = JSON.parse(readFileSync(world.path('job.yaml'), 'utf8')) as { feed: object };
  const feed = { ...own.feed, path: 'other.csv', columns };
  const other = { ...own, name: 'other', ledger: 'other.db', feed, policy: { create: false, leavers: [] } };
  world.write('other.yaml', JSON.stringify(other));
  world.write('other.csv', wholeFeed(rows));
  const ran = await world.run('apply', 'other.yaml');
  if (ran.code !== 0) throw new Error(`the others failed: ${ran.stderr}`);
}

function change(rows: readonly PersonRow[], from: number, to: number, how: (row: PersonRow) => PersonRow) {
  return rows.map((row, index) => (index + 1 >= from && index + 1 <= to ? how(row) : row));
}

describe.concurrent('a run that is reverted', patient, () => {
  it('gives back every one of 1,000 mixed changes but the 50 that others changed since', async ({
    expect,
  }) => {
    const staff = change(people(850), 201, 400, (row) => ({ ...row, role: 'Viewer;Ad Hoc - Create' }));
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job });
    await world.link();
    world.writeFeed(wholeFeed(staff.slice(0, 800)));
    expect((await world.apply()).report.byOperation.disable.succeeded).toBe(50);
    const before = dump(world);

    let today = change(staff, 1, 400, (row) => ({ ...row, first: 'Eve', last: `Okafor${row.id}` }));
    today = change(today, 301, 600, (row) => ({ ...row, role: 'Power User' }));
    today = [...today.slice(0, 600), ...today.slice(800), ...people(150, 901)];
    world.writeFeed(wholeFeed(today));
    const run = await world.apply();
    expect([run.code, run.report.changes.succeeded]).toEqual([0, 1_000]);
    expect(run.report.byOperation).toMatchObject({
      update: { succeeded: 600 },
      disable: { succeeded: 200 },
      enable: { succeeded: 50 },
      create: { succeeded: 150 },
    });

    const [renamed, given] = [1, 51].map((first) =>
      people(50, first).map((row) => ({ ...row, last: 'Lindqvist', role: 'Approvals - Administer' })),
    );
    await others(world, renamed ?? [], {
      externalId: 'Employee ID',
      userName: 'User Login',
      'name.familyName': 'Last Name',
    });
    await others(world, given ?? [], {
      externalId: 'Employee ID',
      userName: 'User Login',
      roles: 'Role',
    });
    const lines = world.journalLines();

    const id = run.report.run.id;
    const plan = await world.run('revert', id, '--job', 'job.yaml', '--out', 'undo.ndjson');
    expect(plan.code).toBe(2);
    expect(plan.report.changes).toMatchObject({ total: 1_050, planned: 1_000, conflict: 50 });
    expect(plan.stdout).toMatch(/^conflicts: .* \(50\)$/m);
    expect(plan.stderr).toMatch(/apply --plan undo\.ndjson .*the next feed asks for the same changes again/);
    expect(JSON.parse(readFileSync(world.path('undo.ndjson'), 'utf8').split('\n')[0] ?? '')).toMatchObject({
      revert: { run: id, removeCreated: false, recreate: false },
    });
    expect(world.journalLines()).toBe(lines);

    const back = await world.run('apply', '--plan', 'undo.ndjson');
    expect(back.code).toBe(2);
    expect([plan.report.run.reverts, back.report.run.reverts]).toEqual([id, id]);
    expect(back.report.changes).toMatchObject({ succeeded: 1_000, conflict: 50, failed: 0, unknown: 0 });
    const wanted = new Map(before);
    for (const row of renamed ?? []) withUser(wanted, row.login, { lastname: 'Lindqvist' });
    for (const { login } of given ?? []) {
      const roles = wanted.get(login)?.roles ?? [];
      withUser(wanted, login, { roles: [...roles, 'Approvals - Administer'].sort() });
    }
    for (const row of people(150, 901)) wanted.set(row.login, { ...userOf(row), roles: [] });
    const after = dump(world);
    expect([...after].filter(([login, user]) => !sameUser(user, wanted.get(login)))).toEqual([]);
    expect(after.size).toBe(wanted.size);
    const touched = world.accepted(lines).filter(({ key, after: user }) => {
      return (renamed ?? []).some(({ login }) => login === key) && user?.lastname !== 'Lindqvist';
    });
    expect(touched).toEqual([]);

    const again = await world.run('revert', id, '--job', 'job.yaml');
    expect(again.report.changes).toMatchObject({ total: 50, planned: 0, conflict: 50 });
  });

  it('leaves alone whom somebody changed between the plan and its apply', async ({ expect }) => {
    const staff = people(12);
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job });
    await world.link();
    world.writeFeed(wholeFeed(staff.map((row) => ({ ...row, last: 'Okafor' }))));
    const run = await world.apply();
    const args = ['--job', 'job.yaml', '--person', 'E3', '--person', 'E4', '--out', 'undo.ndjson'];
    expect((await world.run('revert', run.report.run.id, ...args)).report.changes.planned).toBe(2);
    await others(world, [person(3, { last: 'Lindqvist' })], {
      externalId: 'Employee ID',
      userName: 'User Login',
      'name.familyName': 'Last Name',
    });
    const back = await world.run('apply', '--plan', 'undo.ndjson');
    expect(back.report.changes).toMatchObject({ succeeded: 1, conflict: 1 });
    expect(back.report.failures.map(({ key, errorCode }) => [key, errorCode])).toEqual([
      ['E3', 'CHANGED_SINCE_PLAN'],
    ]);
    const names = [...world.users().values()].map(({ lastname }) => lastname);
    expect(names.filter((name) => name === 'Okafor')).toHaveLength(10);
    expect(names).toContain('Moreau4');

    const plain = await world.run('revert', 'no-such-run', '--job', 'job.yaml');
    expect([plain.code, plain.stderr]).toEqual([1, expect.stringMatching(/knows no run no-such-run/)]);
  });
});

function withUser(users: Map<string, EpmUser>, login: string, difference: Partial<EpmUser>): void {
  const user = users.get(login);
  if (user !== undefined) users.set(login, { ...user, ...difference });
}

function sameUser(one: EpmUser, other: EpmUser | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
