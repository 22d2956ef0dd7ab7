import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { brokenSums, type ReportJson } from './sums.ts';
import { mainFile } from '../program/main-file.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const asTerminal = fileOf('./as-terminal.ts');

/** What a job needs to know of a target, and where its sandbox keeps what was written. */
export interface NaughtyTarget {
  readonly provider: string;
  /** Beside provider and sandbox. */
  readonly target: object;
  /** What the sandbox begins with. */
  readonly users: unknown;
  /** Attributes that take any text: the property of the sandbox's user that holds each. */
  readonly texts: Readonly<Record<string, (user: Readonly<Record<string, unknown>>) => unknown>>;
}

export interface NaughtyRow {
  readonly id: string;
  readonly login: string;
  /** One for each of the target's texts. */
  readonly text: string;
}

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type SandboxUser = Readonly<Record<string, unknown>>;

/** A folder with a job for one target, whose sandbox keeps a journal. */
export class NaughtyWorld implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-naughty-'));
  readonly #target: NaughtyTarget;

  constructor(target: NaughtyTarget) {
    this.#target = target;
    this.#write('users.json', JSON.stringify(target.users));
    this.refuse([]);
    const attributes = Object.keys(target.texts);
    const job = {
      name: 'naughty',
      ledger: 'ledger.db',
      feed: {
        path: 'hr.csv',
        columns: {
          externalId: 'Employee ID',
          userName: 'Login',
          'emails.work': 'Email',
          ...Object.fromEntries(attributes.map((name) => [name, name])),
        },
      },
      match: 'userName',
      target: {
        provider: target.provider,
        sandbox: { users: 'users.json', journal: 'journal.ndjson', faults: 'faults.json' },
        limits: { requestsPerSecond: 10_000, concurrency: 8 },
        ...target.target,
      },
      policy: { leavers: [] },
      firstLoad: true,
    };
    this.#write('job.yaml', JSON.stringify(job));
  }

  writeFeed(rows: readonly NaughtyRow[]): void {
    const attributes = Object.keys(this.#target.texts);
    const records = rows.map(({ id, login, text }) => [
      id,
      login,
      `${login.replace(/@.*/, '')}@example.com`,
      ...attributes.map(() => text),
    ]);
    const all = [['Employee ID', 'Login', 'Email', ...attributes], ...records];
    this.#write('hr.csv', stringify(all, { quoted: true }));
  }

  /** From now on the sandbox refuses these users, with these words. */
  refuse(users: readonly (readonly [login: string, message: string])[]): void {
    const rules = users.map(([user, errormessage]) => ({
      match: { user },
      do: { refuse: { errorcode: 'NAUGHTY', errormessage } },
    }));
    this.#write('faults.json', JSON.stringify({ rules }));
  }

  /** Runs a command whose two streams are terminals, as far as it can tell. */
  onTerminal(command: 'plan' | 'apply', ...args: readonly string[]): Promise<Said> {
    return this.#run(['--import', asTerminal, mainFile, command, 'job.yaml', ...args]);
  }

  apply(): Promise<Said> {
    return this.#run([mainFile, 'apply', 'job.yaml', '--log-level', 'debug']);
  }

  /** The sandbox's users by their logins, as the journal's accepted writes left them. */
  users(): ReadonlyMap<string, SandboxUser> {
    const users = new Map<string, SandboxUser>();
    for (const line of readFileSync(join(this.#folder, 'journal.ndjson'), 'utf8').split('\n')) {
      if (line === '') continue;
      const write = JSON.parse(line) as { key: string; status: string; after: SandboxUser | null };
      if (write.status === 'accepted' && write.after !== null) users.set(write.key, write.after);
    }
    return users;
  }

  /** The report of the last run, its sums held. */
  report(): ReportJson {
    const report = JSON.parse(this.reportFile('report.json')) as ReportJson;
    const broken = brokenSums(report);
    if (broken.length > 0) throw new Error(`The report does not add up: ${broken.join('; ')}`);
    return report;
  }

  /** A file of the last run's report. */
  reportFile(name: string): string {
    const runs = readdirSync(join(this.#folder, 'runs'))
      .filter((run) => readdirSync(join(this.#folder, 'runs', run)).includes('report.json'))
      .sort();
    return readFileSync(join(this.#folder, 'runs', runs.at(-1) ?? '', name), 'utf8');
  }

  /** The records of a CSV file of the last run's report, by header. */
  records(name: string): readonly Readonly<Record<string, string>>[] {
    return parse(this.reportFile(name), { columns: true, bom: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(name: string, content: string): void {
    writeFileSync(join(this.#folder, name), content);
  }

  async #run(args: readonly string[]): Promise<Said> {
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.#folder, USER: 'tester', NO_COLOR: '1' },
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }
}
