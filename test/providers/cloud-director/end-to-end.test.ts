import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowEverything } from '../../guard/allow-everything.ts';
import { rollcall } from './program.ts';

/*
 * The real program, as a user runs it, against the sandbox that the job starts: 1,000 invented people through every
 * operation, refusals included. The sandbox's journal is what the reports are held against.
 */

interface Row {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly status: string;
}

interface Write {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

type Counts = Readonly<Record<'succeeded' | 'failed' | 'unknown' | 'notSent' | 'conflict' | 'held', number>>;
interface Report {
  readonly rows: Readonly<Record<'total' | 'unchanged' | 'changed', number>>;
  readonly changes: Counts & { readonly total: number };
  readonly byOperation: Readonly<Record<'create' | 'update' | 'enable' | 'disable' | 'remove', Counts>>;
  readonly failures: readonly { readonly providerCode: string | null; readonly message: string | null }[];
}

interface Ran {
  readonly code: number | null;
  readonly report: Report;
  /** What the sandbox was asked to write in this run. */
  readonly writes: readonly Write[];
}

const folder = mkdtempSync(join(tmpdir(), 'rollcall-director-'));
const journalPath = join(folder, 'journal.ndjson');
const count = 1_000;

function person(number: number): Row {
  const login = `ada.moreau${number}`;
  return {
    id: `E${number}`,
    login,
    name: `Ada Moreau ${number}`,
    email: `${login}@example.com`,
    role: 'vApp User',
    status: 'Active',
  };
}

/** Users who are there before: of each kind, with all that the job does not map. */
const before = Array.from({ length: 30 }, (_, index) => ({
  username: `ada.moreau${index + 1}`,
  fullName: 'Old Name',
  email: `ada.moreau${index + 1}@example.com`,
  description: `kept ${index}`,
  phone: `+1 555 01${index + 10}`,
  roles: ['vApp User', 'Catalog Author'],
  providerType: (['LOCAL', 'LDAP', 'SAML'] as const)[index % 3],
  nameInSource: index % 3 === 1 ? `cn=ada${index}` : `ada.moreau${index + 1}`,
  locked: index === 4,
  owns: index === 29 ? 2 : 0,
}));
const stranger = {
  username: 'grace.mwangi',
  fullName: 'Grace Mwangi',
  roles: ['Organization Administrator'],
};

function write(name: string, content: unknown): void {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
}

function writeFeed(rows: readonly Row[]): void {
  const lines = rows.map((row) => [row.id, row.login, row.name, row.email, row.role, row.status].join(','));
  write('hr.csv', ['ID,Login,Name,Mail,Role,Status', ...lines, `TRAILER,${rows.length},,,,`, ''].join('\n'));
}

function journal(): readonly Write[] {
  if (!existsSync(journalPath)) return [];
  const lines = readFileSync(journalPath, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Write);
}

function accepted(writes: readonly Write[], op: string): number {
  return writes.filter((one) => one.op === op && one.status === 'accepted').length;
}

function refused(writes: readonly Write[]): number {
  return writes.filter((one) => one.status !== 'accepted').length;
}

/** The users as the sandbox has them, by name. */
function users(): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { status, before: was, after } of journal()) {
    if (status !== 'accepted') continue;
    if (after === null) found.delete(String(was?.username));
    else found.set(String(after.username), after);
  }
  return found;
}

async function apply(...flags: readonly string[]): Promise<Ran> {
  const skip = journal().length;
  const runs = new Set(existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : []);
  const { code, stderr } = await rollcall(folder, 'apply', 'job.yaml', ...flags);
  const fresh = existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : [];
  const run = fresh.find((name) => !runs.has(name));
  if (run === undefined) throw new Error(`no report was left: ${stderr}`);
  const report = JSON.parse(readFileSync(join(folder, 'runs', run, 'report.json'), 'utf8')) as Report;
  return { code, report, writes: journal().slice(skip) };
}

/** Every total of the report is a count of the journal. */
function expectAgreement({ report, writes }: Ran): void {
  const { create, update, enable, disable, remove } = report.byOperation;
  expect(accepted(writes, 'create')).toBe(create.succeeded);
  expect(accepted(writes, 'update')).toBe(update.succeeded + enable.succeeded + disable.succeeded);
  expect(accepted(writes, 'delete')).toBe(remove.succeeded);
  expect(refused(writes)).toBe(report.changes.failed);
  expect(report.changes).toMatchObject({ unknown: 0, notSent: 0, conflict: 0, held: 0 });
}

beforeAll(() => {
  write('users.json', { flavour: 'vcd', users: [...before, stranger] });
  write('faults.json', { rules: [] });
  write('job.yaml', {
    name: 'director',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'ID',
        userName: 'Login',
        displayName: 'Name',
        'emails.work': 'Mail',
        roles: { from: 'Role', owned: ['vApp *'] },
        active: { from: 'Status', active: ['Active'], leaver: ['Left'] },
      },
      whole: { trailer: 'TRAILER' },
    },
    match: 'userName',
    target: {
      provider: 'cloud-director',
      organisation: 'acme',
      providerType: 'LOCAL',
      flavour: 'vcd',
      sandbox: { users: 'users.json', faults: 'faults.json', journal: 'journal.ndjson' },
      limits: { requestsPerSecond: 5_000, concurrency: 12 },
    },
    policy: { leavers: [{ disable: 'now' }, { remove: 'after 30d' }] },
    guards: allowEverything,
    firstLoad: true,
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('1,000 people and the sandbox of Cloud Director', () => {
  const people = Array.from({ length: count }, (_, index) => person(index + 1));
  const day2 = people.slice(0, 980).map((row, index) => {
    if (index >= 960) return { ...row, status: 'Left' };
    if (index < 60) return { ...row, role: index % 2 === 0 ? 'vApp Author' : 'vApp User;vApp Author' };
    if (index < 100) return { ...row, name: `Ada Okafor ${index}` };
    return row;
  });

  it('creates and updates, and reports what was refused with its code', async () => {
    writeFeed(people);
    write('faults.json', {
      rules: [
        {
          match: { op: 'create', user: 'ada.moreau101' },
          do: { refuse: { errorcode: 'BAD_REQUEST', errormessage: 'ada.moreau101 may not be.' } },
        },
        {
          match: { op: 'create', user: ['ada.moreau102', 'ada.moreau103'] },
          do: { refuse: { errorcode: 'BAD_REQUEST', errormessage: 'This name is reserved.' } },
        },
        {
          match: { op: 'update', user: 'ada.moreau7' },
          do: { refuse: { errorcode: 'BUSY_ENTITY', errormessage: 'The entity is busy.' } },
        },
        // Answers that are lost, with and without the write having taken effect: a look-up tells.
        { match: { op: 'create', user: 'ada.moreau200' }, times: 1, do: { drop: 'after' } },
        { match: { op: 'create', user: 'ada.moreau201' }, times: 1, do: { drop: 'before' } },
        { match: { op: 'update', user: 'ada.moreau9' }, times: 1, do: { status: 503, applied: true } },
        { match: { op: 'update', user: 'ada.moreau10' }, times: 1, do: { status: 500 } },
        { match: { op: 'update', user: 'ada.moreau11' }, times: 1, do: { status: 401 } },
      ],
    });
    const ran = await apply();
    expect(ran.code).toBe(2);
    expectAgreement(ran);
    expect(ran.report.byOperation.create).toMatchObject({ succeeded: 967, failed: 3 });
    expect(ran.report.byOperation.update).toMatchObject({ succeeded: 29, failed: 1 });
    expect(ran.report.failures.map(({ providerCode }) => providerCode).sort()).toEqual([
      'BAD_REQUEST',
      'BAD_REQUEST',
      'BAD_REQUEST',
      'BUSY_ENTITY',
    ]);
    expect(JSON.stringify(ran.report.failures)).not.toMatch(/moreau101|\[ /);
  });

  it('mends what was refused in the next run, and the one after it sends nothing', async () => {
    write('faults.json', { rules: [] });
    const mended = await apply();
    expect(mended.code).toBe(0);
    expectAgreement(mended);
    expect(mended.writes).toHaveLength(4);
    const again = await apply();
    expect(again.code).toBe(0);
    expect(again.writes).toEqual([]);
    expect(again.report.changes.total).toBe(0);
    expect(again.report.rows).toMatchObject({ total: count, unchanged: count });
  });

  it('changes roles and names, and disables who left or is missing', async () => {
    writeFeed(day2);
    write('faults.json', {
      rules: [
        {
          match: { op: 'update', user: ['ada.moreau20', 'ada.moreau21'] },
          do: { refuse: { errorcode: 'BAD_REQUEST', errormessage: 'The role cannot be assigned.' } },
        },
      ],
    });
    const ran = await apply('--as-of', '2026-03-02T02:00:00Z');
    expect(ran.code).toBe(2);
    expectAgreement(ran);
    expect(ran.report.byOperation.update).toMatchObject({ succeeded: 98, failed: 2 });
    expect(ran.report.byOperation.disable).toMatchObject({ succeeded: 40, failed: 0 });
    const now = users();
    expect(now.get('ada.moreau1')?.roles).toEqual(['Catalog Author', 'vApp Author']);
    expect(now.get('ada.moreau2')?.roles).toEqual(['vApp User', 'Catalog Author', 'vApp Author']);
    expect(now.get('ada.moreau990')).toMatchObject({ enabled: false, roles: ['vApp User'] });
  });

  it('enables who came back and removes who stayed away, after taking over what they own', async () => {
    const back = day2.map((row, index) => (index >= 970 ? { ...row, status: 'Active' } : row));
    // The one with machines of her own leaves too: her delete works only after the taking over.
    writeFeed(back.filter(({ id }) => id !== 'E30'));
    write('faults.json', { rules: [] });
    const left = await apply('--as-of', '2026-03-10T02:00:00Z');
    expectAgreement(left);
    expect(left.report.byOperation).toMatchObject({ enable: { succeeded: 10 }, disable: { succeeded: 1 } });
    const ran = await apply('--as-of', '2026-04-20T02:00:00Z');
    expect(ran.code).toBe(0);
    expectAgreement(ran);
    expect(ran.report.byOperation.remove).toMatchObject({ succeeded: 31, failed: 0 });
    expect(accepted(ran.writes, 'take-ownership')).toBe(31);
    const again = await apply('--as-of', '2026-04-21T02:00:00Z');
    expect(again.writes).toEqual([]);
    expect(again.report.changes.total).toBe(0);
  });

  it('leaves every attribute that the job does not map as it was', () => {
    const now = users();
    for (const user of before.slice(0, 29)) {
      const found = now.get(user.username);
      const { description, phone, providerType, nameInSource, locked } = user;
      const passwords = providerType === 'LOCAL' ? 1 : 0;
      expect(found).toMatchObject({ description, phone, providerType, nameInSource, locked, passwords });
      expect(found?.roles).toContain('Catalog Author');
    }
  });

  it('never touches a user whom the feed never named', () => {
    expect(journal().filter(({ key }) => key === stranger.username)).toEqual([]);
  });
});
