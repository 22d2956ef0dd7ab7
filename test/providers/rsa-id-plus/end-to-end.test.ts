import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowEverything } from '../../guard/allow-everything.ts';
import { type Ran, Runs } from './runs.ts';
import type { JournalLine } from './world.ts';

interface Row {
  readonly id: number;
  readonly last: string;
  readonly groups: string;
  readonly status: string;
}

const people: readonly Row[] = Array.from({ length: 1_000 }, (_, index) => ({
  id: index + 1,
  last: `Moreau${index + 1}`,
  groups: 'VPN',
  status: 'Active',
}));

const loginOf = (id: number): string => `ada.moreau${id}`;
/** Whom the tenant has before the first run, with attributes that the job does not map. */
const there = 300;
const unmapped = (id: number) => ({
  managerEmail: 'board@example.com',
  defaultVoicePhone: `+36 1 555 ${String(id).padStart(4, '0')}`,
  alternateUsernames: [`am${id}`],
  groupMemberships: ['VPN', 'Finance'],
  smsPhoneNumbers: ['+36 1 555 9999', '+36 1 555 9998'],
  voicePhoneNumbers: [],
});

const runs = new Runs();

/** A thousand invented people against `sandbox: true`, with the real command line. */
describe('a job against the sandbox', () => {
  let first: Ran;
  let second: Ran;
  let third: Ran;
  let fourth: Ran;

  beforeAll(async () => {
    const users = people.slice(0, there).map(({ id, last }) => ({
      userName: loginOf(id).toUpperCase(),
      firstName: 'Ada',
      lastName: id <= 50 ? `${last} (old)` : last,
      email: `${loginOf(id)}@example.com`,
      ...unmapped(id),
    }));
    const stranger = { userName: 'svc.monitoring', firstName: 'Service', email: 'monitoring@example.com' };
    runs.write('users.json', { groups: ['VPN', 'Finance', 'Night'], users: [...users, stranger] });
    writeJob();

    first = await apply(people, [
      refuse('create', [loginOf(998), loginOf(999)], 'email_valid'),
      refuse('create', [loginOf(1_000)], 'virtualgroups_valid'),
      refuse('update', [loginOf(50)], 'save_succeeded'),
      { match: { op: 'create' }, skip: 10, times: 1, do: { drop: 'after' } },
      { match: { op: 'create' }, skip: 20, times: 1, do: { status: 503 } },
      { match: { op: 'lookup' }, skip: 500, times: 1, do: { status: 403, body: badToken } },
    ]);

    const changed = people
      .filter(({ id }) => id <= 960 || id > 980)
      .map((row) => ({
        ...row,
        last: row.id > 300 && row.id <= 340 ? `${row.last}-Newton` : row.last,
        groups: row.id > 400 && row.id <= 430 ? 'VPN;Night' : row.groups,
        status: row.id > 200 && row.id <= 210 ? 'Left' : row.status,
      }));
    second = await apply(changed, [
      refuse('update', [loginOf(340)], 'last_name_valid'),
      refuse('update', [loginOf(430)], 'virtualgroups_valid'),
      refuse('disable', [loginOf(970)], '409 CONFLICT'),
    ]);

    // Five of those who had left are back, and the others' time has come.
    const later = changed.map((row) => (row.id > 200 && row.id <= 205 ? { ...row, status: 'Active' } : row));
    third = await apply(later, [], '--as-of', daysLater(100));
    fourth = await apply(later, [], '--as-of', daysLater(101));
  });

  it('creates who is missing and updates who differs, and says whom the service refused', () => {
    expect(first.report.byOperation).toMatchObject({
      create: { succeeded: 697, failed: 3 },
      update: { succeeded: 49, failed: 1 },
    });
    expect(codes(first)).toEqual(['email_valid', 'email_valid', 'save_succeeded', 'virtualgroups_valid']);
    expect(first.report.exitCode).toBe(2);
  });

  it('updates, changes groups and disables, and tries again what was refused the day before', () => {
    expect(second.report.byOperation).toMatchObject({
      create: { succeeded: 3, failed: 0 },
      update: { succeeded: 69, failed: 2 },
      disable: { succeeded: 29, failed: 1 },
    });
    expect(codes(second)).toEqual(['409 CONFLICT', 'last_name_valid', 'virtualgroups_valid']);
    const night = second.journal.filter(({ after }) => String(after?.groupMemberships).includes('Night'));
    expect(night).toHaveLength(29);
  });

  it('enables who is back, and removes whose time has come: disabled first, then marked', () => {
    expect(third.report.byOperation).toMatchObject({
      update: { succeeded: 2, failed: 0 },
      enable: { succeeded: 5, failed: 0 },
      remove: { succeeded: 25, failed: 0 },
    });
    const still = third.journal.filter(({ key }) => key === loginOf(970)).map(({ op }) => op);
    expect(still).toEqual(['disable', 'mark-deleted']);
    expect(third.report.exitCode).toBe(0);
  });

  it('sends nothing when it is run again', () => {
    expect(fourth.journal).toEqual([]);
    expect(fourth.report.changes.total).toBe(0);
    expect(fourth.report.exitCode).toBe(0);
  });

  it('reports what the sandbox has in its journal, run by run', () => {
    for (const { report, journal } of [first, second, third, fourth]) {
      const count = (op: string, accepted: boolean) =>
        journal.filter((line) => line.op === op && (line.status === 'accepted') === accepted).length;
      const { create, update, enable, disable, remove } = report.byOperation;
      const asReported = [create, update, enable].map(({ succeeded, failed }) => [succeeded, failed]);
      const inJournal = ['create', 'update', 'enable'].map((op) => [count(op, true), count(op, false)]);
      expect(inJournal).toEqual(asReported);
      const disabledToRemove = new Set(journal.filter(isRemoval).map(({ key }) => key));
      const disables = journal.filter(({ op, key }) => op === 'disable' && !disabledToRemove.has(key));
      expect(disables.filter(isAccepted)).toHaveLength(disable.succeeded);
      expect(disables.filter((line) => !isAccepted(line))).toHaveLength(disable.failed);
      expect(journal.filter(isRemoval).filter(isAccepted)).toHaveLength(remove.succeeded);
    }
  });

  it('leaves every attribute that it does not map as it was', () => {
    const updates = [first, second].flatMap(({ journal }) => journal.filter(({ op }) => op === 'update'));
    const touched = updates.filter(({ before }) => before?.managerEmail === 'board@example.com');
    expect(touched).toHaveLength(51);
    for (const { before, after } of touched) {
      expect({ ...after, lastName: '' }).toEqual({ ...before, lastName: '' });
    }
  });

  it('creates nobody twice, although an answer was lost', () => {
    const created = [first, second].flatMap(({ journal }) => journal.filter(({ op }) => op === 'create'));
    const names = created.filter(isAccepted).map(({ key }) => key);
    expect(new Set(names).size).toBe(names.length);
  });

  it('never touches whom the feed does not name', () => {
    const keys = [first, second, third].flatMap(({ journal }) => journal.map(({ key }) => key));
    expect(keys).not.toContain('svc.monitoring');
  });

  it('logs no address, no token and no key', () => {
    for (const { output } of [first, second, third, fourth]) {
      expect(output).not.toMatch(/@example\.com|Bearer|eyJ/);
    }
  });
});

describe('a job against a tenant that clears what an update leaves out', () => {
  it('updates only whom it knows whole, and says so of the others', async () => {
    runs.forgetSandbox();
    const few = people.slice(there - 5, there + 5);
    const users = few.slice(0, 5).map(({ id, last }) => ({
      userName: loginOf(id),
      firstName: 'Ada',
      lastName: last,
      email: `${loginOf(id)}@example.com`,
      ...unmapped(id),
    }));
    runs.write('users.json', { omittedLists: 'cleared', groups: ['VPN', 'Finance', 'Night'], users });
    writeJob({ name: 'rsa-cleared' }, { omittedLists: 'cleared' });
    const made = await apply(few, []);
    expect(made.report.byOperation).toMatchObject({ create: { succeeded: 5 }, update: { failed: 0 } });

    const renamed = few.map((row) => ({ ...row, last: `${row.last}-Newton` }));
    const { report, journal } = await apply(renamed, []);
    expect(report.byOperation.update).toMatchObject({ succeeded: 5, failed: 5 });
    expect(report.failures.map(({ errorCode }) => errorCode)).toEqual(Array(5).fill('REFUSED'));
    expect(report.failures[0]?.message).toContain('This tenant clears what an update leaves out');
    expect(journal).toHaveLength(5);
    for (const { before, after } of journal) {
      expect(after?.groupMemberships).toEqual(['VPN']);
      expect({ ...after, lastName: '' }).toEqual({ ...before, lastName: '' });
    }
  });
});

afterAll(() => runs.close());

const badToken = {
  status: 403,
  error: 'Forbidden',
  message: 'Server failed to process provided access token',
};

function refuse(op: string, user: readonly string[], errorcode: string): object {
  return { match: { op, user }, do: { refuse: { errorcode, errormessage: 'The sandbox was told so.' } } };
}

function isAccepted({ status }: JournalLine): boolean {
  return status === 'accepted';
}

function isRemoval({ op }: JournalLine): boolean {
  return op === 'mark-deleted';
}

function codes({ report }: Ran): readonly string[] {
  return report.failures.map(({ providerCode }) => String(providerCode)).sort();
}

function daysLater(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

function writeJob(more: object = {}, target: object = {}): void {
  runs.write('job.yaml', {
    name: 'rsa',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'Employee ID',
        userName: 'User Name',
        'name.givenName': 'First Name',
        'name.familyName': 'Last Name',
        'emails.work': 'Email',
        // The accounts that are there already have groups that nobody can read, so that only new ones get them.
        groups: { from: 'Groups', split: ';', owned: ['Night'] },
        active: { from: 'Status', active: ['Active'], leaver: ['Left'] },
      },
      whole: { trailer: 'TRAILER' },
    },
    match: 'userName',
    target: {
      provider: 'rsa-id-plus',
      sandbox: { users: 'users.json', journal: 'journal.ndjson', faults: 'faults.json' },
      omittedLists: 'kept',
      removal: 'markDeleted',
      limits: { requestsPerSecond: 10_000, concurrency: 16 },
      ...target,
    },
    policy: { leavers: [{ disable: 'now' }, { remove: 'after 90d' }] },
    guards: allowEverything,
    firstLoad: true,
    ...more,
  });
}

/** One run of the real program: feed and faults of the day, then `apply`. */
async function apply(rows: readonly Row[], rules: readonly object[], ...more: string[]): Promise<Ran> {
  const lines = rows.map(({ id, last, groups, status }) => {
    const wanted = id <= there ? '' : groups;
    return `${id},${loginOf(id)},Ada,${last},${loginOf(id)}@example.com,${wanted},${status}\n`;
  });
  const header = 'Employee ID,User Name,First Name,Last Name,Email,Groups,Status\n';
  runs.write('hr.csv', `${header}${lines.join('')}TRAILER,${rows.length},,,,,\n`);
  return runs.apply(rules, ...more);
}
