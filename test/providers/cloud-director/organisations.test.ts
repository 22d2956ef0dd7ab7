import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';
import { allowEverything } from '../../guard/allow-everything.ts';
import { type Ended, rollcall } from './program.ts';

/*
 * The real program and one job for two organisations at one address: one feed, and for each organisation users,
 * groups and a memory of its own.
 */

interface Line {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly after: Readonly<Record<string, unknown>> | null;
}

interface Printed {
  readonly targets: readonly {
    readonly name: string;
    readonly exitCode: number;
    readonly report: {
      readonly target: { readonly baseUrl: string };
      readonly changes: Readonly<Record<'total' | 'succeeded' | 'failed', number>>;
      readonly byOperation: Readonly<Record<string, Readonly<Record<'succeeded' | 'failed', number>>>>;
      readonly failures: readonly Readonly<Record<string, unknown>>[];
    };
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'rollcall-organisations-'));
const journalPath = join(folder, 'journal.ndjson');
const count = 150;
let sandbox: RunningSandbox;

const write = (name: string, content: unknown): void =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));

function person(number: number, more: readonly [groups?: string, status?: string] = []): string {
  const [groups = 'Cloud Users', status = 'Active'] = more;
  return `E${number},ada.moreau${number},Ada Moreau ${number},${groups},${status}`;
}

const numbers = Array.from({ length: count }, (_, index) => index + 1);

function writeFeed(rowOf: (number: number) => string): void {
  write(
    'hr.csv',
    ['ID,Login,Name,Groups,Status', ...numbers.map(rowOf), `TRAILER,${count},,,`, ''].join('\n'),
  );
}

const target = (organisation: string, more: object = {}): object => ({
  name: organisation,
  provider: 'cloud-director',
  baseUrl: sandbox.baseUrl,
  auth: { type: 'basic', username: 'admin', password: 'file:password', organisation: 'System' },
  organisation,
  providerType: 'SAML',
  groups: true,
  limits: { requestsPerSecond: 5_000, concurrency: 8 },
  ...more,
});

function writeJob(targets: readonly object[]): void {
  write('job.yaml', {
    name: 'director',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'ID',
        userName: 'Login',
        displayName: 'Name',
        roles: { value: 'vApp User' },
        groups: { from: 'Groups', split: ';', owned: ['Cloud *'] },
        active: { from: 'Status', active: ['Active'], leaver: ['Left'] },
      },
      whole: { trailer: 'TRAILER' },
    },
    match: 'userName',
    targets,
    policy: { leavers: [{ disable: 'now' }] },
    guards: allowEverything,
    firstLoad: true,
  });
}

function journal(): readonly Line[] {
  if (!existsSync(journalPath)) return [];
  const lines = readFileSync(journalPath, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

const accepted = (lines: readonly Line[], op: string): number =>
  lines.filter((line) => line.op === op && line.status === 'accepted').length;

/** The user as the sandbox has them by now. */
function user(organisation: string, username: string): Readonly<Record<string, unknown>> | null | undefined {
  return journal().findLast(
    ({ after }) => after?.organisation === organisation && after.username === username,
  )?.after;
}

interface Ran extends Ended, Printed {
  /** What the sandbox was asked to write in this run. */
  readonly writes: readonly Line[];
}

async function apply(...flags: readonly string[]): Promise<Ran> {
  const skip = journal().length;
  const ended = await rollcall(folder, 'apply', 'job.yaml', '--json', ...flags);
  if (ended.stdout === '') throw new Error(ended.stderr);
  return { ...ended, ...(JSON.parse(ended.stdout) as Printed), writes: journal().slice(skip) };
}

const totals = ({ targets }: Ran) => targets.map(({ name, report }) => [name, report.changes.total]);

beforeAll(async () => {
  write('password', 'sandbox');
  write('users.json', {
    flavour: 'vcfa',
    organisations: ['acme', 'contoso'],
    users: [
      { username: 'ada.moreau1', fullName: 'Ada Moreau 1', groups: ['Auditors', 'Cloud Admins'] },
      { username: 'ada.moreau2', fullName: 'Ada Moreau 2', organisation: 'contoso', groups: ['Auditors'] },
    ],
  });
  sandbox = await startSandbox({
    provider: 'cloud-director',
    port: 0,
    users: join(folder, 'users.json'),
    journal: journalPath,
    faults: null,
    ratePerSecond: null,
  });
  writeFeed((number) => person(number));
  writeJob([target('acme'), target('contoso')]);
});

afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('two organisations at one address in one job', () => {
  it('can each be written by itself with --target', async () => {
    const ran = await apply('--target', 'contoso');
    expect(ran.code).toBe(0);
    expect(totals(ran)).toEqual([['contoso', count]]);
    expect(accepted(ran.writes, 'create')).toBe(count - 1);
    expect(accepted(ran.writes, 'set-groups')).toBe(count);
    expect(new Set(ran.writes.map(({ after }) => after?.organisation))).toEqual(new Set(['contoso']));
  });

  it('have a memory each: what the one has is still new to the other', async () => {
    const ran = await apply();
    expect(ran.code).toBe(0);
    expect(totals(ran)).toEqual([
      ['acme', count],
      ['contoso', 0],
    ]);
    expect(new Set(ran.writes.map(({ after }) => after?.organisation))).toEqual(new Set(['acme']));
    const again = await apply();
    expect(totals(again)).toEqual([
      ['acme', 0],
      ['contoso', 0],
    ]);
    expect(again.writes).toEqual([]);
  });

  it('are told apart by the address in reports and in the list of runs', async () => {
    const { targets } = await apply();
    const places = [`${sandbox.baseUrl}#acme`, `${sandbox.baseUrl}#contoso`];
    expect(targets.map(({ report }) => report.target.baseUrl)).toEqual(places);
    const { stdout } = await rollcall(folder, 'runs', '--job', 'job.yaml');
    for (const place of places) expect(stdout).toContain(place);
  });

  it('lose memberships that the job owns and no others', async () => {
    expect(user('acme', 'ada.moreau1')?.groups).toEqual(['Auditors', 'Cloud Users']);
    expect(user('contoso', 'ada.moreau2')?.groups).toEqual(['Auditors', 'Cloud Users']);
    writeFeed((number) => person(number, number <= 3 ? ['Cloud Admins'] : []));
    const ran = await apply('--target', 'contoso');
    expect(ran.writes).toHaveLength(3);
    expect(user('contoso', 'ada.moreau2')?.groups).toEqual(['Auditors', 'Cloud Admins']);
    expect(user('acme', 'ada.moreau2')?.groups).toEqual(['Cloud Users']);
    await apply();
  });

  it('refuse a group that they do not have, person by person', async () => {
    writeFeed((number) => person(number, number === 7 ? ['Emperors'] : number <= 3 ? ['Cloud Admins'] : []));
    const ran = await apply('--target', 'acme');
    expect(ran.code).toBe(2);
    expect(ran.targets[0]?.report.failures).toMatchObject([
      {
        step: 'set-groups',
        errorCode: 'REFUSED',
        message: 'There is no group Emperors in the organisation acme.',
      },
    ]);
    expect(ran.writes).toEqual([]);
  });

  it('keep the groups of those who are disabled', async () => {
    writeFeed((number) =>
      person(number, number === 5 ? ['Cloud Users', 'Left'] : number <= 3 ? ['Cloud Admins'] : []),
    );
    const ran = await apply('--target', 'acme');
    expect(ran.code).toBe(0);
    expect(ran.writes.map(({ op, key }) => [op, key])).toEqual([['update', 'ada.moreau5']]);
    expect(user('acme', 'ada.moreau5')).toMatchObject({ enabled: false, groups: ['Cloud Users'] });
  });
});

describe('a job with two targets', () => {
  it('cannot have the same organisation twice, in whatever case', async () => {
    writeJob([target('acme'), target('ACME')]);
    const { code, stdout } = await rollcall(folder, 'validate', 'job.yaml');
    expect(code).toBe(1);
    expect(stdout).toMatch(/`acme` is the same target: \S+#acme/);
    writeJob([target('acme'), target('contoso')]);
  });

  it('is refused when it maps groups without the setting, which is named', async () => {
    writeJob([target('acme'), target('contoso', { groups: false })]);
    const { code, stdout } = await rollcall(folder, 'validate', 'job.yaml');
    expect(code).toBe(1);
    expect(stdout).toContain('target.groups: true');
    writeJob([target('acme'), target('contoso')]);
  });

  it("can name the provider's own organisation, however it is spelt", async () => {
    writeJob([target('acme'), target('SYSTEM', { name: 'provider' })]);
    writeFeed((number) => person(number, ['']));
    const { stdout } = await rollcall(folder, 'plan', 'job.yaml', '--json', '--target', 'provider');
    const { targets } = JSON.parse(stdout) as Printed;
    expect(targets).toMatchObject([
      { exitCode: 0, report: { target: { baseUrl: `${sandbox.baseUrl}#system` } } },
    ]);
  });
});
