import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, Item, Provider } from '../../src/contracts/provider.ts';
import type { Outcome, Step } from '../../src/domain/change.ts';
import { foldedSet, fold } from '../../src/domain/comparison.ts';
import type { Attributes, User } from '../../src/domain/user.ts';
import { readJob } from '../../src/job/read-job.ts';
import { runTargets, type TargetEnd, type TargetsOptions } from '../../src/run/run-targets.ts';
import { virtualClock } from '../http/virtual-clock.ts';
import { fakeProvider } from '../job/fake-provider.ts';
import { quietWorld } from './memory-world.ts';
import { applied, stepsOf } from './user-steps.ts';

// A target that is a table in memory and lets nobody have a login or an address of somebody else. Runs against it are
// whole runs: job file, feed, ledger and plan are real.

/** What the feed says of one person. */
export interface Row {
  readonly id: string;
  readonly login: string;
  readonly email: string;
  readonly title: string;
  readonly roles: readonly string[];
  readonly leaves?: boolean;
}

const text = { type: 'string', caseExact: true, writable: 'always', required: false } as const;

const attributes: Provider['attributes'] = {
  externalId: text,
  userName: { ...text, caseExact: false, required: true, unique: true },
  'emails.work': { ...text, caseExact: false, unique: true },
  title: text,
  roles: { ...text, type: 'set' },
};

const unique = ['userName', 'emails.work'];

const provider: Provider = {
  ...fakeProvider,
  supports: {
    ...fakeProvider.supports,
    operations: ['create', 'update', 'enable', 'disable', 'remove'],
    undo: { ...fakeProvider.supports.undo, enable: { extent: 'full', lost: null } },
  },
  limits: { ...fakeProvider.limits, concurrency: 4, batchSize: 2, rates: [{ requests: 1_000, perMs: 1 }] },
  attributes,
  steps: (need, _, restore) => stepsOf(need, restore),
  applied,
  verdict: ({ action, values }, found) => {
    if (action === 'remove') return found === undefined ? 'applied' : 'notApplied';
    if (found === undefined) return 'cannotTell';
    const isThere = Object.entries(values).every(([name, value]) => found.attributes[name] === value);
    return isThere ? 'applied' : 'notApplied';
  },
};

/** A target of which a test sees everything. */
export class DirectoryWorld implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-directory-'));
  users = new Map<string, User>();
  /** `update E1`, `remove E2` …, by lasting ids, in the order in which the target took them. */
  readonly taken: string[] = [];
  /** The order in which the target lists its users, and in pages of how many; as they came by default. */
  listing: (users: readonly User[]) => readonly (readonly User[])[] = (users) => [users];
  /** Asked before each write; a failing one is refused. */
  refuses: (item: Item) => boolean = () => false;
  #ids = 0;
  #nowMs = Date.parse('2026-06-02T00:00:00.000Z');
  readonly #policy: object;

  constructor(policy: object = {}) {
    this.#policy = policy;
  }

  feed(rows: readonly Row[]): void {
    const lines = rows.map(({ id, login, email, title, roles, leaves = false }) =>
      [id, login, email, title, roles.join(';'), leaves ? 'left' : 'here'].join(','),
    );
    writeFileSync(join(this.folder, 'hr.csv'), ['ID,Login,Mail,Title,Roles,Status', ...lines, ''].join('\n'));
  }

  /** Somebody whom no feed knows, or who was there before. */
  addUser(id: string, values: Attributes): void {
    this.users.set(id, { id, active: true, attributes: { roles: [], ...values } });
  }

  async run(mode: 'plan' | 'apply', options: Partial<TargetsOptions> = {}): Promise<TargetEnd> {
    const open = { creates: 1_000, updates: 1_000, disables: 1_000, removals: 1_000, enables: 1_000 };
    const loose = { accessLost: 1_000, attributes: 1_000, blanked: 1_000, keyChanges: 1_000 };
    const feed = {
      feedRows: '100%',
      feedBytes: '100%',
      missing: 1_000,
      emptyCells: 1_000,
      jobChanged: 1_000,
    };
    const job = {
      name: 'hr',
      ledger: 'ledger.db',
      feed: {
        path: 'hr.csv',
        columns: {
          externalId: 'ID',
          userName: 'Login',
          'emails.work': 'Mail',
          title: 'Title',
          roles: { from: 'Roles', owned: ['*'], empty: 'clear' },
          active: { from: 'Status', active: ['here'], leaver: ['left'] },
        },
      },
      match: 'externalId',
      firstLoad: true,
      policy: { leavers: [{ disable: 'now' }], ...this.#policy },
      guards: { ...open, ...loose, ...feed },
      target: {
        provider: 'acme',
        baseUrl: 'https://directory.example.com',
        auth: { type: 'bearer', token: 'env:TOKEN' },
      },
    };
    writeFileSync(join(this.folder, 'job.yaml'), JSON.stringify(job));
    const connected = { ...provider, connect: async () => this.#connection() };
    const { jobs } = await readJob(join(this.folder, 'job.yaml'), { providers: { acme: connected } });
    this.#nowMs += 3_600_000;
    const world = quietWorld({ clock: virtualClock({ startMs: this.#nowMs }) });
    const told = { mode, asOf: null, state: null, ...options };
    for await (const end of runTargets(jobs, told, world)) return end;
    throw new Error('No target was run.');
  }

  /** Applies and gives the counts; throws what kept the run from its end. */
  async apply(): Promise<{ readonly exitCode: number; readonly changes: Readonly<Record<string, number>> }> {
    const end = await this.run('apply');
    if (end.failure !== null) throw end.failure;
    if (end.end === null) throw new Error('There was no feed.');
    const { report } = end.end;
    return { exitCode: report.exitCode, changes: report.changes };
  }

  async planText(options: Partial<TargetsOptions> = {}): Promise<string> {
    const end = await this.run('plan', options);
    if (end.failure !== null) throw end.failure;
    return readFileSync(end.end?.planFile ?? '', 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #connection(): Connection {
    const world = this;
    return {
      async *readUsers() {
        yield* world.listing([...world.users.values()]);
      },
      lookUp: async (sought) => sought.map(({ userId }) => world.users.get(userId ?? '')),
      bodyBytes: () => 1,
      write: async (items) => {
        const outcomes: Outcome[] = [];
        for (const item of items) {
          // Requests of one wave overtake each other.
          for (let turn = 0; turn < (item.step.action.length + outcomes.length) % 3; turn += 1)
            await undefined;
          outcomes.push(world.#take(item));
        }
        return outcomes;
      },
      ownId: null,
      close: async () => {},
    };
  }

  #take(item: Item): Outcome {
    const plain = { providerCode: null, message: null };
    const id = item.userId ?? `u${this.#ids}`;
    const next = applied(item.step, this.users.get(id) ?? null, id);
    if (this.refuses(item) || this.#collides(next, item.step)) {
      return { ...plain, result: 'failed', errorCode: 'REFUSED', userId: null };
    }
    if (item.userId === null) this.#ids += 1;
    if (item.step.action === 'remove') this.users.delete(id);
    else this.users.set(id, next);
    this.taken.push(`${item.step.action} ${String(next.attributes.externalId)}`);
    return { ...plain, result: 'succeeded', errorCode: null, userId: id };
  }

  #collides(next: User, { values }: Step): boolean {
    return unique
      .filter((name) => values[name] !== undefined)
      .some((name) =>
        [...this.users.values()].some(
          (other) => other.id !== next.id && folded(other, name) === folded(next, name),
        ),
      );
  }
}

function folded(user: User, name: string): string | null {
  const value = user.attributes[name];
  return typeof value === 'string' ? fold(value, attributes[name]) : null;
}

/** The table as the feed would have it: the people who are here, by their lasting id. */
export function tableOf(rows: readonly Row[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    rows
      .filter(({ leaves = false }) => !leaves)
      .map(({ id, login, email, title, roles }) => [
        id,
        [login.toLowerCase(), email.toLowerCase(), title, [...foldedSet(roles, { caseExact: true })].sort()],
      ]),
  );
}

/** The active users of the table in the same form. */
export function activeIn({ users }: DirectoryWorld): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...users.values()]
      .filter(({ active }) => active)
      .map(({ attributes: has }) => [
        String(has.externalId),
        [
          folded({ id: '', active: true, attributes: has }, 'userName'),
          String(has['emails.work']).toLowerCase(),
          has.title,
          has.roles,
        ],
      ]),
  );
}
