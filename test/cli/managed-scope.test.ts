import { describe, it } from 'vitest';
import { patient, people, person, userOf, World, wholeFeed } from './world.ts';

const staff = people(60);
const strangers = [201, 202].map((number) => userOf(person(number)));
const outside = [301, 302, 303].map((number) =>
  userOf(person(number, { login: `svc-${number}`, email: `svc-${number}@elsewhere.example.net` })),
);
const users = [...staff.map(userOf), ...strangers, ...outside];
const scope = [{ attribute: 'emails.work', like: '*@example.com' }];

describe.concurrent('a declared scope', patient, () => {
  it('makes leavers of its users whom a whole feed does not name, linked or not, and of nobody else', async ({
    expect,
  }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff), job: { manage: { scope } } });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report).toMatchObject({
      users: { managed: 62, unmanaged: 3 },
      changes: { total: 2, succeeded: 2, fromAbsence: 2 },
    });
    const touched = world.accepted().map(({ key }) => key);
    expect(new Set(touched)).toEqual(new Set(strangers.map(({ userlogin }) => userlogin)));

    // Whoever comes back under that login is enabled again, and belongs to the person from then on.
    world.writeFeed(wholeFeed([...staff, person(201)]));
    const back = await world.apply();
    expect([back.code, back.report.byOperation.enable.succeeded]).toEqual([0, 1]);
    expect(world.users().get(person(201).login)?.roles).toEqual(['Viewer']);
  });

  it('keeps its guards: a scope that is too wide is held', async ({ expect }) => {
    const all = [{ attribute: 'userName', like: '*' }];
    await using world = await World.open({ users, feed: wholeFeed(staff), job: { manage: { scope: all } } });
    const ran = await world.apply();
    expect([ran.code, ran.report.users.managed]).toEqual([3, 65]);
    expect(ran.report.guards).toContainEqual(expect.objectContaining({ name: 'disables', tripped: true }));
    expect(world.journal()).toEqual([]);
  });

  it('waits for a second witness where nothing proves the feed whole', async ({ expect }) => {
    const job = { manage: { scope }, feed: { whole: undefined } };
    const bare = (rows: typeof staff): string => wholeFeed(rows).replace(/TRAILER.*\n/, '');
    await using world = await World.open({ users, feed: bare(staff), job });
    expect((await world.apply()).report.changes.total).toBe(0);
    world.writeFeed(bare([...staff].reverse()));
    expect((await world.apply()).report.changes.total).toBe(0);
    const later = new Date(Date.now() + 5 * 3_600_000).toISOString();
    world.writeFeed(bare([...staff.slice(1), ...staff.slice(0, 1)]));
    expect((await world.apply('--as-of', later)).report.changes).toMatchObject({ total: 2, fromAbsence: 2 });
  });

  it('keeps people of the feed whose users are outside from being changed', async ({ expect }) => {
    const guest = person(301, { login: 'svc-301', email: 'svc-301@elsewhere.example.net', last: 'Okafor' });
    const feed = wholeFeed([...staff, ...[201, 202].map((number) => person(number)), guest]);
    await using world = await World.open({ users, feed, job: { manage: { scope } } });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report).toMatchObject({
      rows: { excluded: 1, unchanged: 62 },
      changes: { total: 0 },
      spared: { outsideScope: 1 },
    });
    expect(world.journal()).toEqual([]);
  });

  it('names attributes that the target has', async ({ expect }) => {
    const job = { manage: { scope: [{ attribute: 'emails.wrok', empty: false }] } };
    await using world = await World.open({ users: [], feed: wholeFeed(staff), job });
    const ran = await world.run('validate', 'job.yaml');
    expect(ran.code).toBe(1);
    expect(`${ran.stdout}${ran.stderr}`).toContain('emails.work');
  });
});
