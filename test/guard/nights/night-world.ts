import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readJob } from '../../../src/job/read-job.ts';
import { providers } from '../../../src/providers/registry.ts';
import { readPlanWithJob } from '../../../src/cli/saved-plan.ts';
import type { Report } from '../../../src/report/report.ts';
import { exitCodeOf, runTargets, type TargetEnd, type TargetsOptions } from '../../../src/run/run-targets.ts';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';
import { quietWorld } from '../../run/memory-world.ts';
import { groupNames, type Row, userOf } from './staff.ts';

/** How a night ended. */
export interface Night {
  readonly exit: number;
  /** Null when the run was refused. */
  readonly report: Report | null;
  /** What a refusal said, with its code; '' where there is a report. */
  readonly refusal: string;
  readonly tripped: readonly Report['guards'][number][];
  /** What the sandbox's journal says of this night. */
  readonly writes: readonly Write[];
  /** The plan's file; '' when there is none. */
  readonly planFile: string;
}

/** A line of the sandbox's journal. */
export interface Write {
  readonly op: string;
  /** Who is written. */
  readonly key: string;
  /** The group, where it is one's membership. */
  readonly subject: string | null;
  readonly status: string;
}

const hourMs = 3_600_000;

/** The mapping of the export, with nothing said of guards: they are as the program has them. */
const usualJob = {
  name: 'hr',
  ledger: 'ledger.db',
  feed: {
    path: 'hr.csv',
    columns: {
      externalId: 'Employee ID',
      userName: 'Login',
      'name.givenName': 'First Name',
      'name.familyName': 'Last Name',
      'emails.work': 'Email',
      title: 'Title',
      department: { from: 'Department', empty: 'clear' },
      manager: 'Manager',
      groups: { from: 'Groups', split: ';', owned: groupNames, empty: 'clear' },
      active: { from: 'Status', active: ['Active'], leaver: ['Terminated'] },
    },
    employment: { end: { column: 'Last Day', inclusive: true } },
    dates: { format: ['yyyy-MM-dd'] },
  },
  match: 'userName',
  policy: { leavers: [{ disable: 'now' }, { remove: 'after 90d' }] },
};

export interface Job {
  readonly feed?: object;
  readonly [section: string]: unknown;
}

/**
 * A folder with a job, its ledger, and a SCIM sandbox in this process that has the people already. Nights are runs a
 * day apart by a clock of their own; `save` and `restore` put ledger and sandbox back to what they were.
 */
export class NightWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-nights-'));
  readonly #rows: readonly Row[];
  #sandbox: RunningSandbox | null = null;
  #port = 0;
  /** The clock's time, in milliseconds. */
  #nowMs = Date.parse('2026-06-01T02:15:00.000Z');
  #startedMs = performance.now();
  #saved: { readonly nowMs: number; readonly journal: string } | null = null;

  private constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  static async open(rows: readonly Row[], job: Job = {}): Promise<NightWorld> {
    const world = new NightWorld(rows);
    world.write('token', 'sandbox');
    await world.serve();
    world.writeJob(job);
    return world;
  }

  /** Starts the sandbox on its port, with these people and what its journal remembers. */
  async serve(
    rows: readonly Row[] = this.#rows,
    change: (user: object) => object = (user) => user,
  ): Promise<void> {
    await this.#sandbox?.close();
    const users = rows.map(userOf).map(change);
    this.#sandbox = await startSandbox({
      provider: 'scim',
      port: this.#port,
      users: this.write('users.json', JSON.stringify({ users, groups: groupNames })),
      journal: this.path('journal.ndjson'),
      faults: null,
      ratePerSecond: null,
    });
    this.#port = Number(new URL(this.#sandbox.baseUrl).port);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  writeJob({ feed = {}, ...rest }: Job = {}): void {
    const job = {
      ...usualJob,
      feed: { ...usualJob.feed, ...feed },
      target: {
        provider: 'scim',
        baseUrl: `http://127.0.0.1:${this.#port}`,
        auth: { type: 'bearer', token: 'file:token' },
        limits: { requestsPerSecond: 5_000, concurrency: 8 },
      },
      ...rest,
    };
    this.write('job.yaml', JSON.stringify(job, null, 2));
  }

  /** Writes the export, as if it had been made just now. */
  writeFeed(content: string | Buffer, modifiedMs = this.#now()): void {
    this.write('hr.csv', content);
    utimesSync(this.path('hr.csv'), modifiedMs / 1_000, modifiedMs / 1_000);
  }

  /** Lets a day pass, and applies the export. */
  async night(content: string | Buffer, options: Partial<TargetsOptions> = {}): Promise<Night> {
    this.pass(24);
    this.writeFeed(content);
    return this.run('apply', options);
  }

  pass(hours: number): void {
    this.#nowMs += hours * hourMs;
  }

  /** The clock's time, ISO 8601. */
  get now(): string {
    return new Date(this.#now()).toISOString();
  }

  async run(mode: 'plan' | 'apply', options: Partial<TargetsOptions> = {}): Promise<Night> {
    return this.#observe(async () => {
      const { jobs } = await readJob(this.path('job.yaml'), { providers });
      return { jobs, options: { mode, asOf: null, state: null, ...options } };
    });
  }

  /** Applies a plan that was made before. */
  async applyPlan(file: string): Promise<Night> {
    return this.#observe(async () => {
      const { plan, job, all } = await readPlanWithJob(file, { jobFile: null, feeds: [] });
      const reviewed = { plan, maxAgeMs: 24 * hourMs };
      return {
        jobs: [job],
        options: { mode: 'apply' as const, asOf: plan.header.asOf, state: null, reviewed, all },
      };
    });
  }

  /** Somebody else's write to a user of the sandbox: an operation of PATCH, or null, which deletes. */
  async edit(id: string, operation: object | null): Promise<void> {
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] };
    const answer = await fetch(`http://127.0.0.1:${this.#port}/Users/${id}`, {
      method: operation === null ? 'DELETE' : 'PATCH',
      headers: { authorization: 'Bearer sandbox', 'content-type': 'application/scim+json' },
      ...(operation === null ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  journal(): readonly Write[] {
    return this.#journalText()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Write);
  }

  /** Keeps ledger, users and clock as they are now. */
  save(): void {
    copyFileSync(this.path('ledger.db'), this.path('saved.db'));
    this.#saved = { nowMs: this.#now(), journal: this.#journalText() };
  }

  /** Puts ledger, users and clock back to what they were. */
  async restore(): Promise<void> {
    if (this.#saved === null) throw new Error('Nothing was saved.');
    const { nowMs, journal } = this.#saved;
    // Grants that were taken later than now would be waited for.
    for (const suffix of ['-wal', '-shm', '.limits'])
      rmSync(this.path(`ledger.db${suffix}`), { force: true });
    copyFileSync(this.path('saved.db'), this.path('ledger.db'));
    this.#nowMs = nowMs;
    this.#startedMs = performance.now();
    if (this.#journalText() === journal) return;
    await this.#sandbox?.close();
    this.#sandbox = null;
    this.write('journal.ndjson', journal);
    await this.serve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #observe(
    prepare: () => Promise<{
      readonly jobs: Parameters<typeof runTargets>[0];
      readonly options: TargetsOptions;
    }>,
  ): Promise<Night> {
    const before = this.journal().length;
    let end: TargetEnd | null = null;
    try {
      const { jobs, options } = await prepare();
      for await (const one of runTargets(jobs, options, this.#world())) end = one;
    } catch (error) {
      return { ...refused, exit: 1, refusal: String(error), writes: this.journal().slice(before) };
    }
    if (end === null) throw new Error('The job has a target.');
    const { failure } = end;
    const report = end.end?.report ?? null;
    return {
      exit: exitCodeOf(end),
      report,
      refusal: failure === null ? '' : `${failure.code}: ${failure.message}`,
      tripped: report?.guards.filter((guard) => guard.tripped) ?? [],
      writes: this.journal().slice(before),
      planFile: end.end?.planFile ?? '',
    };
  }

  #journalText(): string {
    return existsSync(this.path('journal.ndjson')) ? readFileSync(this.path('journal.ndjson'), 'utf8') : '';
  }

  #now(): number {
    return Math.round(this.#nowMs + performance.now() - this.#startedMs);
  }

  #world(): ReturnType<typeof quietWorld> {
    return quietWorld({
      clock: {
        now: () => this.#now(),
        sleep: async (ms, signal) => {
          await wait(ms, undefined, { ...(signal === undefined ? {} : { signal }), ref: false }).catch(
            () => undefined,
          );
          signal?.throwIfAborted();
        },
      },
      random: Math.random,
    });
  }
}

const refused: Omit<Night, 'exit' | 'writes'> = { report: null, refusal: '', tripped: [], planFile: '' };
