import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, Provider } from '../../src/contracts/provider.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { User } from '../../src/domain/user.ts';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/read-job.ts';
import { openRun } from '../../src/run/open-run.ts';
import { exitCodeOf, runTargets, type TargetEnd, worstExit } from '../../src/run/run-targets.ts';
import type { World } from '../../src/run/world.ts';
import { virtualClock } from '../http/virtual-clock.ts';
import { fakeProvider } from '../job/fake-provider.ts';

const feed = 'ID,Login\nE1,ada@example.com\nE2,bo@example.com\n';
const otherFeed = 'ID,Login\nE1,ada@example.com\nE3,cleo@example.com\n';

let folder: string;
/** Logins that each target was told to create, by its address. */
let created: Map<string, string[]>;
/** What happens to a target when somebody connects to it. */
let onConnect: Record<string, () => void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-targets-'));
  created = new Map();
  onConnect = {};
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A target in memory: it begins empty and takes every user. */
const memory: Provider = {
  ...fakeProvider,
  steps: (need) => [{ action: 'add', subject: '', values: need.after }],
  applied: (step, user, userId) => user ?? { id: userId, active: true, attributes: step.values },
  idOf: ({ userName }) => (typeof userName === 'string' ? userName : null),
  connect: async (_, { baseUrl }) => {
    onConnect[baseUrl]?.();
    return connection(baseUrl);
  },
};

function connection(baseUrl: string): Connection {
  const logins = created.get(baseUrl) ?? [];
  created.set(baseUrl, logins);
  return {
    async *readUsers(): AsyncGenerator<readonly User[]> {
      yield logins.map((id) => ({ id, active: true, attributes: { userName: id } }));
    },
    lookUp: async (sought) => sought.map(() => undefined),
    bodyBytes: () => 1,
    write: async (items) =>
      items.map(({ step }) => {
        const userId = String(step.values.userName);
        logins.push(userId);
        return { result: 'succeeded', errorCode: null, providerCode: null, message: null, userId };
      }),
    ownId: null,
    close: async () => {},
  };
}

const addresses = ['north', 'south', 'west'].map((name) => `https://${name}.example.com`);
const [north = '', south = '', west = ''] = addresses;

async function jobs(path = 'hr.csv'): Promise<readonly Job[]> {
  writeFileSync(join(folder, 'hr.csv'), feed);
  const job = {
    name: 'hr',
    ledger: 'ledger.db',
    feed: { path, columns: { externalId: 'ID', userName: 'Login' } },
    match: 'userName',
    firstLoad: true,
    targets: addresses.map((baseUrl, index) => ({
      name: ['north', 'south', 'west'][index],
      provider: 'acme',
      baseUrl,
      auth: { type: 'bearer', token: 'env:TOKEN' },
    })),
  };
  const file = join(folder, 'job.yaml');
  writeFileSync(file, JSON.stringify(job));
  return (await readJob(file, { providers: { acme: memory } })).jobs;
}

function aWorld(difference: Partial<World> = {}): World {
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
    trigger: 'test',
    ...difference,
  };
}

async function apply(list: readonly Job[], world = aWorld()): Promise<readonly TargetEnd[]> {
  const ends: TargetEnd[] = [];
  for await (const end of runTargets(list, { mode: 'apply', asOf: null, state: null }, world)) ends.push(end);
  return ends;
}

const codesOf = (ends: readonly TargetEnd[]) => ends.map((end) => end.failure?.code ?? exitCodeOf(end));

function refused(): never {
  throw new TargetFailure({ trouble: 'unsent', message: 'The connection was refused.' });
}

const both = ['ada@example.com', 'bo@example.com'];

describe('several targets', () => {
  it('each get a run, a report and a memory of their own, although clock and chance stand still', async () => {
    const ends = await apply(await jobs());
    expect(codesOf(ends)).toEqual([0, 0, 0]);
    expect(ends.map(({ end }) => end?.report.changes.succeeded)).toEqual([2, 2, 2]);
    expect(created).toEqual(new Map(addresses.map((address) => [address, both])));
    const ids = ends.map(({ end }) => end?.report.run.id);
    expect(new Set(ids).size).toBe(3);
    expect(readdirSync(join(folder, 'runs')).sort()).toEqual([...ids].sort());

    const again = await apply(await jobs());
    expect(again.map(({ end }) => end?.report.changes.total)).toEqual([0, 0, 0]);
    expect(again.map(({ end }) => end?.report.run.previousRun)).toEqual(ids);
  });

  it('all see the same standard input, of which nothing is left behind', async () => {
    const ends = await apply(await jobs('-'), aWorld({ stdin: Readable.from([feed]) }));
    expect(ends.map(({ end }) => end?.report.feed.rows)).toEqual([2, 2, 2]);
    expect(new Set(ends.map(({ end }) => end?.report.feed.sha256)).size).toBe(1);
    expect(created.get(west)).toEqual(both);
    expect(readdirSync(folder).filter((name) => name.endsWith('.feed'))).toEqual([]);
  });

  it.each([
    ['is down', refused, 'TARGET_UNSENT', 75],
    [
      'meets a bug',
      () => {
        throw new TypeError('undefined is not a function');
      },
      'BUG',
      1,
    ],
  ])('go on when one of them %s', async (_, trouble, code, exit) => {
    onConnect[north] = trouble;
    const ends = await apply(await jobs());
    expect(codesOf(ends)).toEqual([code, 0, 0]);
    expect(worstExit(ends.map(exitCodeOf))).toBe(exit);
    expect(created.get(south)).toEqual(both);
    expect(created.has(north)).toBe(false);
  });

  it('go on when another run has one of them', async () => {
    const list = await jobs();
    const [first] = list;
    if (first === undefined) throw new Error('there is no first target');
    const other = await openRun(first, { mode: 'apply', asOf: null }, aWorld());
    const ends = await apply(list);
    await other.close();
    expect(codesOf(ends)).toEqual(['RUN_UNDER_WAY', 0, 0]);
    expect(ends.map(exitCodeOf)).toEqual([5, 0, 0]);
    expect(created.has(north)).toBe(false);
  });

  it.each([
    ['was written', () => {}, 0],
    ['failed', refused, 'TARGET_UNSENT'],
  ])('refuse a feed that changed after the first one %s, and write nothing more', async (_, then, code) => {
    const list = await jobs();
    onConnect[north] = () => {
      writeFileSync(join(folder, 'hr.csv'), otherFeed);
      then();
    };
    const ends = await apply(list);
    expect(codesOf(ends)).toEqual([code, 'FEED_CHANGED', 'FEED_CHANGED']);
    expect(ends.map(exitCodeOf).slice(1)).toEqual([1, 1]);
    expect([created.has(south), created.has(west)]).toEqual([false, false]);
  });

  it('are not begun once the command was told to stop', async () => {
    const stopping = new AbortController();
    onConnect[north] = () => stopping.abort();
    const ends = await apply(await jobs(), aWorld({ signal: stopping.signal }));
    expect(codesOf(ends).slice(1)).toEqual(['INTERRUPTED', 'INTERRUPTED']);
    expect(ends.map(exitCodeOf).slice(1)).toEqual([75, 75]);
    expect(readdirSync(join(folder, 'runs'))).toHaveLength(1);
    expect([created.has(south), created.has(west)]).toEqual([false, false]);
  });
});

describe('the exit code of several targets', () => {
  it.each([
    [[0, 0], 0],
    [[0, 2], 2],
    [[2, 3, 0], 3],
    [[3, 75], 75],
    [[75, 1, 0], 1],
    [[1, 4, 75], 4],
    [[5, 5], 5],
    [[5, 0], 75],
    [[5, 2], 75],
    [[5, 1], 1],
    [[5, 4], 4],
  ])('of %j is %i', (codes, worst) => {
    expect(worstExit(codes)).toBe(worst);
  });
});
