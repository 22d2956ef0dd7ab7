import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/http/clock.ts';
import { readJob } from '../../src/job/read-job.ts';
import { providers } from '../../src/providers/registry.ts';
import { exitCodeOf, runTargets } from '../../src/run/run-targets.ts';
import { type RunningSandbox, startSandbox } from '../../src/sandboxes/start-sandbox.ts';
import { quietWorld } from '../run/memory-world.ts';
import { brokenSums, type ReportJson } from './sums.ts';
import { mainFile } from '../program/main-file.ts';

/** For tests that start many processes: they are slow on a busy machine, and only a hang shall fail them. */
export const patient = { timeout: 240_000 };

/** What the sandbox and the job agree on; no output may ever show it. */
export const password = 'Sesame-7391-open';
const account = { EPM_USER: 'admin', EPM_PASSWORD: password };

/** An invented person, as one row of the feed. */
export interface PersonRow {
  readonly id: string;
  readonly login: string;
  readonly first: string;
  readonly last: string;
  readonly email: string;
  /** Roles, joined by a semicolon. */
  readonly role: string;
  readonly status: string;
}

/** A user as the sandbox's users file and journal have it. */
export interface EpmUser {
  readonly userlogin: string;
  readonly firstname: string;
  readonly lastname: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** A line of the sandbox's journal. */
export interface Write {
  readonly seq: number;
  readonly at: string;
  readonly op: string;
  readonly key: string;
  readonly subject: string | null;
  readonly status: string;
  readonly before: EpmUser | null;
  readonly after: EpmUser | null;
}

/** How one command of the program ended. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** The report that the command left; throws when it left none. */
  readonly report: ReportJson;
  /** Folder of that report. */
  readonly directory: string;
  readonly hasReport: boolean;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export interface SandboxWorld {
  readonly users?: readonly EpmUser[];
  readonly faults?: readonly object[];
  readonly ratePerSecond?: number;
}

export const feedHeader = 'Employee ID,User Login,First Name,Last Name,Email,Role,Status';

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function person(number: number, difference: Partial<PersonRow> = {}): PersonRow {
  const login = `ada.moreau${number}@example.com`;
  return {
    id: `E${number}`,
    login,
    first: 'Ada',
    last: `Moreau${number}`,
    email: login,
    role: 'Viewer',
    status: 'Active',
    ...difference,
  };
}

/** People with the numbers from 1 to `count`, or from `first` on. */
export function people(count: number, first = 1): PersonRow[] {
  return Array.from({ length: count }, (_, index) => person(first + index));
}

/** The user that the person is, once the feed has been carried out. */
export function userOf(row: PersonRow): EpmUser {
  const roles = row.role.split(';').filter((role) => role !== '');
  return {
    userlogin: row.login,
    firstname: row.first,
    lastname: row.last,
    email: row.email,
    roles,
    groups: [],
  };
}

export function csvRow(row: PersonRow): string {
  return [row.id, row.login, row.first, row.last, row.email, row.role, row.status].join(',');
}

/** A feed that states its row count in a trailer. */
export function wholeFeed(rows: readonly PersonRow[]): string {
  return `${feedHeader}\n${rows.map((row) => `${csvRow(row)}\n`).join('')}TRAILER,${rows.length},,,,,\n`;
}

/** A feed that says nothing of its length. */
export function plainFeed(rows: readonly PersonRow[]): string {
  return `${feedHeader}\n${rows.map((row) => `${csvRow(row)}\n`).join('')}`;
}

/**
 * A folder with a job, a feed, and a sandbox in this process, which hundreds of tests could not each start anew. Every
 * command runs as a real process, and whatever it leaves is held to the promises that always hold: sums, file modes,
 * no stack trace, nothing personal in the log. Close it, or let `await using` do so: it ends every process that it
 * started.
 */
export class World implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-cli-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  readonly runsPath = join(this.folder, 'runs');
  readonly #children = new Set<ChildProcess>();
  readonly #seenRuns = new Set<string>();
  #sandbox: RunningSandbox | null = null;
  #users: readonly EpmUser[] = [];
  #port = 0;

  /** A world whose sandbox is up and whose job and feed are written. */
  static async open(
    difference: SandboxWorld & { readonly feed?: string; readonly job?: object } = {},
  ): Promise<World> {
    const world = new World();
    try {
      await world.serve(difference);
      world.writeJob(difference.job);
      if (difference.feed !== undefined) world.writeFeed(difference.feed);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  writeFeed(content: string | Buffer): void {
    this.write('hr.csv', content);
  }

  /**
   * The job, as JSON, which is YAML; sections are laid over those of a job that works, and each of `feeds` over its
   * feed.
   */
  writeJob(difference: object = {}): void {
    const { target = {}, feed = {}, feeds, ...rest } = difference as Record<string, object>;
    const usual = {
      path: 'hr.csv',
      columns: {
        externalId: 'Employee ID',
        userName: 'User Login',
        'name.givenName': 'First Name',
        'name.familyName': 'Last Name',
        'emails.work': 'Email',
        roles: 'Role',
      },
      whole: { trailer: 'TRAILER' },
    };
    const several = Array.isArray(feeds) ? (feeds as readonly object[]) : null;
    const job = {
      name: 'epm-hr-feed',
      ledger: 'ledger.db',
      ...(several === null
        ? { feed: { ...usual, ...feed } }
        : { feeds: several.map((one) => ({ ...usual, ...one })) }),
      match: 'userName',
      target: {
        provider: 'oracle-epm',
        baseUrl: this.baseUrl,
        auth: { type: 'basic', username: 'env:EPM_USER', password: 'env:EPM_PASSWORD' },
        limits: { requestsPerSecond: 2_000, concurrency: 4, batchSize: 500 },
        ...target,
      },
      policy: { leavers: [{ disable: 'now' }] },
      firstLoad: true,
      ...rest,
    };
    this.write('job.yaml', JSON.stringify(job, null, 2));
  }

  /** Starts the sandbox, or starts it again on the same port with what its journal remembers. */
  async serve(difference: SandboxWorld = {}): Promise<void> {
    await this.stopSandbox();
    if (difference.users !== undefined) this.#users = difference.users;
    const { faults, ratePerSecond = null } = difference;
    this.#sandbox = await startSandbox({
      provider: 'oracle-epm',
      port: this.#port,
      users: this.write('users.ndjson', this.#users.map((user) => `${JSON.stringify(user)}\n`).join('')),
      journal: this.journalPath,
      faults: faults === undefined ? null : this.write('faults.json', JSON.stringify({ rules: faults })),
      ratePerSecond,
      username: 'admin',
      password,
    });
    this.#port = Number(new URL(this.#sandbox.baseUrl).port);
  }

  async stopSandbox(): Promise<void> {
    const sandbox = this.#sandbox;
    this.#sandbox = null;
    await sandbox?.close();
  }

  /** Runs one command to its end, and holds what it left to the promises that always hold. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.start(args).ended;
  }

  /** Runs one command with other variables than usual. */
  runWith(variables: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> {
    return this.start(args, variables).ended;
  }

  /**
   * Applies the job in this process, in a quarter of the time: for the day before, with which a test begins and of
   * which it asks nothing but that it ended well.
   */
  async link(): Promise<void> {
    // A job's references to secrets are to variables of the process that runs it.
    Object.assign(process.env, account);
    const { jobs } = await readJob(this.path('job.yaml'), { providers });
    const options = { mode: 'apply', asOf: null, state: null } as const;
    for await (const end of runTargets(jobs, options, quietWorld({ clock: systemClock }))) {
      if (exitCodeOf(end) !== 0) throw end.failure ?? new Error(`the apply ended with ${exitCodeOf(end)}`);
    }
    this.#newRuns();
  }

  plan(...args: readonly string[]): Promise<Ran> {
    return this.run('plan', 'job.yaml', ...args);
  }

  apply(...args: readonly string[]): Promise<Ran> {
    return this.run('apply', 'job.yaml', ...args);
  }

  start(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Running {
    const startedMs = performance.now();
    const child = this.#spawn(args, { ...account, ...variables });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const ended = once(child, 'close').then(([code, signal]): Ran => {
      const durationMs = performance.now() - startedMs;
      const said = { stdout, stderr, durationMs };
      checkOutput(args, said);
      const directory = this.#newRuns().at(-1) ?? null;
      return {
        ...said,
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        hasReport: directory !== null,
        get report(): ReportJson {
          return readReport(this.directory);
        },
        get directory(): string {
          if (directory === null) throw new Error(`no report was left by ${args.join(' ')}: ${stderr}`);
          return directory;
        },
      };
    });
    return { child, ended };
  }

  /** Every write that the sandbox accepted or refused; those after the first `skip` when given. */
  journal(skip = 0): readonly Write[] {
    if (!existsSync(this.journalPath)) return [];
    return readFileSync(this.journalPath, 'utf8')
      .split('\n')
      .slice(skip)
      .filter((line) => line !== '' && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Write);
  }

  /** How many lines the journal has; cheap enough to watch it grow. */
  journalLines(): number {
    if (!existsSync(this.journalPath)) return 0;
    const bytes = readFileSync(this.journalPath);
    let lines = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
    return lines;
  }

  accepted(skip = 0): readonly Write[] {
    return this.journal(skip).filter((write) => write.status === 'accepted');
  }

  /** The users as they are now, by login in lower case: what the sandbox began with, and every accepted write. */
  users(): ReadonlyMap<string, EpmUser> {
    const users = new Map(this.#users.map((user) => [user.userlogin.toLowerCase(), user]));
    for (const { key, after } of this.accepted()) {
      if (after === null) users.delete(key.toLowerCase());
      else users.set(key.toLowerCase(), after);
    }
    return users;
  }

  /** Logins that were created more often than once. */
  createdTwice(): readonly string[] {
    const adds = this.accepted().filter((write) => write.op === 'add');
    const logins = adds.map((write) => write.key.toLowerCase());
    const seen = new Set<string>();
    return logins.filter((login) => seen.size === seen.add(login).size);
  }

  /** People of the feed whose user is not what the feed says, with what it is instead. */
  strays(rows: readonly PersonRow[]): readonly unknown[] {
    const users = this.users();
    return rows.flatMap((row) => {
      const wanted = userOf(row);
      const found = users.get(row.login.toLowerCase());
      const same =
        found !== undefined &&
        found.firstname === wanted.firstname &&
        found.lastname === wanted.lastname &&
        found.email === wanted.email &&
        wanted.roles.every((role) => found.roles.includes(role));
      return same ? [] : [{ wanted, found }];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#children].filter(isRunning);
    const gone = running.map((child) => once(child, 'close'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(gone);
    await this.stopSandbox();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], variables: Readonly<Record<string, string>>): ChildProcess {
    const child = spawn(process.execPath, [mainFile, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        NO_COLOR: '1',
        ...variables,
      },
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Folders of runs that came as far as a report since the last look, oldest first; each is checked. */
  #newRuns(): readonly string[] {
    if (!existsSync(this.runsPath)) return [];
    const fresh = readdirSync(this.runsPath)
      .sort()
      .map((name) => join(this.runsPath, name))
      .filter((directory) => !this.#seenRuns.has(directory) && existsSync(join(directory, 'report.json')));
    for (const directory of fresh) {
      this.#seenRuns.add(directory);
      checkRun(directory);
    }
    return fresh;
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

export function readReport(directory: string): ReportJson {
  return JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as ReportJson;
}

/** Lines of a CSV file of ours, without byte order mark; for cells that hold no line end. */
export function csvLines(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '');
}

function checkRun(directory: string): void {
  const sums = brokenSums(readReport(directory));
  if (sums.length > 0) throw new Error(`the report in ${directory} does not add up: ${sums.join('; ')}`);
  for (const name of readdirSync(directory)) {
    const mode = statSync(join(directory, name)).mode & 0o777;
    if (mode !== 0o600) throw new Error(`${join(directory, name)} has the mode ${mode.toString(8)}`);
  }
}

function checkOutput(args: readonly string[], said: Pick<Ran, 'stdout' | 'stderr'>): void {
  const all = `${said.stdout}\n${said.stderr}`;
  const command = args.join(' ');
  if (/^\s+at .+(:\d+:\d+\)?|\(native\)|<anonymous>\)?)$/m.test(all)) {
    throw new Error(`${command} printed a stack trace:\n${all}`);
  }
  if (all.includes(password)) throw new Error(`${command} printed the password`);
  const log = said.stderr.split('\n').filter((line) => line.startsWith('{'));
  const personal = log.find((line) => /@|Moreau|%40/.test(line));
  if (personal !== undefined) throw new Error(`${command} logged something personal: ${personal}`);
}
