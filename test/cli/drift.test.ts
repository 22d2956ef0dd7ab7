import { describe, it } from 'vitest';
import { otherJob } from './other-job.ts';
import { type PersonRow, patient, people, person, userOf, World, wholeFeed } from './world.ts';

const staff = people(12);
const users = staff.map(userOf);
const renamed = (number: number, last: string): readonly PersonRow[] =>
  staff.map((row) => (row.id === `E${number}` ? { ...row, last } : row));

function jobWith(drift: string): object {
  return {
    feed: {
      columns: {
        externalId: 'Employee ID',
        userName: 'User Login',
        'name.familyName': { from: 'Last Name', drift },
        'emails.work': 'Email',
      },
    },
  };
}

const lastNameOf = (world: World, number: number): string | undefined =>
  world.users().get(person(number).login)?.lastname;

describe.concurrent('what others change in the target', patient, () => {
  it('is overwritten and counted where the job says nothing of it', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    await otherJob(world)(renamed(3, 'Okafor'));
    expect(lastNameOf(world, 3)).toBe('Okafor');
    const ran = await world.apply();
    expect(ran.report).toMatchObject({ drift: { 'name.familyName': 1 }, changes: { succeeded: 1 } });
    expect(ran.stdout).toContain('name.familyName of 1 user: changed in the target by others');
    expect(lastNameOf(world, 3)).toBe('Moreau3');
    expect((await world.apply()).report.drift).toEqual({});
  });

  it('stays where the target wins, until the feed itself says something else', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff), job: jobWith('targetWins') });
    await world.link();
    await otherJob(world)(renamed(3, 'Okafor'));
    for (const _ of [1, 2]) {
      const kept = await world.apply();
      expect(kept.report).toMatchObject({ drift: {}, changes: { total: 0 } });
    }
    world.writeFeed(wholeFeed(renamed(3, 'Lindqvist')));
    expect((await world.apply()).report.changes).toMatchObject({ total: 1, succeeded: 1 });
    expect(lastNameOf(world, 3)).toBe('Lindqvist');
  });

  it('stays and is counted in every run where it is only reported', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff), job: jobWith('report') });
    await world.link();
    await otherJob(world)(renamed(3, 'Okafor'));
    for (const mode of ['plan', 'apply', 'apply']) {
      const ran = await world.run(mode, 'job.yaml');
      expect(ran.report).toMatchObject({ drift: { 'name.familyName': 1 }, changes: { total: 0 } });
    }
    expect(lastNameOf(world, 3)).toBe('Okafor');
  });

  it('is a conflict where the feed has changed too, until both say the same', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff), job: jobWith('conflict') });
    await world.link();
    const other = otherJob(world);
    await other(renamed(3, 'Okafor'));
    expect((await world.apply()).report.changes.total).toBe(0);
    world.writeFeed(wholeFeed(renamed(3, 'Lindqvist')));
    for (const _ of [1, 2]) {
      const ran = await world.apply();
      expect([ran.code, ran.report.changes.conflict]).toEqual([2, 1]);
      expect(ran.report.failures).toMatchObject([{ key: 'E3', errorCode: 'DRIFT', operation: 'update' }]);
      expect(lastNameOf(world, 3)).toBe('Okafor');
    }
    await other(renamed(3, 'Lindqvist'));
    expect((await world.apply()).code).toBe(0);
  });

  it('again and again is named as flapping, and can be left until somebody has looked', async ({
    expect,
  }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    const other = otherJob(world);
    for (const flapping of [{}, {}, { 'name.familyName': 1 }]) {
      await other(renamed(3, 'Okafor'));
      const ran = await world.apply();
      expect(ran.report).toMatchObject({ flapping, changes: { succeeded: 1 } });
      expect(ran.stdout.includes('flapping')).toBe(Object.keys(flapping).length > 0);
    }
    world.writeJob({ policy: { leavers: [{ disable: 'now' }], flapping: 'hold' } });
    await other(renamed(3, 'Okafor'));
    const held = await world.apply();
    expect([held.code, held.report.changes.conflict]).toEqual([2, 1]);
    expect(held.report.failures).toMatchObject([{ key: 'E3', errorCode: 'FLAPPING' }]);
    expect(lastNameOf(world, 3)).toBe('Okafor');
    const later = new Date(Date.now() + 8 * 86_400_000).toISOString();
    expect((await world.apply('--as-of', later)).report.changes.succeeded).toBe(1);
  });
});
