import { describe, it } from 'vitest';
import { type PersonRow, patient, people, userOf, World, wholeFeed } from './world.ts';

const staff = people(60);

/** Logins whose access was taken away. */
function disabled(world: World, skip = 0): readonly string[] {
  return world
    .accepted(skip)
    .filter((write) => write.op === 'unassign-role')
    .map((write) => write.key)
    .sort();
}

function changed(
  rows: readonly PersonRow[],
  at: number,
  difference: Partial<PersonRow>,
): readonly PersonRow[] {
  return rows.map((row, index) => (index === at ? { ...row, ...difference } : row));
}

describe.concurrent('rows outside the conditions of a job', patient, () => {
  const where = [{ column: 'Status', isNot: ['Extern'] }];

  it('are counted, keep their people as they are, and hold nobody else', async ({ expect }) => {
    await using world = await World.open({
      users: staff.map(userOf),
      feed: wholeFeed(staff),
      job: { feed: { where } },
    });
    await world.link();
    const skip = world.journalLines();
    // One moves out of the job's sight with a new name, one row nobody can read, and one person is gone.
    const outside = changed(staff, 0, { status: 'Extern', last: 'Renamed' });
    const rows = changed(outside, 1, { status: 'Extern' });
    const nameless = { ...rows[1], id: '', login: '' } as PersonRow;
    world.writeFeed(wholeFeed([...rows.slice(0, -1), nameless]));
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 60, excluded: 3, quarantined: 0, unchanged: 57 });
    expect(disabled(world, skip)).toEqual([staff.at(-1)?.login]);
    expect(world.users().get(staff[0]?.login ?? '')?.lastname).toBe(staff[0]?.last);
  });

  it('are leavers where the job says so', async ({ expect }) => {
    await using world = await World.open({
      users: staff.map(userOf),
      feed: wholeFeed(staff),
      job: { feed: { where, outside: 'leaver' } },
    });
    await world.link();
    const skip = world.journalLines();
    world.writeFeed(wholeFeed(changed(staff, 0, { status: 'Extern' })));
    expect((await world.apply()).code).toBe(0);
    expect(disabled(world, skip)).toEqual([staff[0]?.login]);
  });
});

describe.concurrent('dates of employment', patient, () => {
  // The last cell of each row stands for the last day here.
  const job = { feed: { employment: { end: 'Status' } } };
  const dated = staff.map((row) => ({ ...row, status: '' }));

  it('are compared with the moment that the run plans for', async ({ expect }) => {
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(dated), job });
    await world.link();
    world.writeFeed(wholeFeed(changed(dated, 3, { status: '2026-06-30' })));
    const before = await world.plan('--as-of', '2026-06-30T23:59:59Z');
    expect(before.report.changes.total).toBe(0);
    const after = await world.plan('--as-of', '2026-07-01T00:00:00Z');
    expect(after.report.byOperation).toMatchObject({ disable: { planned: 1 } });
  });
});

describe.concurrent('validate --sample', patient, () => {
  const job = {
    feed: {
      columns: {
        externalId: 'Employee ID',
        userName: { from: 'User Login', transform: 'lower' },
        'name.givenName': { from: 'First Name', empty: 'clear' },
        'name.familyName': { from: ['First Name', 'Last Name'] },
        'emails.work': { from: 'Email', transform: { replace: ['example.com', 'example.org'] } },
        active: { from: 'Status', active: ['Active'], leaver: ['Left'], leave: ['Leave'] },
      },
      where: [{ column: 'Role', isNot: 'Guest' }],
      passwordColumn: 'Secret',
    },
    target: { sandbox: true, welcomeMail: true },
  };
  const feed = [
    'Employee ID,User Login,First Name,Last Name,Email,Role,Status,Secret',
    'E1,ADA,Ada,Moreau,ada@example.com,Viewer,Active,Kestrel-4417',
    'E2,BEA,,Roy,bea@example.com,Viewer,Leave,Heron-8823',
    'E3,CLO,Clo,Roy,clo@example.com,Viewer,Retired,Avocet-3391',
    'E4,DAN,Dan,Roy,dan@example.com,Guest,Active,Plover-5570',
    'TRAILER,4,,,,,,',
    '',
  ].join('\n');

  it('shows rows before and after they are mapped, and never a password', async ({ expect }) => {
    await using world = await World.open({ feed, job });
    const ran = await world.run('validate', 'job.yaml', '--sample');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('sample  4 rows');
    expect(ran.stdout).toMatch(/line 2 {2}E1 {2}works here/);
    expect(ran.stdout).toMatch(/userName +User Login +ADA +ada\n/);
    expect(ran.stdout).toMatch(/name\.familyName .*Ada \+ Moreau +Ada Moreau\n/);
    expect(ran.stdout).toMatch(/emails\.work +Email +ada@example\.com +ada@example\.org\n/);
    expect(ran.stdout).toMatch(/line 3 {2}E2 {2}on leave/);
    expect(ran.stdout).toMatch(/name\.givenName +First Name +\(cleared\)\n/);
    expect(ran.stdout).toMatch(/line 4 {2}quarantined {2}BAD_VALUE in Status: /);
    expect(ran.stdout).toMatch(/line 5 {2}excluded {2}outside: /);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/Kestrel|Heron|Avocet|Plover|Secret/);
    expect(ran.stderr).not.toMatch(/ada|Moreau/i);
  });

  it('gives the same as JSON, and as many rows as are asked for', async ({ expect }) => {
    await using world = await World.open({ feed, job });
    const ran = await world.run('validate', 'job.yaml', '--sample', '3', '--json');
    const { valid, sample } = JSON.parse(ran.stdout) as { valid: boolean; sample: readonly object[] };
    expect(valid).toBe(true);
    expect(sample).toMatchObject([
      {
        line: 2,
        result: 'person',
        cells: { 'User Login': 'ADA' },
        person: { key: 'E1', status: 'active', attributes: { userName: 'ada' } },
      },
      { line: 3, person: { status: 'onLeave', attributes: { 'name.givenName': null } } },
      { line: 4, result: 'quarantined', person: null, reason: { code: 'BAD_VALUE', column: 'Status' } },
    ]);
    expect(ran.stdout).not.toMatch(/Kestrel|Heron|Avocet|Secret/);
  });

  it('shows nothing of a job that is refused', async ({ expect }) => {
    await using world = await World.open({ feed, job: { ...job, match: 'nothing' } });
    const ran = await world.run('validate', 'job.yaml', '--sample', '2', '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).not.toHaveProperty('sample');
  });
});
