import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowEverything } from '../../guard/allow-everything.ts';
import { type Ran, Runs } from './runs.ts';

/** A thousand invented people; the last ten have an address that the search does not find. */
const people = Array.from({ length: 1_000 }, (_, index) => index + 1);
const isLeftOut = (id: number): boolean => id > 990;
const loginOf = (id: number): string => `ada.moreau${id}`;
const addressOf = (id: number): string => `${loginOf(id)}@${isLeftOut(id) ? 'example.org' : 'example.com'}`;
/** Whom the tenant has before the first run: five of them are left out by the search. */
const isThere = (id: number): boolean => id <= 300 || id > 995;

interface Day {
  readonly last?: (id: number) => string;
  readonly groups?: (id: number) => string;
  readonly here?: (id: number) => boolean;
}

const runs = new Runs();

describe('a job that reads its users by a search', () => {
  let first: Ran;
  let second: Ran;
  let third: Ran;
  let fourth: Ran;
  let fifth: Ran;

  beforeAll(async () => {
    const users = people.filter(isThere).map((id) => ({
      userName: loginOf(id),
      firstName: 'Ada',
      lastName: id <= 50 ? 'Old' : 'Moreau',
      email: addressOf(id),
      managerEmail: 'board@example.com',
      groupMemberships: ['Finance'],
    }));
    const strangers = [1, 2, 3].map((id) => ({ userName: `svc.${id}`, email: `svc${id}@example.com` }));
    runs.write('users.json', { groups: ['VPN', 'Night', 'Finance'], users: [...users, ...strangers] });
    writeJob(runs);
    const refuse = { refuse: { errorcode: 'email_valid', errormessage: 'The sandbox was told so.' } };
    first = await apply({}, [
      { match: { op: 'create', user: [loginOf(700), loginOf(701)] }, do: refuse },
      { match: { op: 'search' }, skip: 3, times: 1, do: { status: 503 } },
    ]);
    second = await apply({});
    third = await apply({});
    // Some of those whom the search shows, and some of those whom it leaves out: created by rollcall, or found.
    fourth = await apply({
      groups: (id) => ((id > 400 && id <= 430) || (id > 990 && id <= 993) ? 'VPN;Night' : 'VPN'),
      last: (id) => (id > 995 ? 'Newton' : 'Moreau'),
      here: (id) => id !== 500 && id !== 994,
    });
    fifth = await apply({
      groups: (id) => ((id > 400 && id <= 430) || (id > 990 && id <= 993) ? 'VPN;Night' : 'VPN'),
      last: (id) => (id > 995 ? 'Newton' : 'Moreau'),
      here: (id) => id !== 500 && id !== 994,
    });
  });
  afterAll(() => runs.close());

  it('creates nobody who is there, whether or not the search shows them', () => {
    expect(first.report.byOperation).toMatchObject({
      create: { succeeded: 693, failed: 2 },
      update: { succeeded: 50, failed: 0 },
    });
    expect(first.report.users).toEqual({ managed: 305, unmanaged: 3 });
  });

  it('tries again what was refused, and after that sends nothing', () => {
    expect(second.journal.map(({ op, key }) => [op, key])).toEqual([
      ['create', loginOf(700)],
      ['create', loginOf(701)],
    ]);
    expect([third.journal, third.report.changes.total, third.report.exitCode]).toEqual([[], 0, 0]);
    expect(third.report.users).toEqual({ managed: 1_000, unmanaged: 3 });
  });

  it('writes groups that no page shows, because it remembers them', () => {
    const night = fourth.journal.filter(({ after }) => String(after?.groupMemberships).includes('Night'));
    expect(night).toHaveLength(33);
    for (const { after } of night) expect(after?.groupMemberships).toEqual(['Night', 'VPN']);
  });

  it('updates and disables also whom the search leaves out', () => {
    expect(fourth.report.byOperation).toMatchObject({
      update: { succeeded: 38, failed: 0 },
      disable: { succeeded: 2, failed: 0 },
    });
    const disabled = fourth.journal.filter(({ op }) => op === 'disable').map(({ key }) => key);
    expect(disabled.sort()).toEqual([loginOf(500), loginOf(994)]);
    expect([fifth.journal, fifth.report.exitCode]).toEqual([[], 0]);
  });

  it('reports what the sandbox has in its journal, run by run', () => {
    for (const { report, journal } of [first, second, third, fourth, fifth]) {
      const count = (op: string, accepted: boolean) =>
        journal.filter((line) => line.op === op && (line.status === 'accepted') === accepted).length;
      for (const op of ['create', 'update', 'disable'] as const) {
        const { succeeded, failed } = report.byOperation[op];
        expect([op, count(op, true), count(op, false)]).toEqual([op, succeeded, failed]);
      }
    }
  });

  it('leaves every attribute that it does not map as it was', () => {
    const touched = [first, fourth].flatMap(({ journal }) =>
      journal.filter(({ before }) => before?.managerEmail === 'board@example.com'),
    );
    expect(touched).toHaveLength(55);
    for (const { before, after } of touched)
      expect({ ...after, lastName: '' }).toEqual({ ...before, lastName: '' });
  });

  it('asks for pages, and for those alone whom they leave out', () => {
    // Client and token, 40 pages for 993 users (three are strangers), and the ten with another address.
    expect(third.report.timing.requests).toBe(2 + 40 + 10);
  });
});

describe('an account that the search leaves out', () => {
  it('is gone once no look-up finds it: created again if the feed names it, else forgotten', async () => {
    const few = new Runs();
    const user = (id: number) => ({
      userName: loginOf(id),
      firstName: 'Ada',
      lastName: 'Moreau',
      email: addressOf(id),
    });
    writeJob(few);
    few.write('users.json', { groups: ['VPN'], users: [1, 2, 998, 999, 1_000].map(user) });
    const feedOf = (ids: readonly number[]) => writeFeed(few, ids, {});
    feedOf([1, 2, 998, 999, 1_000]);
    const linked = await few.apply();
    few.write('users.json', { groups: ['VPN'], users: [1, 2, 998].map(user) });
    feedOf([1, 2, 998, 999]);
    const after = await few.apply();
    const again = await few.apply();
    few.close();
    expect([linked.report.changes.total, linked.report.users.managed]).toEqual([0, 5]);
    expect(after.journal.map(({ op, key }) => [op, key])).toEqual([['create', loginOf(999)]]);
    expect(after.report.changes.total).toBe(1);
    // Client, token, one page, and one look-up for each of the two who are left out: 1,000 is not asked for again.
    expect([again.report.timing.requests, again.report.changes.total]).toEqual([5, 0]);
  });
});

function writeJob(where: Runs): void {
  where.write('job.yaml', {
    name: 'rsa-search',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'Employee ID',
        userName: 'User Name',
        'name.givenName': 'First Name',
        'name.familyName': 'Last Name',
        'emails.work': 'Email',
        groups: { from: 'Groups', split: ';', owned: ['Night'] },
      },
      whole: { trailer: 'TRAILER' },
    },
    match: 'userName',
    target: {
      provider: 'rsa-id-plus',
      list: 'search',
      emailLike: '@example.com',
      sandbox: { users: 'users.json', journal: 'journal.ndjson', faults: 'faults.json' },
      omittedLists: 'kept',
      limits: { requestsPerSecond: 10_000, concurrency: 16 },
    },
    policy: { leavers: [{ disable: 'now' }] },
    guards: allowEverything,
    firstLoad: true,
  });
}

/** One day of the thousand. */
function apply(day: Day, rules: readonly object[] = []): Promise<Ran> {
  writeFeed(runs, people.filter(day.here ?? (() => true)), day);
  return runs.apply(rules);
}

/** A feed that says Moreau and VPN of everybody, unless the day differs; of those found it says no groups. */
function writeFeed(where: Runs, ids: readonly number[], day: Day): void {
  const { last = () => 'Moreau', groups = () => 'VPN' } = day;
  const rows = ids.map((id) => {
    const wanted = isThere(id) ? '' : groups(id);
    return `${id},${loginOf(id)},Ada,${last(id)},${addressOf(id)},${wanted}\n`;
  });
  const header = 'Employee ID,User Name,First Name,Last Name,Email,Groups\n';
  where.write('hr.csv', `${header}${rows.join('')}TRAILER,${rows.length},,,,\n`);
}
