import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenSums, type ReportJson } from '../../cli/sums.ts';
import { allowEverything } from '../../guard/allow-everything.ts';
import type { Line } from './world.ts';
import { mainFile } from '../../program/main-file.ts';

/** An invented person, as one row of the feed. */
export interface PersonRow {
  readonly id: string;
  readonly login: string;
  readonly first: string;
  readonly title: string;
  readonly department: string;
  /** Joined by a semicolon. */
  readonly roles: string;
  readonly groups: string;
  readonly status: 'Active' | 'Left';
}

export function person(number: number, difference: Partial<PersonRow> = {}): PersonRow {
  return {
    id: `E${number}`,
    login: `ada.moreau${number}@example.com`,
    first: 'Ada',
    title: `Clerk ${number}`,
    department: 'Accounts',
    roles: 'Reader',
    groups: number % 10 === 0 ? 'Sales' : '',
    status: 'Active',
    ...difference,
  };
}

export function people(count: number, first = 1): PersonRow[] {
  return Array.from({ length: count }, (_, index) => person(first + index));
}

export interface Ran {
  readonly code: number | null;
  readonly stderr: string;
  readonly report: ReportJson;
}

/** A test changes its job from day to day, and guards are not its question. */
const jobMayChange = ['--accept-job-change', 'another day of the test'];

/** A folder with a job, a feed and whatever the sandbox keeps; every command is a real process. */
export class Runs implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-scim-run-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  #seen = new Set<string>();

  /** Sections laid over those of a job that works against the sandbox. */
  writeJob(difference: Record<string, unknown> = {}): void {
    const { target = {}, ...rest } = difference as { target?: object };
    const job = {
      name: 'scim-hr-feed',
      ledger: 'ledger.db',
      feed: {
        path: 'hr.csv',
        columns: {
          externalId: 'Employee ID',
          userName: 'Login',
          'name.givenName': 'First Name',
          'emails.work': 'Login',
          title: 'Title',
          department: 'Department',
          roles: { from: 'Roles', owned: ['*'] },
          groups: { from: 'Groups', owned: ['Sales', 'Finance'] },
          active: { from: 'Status', active: ['Active'], leaver: ['Left'] },
        },
        whole: { trailer: 'TRAILER' },
      },
      match: 'userName',
      target: {
        provider: 'scim',
        sandbox: { journal: this.journalPath, users: 'users.json', faults: 'faults.json' },
        limits: { requestsPerSecond: 5_000, concurrency: 4 },
        ...target,
      },
      policy: { leavers: [{ disable: 'now' }] },
      guards: allowEverything,
      firstLoad: true,
      ...rest,
    };
    this.write('job.yaml', JSON.stringify(job));
  }

  writeFeed(rows: readonly PersonRow[]): void {
    const header = 'Employee ID,Login,First Name,Title,Department,Roles,Groups,Status';
    const lines = rows.map((row) =>
      [row.id, row.login, row.first, row.title, row.department, row.roles, row.groups, row.status].join(','),
    );
    this.write('hr.csv', [header, ...lines, `TRAILER,${rows.length},,,,,,`, ''].join('\n'));
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content);
  }

  /** Applies the job, now or as of a day, and holds the report to the sums that always hold. */
  async apply(variables: Readonly<Record<string, string>> = {}, asOf: string | null = null): Promise<Ran> {
    const day = asOf === null ? [] : ['--as-of', asOf];
    const child = spawn(process.execPath, [mainFile, 'apply', 'job.yaml', ...day, ...jobMayChange], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.folder, USER: 'tester', NO_COLOR: '1', ...variables },
    });
    let stderr = '';
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    const runs = join(this.folder, 'runs');
    const fresh = readdirSync(runs).filter((name) => !this.#seen.has(name));
    this.#seen = new Set([...this.#seen, ...fresh]);
    const directory = join(runs, fresh[0] ?? '');
    const report = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as ReportJson;
    const broken = brokenSums(report);
    if (broken.length > 0) throw new Error(`The report does not add up: ${broken.join('; ')}`);
    if (/moreau|@example/i.test(stderr)) throw new Error(`Something personal was logged: ${stderr}`);
    return { code, stderr, report };
  }

  /** The lines of the sandbox's journal from a position on. */
  journal(from = 0): readonly Line[] {
    return readFileSync(this.journalPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(from)
      .map((line) => JSON.parse(line) as Line);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How often each operation was accepted. */
export function tally(lines: readonly Line[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { op, status } of lines) if (status === 'accepted') counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}
