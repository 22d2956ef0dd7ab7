import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Job } from '../../src/job/job.ts';
import { openRun } from '../../src/run/open-run.ts';
import { exitCodeOf, worstExit } from '../../src/run/run-targets.ts';
import { addresses, codesOf, MemoryWorld, quietWorld } from './memory-world.ts';

const feed = 'ID,Login\nE1,ada@example.com\nE2,bo@example.com\n';
const otherFeed = 'ID,Login\nE1,ada@example.com\nE3,cleo@example.com\n';
const [north = '', south = '', west = ''] = addresses;

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
  world.write('hr.csv', feed);
});
afterEach(() => {
  world[Symbol.dispose]();
});

function jobs(path = 'hr.csv'): Promise<readonly Job[]> {
  return world.jobs({ path });
}

function refused(): never {
  throw new TargetFailure({ trouble: 'unsent', message: 'The connection was refused.' });
}

const both = ['ada@example.com', 'bo@example.com'];

describe('several targets', () => {
  it('each get a run, a report and a memory of their own, although clock and chance stand still', async () => {
    const ends = await world.apply(await jobs());
    expect(codesOf(ends)).toEqual([0, 0, 0]);
    expect(ends.map(({ end }) => end?.report.changes.succeeded)).toEqual([2, 2, 2]);
    expect(world.created).toEqual(new Map(addresses.map((address) => [address, both])));
    const named = ends.map(({ job, end }) => [job.target.name, end?.report.target.name]);
    expect(named.map(([, name]) => name)).toEqual(named.map(([name]) => name));
    expect(new Set(named.map(([name]) => name)).size).toBe(3);
    const ids = ends.map(({ end }) => end?.report.run.id);
    expect(new Set(ids).size).toBe(3);
    expect(readdirSync(world.path('runs')).sort()).toEqual([...ids].sort());

    const again = await world.apply(await jobs());
    expect(again.map(({ end }) => end?.report.changes.total)).toEqual([0, 0, 0]);
    expect(again.map(({ end }) => end?.report.run.previousRun)).toEqual(ids);
  });

  it('all see the same standard input, of which nothing is left behind', async () => {
    const ends = await world.apply(await jobs('-'), { stdin: Readable.from([feed]) });
    expect(ends.map(({ end }) => end?.report.rows.total)).toEqual([2, 2, 2]);
    expect(world.created.get(west)).toEqual(both);
    expect(readdirSync(world.folder).filter((name) => name.endsWith('.spool'))).toEqual([]);
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
    world.onConnect[north] = trouble;
    const ends = await world.apply(await jobs());
    expect(codesOf(ends)).toEqual([code, 0, 0]);
    expect(worstExit(ends.map(exitCodeOf))).toBe(exit);
    expect(world.created.get(south)).toEqual(both);
    expect(world.created.has(north)).toBe(false);
  });

  it('go on when another run has one of them', async () => {
    const list = await jobs();
    const [first] = list;
    if (first === undefined) throw new Error('there is no first target');
    const other = await openRun(first, { mode: 'apply', asOf: null }, quietWorld());
    const ends = await world.apply(list);
    await other.close();
    expect(codesOf(ends)).toEqual(['RUN_UNDER_WAY', 0, 0]);
    expect(ends.map(exitCodeOf)).toEqual([5, 0, 0]);
    expect(world.created.has(north)).toBe(false);
  });

  it.each([
    ['was written', () => {}, 0],
    ['failed', refused, 'TARGET_UNSENT'],
  ])(
    'all get the bytes that were there at first, although the file changed once the first %s',
    async (_, then, code) => {
      const list = await jobs();
      world.onConnect[north] = () => {
        world.write('hr.csv', otherFeed);
        then();
      };
      const ends = await world.apply(list);
      expect(codesOf(ends)).toEqual([code, 0, 0]);
      expect([world.created.get(south), world.created.get(west)]).toEqual([both, both]);
    },
  );

  it('are not begun once the command was told to stop', async () => {
    const stopping = new AbortController();
    world.onConnect[north] = () => stopping.abort();
    const ends = await world.apply(await jobs(), { signal: stopping.signal });
    expect(codesOf(ends).slice(1)).toEqual(['INTERRUPTED', 'INTERRUPTED']);
    expect(ends.map(exitCodeOf).slice(1)).toEqual([75, 75]);
    expect(readdirSync(world.path('runs'))).toHaveLength(1);
    expect([world.created.has(south), world.created.has(west)]).toEqual([false, false]);
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
