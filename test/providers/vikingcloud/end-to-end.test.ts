import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowEverything } from '../../guard/allow-everything.ts';
import { mainFile } from '../../program/main-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-vikingcloud-'));
const peopleCount = 1_000;
/** So many of them have an account before the first run. */
const knownCount = 600;

interface PersonRow {
  readonly number: number;
  readonly username: string;
  readonly first: string;
  readonly last: string;
  readonly phone: string;
  readonly code: string;
  readonly roles: string;
  readonly status: string;
}

interface VcUser {
  readonly username: string;
  readonly authenticator: string;
  readonly enabled: boolean;
  readonly roles: readonly string[];
  readonly [property: string]: unknown;
}

interface JournalLine {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly before: VcUser | null;
  readonly after: VcUser | null;
}

type Counts = Readonly<Record<'succeeded' | 'failed' | 'conflict' | 'unknown' | 'notSent', number>>;

interface ReportJson {
  readonly exitCode: number;
  readonly changes: Counts & { readonly total: number };
  readonly byOperation: Readonly<Record<'create' | 'update' | 'enable' | 'disable', Counts>>;
  readonly failures: readonly {
    readonly key: string;
    readonly errorCode: string | null;
    readonly providerCode: string | null;
  }[];
}

interface Ran {
  readonly code: number;
  readonly output: string;
  readonly report: ReportJson;
  /** What the sandbox wrote down during this run. */
  readonly lines: readonly JournalLine[];
}

function person(number: number, difference: Partial<PersonRow> = {}): PersonRow {
  const roles = number % 3 === 0 ? 'Report Viewer;Merchant Support' : 'Report Viewer';
  const hasPhone = number % 2 === 0;
  return {
    number,
    username: `ada.moreau${String(number).padStart(4, '0')}`,
    first: 'Ada',
    last: `Moreau${number}`,
    phone: hasPhone ? `555${number}` : '',
    code: hasPhone ? '+33' : '',
    roles,
    status: 'Active',
    ...difference,
  };
}

/** Somebody of another organisation has the first name of the person 999, who is given another one after the first run. */
const otherName = { 999: { username: 'ada.moreau0999b' } };

const everybody = Array.from({ length: peopleCount }, (_, index) => person(index + 1));

function feedWith(differences: Readonly<Record<number, Partial<PersonRow>>>): void {
  const rows = everybody.map((row) => ({ ...row, ...differences[row.number] }));
  const header = 'Employee ID,User Name,First Name,Last Name,Email,Phone,Country Code,Roles,Status';
  const lines = rows.map(
    ({ number, username, first, last, phone, code, roles, status }) =>
      `E${number},${username},${first},${last},${username}@example.com,${phone},${code},${roles},${status}`,
  );
  writeFileSync(join(folder, 'hr.csv'), `${[header, ...lines].join('\n')}\n`);
}

/** What the job does not map, on every account that is there before the first run. */
const unmapped = {
  primaryPhoneExtension: '42',
  timeZone: 'Europe/Paris',
  notes: 'Keeps the keys, "all" of them; ok?',
  usingMfa: true,
  credentialsExpired: true,
  lastSuccessfulAuthAttempt: '2023-12-13T19:02:31.5897497',
  privileges: ['AUDIT_READ'],
};

function usersFile(): void {
  const known = everybody.slice(0, knownCount).map(({ username, last, phone, code, number }) => ({
    username,
    orgId: 'acme',
    email: `${username}@example.com`,
    firstName: 'Ada',
    lastName: number % 10 === 0 ? 'Formerly' : last,
    primaryPhone: phone || null,
    primaryPhoneCountryCode: code || null,
    roles: number % 5 === 0 ? ['Auditor'] : ['Report Viewer', 'Auditor'],
    ...unmapped,
  }));
  const others = [
    { username: 'ada.moreau0001', authenticator: 'partner-sso', orgId: 'acme', roles: ['User Admin'] },
    { username: 'unmanaged', orgId: 'acme', roles: ['Merchant Support', 'Merchant Admin'] },
    { username: 'elsewhere', orgId: 'other-org' },
    { username: 'ada.moreau0999', orgId: 'other-org' },
  ];
  writeFileSync(join(folder, 'users.json'), JSON.stringify([...known, ...others]));
}

function writeJob(target: object = {}): void {
  const job = {
    name: 'portal',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'Employee ID',
        userName: 'User Name',
        'name.givenName': 'First Name',
        'name.familyName': 'Last Name',
        'emails.work': 'Email',
        'phoneNumbers.work': 'Phone',
        'vikingcloud.primaryPhoneCountryCode': 'Country Code',
        roles: { from: 'Roles', owned: ['Report Viewer', 'Merchant *'] },
        active: { from: 'Status', active: ['Active'], leaver: ['Left'] },
      },
      whole: { rows: peopleCount },
    },
    match: 'userName',
    target: {
      provider: 'vikingcloud',
      sandbox: { users: 'users.json', journal: 'journal.ndjson', faults: 'faults.json' },
      auth: {
        type: 'token',
        username: 'env:ROLLCALL_SANDBOX_USER',
        password: 'env:ROLLCALL_SANDBOX_PASSWORD',
        path: '/sandbox/token',
        accessTokenHeader: 'x-jwt-assertion',
      },
      authenticator: 'portal',
      orgIds: ['acme'],
      initialPassword: 'none',
      limits: { requestsPerSecond: 5_000, concurrency: 8 },
      ...target,
    },
    policy: { leavers: [{ disable: 'now' }] },
    guards: allowEverything,
    firstLoad: true,
  };
  writeFileSync(join(folder, 'job.yaml'), JSON.stringify(job));
}

function faults(...rules: readonly object[]): void {
  writeFileSync(join(folder, 'faults.json'), JSON.stringify({ rules }));
}

function journal(): readonly JournalLine[] {
  try {
    const lines = readFileSync(join(folder, 'journal.ndjson'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JournalLine);
  } catch {
    return [];
  }
}

async function apply(): Promise<Ran> {
  const before = journal().length;
  const child = spawn(process.execPath, [mainFile, 'apply', 'job.yaml'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: folder, USER: 'tester', NO_COLOR: '1' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, 'close');
  const runs = readdirSync(join(folder, 'runs')).sort();
  const report = readFileSync(join(folder, 'runs', runs.at(-1) ?? '', 'report.json'), 'utf8');
  return {
    code: Number(code),
    output,
    report: JSON.parse(report) as ReportJson,
    lines: journal().slice(before),
  };
}

/** How many users the accepted lines of a run concern, by what became of them. */
function journalTotals(
  lines: readonly JournalLine[],
): Record<'create' | 'update' | 'enable' | 'disable', number> {
  const users = { create: new Set(), update: new Set(), enable: new Set(), disable: new Set() };
  for (const { status, before, after, key } of lines) {
    if (status !== 'accepted' || after === null) continue;
    if (before === null) users.create.add(key);
    else if (before.enabled !== after.enabled) users[after.enabled ? 'enable' : 'disable'].add(key);
    else users.update.add(key);
  }
  const { create, update, enable, disable } = users;
  return { create: create.size, update: update.size, enable: enable.size, disable: disable.size };
}

function succeeded({ byOperation }: ReportJson): Record<'create' | 'update' | 'enable' | 'disable', number> {
  const { create, update, enable, disable } = byOperation;
  return {
    create: create.succeeded,
    update: update.succeeded,
    enable: enable.succeeded,
    disable: disable.succeeded,
  };
}

/** The accounts as the sandbox has them after all that it accepted. */
function accounts(): ReadonlyMap<string, VcUser> {
  const last = journal().flatMap(({ status, after }) => (status === 'accepted' && after ? [after] : []));
  return new Map(last.map((user) => [`${user.authenticator}/${user.username}`, user]));
}

beforeAll(() => {
  usersFile();
  writeJob();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('1,000 people and a portal', { timeout: 60_000 }, () => {
  it('creates and updates them, and accounts for every refusal', async () => {
    feedWith({});
    faults(
      {
        match: { op: 'create', user: ['ada.moreau0800', 'ada.moreau0700'] },
        do: { refuse: { errorcode: '400', errormessage: 'Field "email" is not valid' } },
      },
      {
        match: { op: 'patch', user: 'ada.moreau0010' },
        do: { refuse: { errorcode: '403', errormessage: 'Not permitted' } },
      },
      // Far from the refused ones, the 100th and the 200th create: a lost refusal is sent, and noted, twice.
      { match: { op: 'create' }, skip: 150, times: 1, do: { drop: 'after' } },
      { match: { op: 'create' }, skip: 250, times: 1, do: { drop: 'before' } },
      { match: { op: 'patch' }, skip: 20, times: 1, do: { status: 503, applied: true } },
      { match: { op: 'create' }, skip: 300, times: 1, do: { status: 429, retryAfter: 1 } },
      { match: { op: 'search' }, skip: 1, times: 1, do: { status: 502 } },
    );
    writeJob({ forbidden: 'item' });
    const { code, report, lines, output } = await apply();
    expect(
      report.failures.map(({ key, errorCode, providerCode }) => [key, errorCode, providerCode]).sort(),
    ).toEqual([
      ['E10', 'REFUSED', 'Forbidden'],
      ['E700', 'REFUSED', 'Bad Request'],
      ['E800', 'REFUSED', 'Bad Request'],
      ['E999', 'REFUSED', 'Conflict'],
    ]);
    expect(code).toBe(2);
    expect(succeeded(report)).toEqual({ create: 397, update: 279, enable: 0, disable: 0 });
    expect(journalTotals(lines)).toEqual(succeeded(report));
    expect(
      lines
        .filter(({ status }) => status !== 'accepted')
        .map(({ key, status }) => [key, status])
        .sort(),
    ).toEqual([
      ['ada.moreau0010', '403'],
      ['ada.moreau0700', '400'],
      ['ada.moreau0800', '400'],
      ['ada.moreau0999', '409'],
    ]);
    expect(output).not.toMatch(/sandbox-password-hash|SANDBOXMFASECRET|sandbox-shared-secret/);
  });

  it('leaves everything that the job does not map as it was, and users that are not its own', () => {
    const changed = [...accounts().values()].filter(
      ({ username }) => Number(username.slice(10)) <= knownCount,
    );
    expect(changed.length).toBeGreaterThan(100);
    for (const user of changed) expect(user).toMatchObject(unmapped);
    expect(changed.every((user) => user.roles.includes('Auditor'))).toBe(true);
    expect(accounts().has('partner-sso/ada.moreau0001')).toBe(false);
    expect(accounts().has('portal/unmanaged')).toBe(false);
  });

  it('puts right what was refused as soon as it is not, and then sends nothing', async () => {
    faults();
    writeJob();
    feedWith(otherName);
    const second = await apply();
    expect(second.code).toBe(0);
    expect(succeeded(second.report)).toEqual({ create: 3, update: 1, enable: 0, disable: 0 });
    const third = await apply();
    expect(third.report.changes.total).toBe(0);
    expect(third.lines).toEqual([]);
  });

  it('changes roles, disables leavers, and does not send what cannot be right', async () => {
    const differences: Record<number, Partial<PersonRow>> = {
      1: { roles: 'Merchant Admin' },
      2: { roles: 'Ghost' },
      4: { last: 'Married', phone: '5559999' },
      7: { phone: '5557777' },
    };
    for (let number = 901; number <= 950; number += 1) differences[number] = { status: 'Left' };
    feedWith({ ...otherName, ...differences });
    const { code, report, lines } = await apply();
    expect(code).toBe(2);
    expect(succeeded(report)).toEqual({ create: 0, update: 2, enable: 0, disable: 50 });
    expect(journalTotals(lines)).toEqual(succeeded(report));
    expect([report.changes.failed, report.changes.conflict]).toEqual([1, 1]);
    expect(report.failures.map(({ key, errorCode }) => [key, errorCode]).sort()).toEqual([
      ['E2', 'UNACCEPTABLE'],
      ['E7', 'UNACCEPTABLE'],
    ]);
    expect(lines.every(({ status }) => status === 'accepted')).toBe(true);
    expect(accounts().get('portal/ada.moreau0001')?.roles).toEqual(['Auditor', 'Merchant Admin']);
    expect(lines.some(({ key }) => key === 'ada.moreau0002')).toBe(false);
    expect(accounts().get('portal/ada.moreau0901')).toMatchObject({
      enabled: false,
      roles: ['Report Viewer'],
    });
  });

  it('enables who comes back, with what has changed meanwhile, by POST as well', async () => {
    writeJob({ updateMethod: 'post', omittedSecrets: 'kept' });
    feedWith({
      ...otherName,
      1: { roles: 'Merchant Admin' },
      4: { last: 'Married', phone: '5559999' },
      5: { last: 'Posted' },
      901: { last: 'Back' },
    });
    const { code, report, lines } = await apply();
    expect(code).toBe(0);
    expect(succeeded(report)).toEqual({ create: 0, update: 1, enable: 50, disable: 0 });
    expect(new Set(lines.map(({ op }) => op))).toEqual(new Set(['update']));
    expect(journalTotals(lines).enable).toBe(50);
    expect(accounts().get('portal/ada.moreau0901')).toMatchObject({ enabled: true, lastName: 'Back' });
    expect(accounts().get('portal/ada.moreau0950')?.roles).toEqual(['Report Viewer']);
    const posted = accounts().get('portal/ada.moreau0005');
    expect(posted).toMatchObject({ ...unmapped, lastName: 'Posted', enabled: true });
    expect(posted?.roles).toEqual(['Auditor', 'Report Viewer']);
    expect((await apply()).lines).toEqual([]);
  });
});
