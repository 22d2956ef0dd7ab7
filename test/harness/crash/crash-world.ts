import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { csvRow, type EpmUser, feedHeader, type PersonRow, person, World } from '../../cli/world.ts';
import { allowEverything } from '../../guard/allow-everything.ts';
import { audit } from '../audit.ts';

const killSwitch = fileURLToPath(new URL('kill-switch.ts', import.meta.url));

/** How a process shall die: at the step with this number, or after so many milliseconds. */
export type Death = { readonly step: number } | { readonly afterMs: number };

export interface CrashEnd {
  /** The step at which it died, `a time` for a kill by the clock; null when it came to its end before. */
  readonly died: string | null;
  /** Steps that it took; null when it died. */
  readonly steps: number | null;
  readonly violations: readonly string[];
}

export interface FullEnd {
  readonly code: number | null;
  /** From the first write that failed to the end of the process; null when none failed. */
  readonly tookMs: number | null;
  readonly violations: readonly string[];
}

/**
 * A target and a ledger that live from crash to crash. Each crash has a feed of its own: people come, change, leave and
 * come back. One process is killed, the next has to finish.
 */
export class CrashWorld implements AsyncDisposable {
  readonly #world: World;
  readonly #random: () => number;
  #rows: readonly PersonRow[];
  #away: readonly PersonRow[] = [];
  #numbers: number;
  #lines = 0;

  private constructor(world: World, rows: readonly PersonRow[], random: () => number) {
    this.#world = world;
    this.#rows = rows;
    this.#numbers = rows.length;
    this.#random = random;
  }

  /** A world in which so many people were provisioned by a run that nobody disturbed. */
  static async open(people: number, random: () => number): Promise<CrashWorld> {
    const rows = Array.from({ length: people }, (_, index) => person(index + 1, { role: roleOf(random) }));
    const world = await World.open({ feed: feedOf(rows), job });
    const crashes = new CrashWorld(world, rows, random);
    const ran = await world.apply();
    if (ran.code !== 0) throw new Error(`The first load ended with ${ran.code}: ${ran.stderr}`);
    crashes.#lines = world.journalLines();
    return crashes;
  }

  /**
   * A day of the world: the feed changes, a process dies over it, and the next one finishes. With `resume` somebody goes
   * on with the run that died before today's apply comes, which then has nothing left to do.
   */
  async crash(death: Death, { resume = false } = {}): Promise<CrashEnd> {
    const world = this.#world;
    this.#nextDay();
    world.writeFeed(feedOf(this.#rows));
    const { died, steps } = await this.#kill(death);
    await this.#untilTargetIsDone();
    const violations = [...this.#integrity()];
    const isDone = resume && died !== null && (await this.#resume(violations));
    const lines = world.journalLines();
    violations.push(...(await this.#finish()));
    if (isDone && this.#lines > lines)
      violations.push(`${this.#lines - lines} writes were left after a resume`);
    return { died, steps, violations };
  }

  /** Goes on with the run that died, whose report is about the whole day; says whether there was one to go on with. */
  async #resume(violations: string[]): Promise<boolean> {
    const ran = await this.#world.start(['resume', 'job.yaml']).ended;
    violations.push(...this.#integrity());
    // One that died before it sent anything is nothing to go on with, nor is an older one whose creates nobody can tell.
    if (ran.code === 1 && /ended before it wrote anything|was applied after/.test(ran.stderr)) return false;
    if (ran.code !== 0) violations.push(`resume ended with ${ran.code}: ${ran.stderr.slice(-300)}`);
    if (ran.code !== 0 || !ran.hasReport) return false;
    violations.push(...this.#auditReport(ran.directory, this.#lines));
    return true;
  }

  /** The next process: nobody has mended anything. */
  async #finish(): Promise<readonly string[]> {
    const world = this.#world;
    const before = world.journalLines();
    const ran = await world.apply();
    const violations = [...this.#integrity()];
    if (ran.code !== 0) violations.push(`the next apply ended with ${ran.code}: ${ran.stderr.slice(-300)}`);
    else violations.push(...this.#auditReport(ran.directory, before));
    violations.push(...this.#judgeTarget());
    this.#lines = world.journalLines();
    return violations;
  }

  /** A day on which the disk is full from the write with this number on; later there is room, and the next run finishes. */
  async fill(write: number): Promise<FullEnd> {
    const world = this.#world;
    this.#nextDay();
    world.writeFeed(feedOf(this.#rows));
    const file = world.write('steps', '');
    const { ended } = world.start(['apply', 'job.yaml'], {
      NODE_OPTIONS: `--import=${killSwitch}`,
      ROLLCALL_KILL_STEPS: file,
      ROLLCALL_FULL_AT: String(write),
    });
    const { code, stderr, durationMs } = await ended;
    const told = readFileSync(file, 'utf8');
    const fullAtMs = /full at ([\d.]+)/.exec(told)?.[1];
    const violations = [...this.#integrity()];
    if (fullAtMs !== undefined) {
      const hasWritten = world.journalLines() > this.#lines;
      // Those may still leave that were on their way to their connection, with a durable intent each.
      const left = told.split('\n').filter((line) => line.startsWith('sent')).length;
      if (left > concurrency) violations.push(`${left} writes left after the ledger's disk was full`);
      if (code !== 0 && !/disk|room|space|ENOSPC|could not be/i.test(stderr))
        violations.push(`the cause was not told: ${stderr.slice(-300)}`);
      if (hasWritten ? code === 1 : code === 4) violations.push(`exit ${code}, written: ${hasWritten}`);
    } else if (code !== 0) violations.push(`exit ${code} although there was room`);
    violations.push(...(await this.#finish()));
    const tookMs = fullAtMs === undefined ? null : durationMs - Number(fullAtMs);
    return { code, tookMs, violations };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#world[Symbol.asyncDispose]();
  }

  async #kill(death: Death): Promise<Pick<CrashEnd, 'died' | 'steps'>> {
    const file = this.#world.path('steps');
    const variables = {
      NODE_OPTIONS: `--import=${killSwitch}`,
      ROLLCALL_KILL_STEPS: file,
      ROLLCALL_KILL_AT: 'step' in death ? String(death.step) : '0',
      ROLLCALL_KILL_TRACE: process.env.ROLLCALL_KILL_TRACE ?? '',
    };
    const { child, ended } = this.#world.start(['apply', 'job.yaml'], variables);
    const timer = 'afterMs' in death ? setTimeout(() => child.kill('SIGKILL'), death.afterMs) : null;
    const { signal, code, stderr } = await ended;
    if (timer !== null) clearTimeout(timer);
    const told = existsSync(file) ? readFileSync(file, 'utf8') : '0';
    if (signal === 'SIGKILL') return { died: 'step' in death ? told : 'a time', steps: null };
    if (code !== 0) throw new Error(`A run that nobody killed ended with ${code}: ${stderr}`);
    return { died: null, steps: Number(told) };
  }

  /** A request that left right before the kill may still lie in the target's socket; it is no write of the next run. */
  async #untilTargetIsDone(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await (await fetch(this.#world.baseUrl)).arrayBuffer();
  }

  #integrity(): readonly string[] {
    const path = this.#world.path('ledger.db');
    if (!existsSync(path)) return ['the ledger is gone'];
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const told = database.prepare('PRAGMA integrity_check').get()?.integrity_check;
      return told === 'ok' ? [] : [`integrity_check says ${told}`];
    } finally {
      database.close();
    }
  }

  #nextDay(): void {
    const leaving = Math.ceil(this.#rows.length * 0.06);
    const back = this.#away.slice(0, Math.ceil(leaving / 2));
    const joiners = Array.from({ length: leaving - back.length }, () => {
      this.#numbers += 1;
      return person(this.#numbers, { role: roleOf(this.#random) });
    });
    const staying = this.#rows.slice(leaving).map((row): PersonRow => {
      const fate = this.#random();
      if (fate < 0.25) return { ...row, first: `Name${Math.floor(fate * 1e6)}${this.#numbers}` };
      return fate < 0.45 ? { ...row, role: roleOf(this.#random) } : row;
    });
    this.#away = [...this.#away.slice(back.length), ...this.#rows.slice(0, leaving)];
    this.#rows = [...staying, ...back, ...joiners];
  }

  /** Nobody lost, nobody doubled: told from the journal of this day alone. */
  *#judgeTarget(): Generator<string> {
    const users = this.#world.users();
    for (const row of this.#rows) {
      const user = users.get(row.login);
      if (!isAs(user, row)) yield `${row.id} is not as the feed says`;
    }
    for (const row of this.#away) {
      if ((users.get(row.login)?.roles.length ?? 0) > 0) yield `${row.id} left and still has roles`;
    }
    const seen = new Set<string>();
    for (const { op, key, subject } of this.#world.accepted(this.#lines)) {
      const write = `${op} ${subject ?? ''} ${this.#idOf(key)}`;
      if (seen.has(write)) yield `${write} took effect twice`;
      seen.add(write);
    }
  }

  #auditReport(directory: string, firstLine: number): readonly string[] {
    const users = this.#world.users();
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    const loginOf = new Map([...this.#rows, ...this.#away].map(({ id, login }) => [id, login]));
    const rows = new Map(this.#rows.map((row) => [row.id, row]));
    return audit({
      feed: feedOf(this.#rows),
      keyColumn: 'Employee ID',
      report: JSON.parse(read('report.json')),
      results: read('results.csv'),
      rejects: read('rejects.csv'),
      journal: this.#world.journal(firstLine).map(({ op, key, status }) => ({
        op,
        key: this.#idOf(key),
        taken: status === 'accepted',
      })),
      isAsFeed: (key) => {
        const row = rows.get(key);
        return row !== undefined && isAs(users.get(row.login), row);
      },
      isGone: (key) => (users.get(loginOf.get(key) ?? '')?.roles.length ?? 0) === 0,
    });
  }

  #idOf(login: string): string {
    return /moreau(\d+)@/i.exec(login)?.[1]?.replace(/^/, 'E') ?? login;
  }
}

const roles = ['Viewer', 'User', 'Power User'];

function roleOf(random: () => number): string {
  return roles.filter(() => random() < 0.5).join(';') || 'Viewer';
}

function isAs(user: EpmUser | undefined, row: PersonRow): boolean {
  if (user === undefined) return false;
  const wanted = row.role.split(';').sort();
  return (
    user.firstname === row.first &&
    user.lastname === row.last &&
    user.email === row.email &&
    JSON.stringify([...user.roles].sort()) === JSON.stringify(wanted)
  );
}

function feedOf(rows: readonly PersonRow[]): string {
  return `${feedHeader}\n${rows.map((row) => `${csvRow(row)}\n`).join('')}TRAILER,${rows.length},,,,,\n`;
}

const concurrency = 4;
const job = {
  guards: allowEverything,
  feed: {
    columns: {
      externalId: 'Employee ID',
      userName: 'User Login',
      'name.givenName': 'First Name',
      'name.familyName': 'Last Name',
      'emails.work': 'Email',
      roles: { from: 'Role', owned: ['*'] },
    },
  },
  target: { limits: { requestsPerSecond: 2_000, concurrency, batchSize: 25 } },
};
