import { describe, expect, it } from 'vitest';
import { audit } from './audit.ts';
import { patient, people, userOf, World, wholeFeed } from './world.ts';

describe('a feed of 10,000 people of whom 100 changed and 20 are refused', patient, () => {
  it('gives totals that equal the journal, and sends nothing again for the 80 that succeeded', async () => {
    const before = people(10_000);
    const now = before.map((row, index) => (index % 100 === 7 ? { ...row, first: `New${index}` } : row));
    const changed = now.filter((row) => row.first !== 'Ada').map((row) => row.login);
    const refused = changed.slice(10, 30);
    const refuse = { errorcode: 'EPMCSS-21143', errormessage: 'Failed to update user. Invalid email.' };
    await using world = await World.open({
      users: before.map(userOf),
      faults: [{ match: { op: 'update', user: refused }, do: { refuse } }],
      feed: wholeFeed(now),
    });

    const planned = await world.plan();
    expect(planned.code).toBe(0);
    expect(planned.report.changes.planned).toBe(100);
    expect(world.journal()).toEqual([]);

    const first = await world.apply();
    expect(first.code).toBe(2);
    expect(first.report.changes).toMatchObject({ total: 100, succeeded: 80, failed: 20, fromAbsence: 0 });
    expect(first.report.rows).toMatchObject({ total: 10_000, unchanged: 9_900, changed: 100 });
    expect(first.report.users).toEqual({ managed: 10_000, unmanaged: 0 });
    expect(audit(world, first.directory, 1)).toMatchObject({ succeeded: 80, failed: 20, changedRows: 100 });
    const firstWrites = world.journal();
    expect(firstWrites).toHaveLength(100);

    const second = await world.apply();
    expect(second.code).toBe(2);
    expect(second.report.changes).toMatchObject({ total: 20, succeeded: 0, failed: 20 });
    audit(world, second.directory, 101);
    const again = world.journal(100).map((write) => write.key);
    expect(again.sort()).toEqual([...refused].sort());
    expect(second.report.failures).toHaveLength(20);
    for (const failure of second.report.failures) {
      expect(failure).toMatchObject({
        errorCode: 'REFUSED',
        providerCode: 'EPMCSS-21143',
        since: first.report.run.id,
      });
    }

    await world.serve();
    const third = await world.apply();
    expect(third.code).toBe(0);
    expect(third.report.changes).toMatchObject({ total: 20, succeeded: 20 });
    expect(world.strays(now)).toEqual([]);
    const fourth = await world.apply();
    expect(fourth.code).toBe(0);
    expect(fourth.report.changes.total).toBe(0);
  });
});
