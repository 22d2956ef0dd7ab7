import { describe, it } from 'vitest';
import { otherJob } from './other-job.ts';
import { type PersonRow, patient, people, person, userOf, World, wholeFeed } from './world.ts';

const staff = people(12);
const users = staff.map(userOf);
const without = (id: string): readonly PersonRow[] => staff.filter((row) => row.id !== id);
const daysFromNow = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
const removing = { target: { removeFromIdentityDomain: true } };

describe.concurrent('somebody who comes back', patient, () => {
  it('after a disable is a conflict where the job says to hold, day after day', async ({ expect }) => {
    const policy = { leavers: [{ disable: 'now' }], rehire: 'hold' };
    await using world = await World.open({ users, feed: wholeFeed(staff), job: { policy } });
    await world.link();
    world.writeFeed(wholeFeed(without('E3')));
    expect((await world.apply()).report.byOperation.disable.succeeded).toBe(1);
    world.writeFeed(wholeFeed([...staff].reverse()));
    for (const _ of [1, 2]) {
      const ran = await world.apply();
      expect([ran.code, ran.report.changes.conflict]).toEqual([2, 1]);
      expect(ran.report.failures).toMatchObject([{ key: 'E3', operation: 'enable', errorCode: 'REHIRE' }]);
    }
    expect(world.users().get(person(3).login)?.roles).toEqual([]);
  });

  it('with a new login gets a new account where the job says so, and the old one stays as it is', async ({
    expect,
  }) => {
    const policy = { leavers: [{ disable: 'now' }], rehire: 'new' };
    await using world = await World.open({ users, feed: wholeFeed(staff), job: { policy } });
    await world.link();
    world.writeFeed(wholeFeed(without('E3')));
    expect((await world.apply()).code).toBe(0);
    world.writeFeed(wholeFeed([...staff].reverse()));
    expect((await world.apply()).report.failures).toMatchObject([{ errorCode: 'REHIRE' }]);
    const anew = { ...person(3), login: 'ada.new@example.com' };
    world.writeFeed(wholeFeed([...without('E3'), anew]));
    const ran = await world.apply();
    expect([ran.code, ran.report.byOperation.create.succeeded]).toEqual([0, 1]);
    expect(world.users().get(person(3).login)?.roles).toEqual([]);
    const again = await world.apply();
    expect([again.code, again.report.changes.total, again.report.users.managed]).toEqual([0, 0, 12]);
  });

  it('after a removal is a conflict where the job says to hold', async ({ expect }) => {
    const policy = { leavers: [{ remove: 'now' }], rehire: 'hold' };
    await using world = await World.open({ users, feed: wholeFeed(staff), job: { ...removing, policy } });
    await world.link();
    world.writeFeed(wholeFeed(without('E3')));
    expect((await world.apply()).report.byOperation.remove.succeeded).toBe(1);
    world.writeFeed(wholeFeed([...staff].reverse()));
    const ran = await world.apply();
    expect(ran.report.failures).toMatchObject([{ key: 'E3', operation: 'create', errorCode: 'REHIRE' }]);
    expect(ran.code).toBe(2);
  });
});

describe.concurrent('a login that was somebody’s', patient, () => {
  it('is given to nobody else for as long as the job says', async ({ expect }) => {
    const policy = { leavers: [{ remove: 'now' }], reuseLoginAfter: '90d' };
    await using world = await World.open({ users, feed: wholeFeed(staff), job: { ...removing, policy } });
    await world.link();
    world.writeFeed(wholeFeed(without('E3')));
    expect((await world.apply()).report.byOperation.remove.succeeded).toBe(1);
    const other = person(99, { login: person(3).login.toUpperCase(), email: 'ada99@example.com' });
    world.writeFeed(wholeFeed([...without('E3'), other]));
    const ran = await world.apply();
    expect([ran.code, ran.report.changes.conflict]).toEqual([2, 1]);
    expect(ran.report.failures).toMatchObject([{ key: 'E99', errorCode: 'LOGIN_RESERVED' }]);
    expect(world.accepted().filter(({ op }) => op === 'add')).toEqual([]);
    const later = await world.apply('--as-of', daysFromNow(91));
    expect([later.code, later.report.byOperation.create.succeeded]).toEqual([0, 1]);
  });

  it('is a conflict while its account is linked to another lasting id, which makes no leaver', async ({
    expect,
  }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    world.writeFeed(wholeFeed(staff.map((row) => (row.id === 'E3' ? { ...row, id: 'E99' } : row))));
    const ran = await world.apply();
    expect([ran.code, ran.report.changes]).toMatchObject([2, { total: 1, conflict: 1, fromAbsence: 0 }]);
    expect(ran.report.failures).toMatchObject([{ key: 'E99', errorCode: 'LOGIN_TAKEN' }]);
    expect(world.journal()).toEqual([]);
  });
});

describe.concurrent('an account that somebody else disabled', patient, () => {
  it('is listed before everything else, in the plan and in the report', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    const other = otherJob(world);
    await other(staff);
    expect((await other(without('E11'))).report.byOperation.disable.succeeded).toBe(1);
    world.writeFeed(wholeFeed(staff.map((row) => (row.id === 'E12' ? { ...row, last: 'Okafor' } : row))));
    const planned = await world.plan();
    expect(planned.stdout).toMatch(/enable E11 .*DISABLED_ELSEWHERE[\s\S]*update E12 /);
    const ran = await world.apply();
    expect(ran.report.failures).toMatchObject([{ key: 'E11', errorCode: 'DISABLED_ELSEWHERE' }]);
  });
});
