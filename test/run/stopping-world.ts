import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, Item, Provider } from '../../src/contracts/provider.ts';
import { type FailureExit, Failure, TargetFailure } from '../../src/domain/failure.ts';
import type { User } from '../../src/domain/user.ts';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/read-job.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { RunEnd } from '../../src/run/finish-run.ts';
import { resumeRun } from '../../src/run/resume-run.ts';
import { runTargets } from '../../src/run/run-targets.ts';
import type { World } from '../../src/run/world.ts';
import { virtualClock } from '../http/virtual-clock.ts';
import { fakeProvider } from '../job/fake-provider.ts';
import { quietWorld } from './memory-world.ts';

/** What a run came to. */
export interface Came {
  readonly code: string | number;
  readonly end: RunEnd | null;
  readonly exit: FailureExit | null;
}

/**
 * A job whose one target lives in memory, and does before each write what `onWrite` says. A run of it stops like a real
 * one: by a signal, by a target that is gone, or by being left where it stands.
 */
export class StoppingWorld implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-stopping-'));
  readonly users = new Map<string, User>();
  /** Every write that took effect: what and whose. */
  readonly writes: string[] = [];
  readonly clock = virtualClock({ startMs: Date.parse('2026-06-02T00:00:00.000Z') });
  lookUps = 0;
  /** Called with the number of the write, from 1; what it throws is the answer, after the write if it says so. */
  onWrite: (write: number) => { readonly lost: boolean } | undefined = () => undefined;
  /** Whether look-ups tell what took effect. */
  canTell = true;
  /** Whether a step may be repeated without harm. */
  createOnly = false;
  /** For how long the target remembers keys; not at all by default. */
  keyLifetimeMs = 0;
  /** The key of every step that was sent, in order. */
  readonly keys: string[] = [];
  stop = new AbortController();
  #count = 0;

  writeFeed(titles: Readonly<Record<number, string>>): void {
    const rows = Object.entries(titles).map(([n, title]) => `E${n},p${n}@example.com,${title}\n`);
    writeFileSync(join(this.folder, 'hr.csv'), `ID,Login,Title\n${rows.join('')}`);
  }

  async job(difference: object = {}): Promise<Job> {
    const { feed = {}, ...rest } = difference as { feed?: object };
    const job = {
      name: 'hr',
      ledger: 'ledger.db',
      feed: {
        path: 'hr.csv',
        columns: { externalId: 'ID', userName: 'Login', 'name.familyName': 'Title' },
        ...feed,
      },
      match: 'userName',
      firstLoad: true,
      guards: { creates: 100, updates: '100%', attributes: '100%' },
      target: {
        provider: 'acme',
        baseUrl: 'https://north.example.com',
        auth: { type: 'bearer', token: 'env:TOKEN' },
        limits: { concurrency: 1, batchSize: 1, requestsPerSecond: 1_000 },
      },
      ...rest,
    };
    writeFileSync(join(this.folder, 'job.yaml'), JSON.stringify(job));
    const { jobs } = await readJob(join(this.folder, 'job.yaml'), { providers: { acme: this.#provider() } });
    const [only] = jobs;
    if (only === undefined) throw new Error('a job has a target');
    return only;
  }

  async apply(job: Job): Promise<Came> {
    const told = { mode: 'apply', asOf: null, state: null } as const;
    for await (const { end, failure } of runTargets([job], told, this.#world())) return came(end, failure);
    throw new Error('nothing was run');
  }

  async resume(job: Job, runId: string | null = null, maxAgeMs = 86_400_000): Promise<Came> {
    try {
      return came(await resumeRun(job, { runId, maxAgeMs }, this.#world()), null);
    } catch (error) {
      if (error instanceof Failure) return came(null, error);
      throw error;
    }
  }

  /** Stops the run that is under way as SIGTERM does. */
  signal(): void {
    this.stop.abort(new Error('told to stop'));
  }

  /** Makes the last run look like one that was killed: without an end. */
  async asIfKilled(job: Job, runId: string): Promise<void> {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(job.ledger);
    database.exec(`UPDATE runs SET state = 'running', exit_code = NULL, finished_at = NULL
      WHERE run_id = '${runId}'`);
    database.close();
  }

  async stateOf(job: Job, runId: string): Promise<string | undefined> {
    const ledger = await openLedger(job.ledger, { readOnly: true });
    const run = await ledger.run(runId);
    await ledger.close();
    return run?.state;
  }

  world(): World {
    return this.#world();
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #world(): World {
    this.stop = new AbortController();
    return quietWorld({ clock: this.clock, signal: this.stop.signal });
  }

  #provider(): Provider {
    return {
      ...fakeProvider,
      supports: { ...fakeProvider.supports, initialPassword: true },
      idOf: ({ userName }) => (typeof userName === 'string' ? userName : null),
      steps: (need) => [
        { action: need.operation === 'create' ? 'add' : 'set', subject: '', values: need.after },
      ],
      applied: (step, user, userId) => ({
        id: userId,
        active: user?.active ?? true,
        attributes: { ...user?.attributes, ...step.values },
      }),
      verdict: ({ values }, found) => {
        if (!this.canTell) return 'cannotTell';
        const isThere = Object.entries(values).every(([name, value]) => found?.attributes[name] === value);
        return found !== undefined && isThere ? 'applied' : 'notApplied';
      },
      createOnly: () => this.createOnly,
      keyLifetimeMs: () => this.keyLifetimeMs,
      connect: async () => this.#connection(),
    };
  }

  #connection(): Connection {
    const world = this;
    return {
      async *readUsers() {
        yield [...world.users.values()];
      },
      lookUp: async (sought) => {
        world.lookUps += 1;
        return sought.map(({ userId, attributes }) => world.users.get(userId ?? String(attributes.userName)));
      },
      bodyBytes: () => 1,
      write: async (items) => {
        this.#count += 1;
        const end = this.onWrite(this.#count);
        for (const item of items) {
          const { key = '' } = item;
          const isRemembered = this.keyLifetimeMs > 0 && this.keys.includes(key);
          this.keys.push(key);
          if (!isRemembered) this.#take(item);
        }
        if (end?.lost === true) {
          throw new TargetFailure({ trouble: 'unanswered', message: 'The connection was dropped.' });
        }
        return items.map(() => ({
          ...{ result: 'succeeded', errorCode: null, providerCode: null, message: null, userId: null },
        }));
      },
      ownId: null,
      close: async () => {},
    };
  }

  #take({ step, userId, attributes }: Item): void {
    const id = userId ?? String(attributes.userName);
    const before = this.users.get(id);
    this.users.set(id, { id, active: true, attributes: { ...before?.attributes, ...step.values } });
    this.writes.push(`${step.action} ${id.split('@')[0]}`);
  }
}

function came(end: RunEnd | null, failure: Failure | null): Came {
  const code = failure?.code ?? end?.report.exitCode ?? 'nothing';
  return { code, end, exit: failure?.exit ?? null };
}
