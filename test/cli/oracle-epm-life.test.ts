import { describe, expect, it } from 'vitest';
import { allowEverything } from '../guard/allow-everything.ts';
import { type PersonRow, patient, people, type Ran, userOf, World, wholeFeed } from './world.ts';

const refuse = { errorcode: 'EPMCSS-21143', errormessage: 'Refused by the sandbox.' };
/** Words that Oracle's sandbox writes down, by the operation whose changes take them. */
const opsOf = {
  create: ['add', 'assign-role'],
  update: ['update', 'assign-role', 'unassign-role'],
  enable: ['assign-role', 'update'],
  disable: ['unassign-role'],
  remove: ['remove'],
} as const;

/** People whom the journal says were written, and those of whom something was refused, from a line on. */
function counted(world: World, from: number): { readonly written: number; readonly refused: number } {
  const writes = world.journal(from);
  const refused = new Set(writes.filter((write) => write.status !== 'accepted').map((write) => write.key));
  const all = new Set(writes.map((write) => write.key));
  return { written: all.size - refused.size, refused: refused.size };
}

/** Applies a day's feed, and holds the report's totals to the journal. */
async function day(world: World, rows: readonly PersonRow[], date: string): Promise<Ran['report']> {
  const before = world.journal().length;
  world.writeFeed(wholeFeed(rows));
  const { report } = await world.apply('--as-of', date);
  expect(counted(world, before)).toEqual({
    written: report.changes.succeeded,
    refused: report.changes.failed,
  });
  const known = new Set<string>(Object.values(opsOf).flat());
  expect(world.journal(before).filter((write) => !known.has(write.op))).toEqual([]);
  return report;
}

describe('1,000 people of an Oracle EPM environment', patient, () => {
  it('go through every operation, role changes and refusals, and the report says what the journal says', async () => {
    const staff = people(1_000).map((row, index) => ({
      ...row,
      role: index % 4 === 0 ? 'User;Access Control - Manage' : 'Viewer',
    }));
    await using world = await World.open({
      users: staff.slice(0, 600).map(userOf),
      faults: [
        { match: { op: 'update', user: staff.slice(100, 110).map((row) => row.login) }, do: { refuse } },
      ],
      feed: wholeFeed(staff),
    });
    world.writeJob({
      target: { removeFromIdentityDomain: true },
      policy: { leavers: [{ disable: 'now' }, { remove: 'after 30d' }] },
      guards: allowEverything,
    });

    const first = await day(world, staff, '2026-10-01');
    expect(first.byOperation.create).toMatchObject({ succeeded: 400, failed: 0 });

    // A hundred marry, ten of whom are refused; fifty get another role; a hundred leave.
    const moved = staff.map((row, index) => {
      if (index >= 100 && index < 200) return { ...row, last: `Married${index}` };
      return index >= 200 && index < 250 ? { ...row, role: `${row.role};Power User` } : row;
    });
    const second = await day(world, moved.slice(0, 900), '2026-10-02');
    expect(second.byOperation.update).toMatchObject({ succeeded: 140, failed: 10 });
    expect(second.byOperation.disable).toMatchObject({ succeeded: 100, failed: 0 });
    expect(second.changes.fromAbsence).toBe(100);
    for (const row of moved.slice(900)) expect(world.users().get(row.login)?.roles).toEqual([]);

    // Half of the leavers come back, with the roles that they had.
    const third = await day(world, moved.slice(0, 950), '2026-10-10');
    expect(third.byOperation.enable).toMatchObject({ succeeded: 50, failed: 0 });
    for (const row of moved.slice(900, 950)) {
      expect([...(world.users().get(row.login)?.roles ?? [])].sort()).toEqual(row.role.split(';').sort());
    }

    // The others are removed when their day has come.
    const fourth = await day(world, moved.slice(0, 950), '2026-11-05');
    expect(fourth.byOperation.remove).toMatchObject({ succeeded: 50, failed: 0 });
    expect(world.users().size).toBe(950);

    await world.serve();
    const fifth = await day(world, moved.slice(0, 950), '2026-11-06');
    expect(fifth.byOperation.update).toMatchObject({ succeeded: 10, failed: 0 });
    expect(world.strays(moved.slice(0, 950))).toEqual([]);
    const before = world.journal().length;
    const last = await world.apply('--as-of', '2026-11-07');
    expect([last.code, last.report.changes.total, world.journal().length - before]).toEqual([0, 0, 0]);
  });
});
