import { describe, it } from 'vitest';
import { patient, people, person, userOf, World, wholeFeed } from './world.ts';

const staff = people(12);
const users = staff.map(userOf);
const changedFeed = wholeFeed(staff.map((row) => (row.id === 'E3' ? { ...row, last: 'Okafor' } : row)));
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

describe.concurrent('a person whom somebody protects', patient, () => {
  it('is left exactly as they are, with the reason shown, until the day has come', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    await world.link();
    const until = day(10);
    const said = await world.run('protect', 'job.yaml', 'E3', '--until', until, '--reason', 'on secondment');
    expect(said).toMatchObject({ code: 0 });
    expect(said.stdout).toContain('on secondment');
    expect(said.stderr).toContain('Nothing was written to a target.');
    expect(said.stderr).not.toContain('No account');

    world.writeFeed(changedFeed);
    const kept = await world.apply();
    expect(kept.code).toBe(0);
    expect(kept.report).toMatchObject({
      rows: { total: 12, excluded: 1, unchanged: 11 },
      changes: { total: 0 },
      spared: { kept: 1 },
      protections: [{ key: 'E3', reason: 'on secondment' }],
    });
    expect(kept.stdout).toMatch(/E3 until .*: on secondment/);
    world.writeFeed(wholeFeed(staff.filter(({ id }) => id !== 'E3')));
    const gone = await world.apply();
    expect(gone.report).toMatchObject({ changes: { total: 0 }, spared: { kept: 1 } });
    expect(world.journal()).toEqual([]);

    world.writeFeed(changedFeed.replace('Okafor', 'Lindqvist'));
    const lastDay = await world.plan('--as-of', `${until}T23:59:59Z`);
    expect(lastDay.report.changes.total).toBe(0);
    const over = await world.plan('--as-of', day(11));
    expect(over.report).toMatchObject({ changes: { planned: 1 }, protections: [], spared: { kept: 0 } });
  });

  it('is listed, and can be let go before that day', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    const protect = ['protect', 'job.yaml'];
    expect((await world.run(...protect)).stdout).toContain('nobody');
    const typo = await world.run(...protect, 'E33', '--until', day(3), '--reason', 'a typo');
    expect(typo.stderr).toContain('No account is linked to this key yet');
    await world.run(...protect, 'E3', '--until', day(2), '--reason', 'investigation');
    const listed = await world.run(...protect, '--json');
    expect((JSON.parse(listed.stdout) as { key: string }[]).map(({ key }) => key)).toEqual(['E3', 'E33']);
    expect((await world.run(...protect)).stdout).toContain('investigation');
    expect((await world.run('unprotect', 'job.yaml', 'E33')).code).toBe(0);
    const nobody = await world.run('unprotect', 'job.yaml', 'E33');
    expect([nobody.code, nobody.stderr]).toMatchObject([1, expect.stringContaining('Nobody with this key')]);
    expect((await world.run(...protect)).stdout).not.toContain('E33');
  });

  it('needs a reason and a day that is still to come', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(staff) });
    const protect = ['protect', 'job.yaml', 'E3'];
    for (const rest of [
      [],
      ['--until', day(3)],
      ['--reason', 'x'],
      ['--until', day(3), '--reason', ' '],
      ['--until', day(-2), '--reason', 'x'],
      ['--until', '120', '--reason', 'x'],
    ]) {
      expect((await world.run(...protect, ...rest)).code).toBe(1);
    }
    expect((await world.run('protect', 'job.yaml')).stdout).toContain('nobody');
  });
});

describe.concurrent('a user whom the job protects', patient, () => {
  const admin = { ...userOf(person(900)), userlogin: 'admin', email: 'admin@example.com' };
  const own = { ...person(900), login: 'admin', email: 'admin@example.com' };

  it('keeps access and roles whatever the feed says, as does the account that signs in', async ({
    expect,
  }) => {
    const job = {
      feed: {
        columns: {
          externalId: 'Employee ID',
          userName: 'User Login',
          'name.familyName': 'Last Name',
          roles: { from: 'Role', owned: ['*'] },
          active: { from: 'Status', active: ['Active'], leaver: ['Terminated'] },
        },
      },
      protect: { keys: ['E1'], like: { userName: 'ada.moreau2@*' }, roles: ['Service *'] },
    };
    const boss = person(3, { role: 'Service Administrator;Viewer' });
    const rows = [...staff.map((row) => (row.id === 'E3' ? boss : row)), own];
    const all = [...rows.slice(0, 12).map(userOf), admin];
    await using world = await World.open({ users: all, feed: wholeFeed(rows), job });
    await world.link();
    expect(world.journal()).toEqual([]);

    // One is gone, one has left, one would lose a role and is renamed, and the own account is gone.
    world.writeFeed(
      wholeFeed(
        rows.slice(1, 12).map((row) => {
          if (row.id === 'E2') return { ...row, status: 'Terminated' };
          return row.id === 'E3' ? { ...row, role: 'Viewer', last: 'Okafor' } : row;
        }),
      ),
    );
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report).toMatchObject({
      rows: { total: 11, excluded: 1, changed: 1, unchanged: 9 },
      changes: { total: 1, succeeded: 1, fromAbsence: 0 },
      spared: { protected: 4 },
    });
    expect(ran.stdout).toContain('4 protected by the job');
    expect(world.accepted().map(({ op, key }) => [op, key])).toEqual([['update', boss.login]]);
    expect(world.users().get(boss.login)?.roles).toEqual(['Service Administrator', 'Viewer']);
    expect(world.users().get('admin')?.roles).toEqual(['Viewer']);
  });
});
