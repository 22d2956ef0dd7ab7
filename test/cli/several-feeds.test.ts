import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { audit } from './audit.ts';
import { feedsOf } from './sums.ts';
import {
  csvLines,
  type PersonRow,
  patient,
  people,
  person,
  plainFeed,
  userOf,
  World,
  wholeFeed,
} from './world.ts';

const staff = people(40);
const guests = people(20, 101);
const everybody = [...staff, ...guests];
const users = everybody.map(userOf);

const employees = { name: 'employees', path: 'employees.csv' };
const contractors = { name: 'contractors', path: 'contractors.csv', optional: true };
const columns = {
  externalId: 'Employee ID',
  userName: 'User Login',
  'name.givenName': 'First Name',
  'name.familyName': 'Last Name',
  'emails.work': 'Email',
  roles: 'Role',
  active: 'Status',
};

interface Fed {
  readonly employees?: string | null;
  readonly contractors?: string | null;
}

function feed(world: World, fed: Fed): void {
  for (const [name, content] of Object.entries(fed)) {
    if (content !== null) world.write(`${name}.csv`, content);
  }
}

/** A world in which everybody of both feeds has a user, and is linked to it. */
async function open(job: object = {}, fed: Fed = {}): Promise<World> {
  const world = await World.open({ users, job: { feeds: [employees, contractors], ...job } });
  feed(world, { employees: wholeFeed(staff), contractors: wholeFeed(guests), ...fed });
  await world.link();
  return world;
}

/** Logins whose access was taken away. */
function disabled(world: World): readonly string[] {
  return world
    .accepted()
    .filter((write) => write.op === 'unassign-role')
    .map((write) => write.key)
    .sort();
}

const loginsOf = (rows: readonly PersonRow[]): readonly string[] => rows.map((row) => row.login).sort();

async function withoutFile(world: World, name: string): Promise<void> {
  const { rm } = await import('node:fs/promises');
  await rm(world.path(name));
}

describe.concurrent('several feeds', patient, () => {
  it('are all read, and add up in the report', async ({ expect }) => {
    await using world = await open();
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 60, unchanged: 60 });
    expect(ran.report.users).toMatchObject({ managed: 60, unmanaged: 0 });
    expect(feedsOf(ran.report)).toMatchObject([
      { name: 'employees', rows: 40, whole: 'proven', missing: false },
      { name: 'contractors', rows: 20, whole: 'proven', missing: false },
    ]);
    expect(ran.stdout).toContain('employees 40, proven whole; contractors 20, proven whole');
  });

  it('make nobody a leaver whose own feed is missing, and judge the others', async ({ expect }) => {
    await using world = await open();
    await withoutFile(world, 'contractors.csv');
    feed(world, { employees: wholeFeed(staff.slice(2)) });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(disabled(world)).toEqual(loginsOf(staff.slice(0, 2)));
    expect(ran.report.changes).toMatchObject({ total: 2, fromAbsence: 2 });
    expect(feedsOf(ran.report)).toMatchObject([{ missing: false }, { missing: true, rows: 0 }]);
    expect(ran.report.rows.total).toBe(38);
    expect(existsSync(join(ran.directory, 'rejects-contractors.csv'))).toBe(false);
    expect(readFileSync(join(ran.directory, 'report.html'), 'utf8')).toContain('was not there');

    feed(world, { contractors: wholeFeed(guests.slice(1)) });
    const next = await world.apply();
    expect(next.report.changes).toMatchObject({ total: 1, fromAbsence: 1 });
    expect(disabled(world)).toEqual(loginsOf([...staff.slice(0, 2), ...guests.slice(0, 1)]));
  });

  it('end the run before it writes when one is missing that is not optional', async ({ expect }) => {
    await using world = await open();
    await withoutFile(world, 'employees.csv');
    feed(world, { contractors: wholeFeed(guests.slice(1)) });
    const ran = await world.apply();
    expect([ran.code, ran.hasReport]).toEqual([1, false]);
    expect(ran.stderr).toContain('employees.csv');
    expect(world.journal()).toEqual([]);
  });

  it('are held when one of them has no rows, or contradicts itself', async ({ expect }) => {
    await using world = await open();
    const empty = wholeFeed([]);
    const cut = wholeFeed(guests).replace('TRAILER,20', 'TRAILER,21');
    for (const [content, guard] of [
      [empty, 'feedRows'],
      [cut, 'feedWhole'],
    ] as const) {
      feed(world, { contractors: content });
      const ran = await world.apply();
      expect(ran.code).toBe(3);
      expect(ran.report.guards.filter(({ tripped }) => tripped).map(({ name }) => name)).toEqual([guard]);
      expect(ran.stdout).toContain('contractors');
    }
    expect(world.journal()).toEqual([]);
  });

  it('take whom both name from the first, and count the other’s row among the duplicates', async ({
    expect,
  }) => {
    await using world = await open();
    const asEmployee = { ...person(1), last: 'Employee' };
    const asContractor = { ...person(1), last: 'Contractor' };
    feed(world, {
      employees: wholeFeed([asEmployee, ...staff.slice(1)]),
      contractors: wholeFeed([...guests, asContractor]),
    });
    const first = await world.apply();
    expect(first.code).toBe(0);
    expect(first.report.rows).toMatchObject({ total: 61, changed: 1, duplicates: 1, unchanged: 59 });
    expect(world.users().get(asEmployee.login)?.lastname).toBe('Employee');

    world.writeJob({ feeds: [contractors, employees] });
    const swapped = await world.apply();
    expect(swapped.report.rows).toMatchObject({ total: 61, changed: 1, duplicates: 1 });
    expect(world.users().get(asEmployee.login)?.lastname).toBe('Contractor');
    expect(disabled(world)).toEqual([]);
  });

  it('update somebody who moves from one to the other, and miss them there from then on', async ({
    expect,
  }) => {
    await using world = await open();
    const moved = { ...person(101), last: 'Hired' };
    feed(world, {
      employees: wholeFeed([...staff, moved]),
      contractors: wholeFeed(guests.slice(1)),
    });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.changes).toMatchObject({ total: 1, succeeded: 1, fromAbsence: 0 });
    expect(ran.report.byOperation.update.succeeded).toBe(1);
    expect(audit(world, ran.directory, 1, ['employees.csv', 'contractors.csv'])).toMatchObject({ rows: 60 });

    await withoutFile(world, 'contractors.csv');
    feed(world, { employees: wholeFeed([...staff].reverse()) });
    const gone = await world.apply();
    expect(gone.report.changes).toMatchObject({ total: 1, fromAbsence: 1 });
    expect(disabled(world)).toEqual([moved.login]);
  });

  it('set aside two people with one login, whichever feeds they stand in', async ({ expect }) => {
    await using world = await open();
    const twin = { ...person(1), id: 'E999' };
    feed(world, { contractors: wholeFeed([...guests, twin]) });
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows).toMatchObject({ total: 61, quarantined: 2, unchanged: 59 });
    const rejects = (name: string) => csvLines(join(ran.directory, `rejects-${name}.csv`)).slice(1);
    expect([rejects('employees').length, rejects('contractors').length]).toEqual([1, 1]);
    expect(world.journal()).toEqual([]);
  });

  it('need two witnesses of an absence in the same feed, where nothing proves it whole', async ({
    expect,
  }) => {
    const feeds = [employees, { ...contractors, whole: undefined }];
    await using world = await open({ feeds }, { contractors: plainFeed(guests) });
    feed(world, { contractors: plainFeed(guests.slice(1)) });
    expect((await world.apply()).report.changes.total).toBe(0);
    // Another feed with other bytes is no second witness.
    feed(world, { employees: wholeFeed([...staff].reverse()) });
    expect((await world.apply()).report.changes.total).toBe(0);
    feed(world, { contractors: plainFeed(guests.slice(1).reverse()) });
    const later = new Date(Date.now() + 5 * 3_600_000).toISOString();
    const ran = await world.apply('--as-of', later);
    expect(ran.report.changes).toMatchObject({ total: 1, fromAbsence: 1 });
    expect(disabled(world)).toEqual([guests[0]?.login]);
  });

  it('leave alone whom a later one calls a leaver while their own is missing', async ({ expect }) => {
    const feeds = [
      { ...employees, columns, optional: true },
      { ...contractors, columns },
    ];
    await using world = await open({ feeds });
    const old = { ...person(1), status: 'Terminated' };
    await withoutFile(world, 'employees.csv');
    feed(world, { contractors: wholeFeed([...guests, old]) });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 21, unchanged: 20, excluded: 1 });
    expect(world.journal()).toEqual([]);
  });

  it('leave alone whom the first one names in a row that was set aside', async ({ expect }) => {
    const feeds = [
      { ...employees, columns },
      { ...contractors, columns },
    ];
    await using world = await open({ feeds });
    const broken = { ...person(1), email: 'no address' };
    const old = { ...person(1), status: 'Terminated' };
    feed(world, {
      employees: wholeFeed([broken, ...staff.slice(1)]),
      contractors: wholeFeed([...guests, old]),
    });
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.changes.total).toBe(0);
    expect(world.journal()).toEqual([]);

    // A row of the later one that was set aside holds nobody back whom the first names.
    feed(world, {
      employees: wholeFeed([{ ...person(1), last: 'Right' }, ...staff.slice(1)]),
      contractors: wholeFeed([...guests, broken]),
    });
    const mended = await world.apply();
    expect(mended.report.changes).toMatchObject({ total: 1, succeeded: 1 });
    expect(mended.report.rows).toMatchObject({ total: 61, quarantined: 1, changed: 1 });
  });

  it('take back mended rejects of one of them, and judge nobody of it by absence', async ({ expect }) => {
    await using world = await open();
    const broken = [{ ...person(101), email: 'no address', last: 'Mended' }, ...guests.slice(1)];
    feed(world, { contractors: wholeFeed(broken) });
    const ran = await world.apply();
    expect([ran.code, ran.report.rows.quarantined]).toEqual([2, 1]);
    const rejects = readFileSync(join(ran.directory, 'rejects-contractors.csv'), 'utf8');
    expect(csvLines(join(ran.directory, 'rejects-employees.csv'))).toHaveLength(1);
    feed(world, {
      contractors: rejects.replace('no address', person(101).email),
      employees: wholeFeed(staff.slice(1)),
    });
    const fed = await world.apply();
    expect(fed.code).toBe(0);
    expect(feedsOf(fed.report)).toMatchObject([{ partial: false }, { partial: true, rows: 1 }]);
    expect(fed.report.changes).toMatchObject({ total: 2, succeeded: 2, fromAbsence: 1 });
    expect(world.users().get(person(101).login)?.lastname).toBe('Mended');
    expect(disabled(world)).toEqual([staff[0]?.login]);
  });

  it('name the feed beside the line of what failed', async ({ expect }) => {
    const refuse = { errorcode: 'EPMCSS-21143', errormessage: 'Failed to update user. Invalid email.' };
    await using world = await open();
    const { login } = person(102);
    await world.serve({ faults: [{ match: { op: 'update', user: login }, do: { refuse } }] });
    const renamed = guests.map((row) => (row.login === login ? { ...row, last: 'Refused' } : row));
    feed(world, { contractors: wholeFeed(renamed) });
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.failures).toMatchObject([{ line: 3, feed: 'contractors', key: 'E102' }]);
    expect(ran.stdout).toContain('(contractors line 3)');
    expect(csvLines(join(ran.directory, 'results.csv'))[1]).toContain(',3,contractors,E102,');
    expect(csvLines(join(ran.directory, 'rejects-contractors.csv'))).toHaveLength(2);
    const shown = await world.run('report', String(ran.report.run.id), '--job', 'job.yaml');
    expect(shown.code === 0 || shown.code === 2).toBe(true);
  });

  it('can follow a job with one feed, and hold everybody until each has been seen', async ({ expect }) => {
    await using world = await World.open({ users, feed: wholeFeed(everybody) });
    await world.link();
    world.writeJob({ feeds: [employees, contractors] });
    feed(world, { employees: wholeFeed(staff) });
    const first = await world.apply();
    expect([first.code, first.report.changes.total]).toEqual([0, 0]);
    feed(world, { contractors: wholeFeed(guests.slice(1)) });
    const second = await world.apply();
    expect(second.report.changes).toMatchObject({ total: 1, fromAbsence: 1 });
    expect(disabled(world)).toEqual([guests[0]?.login]);
  });
});
