import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { firstFeed } from '../../src/job/job.ts';
import { readJob } from '../../src/job/read-job.ts';
import { defaultGuards } from '../../src/job/resolve-guards.ts';
import { fakeProvider, fakeProviders, poorProvider } from './fake-provider.ts';
import {
  aJob,
  messagesOf,
  problemsOf,
  read,
  validTarget,
  withColumns,
  withFeed,
  withTarget,
} from './job-world.ts';

describe('a valid job', () => {
  it('is resolved with every default and every path absolute', async () => {
    const { job, warnings, directory } = await read(aJob());
    expect(warnings).toEqual([]);
    const { provider, ...target } = job.target;
    expect(provider).toBe(fakeProvider);
    expect(target).toEqual({
      name: 'acme',
      baseUrl: 'https://acme.example.com/gateway',
      origin: 'https://acme.example.com/gateway',
      sandbox: null,
      config: { auth: { type: 'basic', username: 'svc', password: 'env:ACME_PASSWORD' }, scheme: 'north' },
      limits: fakeProvider.limits,
      http: { proxy: null, ca: null, clientCertificate: null },
    });
    expect(job).toMatchObject({
      name: 'hr',
      file: join(directory, 'job.yaml'),
      directory,
      environment: null,
      ledger: join(directory, '.rollcall/ledger.db'),
      match: ['userName'],
      state: { from: 'target', path: null, idColumn: null },
      policy: { create: true, update: true, onLeave: 'keep', leavers: [] },
      guards: defaultGuards,
      firstLoad: false,
      report: { directory: join(directory, 'runs') },
      feeds: [
        {
          path: join(directory, 'hr.csv'),
          mode: 'full',
          format: 'csv',
          encoding: 'auto',
          delimiter: ',',
          passwordColumn: null,
          whole: { rows: null, manifest: null, trailer: null },
        },
      ],
    });
  });

  it('hashes to the bytes of its file, and to something else in an environment', async () => {
    const text = stringify(aJob({ environments: { test: {} } }));
    const plain = await read(text);
    const test = await read(text, { environment: 'test' });
    expect(plain.job.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(test.job.sha256).not.toBe(plain.job.sha256);
  });

  it('is read from a file with a byte order mark', async () => {
    const { job } = await read(`\uFEFF${stringify(aJob())}`);
    expect(job.name).toBe('hr');
  });
});

describe('columns', () => {
  it('fill the defaults that a header alone leaves open', async () => {
    const { job } = await read(withColumns({ roles: { from: 'Roles', split: '|', owned: ['EPM-*'] } }));
    expect(firstFeed(job).columns).toEqual([
      {
        attribute: 'userName',
        from: ['Login'],
        join: ' ',
        value: null,
        transform: [],
        write: 'always',
        empty: 'keep',
        clearWords: [],
        split: ';',
        owned: [],
        activeWords: [],
        leaverWords: [],
        leaveWords: [],
      },
      {
        attribute: 'roles',
        from: ['Roles'],
        join: ' ',
        value: null,
        transform: [],
        write: 'always',
        empty: 'keep',
        clearWords: [],
        split: '|',
        owned: ['EPM-*'],
        activeWords: [],
        leaverWords: [],
        leaveWords: [],
      },
    ]);
  });

  it('give the usual status words to `active` alone', async () => {
    const { job } = await read(withColumns({ active: 'Status', roles: 'Roles' }));
    const active = firstFeed(job).columns.find((column) => column.attribute === 'active');
    expect(active?.activeWords).toContain('employed');
    expect(active?.leaverWords).toContain('terminated');
    expect(firstFeed(job).columns.filter((column) => column.activeWords.length > 0)).toHaveLength(1);
  });

  it('take status words as they are spelt, digits and yes or no included', async () => {
    const text = `name: hr
feed:
  path: hr.csv
  columns: { userName: Login, active: { from: S, active: [01, true], leaver: [0] } }
match: userName
target: { provider: acme, sandbox: true }
`;
    const { job, warnings } = await read(text);
    expect(firstFeed(job).columns[1]).toMatchObject({ activeWords: ['01', 'true'], leaverWords: ['0'] });
    expect(warnings).toEqual([]);
  });

  it('take a header that is a number as it is spelt, with a warning', async () => {
    const text = `name: hr
feed:
  path: hr.csv
  columns:
    externalId: 0123
    userName: { from: 007 }
match: userName
target: { provider: acme, sandbox: true }
`;
    const { job, warnings } = await read(text);
    expect(firstFeed(job).columns.map((column) => column.from)).toEqual([['0123'], ['007']]);
    expect(warnings).toMatchObject([
      {
        severity: 'warning',
        line: 5,
        column: 17,
        path: 'feed.columns.externalId',
        hint: 'Write it in quotes: "0123"',
      },
      { severity: 'warning', line: 6, column: 23, path: 'feed.columns.userName.from' },
    ]);
  });

  it('warn when a create would lack what the target demands, unless nobody is created', async () => {
    const columns = { feed: { path: 'hr.csv', columns: { 'emails.work': 'Email' } }, match: 'emails.work' };
    const creating = await read(aJob(columns));
    expect(creating.warnings).toMatchObject([
      { path: 'feed.columns', message: expect.stringContaining('userName') },
    ]);
    const updating = await read(aJob({ ...columns, policy: { create: false } }));
    expect(updating.warnings).toEqual([]);
  });

  it('refuse options that mean nothing for their attribute', async () => {
    const columns = {
      externalId: { value: '7' },
      'emails.work': { from: 'Email', split: ',', leaver: ['x'] },
      'name.familyName': { from: 'Name', value: 'Doe' },
    };
    expect(await messagesOf(withColumns(columns))).toEqual([
      '`externalId` tells people apart, so it cannot be the same for every row',
      '`split` is for attributes with several values; `emails.work` has one',
      '`leaver` words are for the attribute `active`',
      '`name.familyName` needs either `from`, a header, or `value`, a constant',
    ]);
  });
});

describe('match', () => {
  it('takes a list of mapped attributes', async () => {
    const job = { ...withColumns({ 'emails.work': 'Email' }), match: ['userName', 'emails.work'] };
    expect((await read(job)).job.match).toEqual(['userName', 'emails.work']);
  });

  it.each([
    ['externalId', 'users of Acme Directory cannot be matched by `externalId`'],
    ['roles', 'users of Acme Directory cannot be matched by `roles`'],
    ['emails.work', '`match` names `emails.work`, which has no column'],
    [['userName', 'userName'], '`userName` is named twice in `match`'],
    [[], '`match` must not be empty'],
    [{}, '`match` must be the name of a mapped attribute, or a list of them'],
  ])('refuses %j', async (match, message) => {
    expect(await messagesOf({ ...withColumns({ externalId: 'ID', roles: 'R' }), match })).toEqual([message]);
  });
});

describe('the feed', () => {
  it.each([
    ['hr.csv', 'csv', ','],
    ['hr.TSV', 'csv', '\t'],
    ['hr.txt', 'csv', ','],
    ['hr.json', 'json', ','],
    ['hr.ndjson', 'ndjson', ','],
    ['hr.jsonl', 'ndjson', ','],
    ['-', 'csv', ','],
  ])('%s is read as %s with its usual delimiter', async (path, format, delimiter) => {
    const { job, directory } = await read(withFeed({ path }));
    expect(firstFeed(job)).toMatchObject({
      format,
      delimiter,
      path: path === '-' ? '-' : join(directory, path),
    });
  });

  it('takes a declared format, delimiter and encoding before any guess', async () => {
    const settings = { path: 'hr.dat', format: 'csv', delimiter: 'tab', encoding: 'windows-1252' };
    const { job } = await read(withFeed(settings));
    expect(firstFeed(job)).toMatchObject({ format: 'csv', delimiter: '\t', encoding: 'windows-1252' });
  });

  it('carries what proves it whole, the manifest as an absolute path', async () => {
    const { job, directory } = await read(
      withFeed({ whole: { rows: 8, manifest: 'hr.sha256', trailer: 'END' } }),
    );
    expect(firstFeed(job).whole).toEqual({ rows: 8, manifest: join(directory, 'hr.sha256'), trailer: 'END' });
  });
});

describe('state', () => {
  it('comes from an exported file beside the job', async () => {
    const { job, directory } = await read(aJob({ state: { from: 'file', path: 'users.csv' } }));
    expect(job.state).toEqual({ from: 'file', path: join(directory, 'users.csv'), idColumn: null });
    const own = await read(aJob({ state: { from: 'file', path: 'users.csv', idColumn: 'Id' } }));
    expect(own.job.state.idColumn).toBe('Id');
  });

  it.each([
    [{ from: 'file' }, '`state.path` is missing'],
    [{ path: 'users.csv' }, '`state.path` is only for `from: file`'],
    [{ idColumn: 'Id' }, '`state.idColumn` is only for `from: file`'],
    [{ from: 'ledgr' }, '`state.from` cannot be `ledgr`, did you mean `ledger`?'],
  ])('refuses %j', async (state, message) => {
    expect(await messagesOf(aJob({ state }))).toEqual([message]);
  });
});

describe('what the provider lacks', () => {
  it('is refused where the job asks for it, by default too', async () => {
    const problems = await problemsOf({
      ...withTarget({ provider: 'poor' }),
      policy: { leavers: [{ disable: 'now' }] },
    });
    expect(problems.map(({ path, message }) => [path, message])).toEqual([
      ['state.from', 'Poor Directory can neither list its users nor look them up'],
      ['policy.update', 'Poor Directory cannot update users'],
      ['policy.leavers.0.disable', 'Poor Directory cannot disable users'],
    ]);
  });

  it('is no list where users can be looked up one by one', async () => {
    const { supports } = poorProvider;
    const providers = { poor: { ...poorProvider, supports: { ...supports, lookUp: true } } };
    const job = { ...withTarget({ provider: 'poor' }), policy: { update: false } };
    expect((await read(job, { providers })).job.state.from).toBe('target');
  });

  it('is no problem for a job that does without', async () => {
    const job = { ...withTarget({ provider: 'poor' }), policy: { update: false }, state: { from: 'ledger' } };
    expect(await messagesOf(job)).toEqual([]);
  });

  it('may be known to the provider alone, and stands at its own line', async () => {
    const text = `name: hr
feed:
  path: hr.csv
  columns: { userName: Login }
match: userName
target: { provider: acme, sandbox: true, tenant: shared }
policy:
  leavers: [ { remove: now } ]
`;
    expect(await problemsOf(text)).toMatchObject([
      { line: 8, column: 12, path: 'policy.leavers', message: 'The shared tenant cannot lose users.' },
    ]);
  });
});

describe('leavers', () => {
  it('are disabled and removed after their days', async () => {
    const leavers = [{ disable: 'now' }, { remove: 'after 90d' }];
    const { job } = await read(aJob({ policy: { leavers } }));
    expect(job.policy.leavers).toEqual([
      { operation: 'disable', afterDays: 0 },
      { operation: 'remove', afterDays: 90 },
    ]);
  });

  it.each(['after 0d', 'after 9', 'after  9d', 'after -1d', 'after 1.5d', 'later', ''])(
    'refuses %j as a time',
    async (due) => {
      expect(await messagesOf(aJob({ policy: { leavers: [{ disable: due }] } }))).toEqual([
        '`policy.leavers.0.disable` must be `now` or `after Nd`, such as `after 90d`',
      ]);
    },
  );

  it('are not removed on the day of their disabling', async () => {
    const leavers = [{ remove: 'after 5d' }, { disable: 'after 5d' }];
    expect(await messagesOf(aJob({ policy: { leavers } }))).toEqual([
      'a leaver must be disabled some days before being removed',
    ]);
  });
});

describe('guards', () => {
  it('take a percentage, a count, or both, and keep the defaults of the others', async () => {
    const guards = {
      creates: '2.5%',
      removals: 0,
      disables: { percent: '10%', count: 40 },
      enables: { percent: 7 },
    };
    const { job } = await read(aJob({ guards }));
    expect(job.guards).toMatchObject({
      creates: { percent: 2.5, count: null, per24h: { percent: 5, count: null } },
      updates: { percent: 50, count: null },
      enables: { percent: 7, count: null },
      disables: {
        percent: 10,
        count: 40,
        per24h: { percent: 20, count: 80 },
        per7d: { percent: 40, count: 160 },
      },
      removals: { percent: null, count: 0, per24h: { percent: null, count: 0 } },
      accessLost: { percent: 5, count: null },
    });
  });

  it('take limits over time beside, or instead of, that of one plan', async () => {
    const guards = { disables: { percent: '4%', per24h: '6%', per7d: 50 }, updates: { per24h: 9 } };
    const { job } = await read(aJob({ guards }));
    expect(job.guards.disables).toEqual({
      percent: 4,
      count: null,
      per24h: { percent: 6, count: null },
      per7d: { percent: null, count: 50 },
    });
    expect(job.guards.updates).toEqual({
      percent: 50,
      count: null,
      per24h: { percent: null, count: 9 },
      per7d: { percent: 200, count: null },
    });
  });

  it('take a limit for every attribute, or one for each that is mapped', async () => {
    const all = await read(aJob({ guards: { attributes: '20%' } }));
    expect(all.job.guards.attributes).toEqual({ '*': { percent: 20, count: null } });
    const some = await read(aJob({ guards: { attributes: { userName: 5 } } }));
    expect(some.job.guards.attributes).toEqual({
      '*': { percent: 30, count: null },
      userName: { percent: null, count: 5 },
    });
    expect(await problemsOf(aJob({ guards: { attributes: { usrName: 5 } } }))).toMatchObject([
      {
        path: 'guards.attributes.usrName',
        message: 'the job maps no attribute `usrName`, did you mean `userName`?',
      },
    ]);
  });

  const event = {
    from: '2026-12-01',
    to: '2026-12-05',
    what: 'disables',
    upTo: '40%',
    why: 'The office in Lyon closes',
    by: 'Mina Aalto',
  };

  it('take expected events', async () => {
    const { job } = await read(aJob({ guards: { expected: [event] } }));
    expect(job.guards.expected).toEqual([{ ...event, attribute: null, upTo: { percent: 40, count: null } }]);
  });

  it.each([
    [{ from: '2026-02-30' }, 'guards.expected.0.from'],
    [{ from: '1.12.2026' }, 'guards.expected.0.from'],
    [{ to: '2026-11-30' }, 'guards.expected.0.to'],
    [{ to: '2027-12-01' }, 'guards.expected.0.to'],
    [{ what: 'disable' }, 'guards.expected.0.what'],
    [{ upTo: '40 %' }, 'guards.expected.0.upTo'],
    [{ why: ' ' }, 'guards.expected.0.why'],
    [{ by: undefined }, 'guards.expected.0.by'],
    [{ attribute: 'userName' }, 'guards.expected.0.attribute'],
    [{ what: 'attributes', attribute: 'usrName' }, 'guards.expected.0.attribute'],
  ])('refuse an event with %j', async (difference, path) => {
    const problems = await problemsOf(aJob({ guards: { expected: [{ ...event, ...difference }] } }));
    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });

  it.each(['1e3', '0x10', '5.', '+5', '05', '50%x', '-1', '5 %', "''", '.5%', '1_000', '5e0', '~', '5%5'])(
    'refuse `%s`, at its line',
    async (text) => {
      const job = JSON.stringify(aJob()).replace(/\}$/, '');
      const file = `${job},\n"guards": { "updates": ${text} } }`;
      const problems = await problemsOf(file);
      expect(problems.map(({ path, line }) => [path, line])).toEqual([['guards.updates', 2]]);
    },
  );

  it.each(['5%', '2.5%', '50', '0', '100%', '0%'])('take `%s`', async (text) => {
    const job = JSON.stringify(aJob()).replace(/\}$/, '');
    expect(await problemsOf(`${job},\n"guards": { "updates": ${text} } }`)).toEqual([]);
  });

  it.each(['5 %', '50%x', '', '-1', '-1%', '101%', '5', '1e1%', '%', -1, 2.5, null, {}, { percent: '5 %' }])(
    'refuses %j',
    async (value) => {
      const problems = await problemsOf(aJob({ guards: { creates: value } }));
      expect(problems).toHaveLength(1);
      expect(problems[0]?.path).toMatch(/^guards\.creates/);
    },
  );
});

describe('an environment', () => {
  const environments = {
    test: { target: { sandbox: true } },
    production: {
      target: {
        baseUrl: 'https://acme.example.net',
        auth: { password: 'env:PRODUCTION_PASSWORD' },
        limits: { concurrency: 1 },
      },
    },
    token: { target: { auth: { type: 'bearer', token: 'env:TOKEN' } } },
  };

  it('is laid over the target field by field', async () => {
    const target = { ...validTarget, limits: { batchSize: 10, concurrency: 7 } };
    const { job } = await read(aJob({ target, environments }), { environment: 'production' });
    expect(job.environment).toBe('production');
    expect(job.target).toMatchObject({
      origin: 'https://acme.example.net',
      config: { auth: { type: 'basic', username: 'svc', password: 'env:PRODUCTION_PASSWORD' } },
      limits: { concurrency: 1, batchSize: 10 },
    });
  });

  it('with another way to sign in keeps nothing of the first', async () => {
    const { job } = await read(aJob({ environments }), { environment: 'token' });
    expect(job.target.config).toMatchObject({ auth: { type: 'bearer', token: 'env:TOKEN' } });
  });

  it('may hold the sandbox, and then the address is out of reach and a warning says so', async () => {
    const { job, warnings } = await read(aJob({ environments }), { environment: 'test' });
    expect(job.target).toMatchObject({ baseUrl: null, origin: 'sandbox:acme' });
    expect(warnings).toMatchObject([{ message: expect.stringContaining('runs against the sandbox') }]);
  });

  it('that is not in the job is refused with the names that are', async () => {
    const problems = await problemsOf(aJob({ environments }), { environment: 'prodution' });
    expect(problems).toMatchObject([
      {
        path: 'environments',
        message: 'unknown environment `prodution`, did you mean `production`?',
        hint: 'Known here: test, production, token',
      },
    ]);
  });

  it('has its own problems reported at its own lines, once', async () => {
    const text = `name: hr
feed:
  path: hr.csv
  columns: { userName: Login }
match: userName
target:
  provider: acme
  auth: { type: basic, username: svc, password: env:P }
environments:
  production:
    target:
      baseUrl: http://acme.example.com
      limits: { concurrency: 0 }
      auth: { password: hunter2 }
`;
    const problems = await problemsOf(text, { environment: 'production' });
    expect(problems.map(({ line, column, path }) => [line, column, path])).toEqual([
      [12, 16, 'environments.production.target.baseUrl'],
      [13, 30, expect.stringContaining('target.limits.concurrency')],
      [14, 25, expect.stringContaining('target.auth.password')],
    ]);
  });

  it('is named in the hint when it has the address that the job lacks', async () => {
    const { baseUrl: _, ...target } = validTarget;
    const problems = await problemsOf(aJob({ target, environments }));
    expect(problems).toMatchObject([
      {
        message: '`target.baseUrl` is missing',
        hint: 'Choose an environment with `--env`: test, production, token',
      },
    ]);
  });
});

describe('a file that is no job', () => {
  it('is refused however deep its brackets are', async () => {
    expect(await problemsOf('['.repeat(200_000))).not.toEqual([]);
  });

  it.each(['constructor', '__proto__', 'toString'])('may not use %s as a field', async (name) => {
    const text = stringify(aJob())
      .replace(/^match:/m, `${name}: x\nmatch:`)
      .replace(/^ {4}externalId/m, `    ${name}`);
    expect(await messagesOf(text)).toEqual([`unknown attribute \`${name}\``, `unknown field \`${name}\``]);
  });

  it.each([
    ['', 'the job file is empty'],
    ['# only a comment\n', 'the job file is empty'],
    ['- a\n- b\n', 'a job file is an object with fields such as `name`'],
    ['just text', 'a job file is an object with fields such as `name`'],
  ])('%j is refused in one line', async (text, message) => {
    expect(await problemsOf(text)).toMatchObject([{ line: 1, column: 1, message }]);
  });

  it('that is missing, a directory or not UTF-8 is refused by its path', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-job-'));
    try {
      await mkdir(join(directory, 'sub.yaml'));
      const reading = (name: string) => readJob(join(directory, name), { providers: fakeProviders });
      await expect(reading('none.yaml')).rejects.toMatchObject({
        code: 'JOB_UNREADABLE',
        exit: 1,
        message: expect.stringContaining('none.yaml does not exist'),
      });
      await expect(reading('sub.yaml')).rejects.toThrow(/sub\.yaml is a directory/);
      await expect(read(Uint8Array.of(0x6e, 0xe9))).rejects.toThrow(/is not UTF-8 text/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
