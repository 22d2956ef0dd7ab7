import { join } from 'node:path';
import { describe, it } from 'vitest';
import {
  csvLines,
  csvRow,
  feedHeader,
  type PersonRow,
  patient,
  people,
  person,
  plainFeed,
  userOf,
  World,
  wholeFeed,
} from './world.ts';

const staff = people(100);
const staying = staff.slice(5);
const leaving = staff.slice(0, 5);
const strangers = Array.from({ length: 200 }, (_, index) =>
  userOf(person(5_000 + index, { login: `svc-${index}`, email: `svc-${index}@example.com` })),
);
const users = [...staff.map(userOf), ...strangers];
const unproven = { feed: { whole: undefined } };

/** Logins whose access was taken away. */
function disabled(world: World, skip = 0): readonly string[] {
  return world
    .accepted(skip)
    .filter((write) => write.op === 'unassign-role')
    .map((write) => write.key)
    .sort();
}

const hoursFromNow = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

const loginsOf = (rows: readonly PersonRow[]): readonly string[] => rows.map((row) => row.login).sort();

describe.concurrent('leavers', patient, () => {
  it('are never among the users whom no feed ever named, and are those whom a whole feed no longer names', async ({
    expect,
  }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    const planned = await world.plan('--detailed-exitcode');
    expect(planned.code).toBe(0);
    const first = await world.apply();
    expect(first.code).toBe(0);
    for (const { report } of [planned, first]) {
      expect(report.changes.total).toBe(0);
      expect(report.users).toEqual({ managed: 100, unmanaged: 200 });
    }
    expect(world.journal()).toEqual([]);

    world.writeFeed(wholeFeed(staying));
    const gone = await world.plan('--detailed-exitcode');
    expect(gone.code).toBe(6);
    expect(gone.report.changes).toMatchObject({ total: 5, planned: 5, fromAbsence: 5 });
    expect(gone.report.byOperation.disable.planned).toBe(5);
    expect(world.journal()).toEqual([]);
    const second = await world.apply();
    expect(second.code).toBe(0);
    expect(second.report.changes).toMatchObject({ total: 5, succeeded: 5, fromAbsence: 5 });
    expect(disabled(world)).toEqual(loginsOf(leaving));
    expect(world.journal()).toHaveLength(5);

    const third = await world.apply();
    expect(third.report.changes.total).toBe(0);
    expect(third.code).toBe(0);
  });

  it('need two accepted feeds with different bytes, some hours apart, when nothing proves that the feed is whole', async ({
    expect,
  }) => {
    await using world = await World.open({ users, feed: plainFeed(staff), job: unproven });
    await world.link();

    world.writeFeed(plainFeed(staying));
    const witness = await world.apply();
    expect([witness.code, witness.report.changes.total]).toEqual([0, 0]);
    const sameBytes = await world.apply();
    expect([sameBytes.code, sameBytes.report.changes.total]).toEqual([0, 0]);
    expect(world.journal()).toEqual([]);

    world.writeFeed(plainFeed([...staying].reverse()));
    const soon = await world.apply();
    expect([soon.code, soon.report.changes.total]).toEqual([0, 0]);
    const later = ['--as-of', hoursFromNow(5)];
    world.writeFeed(plainFeed(staying));
    const sameAgain = await world.plan(...later);
    expect(sameAgain.report.changes.total).toBe(0);
    world.writeFeed(plainFeed([...staying.slice(1), ...staying.slice(0, 1)]));
    const planned = await world.plan(...later);
    expect(planned.report.changes).toMatchObject({ planned: 5, fromAbsence: 5 });
    const confirmed = await world.apply(...later);
    expect([confirmed.code, confirmed.report.changes.fromAbsence]).toEqual([0, 5]);
    expect(disabled(world)).toEqual(loginsOf(leaving));
  });

  it('who came back in between are missed anew', async ({ expect }) => {
    await using world = await World.open({ users, feed: plainFeed(staff), job: unproven });
    await world.link();
    for (const rows of [staying, [...staff].reverse(), [...staying].reverse()]) {
      world.writeFeed(plainFeed(rows));
      expect((await world.apply()).report.changes.total).toBe(0);
    }
    expect(world.journal()).toEqual([]);
  });

  it('are not witnessed by a plan', async ({ expect }) => {
    await using world = await World.open({ users, feed: plainFeed(staff), job: unproven });
    await world.link();
    world.writeFeed(plainFeed(staying));
    expect((await world.plan()).report.changes.total).toBe(0);
    world.writeFeed(plainFeed([...staying].reverse()));
    expect((await world.apply()).report.changes.total).toBe(0);
    expect(world.journal()).toEqual([]);
  });

  it('are not those whose row is set aside while it says who it is about', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    const rows = staff.slice(2).map((row, index) => (index === 0 ? { ...row, email: 'no address' } : row));
    world.writeFeed(wholeFeed(rows));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows.quarantined).toBe(1);
    expect(ran.report.changes).toMatchObject({ total: 2, succeeded: 2, fromAbsence: 2 });
    expect(disabled(world)).toEqual(loginsOf(staff.slice(0, 2)));
  });

  it('by absence are all held while a row does not say who it is about, and the rest goes on', async ({
    expect,
  }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    const renamed = person(50, { last: 'Okafor' });
    const lines = staying.map((row) => csvRow(row.id === 'E50' ? renamed : row));
    // The sixth person's row breaks off after the first name: it may be anybody's.
    lines[0] = 'E6,ada.moreau6@example.com,Ada';
    world.writeFeed(`${feedHeader}\n${lines.join('\n')}\nTRAILER,${lines.length},,,,,\n`);
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows.quarantined).toBe(1);
    expect(ran.report.byOperation.update.succeeded).toBe(1);
    expect(ran.report.changes.held).toBe(ran.report.byOperation.disable.held);
    expect(ran.report.changes.held).toBeGreaterThanOrEqual(5);
    expect(ran.report.guards).toContainEqual(
      expect.objectContaining({ name: 'unreadableIdentity', tripped: true }),
    );
    expect(world.journal().map((write) => [write.op, write.key])).toEqual([['update', renamed.login]]);

    world.writeFeed(wholeFeed(staying.map((row) => (row.id === 'E50' ? renamed : row))));
    const mended = await world.apply();
    expect(mended.code).toBe(0);
    expect(disabled(world)).toEqual(loginsOf(leaving));
  });

  it('are nobody when a feed contradicts its own row count: the whole run is held', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    const cut = wholeFeed(staff).replace(`${csvRow(person(40))}\n`, '');
    world.writeFeed(cut);
    const ran = await world.apply();
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(/feedWhole/);
    expect(world.journal()).toEqual([]);
  });

  it('are nobody in a mended rejects file, which is read as partial', async ({ expect }) => {
    const refuse = { errorcode: 'EPMCSS-21143', errormessage: 'Failed to update user. Invalid email.' };
    await using world = await World.open({
      users,
      faults: [{ match: { op: 'update', user: 'ada.moreau9@example.com' }, do: { refuse } }],
      feed: wholeFeed(staff),
    });
    await world.link();
    const rows = staff.map((row) => {
      if (row.id === 'E7') return { ...row, email: 'no address', last: '-Dash' };
      return row.id === 'E9' ? { ...row, last: '=Nine' } : row;
    });
    world.writeFeed(wholeFeed(rows));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.changes).toMatchObject({ total: 1, failed: 1 });
    const rejects = csvLines(join(ran.directory, 'rejects.csv'));
    expect(rejects).toHaveLength(3);
    expect(rejects[0]).toContain('rollcall_code');
    expect(rejects.join('\n')).toContain("'=Nine");

    await world.serve();
    world.writeFeed(`${rejects.join('\r\n').replace('no address', 'ada.moreau7@example.com')}\r\n`);
    const skip = world.journal().length;
    const fed = await world.apply();
    expect(fed.code).toBe(0);
    expect(fed.report.feed.partial).toBe(true);
    expect(fed.report.rows).toMatchObject({ total: 2, changed: 2 });
    expect(fed.report.changes).toMatchObject({ total: 2, succeeded: 2, fromAbsence: 0 });
    expect(world.journal(skip).map((write) => write.after?.lastname)).toEqual(['-Dash', '=Nine']);

    // It was no accepted feed either: the next whole feed finds everybody where they were.
    world.writeFeed(wholeFeed(rows.map((row) => (row.id === 'E7' ? { ...row, email: row.login } : row))));
    const after = await world.apply();
    expect([after.code, after.report.changes.total]).toEqual([0, 0]);
  });
});
