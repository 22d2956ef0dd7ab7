import { describe, it } from 'vitest';
import { type PersonRow, patient, people, userOf, World, wholeFeed } from './world.ts';

const staff = people(30);
const columns = {
  externalId: 'Employee ID',
  userName: 'User Login',
  'name.givenName': 'First Name',
  'name.familyName': 'Last Name',
  'emails.work': 'Email',
  roles: 'Role',
  active: { from: 'Status', leave: ['Leave'] },
};
const leavers = [{ disable: 'now' }, { remove: 'after 90d' }];

/** Everybody, the first with this status and, on leave, with values that would be an update. */
function feed(status: string, last = `${staff[0]?.last}`): string {
  return wholeFeed(staff.map((row, index) => (index === 0 ? { ...row, status, last } : row)));
}

const [first] = staff as [PersonRow, ...PersonRow[]];

async function open(onLeave?: string): Promise<World> {
  const policy = { leavers, ...(onLeave === undefined ? {} : { onLeave }) };
  const job = { feed: { columns }, policy, target: { removeFromIdentityDomain: true } };
  const world = await World.open({ users: staff.map(userOf), feed: feed('Active'), job });
  if ((await world.apply('--as-of', '2026-01-01T00:00:00Z')).code !== 0)
    throw new Error('the first run failed');
  return world;
}

const year = '2027-06-01T00:00:00Z';

describe.concurrent('somebody on leave of absence', patient, () => {
  it('is left exactly as is, by default, for as long as it takes', async ({ expect }) => {
    await using world = await open();
    world.writeFeed(feed('Leave', 'Elsewhere'));
    for (const asOf of ['2026-02-01T00:00:00Z', year]) {
      const ran = await world.apply('--as-of', asOf);
      expect(ran.code).toBe(0);
      expect(ran.report.rows).toMatchObject({ total: 30, excluded: 1, unchanged: 29 });
    }
    expect(world.journal()).toEqual([]);

    // Who leaves after that has the days of the policy still before them.
    world.writeFeed(feed('Terminated'));
    const left = await world.apply('--as-of', year);
    expect(left.report.byOperation.disable.succeeded).toBe(1);
    expect(left.report.byOperation.remove.succeeded).toBe(0);
  });

  it('is disabled where the policy says so, never removed, and enabled when back', async ({ expect }) => {
    await using world = await open('disable');
    world.writeFeed(feed('Leave'));
    const away = await world.apply('--as-of', '2026-02-01T00:00:00Z');
    expect(away.report.changes).toMatchObject({ total: 1, succeeded: 1, fromAbsence: 0 });
    expect(world.users().get(first.login)?.roles).toEqual([]);
    const later = await world.apply('--as-of', year);
    expect([later.code, later.report.changes.total]).toEqual([0, 0]);

    world.writeFeed(feed('Active', 'Returned'));
    const back = await world.apply('--as-of', year);
    expect(back.report.byOperation.enable.succeeded).toBe(1);
    expect(world.users().get(first.login)).toMatchObject({ lastname: 'Returned', roles: ['Viewer'] });
  });

  it('is like anybody where the policy says so', async ({ expect }) => {
    await using world = await open('active');
    world.writeFeed(feed('Leave', 'Married'));
    const ran = await world.apply();
    expect(ran.report.byOperation.update.succeeded).toBe(1);
    expect(world.users().get(first.login)?.lastname).toBe('Married');
  });

  it('is no leaver by absence while the row says so, and has no user made', async ({ expect }) => {
    await using world = await open();
    const newcomer = {
      ...first,
      id: 'E900',
      login: 'new@example.com',
      email: 'new@example.com',
      status: 'Leave',
    };
    world.writeFeed(wholeFeed([...staff, newcomer]));
    const ran = await world.apply();
    expect(ran.report.rows).toMatchObject({ total: 31, excluded: 1, unchanged: 30 });
    expect(world.journal()).toEqual([]);
  });
});
