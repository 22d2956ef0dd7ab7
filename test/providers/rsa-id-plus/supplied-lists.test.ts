import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Runs } from './runs.ts';

/* What the feed, or an exported file, has to say before a tenant that clears what an update leaves out is written. */

const ada = {
  id: '2b0a8f0e-31a1-4f0f-9c39-000000000001',
  userName: 'ada.moreau',
  firstName: 'Ada',
  lastName: 'Old',
  email: 'ada.moreau@example.com',
  defaultSmsPhone: '+36 1 555 0100',
  defaultVoicePhone: '+36 1 555 0101',
  managerEmail: 'board@example.com',
  groupMemberships: ['VPN'],
  smsPhoneNumbers: ['+36 1 555 0102'],
  voicePhoneNumbers: ['+36 1 555 0103'],
  alternateUsernames: ['amoreau'],
};
const nothing = {
  defaultSmsPhone: '',
  defaultVoicePhone: '',
  managerEmail: '',
  groupMemberships: [],
  smsPhoneNumbers: [],
  voicePhoneNumbers: [],
  alternateUsernames: [],
};
const supplied = {
  'phoneNumbers.mobile': 'Mobile',
  'phoneNumbers.work': 'Phone',
  manager: 'Manager',
  groups: 'Groups',
  'rsa-id-plus.smsPhones': 'SMS',
  'rsa-id-plus.voicePhones': 'Voice',
  'rsa-id-plus.alternateUsernames': 'Alternates',
} as const;
const header = 'Id,Login,First,Last,Email,Mobile,Phone,Manager,Groups,SMS,Voice,Alternates\n';

let runs: Runs;
beforeEach(() => {
  runs = new Runs();
});
afterEach(() => runs.close());

interface World {
  readonly omittedLists: 'kept' | 'cleared';
  /** How single columns differ from one whose empty cells clear. */
  readonly columns?: Readonly<Record<string, object>>;
  readonly state?: object;
  readonly users?: readonly object[];
}

/** A job that maps every list and single field, and clears by empty cells. */
function prepare({ omittedLists, columns = {}, state = {}, users = [ada] }: World): void {
  const mapped = Object.entries(supplied).map(([name, from]) => [
    name,
    { from, empty: 'clear', ...columns[name] },
  ]);
  runs.write('users.json', { omittedLists, groups: ['VPN', 'Finance'], users });
  runs.write('job.yaml', {
    name: 'rsa-lists',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'Id',
        userName: 'Login',
        'name.givenName': 'First',
        'name.familyName': 'Last',
        'emails.work': 'Email',
        ...Object.fromEntries(mapped),
      },
    },
    match: 'userName',
    state,
    target: {
      provider: 'rsa-id-plus',
      omittedLists,
      sandbox: { users: 'users.json', journal: 'journal.ndjson', faults: 'faults.json' },
      limits: { requestsPerSecond: 1_000 },
    },
    firstLoad: true,
  });
}

const feed = (...rows: readonly string[]) => runs.write('hr.csv', `${header}${rows.join('\n')}\n`);
const all = (columns: object) =>
  Object.fromEntries(Object.keys(supplied).map((name) => [name, columns] as const));

describe('a feed that says of every list that it is empty', () => {
  const row = 'E1,ada.moreau,Ada,Moreau,ada.moreau@example.com,,,,,,,';

  it('is written as it stands, so that nothing is left to be cleared unsaid (cleared)', async () => {
    prepare({ omittedLists: 'cleared' });
    feed(row);
    const { report, journal } = await runs.apply();
    expect(report.failures).toEqual([]);
    expect(journal.map(({ op, after }) => [op, after])).toEqual([
      ['update', expect.objectContaining({ ...nothing, lastName: 'Moreau', firstName: 'Ada' })],
    ]);
    expect((await runs.apply()).journal).toEqual([]);
  });

  it('carries the lists that it fills beside those that it empties (cleared)', async () => {
    prepare({ omittedLists: 'cleared' });
    feed('E1,ada.moreau,Ada,Moreau,ada.moreau@example.com,+36 1 555 0199,,,Finance,,,');
    const { journal } = await runs.apply();
    expect(journal[0]?.after).toMatchObject({
      ...nothing,
      defaultSmsPhone: '+36 1 555 0199',
      groupMemberships: ['Finance'],
    });
  });

  it('sends nothing for empty cells alone: unknown and empty compare equal (cleared)', async () => {
    prepare({ omittedLists: 'cleared' });
    feed('E1,ada.moreau,Ada,Old,ada.moreau@example.com,,,,,,,');
    expect((await runs.apply()).journal).toEqual([]);
  });

  it('leaves out what nobody can read where that is kept (kept)', async () => {
    prepare({ omittedLists: 'kept' });
    feed(row);
    const { report, journal } = await runs.apply();
    expect(report.failures).toEqual([]);
    expect(journal.map(({ after }) => after)).toEqual([
      expect.objectContaining({ ...ada, lastName: 'Moreau' }),
    ]);
  });

  it.each([
    ['keeps by an empty cell', { empty: 'keep' }],
    ['writes on creation only', { write: 'onCreate' }],
    ['writes only while it is empty', { write: 'ifEmpty' }],
  ])('says nothing of a list that the job %s, so the update is refused (cleared)', async (_, column) => {
    prepare({ omittedLists: 'cleared', columns: { 'rsa-id-plus.smsPhones': column } });
    feed(row);
    const { report, journal } = await runs.apply();
    expect(journal).toEqual([]);
    expect(report.failures).toMatchObject([{ errorCode: 'REFUSED' }]);
    expect(report.failures[0]?.message).toContain('what rsa-id-plus.smsPhones shall be');
  });

  it('is heard when a manager who is being created is filled in last (cleared)', async () => {
    prepare({ omittedLists: 'cleared', users: [] });
    feed(
      'E2,bela.kiss,Bela,Kiss,bela.kiss@example.com,,,E3,VPN,,,',
      'E3,cleo.ott,Cleo,Ott,cleo.ott@example.com,,,,,,,',
    );
    const { report, journal } = await runs.apply();
    expect(report.failures).toEqual([]);
    expect(journal.map(({ op }) => op)).toEqual(['create', 'create', 'update']);
    expect(journal[2]?.after).toMatchObject({
      managerEmail: 'cleo.ott@example.com',
      groupMemberships: ['VPN'],
    });
  });
});

describe('an exported file', () => {
  const state = { from: 'file', path: 'export.csv', idColumn: 'User Id' };
  const exported = (cells: string) =>
    runs.write(
      'export.csv',
      `User Id,${header.slice(3)}${ada.id},ada.moreau,Ada,Old,${ada.email},${cells}\n`,
    );
  const row = 'E1,ada.moreau,Ada,Moreau,ada.moreau@example.com,,,,,,,';
  const known = '+36 1 555 0100,+36 1 555 0101,board@example.com,VPN,+36 1 555 0102,+36 1 555 0103,amoreau';

  it('supplies the lists of which the feed says nothing (cleared)', async () => {
    prepare({ omittedLists: 'cleared', state, columns: all({ empty: 'keep' }) });
    exported(known);
    feed(row);
    const { report, journal } = await runs.apply();
    expect(report.failures).toEqual([]);
    expect(journal.map(({ after }) => after)).toEqual([
      expect.objectContaining({ ...ada, lastName: 'Moreau' }),
    ]);
  });

  it('supplies by an empty cell that there is none (cleared)', async () => {
    const users = [{ ...ada, ...nothing }];
    prepare({ omittedLists: 'cleared', state, columns: all({ empty: 'keep' }), users });
    exported(',,,,,,');
    feed(row);
    const { report, journal } = await runs.apply();
    expect(report.failures).toEqual([]);
    expect(journal[0]?.after).toMatchObject({ ...nothing, lastName: 'Moreau' });
  });

  it('is read also where the job rejects rows of the feed with such a cell (cleared)', async () => {
    prepare({ omittedLists: 'cleared', state, columns: { groups: { empty: 'reject' } } });
    exported(',,,,,,');
    feed('E1,ada.moreau,Ada,Moreau,ada.moreau@example.com,,,,VPN,,,');
    const { report, journal } = await runs.apply();
    expect(report.failures).toEqual([]);
    expect(journal[0]?.after).toMatchObject({ ...nothing, groupMemberships: ['VPN'] });
  });

  it('leaves the lists out of an update that does not change them (kept)', async () => {
    prepare({ omittedLists: 'kept', state, columns: all({ empty: 'keep' }) });
    exported(',,,,,,');
    feed(row);
    const { journal } = await runs.apply();
    expect(journal.map(({ after }) => after)).toEqual([
      expect.objectContaining({ ...ada, lastName: 'Moreau' }),
    ]);
  });
});
