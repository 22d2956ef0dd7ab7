import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { firstFeed } from '../../src/job/job.ts';
import type { FeedSettings } from '../../src/domain/settings.ts';
import { aJob, problemsOf, read, withColumns, withFeed } from './job-world.ts';

type Fields = Readonly<Record<string, unknown>>;

async function feedOf(difference: Fields): Promise<FeedSettings> {
  return firstFeed((await read(withFeed(difference))).job);
}

async function columnOf(attribute: string, column: unknown) {
  const { job } = await read(withColumns({ [attribute]: column }));
  return firstFeed(job).columns.find((one) => one.attribute === attribute);
}

/** A feed without faults, as one of several. */
function feed(difference: Fields = {}): Fields {
  return { path: 'hr.csv', columns: { userName: 'Login' }, ...difference };
}

const column = (attribute: string, options: unknown): Fields =>
  feed({ columns: { userName: 'Login', [attribute]: options } });

/** What is wrong, at which field of the feed, and what is said of it. */
const wrong: readonly [title: string, feed: Fields, place: string, message: RegExp][] = [
  [
    'a join of one column',
    column('name.familyName', { from: 'L', join: '-' }),
    'columns.name.familyName.join',
    /several columns/,
  ],
  ['a join of sets', column('roles', { from: ['A', 'B'], join: '-' }), 'columns.roles.join', /one value/],
  ['a column named twice', column('roles', { from: ['A', 'A'] }), 'columns.roles.from.1', /named twice/],
  [
    'a transform of a constant',
    column('roles', { value: 'A', transform: 'lower' }),
    'columns.roles.transform',
    /constant/,
  ],
  [
    'clear words of a status',
    column('active', { from: 'S', clear: ['-'] }),
    'columns.active.clear',
    /every row/,
  ],
  [
    'clear words of the lasting id',
    column('externalId', { from: 'S', clear: ['-'] }),
    'columns.externalId.clear',
    /every row/,
  ],
  [
    'leave words elsewhere',
    column('roles', { from: 'S', leave: ['LOA'] }),
    'columns.roles.leave',
    /attribute `active`/,
  ],
  [
    'a word for leave and for leavers',
    column('active', { from: 'S', leaver: ['Off'], leave: ['off'] }),
    'columns.active.leaver',
    /more than one thing/,
  ],
  [
    'an unknown transform',
    column('roles', { from: 'S', transform: 'lowr' }),
    'columns.roles.transform',
    /lower/,
  ],
  [
    'an unknown transform in a list',
    column('roles', { from: 'S', transform: ['lower', 'uper'] }),
    'columns.roles.transform.1',
    /upper/,
  ],
  [
    'a part counted from 0',
    column('roles', { from: 'S', transform: { part: ['@', 0] } }),
    'columns.roles.transform.part.1',
    /counted from 1/,
  ],
  [
    'a country that has no numbers',
    column('roles', { from: 'S', transform: [{ phone: 'UK' }] }),
    'columns.roles.transform.0.phone',
    /country/,
  ],
  [
    'a date without its year',
    column('roles', { from: 'S', transform: { date: { from: 'dd.MM.' } } }),
    'columns.roles.transform.date.from',
    /year/,
  ],
  [
    'a date without tokens',
    column('roles', { from: 'S', transform: { date: { from: 'QQQQ' } } }),
    'columns.roles.transform.date.from',
    /no date/,
  ],
  [
    'an empty table',
    column('roles', { from: 'S', transform: { map: {} } }),
    'columns.roles.transform.map',
    /at least one word/,
  ],
  [
    'a word twice in a table',
    column('roles', { from: 'S', transform: { map: { a: 'x', A: 'y' } } }),
    'columns.roles.transform.map.A',
    /twice/,
  ],
  ['a condition without a test', feed({ where: [{ column: 'C' }] }), 'where.0', /needs `is`/],
  [
    'a condition that excludes itself',
    feed({ where: [{ column: 'C', is: 'a', isNot: ['A'] }] }),
    'where.0',
    /no row/,
  ],
  [
    'a condition on an empty cell with a word',
    feed({ where: [{ column: 'C', empty: true, like: 'x*' }] }),
    'where.0',
    /no row/,
  ],
  ['outside without where', feed({ outside: 'leaver' }), 'outside', /without `where`/],
  [
    'a preference that is none',
    feed({ onePerson: { prefer: ['newest Date'] } }),
    'onePerson.prefer.0',
    /COLUMN = WORD/,
  ],
  [
    'a by that tells nobody apart',
    feed({ onePerson: { by: 'Department', prefer: ['S = A'] } }),
    'onePerson.by',
    /told apart/,
  ],
  ['an action in a full feed', feed({ action: { column: 'A' } }), 'action', /for deltas/],
  [
    'an action without words',
    feed({ mode: 'delta', action: { column: 'A', words: {} } }),
    'action.words',
    /no word/,
  ],
  [
    'a word for two actions',
    feed({ mode: 'delta', action: { column: 'A', words: { create: ['x'], update: ['X'] } } }),
    'action.words.update',
    /`create`/,
  ],
  [
    'an action that no target has',
    feed({ mode: 'delta', action: { column: 'A', words: { delete: ['x'] } } }),
    'action.words.delete',
    /unknown field/,
  ],
  ['an empty employment', feed({ employment: {} }), 'employment', /`start`/],
  [
    'lead days that are none',
    feed({ employment: { start: { column: 'S', leadDays: -1 } } }),
    'employment.start.leadDays',
    /at least 0/,
  ],
  ['dates that nothing reads', feed({ dates: { format: 'dd.MM.yyyy' } }), 'dates', /says nothing/],
  [
    'a form that names no day',
    feed({ employment: { end: 'E' }, dates: { format: ['yyyy-MM-dd', 'MM/yyyy'] } }),
    'dates.format.1',
    /no day/,
  ],
  [
    'tokens that contradict each other',
    feed({ employment: { end: 'E' }, dates: { format: 'yyyy-MM-dd o' } }),
    'dates.format',
    /no day/,
  ],
  [
    'an unknown time zone',
    feed({ employment: { end: 'E' }, dates: { timeZone: 'Berlin' } }),
    'dates.timeZone',
    /time zone/,
  ],
  ['pick without a pattern', feed({ pick: 'all', mode: 'delta' }), 'pick', /pattern/],
  ['ready without a sign', feed({ ready: { wait: '5m' } }), 'ready', /`marker`/],
  ['a timeout without a command', feed({ commandTimeout: '5m' }), 'commandTimeout', /`command`/],
  ['a sheet of a CSV file', feed({ sheet: 'People' }), 'sheet', /csv/],
  ['records of a CSV file', feed({ records: 'users' }), 'records', /csv/],
  ['a quote in JSON', feed({ path: 'hr.json', quote: "'" }), 'quote', /json/],
  ['a quote that separates', feed({ delimiter: '|', quote: '|' }), 'quote', /delimiter/],
  ['a size without a unit', feed({ limits: { field: '64' } }), 'limits.field', /64KiB/],
];

/** A list reports the field by its place; the rest of the message is the same. */
describe('an option of a feed that cannot be meant', () => {
  it.each(wrong)('is refused at its place: %s', async (_, raw, place, message) => {
    const problems = await problemsOf(stringify(aJob({ feed: raw })));
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ path }) => path)).toEqual([`feed.${place}`]);
    expect(`${errors[0]?.message} ${errors[0]?.hint}`).toMatch(message);
  });

  it.each(wrong)('is refused among several feeds too: %s', async (_, raw, place, message) => {
    const { feed: __, ...job } = aJob();
    const feeds = [
      { name: 'staff', ...feed() },
      { name: 'other', ...raw },
    ];
    const problems = await problemsOf(stringify({ ...job, feeds }));
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ path }) => path)).toEqual([`feeds.1.${place}`]);
    expect(`${errors[0]?.message} ${errors[0]?.hint}`).toMatch(message);
  });

  it('is refused with the line on which it stands', async () => {
    const text = `name: hr
feed:
  path: hr.csv
  columns:
    userName: Login
    roles: { from: Roles, transform: [lower, { phone: XX }] }
  where:
    - { column: Company, is: ACME }
    - { column: Company, is: [B], isNot: b }
match: userName
target: { provider: acme, sandbox: true }
`;
    const problems = await problemsOf(text);
    expect(problems.map(({ line, column: at }) => `${line}:${at}`)).toEqual(['6:55', '9:7']);
  });

  it('is refused when it reads the column with the passwords', async () => {
    const where = [{ column: 'Secret', empty: false }];
    const problems = await problemsOf(withFeed({ passwordColumn: 'Secret', where }));
    expect(problems).toMatchObject([{ path: 'feed.passwordColumn', hint: expect.stringMatching(/out/) }]);
  });

  it('is refused when a single feed is called optional', async () => {
    expect(await problemsOf(withFeed({ optional: true }))).toMatchObject([{ path: 'feed.optional' }]);
  });
});

describe('columns', () => {
  it('name one column or several, and what stands between them', async () => {
    expect(await columnOf('name.familyName', { from: ['First', 'Last'], join: ', ' })).toMatchObject({
      from: ['First', 'Last'],
      join: ', ',
    });
  });

  it('have their transforms in order, a single one without a list', async () => {
    const transform = [
      'lower',
      { replace: ['ß', 'ss'] },
      { part: ['@', -1] },
      { date: { from: 'dd.MM.yyyy' } },
      'phone',
      { phone: 'DE' },
      { map: { ' HQ ': 'Berlin' } },
    ];
    expect((await columnOf('roles', { from: 'R', transform }))?.transform).toEqual([
      { fn: 'lower' },
      { fn: 'replace', find: 'ß', by: 'ss' },
      { fn: 'part', split: '@', take: -1 },
      { fn: 'date', from: 'dd.MM.yyyy', to: 'yyyy-MM-dd' },
      { fn: 'phone', country: null },
      { fn: 'phone', country: 'DE' },
      { fn: 'map', table: { hq: 'Berlin' }, otherwise: 'reject' },
    ]);
    expect((await columnOf('roles', { from: 'R', transform: 'upper' }))?.transform).toEqual([
      { fn: 'upper' },
    ]);
  });

  it('take the words of a table as they are spelt, on both sides', async () => {
    const { job, warnings } = await read(`name: hr
feed:
  path: hr.csv
  columns:
    userName: Login
    roles: { from: R, clear: ["-", NULL, 0], transform: { map: { 01: 007, NULL: "", yes: true } } }
match: userName
target: { provider: acme, sandbox: true }
`);
    const [, roles] = firstFeed(job).columns;
    expect(roles?.clearWords).toEqual(['-', 'null', '0']);
    expect(roles?.transform).toEqual([
      { fn: 'map', table: { '01': '007', null: '', yes: 'true' }, otherwise: 'reject' },
    ]);
    expect(warnings).toEqual([]);
  });
});

describe('rows', () => {
  it('meet conditions in words that are compared without case', async () => {
    const where = [
      { column: 'Company', is: ['ACME ', 7] },
      { column: 'Site', like: 'DE-*', empty: false },
    ];
    expect(await feedOf({ where, outside: 'leaver' })).toMatchObject({
      where: [
        { column: 'Company', is: ['acme', '7'], isNot: null, like: null, empty: null },
        { column: 'Site', is: null, isNot: null, like: ['de-*'], empty: false },
      ],
      outside: 'leaver',
    });
  });

  it('of one person are ranked by rules', async () => {
    const prefer = ['S = Active', ' Primary=Y', 'latest Effective Date', 'lowest Rank', 'latest = yes'];
    const { onePerson } = await feedOf({ onePerson: { by: 'userName', prefer } });
    expect(onePerson).toEqual({
      kind: 'prefer',
      rules: [
        { kind: 'is', column: 'S', word: 'active' },
        { kind: 'is', column: 'Primary', word: 'y' },
        { kind: 'latest', column: 'Effective Date' },
        { kind: 'lowest', column: 'Rank' },
        { kind: 'is', column: 'latest', word: 'yes' },
      ],
    });
    expect((await feedOf({ onePerson: 'fold' })).onePerson).toEqual({ kind: 'fold' });
  });

  it('of a delta ask by the words of the job, else by those of the operations', async () => {
    const named = await feedOf({ mode: 'delta', action: { column: 'A', words: { create: ['ADD', 'x'] } } });
    expect(named.action?.words).toEqual({
      create: ['add', 'x'],
      update: [],
      enable: [],
      disable: [],
      remove: [],
    });
    const plain = await feedOf({ mode: 'delta', action: { column: 'A' } });
    expect(plain.action?.words.disable).toEqual(['disable']);
  });

  it('have dates of the usual form, in UTC, unless the job says otherwise', async () => {
    const plain = await feedOf({ employment: { start: 'From', end: 'To' } });
    expect(plain.employment).toEqual({
      start: { column: 'From', leadDays: 0 },
      end: { column: 'To', inclusive: true },
    });
    expect(plain.dates).toEqual({ formats: ['yyyy-MM-dd'], timeZone: 'UTC', timeZoneColumn: null });
    const dates = { format: ['dd.MM.yyyy', 'd-MMM-yy'], timeZone: 'Europe/Berlin', timeZoneColumn: 'Zone' };
    const own = await feedOf({
      employment: { start: { column: 'From', leadDays: 3 }, end: { column: 'To', inclusive: false } },
      dates,
    });
    expect(own.dates).toEqual({
      formats: ['dd.MM.yyyy', 'd-MMM-yy'],
      timeZone: 'Europe/Berlin',
      timeZoneColumn: 'Zone',
    });
    expect(own.employment).toMatchObject({ start: { leadDays: 3 }, end: { inclusive: false } });
  });
});
