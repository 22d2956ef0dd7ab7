import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Connection, Provider } from '../../../src/contracts/provider.ts';
import type { Change } from '../../../src/domain/change.ts';
import { Failure } from '../../../src/domain/failure.ts';
import type { Account, Attributes } from '../../../src/domain/user.ts';
import { readJob } from '../../../src/job/read-job.ts';
import { openLedger } from '../../../src/ledger/open-ledger.ts';
import type { Report } from '../../../src/report/report.ts';
import { FeedDelivery } from '../../../src/run/feed-delivery.ts';
import { runJob } from '../../../src/run/run-job.ts';
import type { World } from '../../../src/run/world.ts';
import { fakeProvider } from '../../job/fake-provider.ts';
import { virtualClock } from '../../http/virtual-clock.ts';
import { rule } from '../feeds.ts';
import type { GoodFeed, PersonCells } from './good-feeds.ts';

/** How a day ended: with a report, or with the code of the failure that refused it. */
export type Day =
  | { readonly report: Report; readonly changes: readonly Change[] }
  | { readonly refused: string };

/**
 * A folder with a job and a ledger that knows everybody of a good feed as a linked user, whom the target has just so.
 * Each day brings one file and ends in a plan, which remembers nothing, so that every day is the first.
 */
export class CutWorld implements AsyncDisposable {
  readonly #folder: string;
  readonly #provider: Provider;
  readonly #settings: object;
  readonly #path: string;

  private constructor(folder: string, people: readonly PersonCells[], feed: GoodFeed) {
    this.#folder = folder;
    this.#provider = providerOf(people);
    this.#settings = feed.settings;
    this.#path = join(folder, feed.file);
  }

  static async open(people: readonly PersonCells[], feed: GoodFeed): Promise<CutWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-cuts-'));
    const world = new CutWorld(folder, people, feed);
    await world.#writeJob(feed.file);
    await world.#link(people);
    return world;
  }

  async day(bytes: Buffer): Promise<Day> {
    await writeFile(this.#path, bytes);
    const { job } = await readJob(this.#jobFile, { providers: { acme: this.#provider } });
    try {
      const quiet = quietWorld();
      const feeds = new FeedDelivery([job], quiet);
      const end = await runJob(job, { mode: 'plan', asOf: null, state: null, feeds }, quiet);
      if (end === null) throw new Error('A full feed is read every day.');
      const [, ...lines] = (await readFile(end.planFile, 'utf8')).trimEnd().split('\n');
      return { report: end.report, changes: lines.slice(0, -1).map((line) => JSON.parse(line) as Change) };
    } catch (error) {
      if (error instanceof Failure && error.code !== 'BUG') return { refused: error.code };
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #jobFile(): string {
    return join(this.#folder, 'job.yaml');
  }

  async #writeJob(file: string): Promise<void> {
    const job = {
      name: 'hr',
      ledger: 'ledger.db',
      feed: {
        path: file,
        columns: {
          externalId: 'Employee ID',
          userName: 'Login',
          'name.givenName': 'First Name',
          'name.familyName': { from: 'Last Name', empty: 'clear' },
          'emails.work': 'Email',
          title: { from: 'Title', empty: 'clear' },
          department: { from: 'Department', empty: 'clear' },
          'addresses.work': { from: 'Address', empty: 'clear' },
        },
        ...this.#settings,
      },
      match: 'userName',
      target: {
        provider: 'acme',
        baseUrl: 'https://acme.example.com',
        auth: { type: 'basic', username: 'svc', password: 'env:ACME_PASSWORD' },
      },
      policy: { leavers: [{ disable: 'now' }] },
    };
    await writeFile(this.#jobFile, JSON.stringify(job));
  }

  async #link(people: readonly PersonCells[]): Promise<void> {
    const { job } = await readJob(this.#jobFile, { providers: { acme: this.#provider } });
    const scope = { job: job.name, origin: job.target.origin };
    const ledger = await openLedger(job.ledger);
    try {
      await ledger.saveAccounts(scope, people.map(accountOf));
      await ledger.noteCompleteRead(scope, '2026-01-01T00:00:00.000Z');
    } finally {
      await ledger.close();
    }
  }
}

function providerOf(people: readonly PersonCells[]): Provider {
  const users = people.map(accountOf).map(({ id, active, attributes }) => ({ id, active, attributes }));
  const connection: Pick<Connection, 'readUsers' | 'close' | 'ownId'> = {
    ownId: null,
    readUsers: async function* () {
      yield users;
    },
    close: async () => {},
  };
  return {
    ...fakeProvider,
    attributes: {
      userName: rule({ required: true, writable: 'onCreate' }),
      'name.givenName': rule({ caseExact: true }),
      'name.familyName': rule({ caseExact: true }),
      'emails.work': rule({ format: 'email' }),
      title: rule({ caseExact: true }),
      department: rule({ caseExact: true }),
      'addresses.work': rule({ caseExact: true }),
    },
    steps: (need) => [{ action: need.operation, subject: '', values: need.after }],
    connect: async () => connection as Connection,
  } as Provider;
}

function accountOf(person: PersonCells): Account {
  const login = person.Login;
  return {
    id: login,
    active: true,
    attributes: attributesOf(person),
    linkKey: person['Employee ID'],
    key: person['Employee ID'],
    disabled: null,
    leaverSince: null,
    absent: null,
  };
}

function attributesOf(person: PersonCells): Attributes {
  return {
    userName: person.Login,
    'name.givenName': person['First Name'],
    'name.familyName': person['Last Name'],
    'emails.work': person.Email,
    ...(person.Title === '' ? {} : { title: person.Title }),
    department: person.Department,
    'addresses.work': person.Address,
  };
}

function quietWorld(): World {
  const silent = (): void => {};
  return {
    clock: virtualClock({ startMs: Date.now() }),
    random: Math.random,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    progress: { stage: silent, sending: silent, sent: silent, end: silent },
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    operator: 'tester',
    host: 'test.example.com',
    pid: process.pid,
    trigger: 'test',
    ledgerThread: false,
  };
}
