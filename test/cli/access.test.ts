import { join } from 'node:path';
import { describe, it } from 'vitest';
import { csvLines, patient, people, person, userOf, World, wholeFeed } from './world.ts';

/** A feed that says nothing of roles, so that only what was remembered can bring them back. */
const withoutRoles = {
  feed: {
    // Some days the file is the very one of an earlier day.
    older: 'take',
    columns: {
      externalId: 'Employee ID',
      userName: 'User Login',
      'name.givenName': 'First Name',
      'name.familyName': 'Last Name',
      'emails.work': 'Email',
    },
  },
};
const roles = ['Power User', 'Ad Hoc - Create', 'Approvals - Administer'];

describe.concurrent('disabling', patient, () => {
  it('takes every role of a leaver, and enabling gives back exactly those', async ({ expect }) => {
    const rows = people(20);
    const users = rows.map((row) => (row.id === 'E4' ? { ...userOf(row), roles } : userOf(row)));
    await using world = await World.open({ users, feed: wholeFeed(rows), job: withoutRoles });
    await world.link();

    world.writeFeed(wholeFeed(rows.filter((row) => row.id !== 'E4')));
    const left = await world.apply();
    expect(left.code).toBe(0);
    expect(left.report.byOperation.disable.succeeded).toBe(1);
    expect(world.users().get('ada.moreau4@example.com')?.roles).toEqual([]);
    expect(world.journal().map((write) => write.op)).toEqual(roles.map(() => 'unassign-role'));

    // Nothing more is to be taken from somebody who has nothing left.
    const still = await world.apply();
    expect([still.code, still.report.changes.total]).toEqual([0, 0]);

    world.writeFeed(wholeFeed(rows));
    const back = await world.apply();
    expect(back.code).toBe(0);
    expect(back.report.byOperation.enable.succeeded).toBe(1);
    expect([...(world.users().get('ada.moreau4@example.com')?.roles ?? [])].sort()).toEqual(
      [...roles].sort(),
    );
    expect(world.createdTwice()).toEqual([]);

    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });

  it('goes by a status as well, and its way back too', async ({ expect }) => {
    const rows = people(20);
    const status = { from: 'Status', active: ['Active'], leaver: ['Left'] };
    const columns = { ...withoutRoles.feed.columns, active: status };
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    world.writeJob({ feed: { columns, older: 'take' } });
    expect((await world.apply()).code).toBe(0);
    world.writeFeed(wholeFeed(rows.map((row) => (row.id === 'E9' ? { ...row, status: 'Left' } : row))));
    const left = await world.apply();
    expect(left.report.changes).toMatchObject({ total: 1, succeeded: 1, fromAbsence: 0 });
    expect(left.report.rows).toMatchObject({ changed: 1, unchanged: 19 });
    expect(world.users().get('ada.moreau9@example.com')?.roles).toEqual([]);
    world.writeFeed(wholeFeed(rows));
    expect((await world.apply()).code).toBe(0);
    expect(world.strays(rows)).toEqual([]);
  });

  it('that stops half-way is finished later, and still gives back every role', async ({ expect }) => {
    const rows = people(20);
    const users = rows.map((row) => (row.id === 'E4' ? { ...userOf(row), roles } : userOf(row)));
    const refuse = { errorcode: 'EPMCSS-21002', errormessage: 'Failed to unassign role.' };
    await using world = await World.open({ users, feed: wholeFeed(rows), job: withoutRoles });
    await world.link();
    const rolesNow = (): readonly string[] => world.users().get('ada.moreau4@example.com')?.roles ?? [];

    // The second of the three roles cannot be taken in the first run.
    await world.serve({ faults: [{ match: { op: 'unassign-role' }, skip: 1, times: 1, do: { refuse } }] });
    world.writeFeed(wholeFeed(rows.filter((row) => row.id !== 'E4')));
    const half = await world.apply();
    expect([half.code, half.report.byOperation.disable.failed]).toEqual([2, 1]);
    expect(rolesNow()).toHaveLength(2);
    expect((await world.apply()).code).toBe(0);
    expect(rolesNow()).toEqual([]);

    // Nor can the second be given back at once.
    await world.serve({ faults: [{ match: { op: 'assign-role' }, skip: 1, times: 1, do: { refuse } }] });
    world.writeFeed(wholeFeed(rows));
    const halfBack = await world.apply();
    expect([halfBack.code, halfBack.report.byOperation.enable.failed]).toEqual([2, 1]);
    expect(rolesNow()).toHaveLength(1);
    expect((await world.apply()).code).toBe(0);
    expect([...rolesNow()].sort()).toEqual([...roles].sort());
    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });

  it('by somebody else is a conflict, and stays one until a person has looked', async ({ expect }) => {
    const rows = people(20);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    await world.link();
    const stripped = rows.map((row) => (row.id === 'E3' ? { ...userOf(row), roles: [] } : userOf(row)));
    await world.serve({ users: stripped });
    for (const ran of [await world.apply(), await world.apply()]) {
      expect(ran.code).toBe(2);
      expect(ran.report.changes).toMatchObject({ total: 1, conflict: 1 });
      expect(ran.report.failures[0]).toMatchObject({ key: 'E3', errorCode: 'DISABLED_ELSEWHERE' });
    }
    expect(world.journal()).toEqual([]);
  });
});

describe.concurrent('removal', patient, () => {
  it('comes so many days after the run that saw the person leave, and is acknowledged in the job', async ({
    expect,
  }) => {
    const rows = people(20);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    world.writeJob({
      target: { removeFromIdentityDomain: true },
      policy: { leavers: [{ disable: 'now' }, { remove: 'after 30d' }] },
    });
    expect((await world.apply('--as-of', '2026-10-01')).code).toBe(0);
    world.writeFeed(wholeFeed(rows.slice(1)));
    expect((await world.apply('--as-of', '2026-10-02')).report.byOperation.disable.succeeded).toBe(1);
    const early = await world.apply('--as-of', '2026-10-31T23:59:59Z');
    expect([early.code, early.report.changes.total]).toEqual([0, 0]);
    expect(world.users().has('ada.moreau1@example.com')).toBe(true);
    const due = await world.apply('--as-of', '2026-11-01');
    expect([due.code, due.report.byOperation.remove.succeeded]).toEqual([0, 1]);
    expect(world.users().has('ada.moreau1@example.com')).toBe(false);
    const after = await world.apply('--as-of', '2026-11-02');
    expect([after.code, after.report.changes.total]).toEqual([0, 0]);
    expect(after.report.users).toEqual({ managed: 19, unmanaged: 0 });
  });
});

describe.concurrent('state from the ledger', patient, () => {
  it('is refused until a whole list was read, and is what the last run left then', async ({ expect }) => {
    const rows = people(20);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    const unread = await world.plan('--state', 'ledger');
    expect(unread.code).toBe(1);
    expect(unread.stderr).toMatch(/never saw a complete read/);
    world.writeFeed(wholeFeed(rows.map((row) => (row.id === 'E5' ? { ...row, first: 'Bea' } : row))));
    expect((await world.apply()).report.changes.succeeded).toBe(1);
    const known = await world.plan('--state', 'ledger');
    expect([known.code, known.report.changes.total]).toEqual([0, 0]);
    expect(known.report.users).toEqual({ managed: 20, unmanaged: 0 });
  });
});

describe.concurrent('an account without a role, which the list does not show', patient, () => {
  const rows = people(10);
  const hidden = person(11);
  const users = [...rows.map(userOf), { ...userOf(hidden), roles: [] }];

  it('is linked instead of created, gets its role, and needs nothing the next time', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed([...rows, hidden]) });
    const first = await world.apply();
    expect(first.code).toBe(0);
    expect(first.report.byOperation.create).toMatchObject({ processed: 1, succeeded: 1 });
    expect(world.accepted().map((write) => [write.op, write.key])).toEqual([['assign-role', hidden.login]]);
    expect(world.strays([hidden])).toEqual([]);
    expect(csvLines(join(first.directory, 'results.csv')).join('\n')).toContain('LINKED_EXISTING');
    const lines = world.journal().length;

    const second = await world.apply();
    expect([second.code, second.report.changes.total]).toEqual([0, 0]);
    expect(world.journal()).toHaveLength(lines);
  });

  it('is linked once even when the feed gives it no role', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed([...rows, hidden]), job: withoutRoles });
    const first = await world.apply();
    expect(first.code).toBe(0);
    const second = await world.apply();
    expect([second.code, second.report.changes.total]).toEqual([0, 0]);
    expect(world.accepted()).toEqual([]);
  });

  it('is not taken for the person when people are not matched by login', async ({ expect }) => {
    const job = { match: 'emails.work' };
    await using world = await World.open({ users, feed: wholeFeed([...rows, hidden]), job });
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.failures[0]).toMatchObject({ key: 'E11', errorCode: 'ALREADY_EXISTS' });
    expect(world.accepted()).toEqual([]);
  });
});

describe.concurrent('a lasting id', patient, () => {
  it('that comes with another login is the same person, and never a leaver and a joiner', async ({
    expect,
  }) => {
    const rows = people(20);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    await world.link();
    world.writeFeed(
      wholeFeed(rows.map((row) => (row.id === 'E2' ? { ...row, login: 'ada.new2@example.com' } : row))),
    );
    const ran = await world.apply();
    // Oracle EPM never changes a login, so a person has to decide; nobody is created or disabled meanwhile.
    expect(ran.code).toBe(2);
    expect(ran.report.failures[0]).toMatchObject({ key: 'E2', errorCode: 'NOT_WRITABLE' });
    expect(world.journal()).toEqual([]);
  });

  it('that is new for a known login is a conflict', async ({ expect }) => {
    const rows = people(20);
    await using world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows) });
    await world.link();
    world.writeFeed(wholeFeed(rows.map((row) => (row.id === 'E2' ? { ...row, id: 'E2000' } : row))));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.failures[0]).toMatchObject({ key: 'E2000', errorCode: 'LOGIN_TAKEN' });
    expect(ran.report.byOperation.disable.processed).toBe(0);
    expect(world.journal()).toEqual([]);
  });

  it('is found by a login that is spelt in another case, and nothing is sent for the case alone', async ({
    expect,
  }) => {
    const rows = people(20);
    await using world = await World.open({ users: rows.map(userOf) });
    world.writeFeed(wholeFeed(rows.map((row) => ({ ...row, login: row.login.toUpperCase() }))));
    const ran = await world.apply();
    expect([ran.code, ran.report.changes.total]).toEqual([0, 0]);
    expect(ran.report.users).toEqual({ managed: 20, unmanaged: 0 });
  });
});
