import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Connection, Provider } from '../../src/contracts/provider.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { User } from '../../src/domain/user.ts';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/read-job.ts';
import { exitCodeOf, runTargets, type TargetEnd, type TargetsOptions } from '../../src/run/run-targets.ts';
import type { World } from '../../src/run/world.ts';
import { virtualClock } from '../http/virtual-clock.ts';
import { fakeProvider } from '../job/fake-provider.ts';

/** Addresses of the targets, in the order of the job. */
export const addresses = ['north', 'south', 'west'].map((name) => `https://${name}.example.com`);

/** A folder with a job whose targets live in memory: they begin empty and take every user. */
export class MemoryWorld implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-memory-'));
  /** Logins that each target was told to create, by its address. */
  readonly created = new Map<string, string[]>();
  /** What happens to a target when somebody connects to it. */
  readonly onConnect: Record<string, () => void> = {};
  /** Called before a target takes users, by its address. */
  readonly onWrite: Record<string, () => void> = {};
  /** What could not be put away. */
  readonly leftBehind: Failure[] = [];

  path(name: string): string {
    return join(this.folder, name);
  }

  /** @param modifiedAt ISO 8601; now when absent */
  write(name: string, content: string | Buffer, modifiedAt?: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
    if (modifiedAt === undefined) return;
    utimesSync(this.path(name), new Date(modifiedAt), new Date(modifiedAt));
  }

  async jobs(feed: object = {}, targets = addresses): Promise<readonly Job[]> {
    const job = {
      name: 'hr',
      ledger: 'ledger.db',
      feed: { path: 'hr.csv', columns: { externalId: 'ID', userName: 'Login' }, ...feed },
      match: 'userName',
      firstLoad: true,
      guards: { creates: 100 },
      targets: targets.map((baseUrl) => ({
        name: new URL(baseUrl).hostname.split('.')[0],
        provider: 'acme',
        baseUrl,
        auth: { type: 'bearer', token: 'env:TOKEN' },
      })),
    };
    this.write('job.yaml', JSON.stringify(job));
    return (await readJob(this.path('job.yaml'), { providers: { acme: this.#provider() } })).jobs;
  }

  async run(
    mode: 'plan' | 'apply',
    list: readonly Job[],
    world: Partial<World> = {},
    options: Partial<TargetsOptions> = {},
  ): Promise<readonly TargetEnd[]> {
    const ends: TargetEnd[] = [];
    const onLeftBehind = (failure: Failure): unknown => this.leftBehind.push(failure);
    const told = { mode, asOf: null, state: null, onLeftBehind, ...options };
    for await (const end of runTargets(list, told, quietWorld(world))) ends.push(end);
    return ends;
  }

  apply(list: readonly Job[], world: Partial<World> = {}): Promise<readonly TargetEnd[]> {
    return this.run('apply', list, world);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #provider(): Provider {
    return {
      ...fakeProvider,
      steps: (need) => [{ action: 'add', subject: '', values: need.after }],
      applied: (step, user, userId) => user ?? { id: userId, active: true, attributes: step.values },
      idOf: ({ userName }) => (typeof userName === 'string' ? userName : null),
      connect: async (_, { baseUrl }) => {
        this.onConnect[baseUrl]?.();
        return this.#connection(baseUrl);
      },
    };
  }

  #connection(baseUrl: string): Connection {
    const logins = this.created.get(baseUrl) ?? [];
    this.created.set(baseUrl, logins);
    return {
      async *readUsers(): AsyncGenerator<readonly User[]> {
        yield logins.map((id) => ({ id, active: true, attributes: { userName: id } }));
      },
      lookUp: async (sought) => sought.map(() => undefined),
      bodyBytes: () => 1,
      write: async (items) => {
        this.onWrite[baseUrl]?.();
        return items.map(({ step }) => {
          const userId = String(step.values.userName);
          logins.push(userId);
          return { result: 'succeeded', errorCode: null, providerCode: null, message: null, userId };
        });
      },
      ownId: null,
      close: async () => {},
    };
  }
}

/** A world in which nothing is heard and the clock stands still. */
export function quietWorld(difference: Partial<World> = {}): World {
  const nothing = (): void => {};
  return {
    clock: virtualClock({ startMs: Date.parse('2026-06-02T00:00:00.000Z') }),
    random: () => 0.5,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    progress: { stage: nothing, sending: nothing, sent: nothing, end: nothing },
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    operator: 'ops',
    host: 'here',
    pid: 1,
    ledgerThread: false,
    trigger: 'test',
    ...difference,
  };
}

/** How each run ended: by its exit code, or by the code of its failure. */
export function codesOf(ends: readonly TargetEnd[]): readonly (string | number)[] {
  return ends.map((end) => end.failure?.code ?? exitCodeOf(end));
}
