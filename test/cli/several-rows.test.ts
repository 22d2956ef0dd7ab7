import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { csvLines, patient, people, person, userOf, World, wholeFeed } from './world.ts';

const staff = people(20);
const status = { from: 'Status', active: ['Active'], leaver: ['Terminated'] };
const columns = {
  externalId: 'Employee ID',
  userName: 'User Login',
  'name.givenName': 'First Name',
  'name.familyName': 'Last Name',
  'emails.work': 'Email',
  roles: 'Role',
  active: status,
};
const prefer = { feed: { columns, onePerson: { prefer: ['Status = Active'] } } };

describe.concurrent('a person with several rows', patient, () => {
  it('is the one whom the job prefers: a rehire stays, and the old row is named beside', async ({
    expect,
  }) => {
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job: prefer });
    await world.link();
    const old = person(7, { status: 'Terminated', login: 'gone@example.com', last: 'Before' });
    world.writeFeed(wholeFeed([old, ...staff]));
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 21, unchanged: 20, duplicates: 1, quarantined: 0 });
    expect(ran.report.changes.total).toBe(0);
    expect(csvLines(join(ran.directory, 'duplicates.csv'))).toEqual([
      'line,feed,key,winner_line,winner_feed,rule',
      '2,,E7,9,,Status = active',
    ]);
    expect(ran.stdout).toMatch(/1 row lost to another row of the same person: duplicates\.csv/);
    expect(ran.stdout).toMatch(/beside it .*, duplicates\.csv/);

    const rebuilt = await world.run('report', ran.report.run.id, '--ledger', 'ledger.db', '--out', 'rebuilt');
    expect(rebuilt.code).toBe(0);
    const name = 'duplicates.csv';
    expect(readFileSync(world.path(join('rebuilt', name)))).toEqual(readFileSync(join(ran.directory, name)));
  });

  it('is nobody’s leaver on a tie, nor while the better row cannot be taken', async ({ expect }) => {
    const job = { ...prefer, guards: { rowsSetAside: 4 } };
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job });
    await world.link();
    const skip = world.journalLines();
    const tied = person(7, { status: 'Terminated' });
    const rows = staff.filter(({ id }) => id !== 'E7' && id !== 'E8');
    const unfit = person(8, { email: 'no address' });
    world.writeFeed(wholeFeed([...rows, tied, tied, unfit, person(8, { status: 'Terminated' })]));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows).toMatchObject({ total: 22, unchanged: 18, quarantined: 4, duplicates: 0 });
    expect(world.journal(skip)).toEqual([]);
    expect(existsSync(join(ran.directory, 'duplicates.csv'))).toBe(false);
    expect(csvLines(join(ran.directory, 'rejects.csv')).join('\n')).toMatch(/A tie/);
  });

  it('is united from a line for each role, and set aside when the lines contradict each other', async ({
    expect,
  }) => {
    await using world = await World.open({ users: [], job: { feed: { onePerson: 'fold' } } });
    const line = (n: number, role: string, last = `Moreau${n}`): (typeof staff)[number] =>
      person(n, { role, last });
    world.writeFeed(
      wholeFeed([
        line(1, 'Viewer'),
        line(2, 'Viewer'),
        line(3, 'Viewer'),
        line(1, 'User'),
        line(2, 'User', 'Other'),
        line(1, 'Power User'),
      ]),
    );
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows).toMatchObject({ total: 6, changed: 4, quarantined: 2 });
    expect([...world.users().values()].map(({ roles }) => [...roles].sort())).toEqual([
      ['Power User', 'User', 'Viewer'],
      ['Viewer'],
    ]);
    const rejects = csvLines(join(ran.directory, 'rejects.csv'));
    expect(rejects.filter((row) => row.includes('CONTRADICTING_ROWS,Last Name'))).toHaveLength(2);

    // Mended and fed back, both lines of the person are there.
    world.write('mended.csv', `${rejects.join('\n').replace('Other', 'Moreau2')}\n`);
    const fed = await world.apply('--feed', 'mended.csv');
    expect(fed.code).toBe(0);
    expect(fed.report.rows).toMatchObject({ total: 2, changed: 2 });
    expect([...(world.users().get('ada.moreau2@example.com')?.roles ?? [])].sort()).toEqual([
      'User',
      'Viewer',
    ]);
  });
});

describe.concurrent('a row whose person nobody can read', patient, () => {
  it('may be the one that counts: leavers by status are held where the job prefers rows', async ({
    expect,
  }) => {
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), job: prefer });
    await world.link();
    const skip = world.journalLines();
    const left = staff.map((row) => (row.id === 'E7' ? { ...row, status: 'Terminated' } : row));
    world.writeFeed(wholeFeed(left).replace('TRAILER,20', 'E7,ragged\nTRAILER,21'));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.changes).toMatchObject({ total: 1, held: 1 });
    expect(world.journal(skip)).toEqual([]);
    world.writeFeed(wholeFeed(left));
    expect((await world.apply()).report.changes).toMatchObject({ total: 1, succeeded: 1 });
  });

  it('may give somebody more: nothing is taken from a set where rows are folded', async ({ expect }) => {
    const folded = { ...columns, roles: { from: 'Role', owned: ['*'] } };
    await using world = await World.open({
      users: [],
      job: { feed: { columns: folded, onePerson: 'fold' } },
    });
    const viewer = person(1, { role: 'Viewer' });
    world.writeFeed(wholeFeed([viewer, person(1, { role: 'User' })]));
    expect((await world.apply()).code).toBe(0);
    const skip = world.journalLines();
    world.writeFeed(wholeFeed([viewer]).replace('TRAILER,1', 'E1,ragged\nTRAILER,2'));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(world.journal(skip)).toEqual([]);
    world.writeFeed(wholeFeed([viewer]));
    expect((await world.apply()).code).toBe(0);
    expect(world.accepted(skip).map(({ op, subject }) => `${op} ${subject}`)).toEqual(['unassign-role User']);
  });
});

describe.concurrent('a mended rejects file', patient, () => {
  const rows = [person(1), person(2, { last: 'Müßig', email: 'no address' }), person(3)];

  it.for([
    ['windows-1252', 'latin1', ''],
    ['utf-16le', 'utf16le', '\ufeff'],
  ] as const)(
    'of a feed in %s has its form, and is fed back by the command that is proposed',
    async ([encoding, buffer, mark], { expect }) => {
      await using world = await World.open({
        users: [],
        job: {
          feed: { encoding, delimiter: ';', columns: { ...columns, roles: { from: 'Role', split: '+' } } },
        },
      });
      world.writeFeed(Buffer.from(mark + wholeFeed(rows).replaceAll(',', ';'), buffer));
      const ran = await world.apply();
      expect(ran.code).toBe(2);
      const file = join(ran.directory, 'rejects.csv');
      const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(readFileSync(file));
      expect(text.startsWith(`${mark}Employee ID;User Login;`)).toBe(true);
      expect(text).toContain(';Müßig;no address;');

      const mended = text.replace('no address', 'ada.moreau2@example.com');
      world.write(file.slice(world.folder.length + 1), Buffer.from(mended, buffer));
      const [, command = ''] = /then: rollcall (.*)$/.exec(ran.stderr.trimEnd()) ?? [];
      expect(command).toMatch(/^apply job\.yaml --feed runs\/.*\/rejects\.csv$/);
      const fed = await world.run(...command.split(' '));
      expect(fed.code).toBe(0);
      expect(fed.report.feed.partial).toBe(true);
      expect(world.users().get('ada.moreau2@example.com')?.lastname).toBe('Müßig');
    },
  );

  it('of a JSON feed is CSV, and read as such', async ({ expect }) => {
    await using world = await World.open({
      users: [],
      job: { feed: { path: 'hr.json', whole: undefined, columns } },
    });
    const records = rows.map(({ id, login, first, last, email, role, status: word }) => ({
      'Employee ID': id,
      'User Login': login,
      'First Name': first,
      'Last Name': last,
      Email: email,
      Role: [role, 'User'],
      Status: word,
    }));
    world.write('hr.json', JSON.stringify(records));
    const ran = await world.apply();
    expect(ran.report.rows).toMatchObject({ quarantined: 1, changed: 2 });
    const text = readFileSync(join(ran.directory, 'rejects.csv'), 'utf8');
    expect(text.startsWith('\ufeffEmployee ID,User Login,')).toBe(true);
    world.write('mended.csv', text.replace('no address', 'ada.moreau2@example.com'));
    expect((await world.run('validate', 'job.yaml', '--feed', 'mended.csv')).code).toBe(0);
    expect((await world.plan('--feed', 'mended.csv')).stderr).toMatch(
      /Next: rollcall apply job\.yaml --feed mended\.csv$/m,
    );
    const fed = await world.apply('--feed', 'mended.csv');
    expect(fed.code).toBe(0);
    expect([...(world.users().get('ada.moreau2@example.com')?.roles ?? [])].sort()).toEqual([
      'User',
      'Viewer',
    ]);
  });
});

describe.concurrent('a login that looks like somebody else’s', patient, () => {
  it('is a conflict, and makes no account', async ({ expect }) => {
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff) });
    await world.link();
    const skip = world.journalLines();
    const homoglyph = person(99, { login: 'ad\u0430.moreau1@example.com' });
    const ligature = person(98, { login: '\uFF41da.moreau2@example.com' });
    world.writeFeed(wholeFeed([...staff, homoglyph, ligature, person(97)]));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.changes).toMatchObject({ total: 3, conflict: 2, succeeded: 1 });
    expect(ran.report.failures.map(({ key, errorCode }) => [key, errorCode])).toEqual([
      ['E99', 'LOOKALIKE_KEY'],
      ['E98', 'LOOKALIKE_KEY'],
    ]);
    expect(new Set(world.accepted(skip).map(({ key }) => key))).toEqual(new Set([person(97).login]));
  });
});
