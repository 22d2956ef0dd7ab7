import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { TargetEnd } from '../../src/run/run-targets.ts';
import { addresses, codesOf, MemoryWorld } from './memory-world.ts';

const [north = '', south = ''] = addresses;
const one = [north];
const two = [north, south];

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => {
  world[Symbol.dispose]();
});

/** People with these numbers. */
function feedOf(...numbers: readonly number[]): string {
  return `ID,Login\n${numbers.map((number) => `E${number},p${number}@example.com\n`).join('')}`;
}

const loginsOf = (...numbers: readonly number[]) => numbers.map((number) => `p${number}@example.com`);
const guardsOf = ([target]: readonly TargetEnd[]) =>
  target?.end?.report.guards.filter(({ tripped }) => tripped).map(({ name }) => name);
const pathsOf = (ends: readonly TargetEnd[]) =>
  ends.map(({ end }) => [end?.report.feed].flat()[0]?.path.split('/').at(-1));

function refused(): never {
  throw new TargetFailure({ trouble: 'unsent', message: 'The connection was refused.' });
}

describe('a full feed', () => {
  it('may be applied again and again, and is held when it is one that was replaced since', async () => {
    const list = await world.jobs({}, one);
    world.write('hr.csv', feedOf(1));
    expect(codesOf(await world.apply(list))).toEqual([0]);
    expect(codesOf(await world.apply(list))).toEqual([0]);
    world.write('hr.csv', feedOf(1, 2));
    expect(codesOf(await world.apply(list))).toEqual([0]);
    world.write('hr.csv', feedOf(1));
    const held = await world.apply(list);
    expect([codesOf(held), guardsOf(held)]).toEqual([[3], ['feedOlder']]);
    const taking = await world.jobs({ older: 'take' }, one);
    expect(guardsOf(await world.apply(taking))).toEqual(['jobChanged']);
    const accepted = await world.run('apply', taking, {}, { acceptJobChange: 'the wrong export came first' });
    expect(codesOf(accepted)).toEqual([0]);
  });

  it('is held when its file was written before that of the last one', async () => {
    const list = await world.jobs({}, one);
    world.write('hr.csv', feedOf(1), '2026-06-01T12:00:00.000Z');
    expect(codesOf(await world.apply(list))).toEqual([0]);
    world.write('hr.csv', feedOf(1, 2), '2026-05-31T12:00:00.000Z');
    expect(guardsOf(await world.apply(list))).toEqual(['feedOlder']);
    expect(guardsOf(await world.run('plan', list))).toEqual(['feedOlder']);
  });

  it('is held when it is older than the job allows', async () => {
    const list = await world.jobs({ maxAge: '36h' }, one);
    world.write('hr.csv', feedOf(1), '2026-05-31T11:00:00.000Z');
    expect(guardsOf(await world.apply(list))).toEqual(['feedAge']);
    world.write('hr.csv', feedOf(1), '2026-05-31T13:00:00.000Z');
    expect(codesOf(await world.apply(list))).toEqual([0]);
  });

  it('is the newest of a pattern, and what a report says of it', async () => {
    const list = await world.jobs({ path: 'in/hr-*.csv' }, one);
    expect(codesOf(await world.apply(list))).toEqual(['FEED_MISSING']);
    world.write('in/hr-2.csv', feedOf(2), '2026-05-31T12:00:00.000Z');
    world.write('in/hr-1.csv', feedOf(1), '2026-06-01T12:00:00.000Z');
    const ends = await world.apply(list);
    expect([codesOf(ends), pathsOf(ends)]).toEqual([[0], ['hr-1.csv']]);
    expect(world.created.get(north)).toEqual(loginsOf(1));
  });

  it('without its marker ends every target with 75, and nothing is written', async () => {
    world.write('hr.csv', feedOf(1));
    const list = await world.jobs({ ready: { marker: '*.done' } }, two);
    expect(codesOf(await world.apply(list))).toEqual(['FEED_NOT_READY', 'FEED_NOT_READY']);
    expect(world.created.size).toBe(0);
    world.write('hr.csv.done', '');
    expect(codesOf(await world.apply(list))).toEqual([0, 0]);
  });
});

it('a feed that grows while it is read is refused, and nothing is written', async () => {
  world.write('hr.csv', feedOf(...Array.from({ length: 20_000 }, (_, number) => number)));
  const list = await world.jobs({}, one);
  let grown = false;
  const aborted = (): boolean => {
    // The run asks this between two batches of rows.
    if (!grown) appendFileSync(world.path('hr.csv'), 'E99999,late@example.com\n');
    grown = true;
    return false;
  };
  const signal = Object.defineProperty(new AbortController().signal, 'aborted', { get: aborted });
  world.onConnect[north] = () => expect.unreachable();
  // Asked once before the run begins, too: what grows then is simply read.
  grown = true;
  const running = world.apply(list, { signal });
  grown = false;
  expect(codesOf(await running)).toEqual(['FEED_CHANGED']);
});

describe('a command', () => {
  const command = (script: string) => ({ path: undefined, command: [process.execPath, '-e', script] });
  const bad = feedOf(1, 2, 3);

  it('is run once for all targets', async () => {
    const script = `require("fs").appendFileSync("ran", "x"); process.stdout.write(${JSON.stringify(bad)})`;
    const ends = await world.apply(await world.jobs(command(script), two));
    expect(codesOf(ends)).toEqual([0, 0]);
    expect(readFileSync(world.path('ran'), 'utf8')).toBe('x');
    expect(world.created.get(south)).toEqual(loginsOf(1, 2, 3));
  });

  it('that prints half of the feed and ends with 1 writes nothing', async () => {
    const script = `process.stdout.write(${JSON.stringify(bad)}); process.exitCode = 1`;
    expect(codesOf(await world.apply(await world.jobs(command(script), two)))).toEqual([
      'FEED_COMMAND',
      'FEED_COMMAND',
    ]);
    expect(world.created.size).toBe(0);
    expect(readdirSync(world.folder).filter((name) => name.startsWith('feed-'))).toEqual([]);
  });
});

describe('deltas of a pattern', () => {
  const deltas = { path: 'in/*.csv', mode: 'delta' };

  function deliver(...numbers: readonly number[]): void {
    for (const number of numbers) world.write(`in/${number}.csv`, feedOf(number));
  }

  it('are all taken in the order of their names, each in a run of its own, and never again', async () => {
    deliver(3, 1, 2);
    const list = await world.jobs(deltas, one);
    const planned = await world.run('plan', list);
    expect([pathsOf(planned), planned[0]?.end?.waiting]).toEqual([['1.csv'], 2]);
    const ends = await world.apply(list);
    expect([codesOf(ends), pathsOf(ends)]).toEqual([
      [0, 0, 0],
      ['1.csv', '2.csv', '3.csv'],
    ]);
    expect(world.created.get(north)).toEqual(loginsOf(1, 2, 3));

    const [nothing, ...more] = await world.apply(list);
    expect([nothing, more]).toMatchObject([{ end: null, failure: null }, []]);
    deliver(4);
    const next = await world.apply(list);
    expect(pathsOf(next)).toEqual(['4.csv']);
    expect(next[0]?.end?.report.run.previousRun).toBe(ends[2]?.end?.report.run.id);
  });

  it('stop at the first that does not end well, and go on with it', async () => {
    deliver(1, 3);
    world.write('in/2.csv', 'no,header\nof,ours\n');
    const list = await world.jobs(deltas, one);
    expect(codesOf(await world.apply(list))).toEqual([0, 'FEED_HEADER']);
    deliver(2);
    expect(pathsOf(await world.apply(list))).toEqual(['2.csv', '3.csv']);
    expect(world.created.get(north)).toEqual(loginsOf(1, 2, 3));
  });

  it('are taken by each target for itself', async () => {
    deliver(1, 2);
    const list = await world.jobs(deltas, two);
    world.onConnect[north] = refused;
    expect(codesOf(await world.apply(list))).toEqual(['TARGET_UNSENT', 0, 0]);
    world.onConnect[north] = () => {};
    expect(codesOf(await world.apply(list))).toEqual([0, 0, 0]);
    expect([world.created.get(north), world.created.get(south)]).toEqual([loginsOf(1, 2), loginsOf(1, 2)]);
  });

  it('that come once more under another name are held, so that nothing newer is undone', async () => {
    deliver(1, 2);
    const list = await world.jobs(deltas, one);
    await world.apply(list);
    world.write('in/9.csv', feedOf(1));
    const held = await world.apply(list);
    expect([codesOf(held), guardsOf(held)]).toEqual([[3], ['feedOlder']]);
    world.write('in/9.csv', feedOf(2));
    expect(await world.apply(list)).toMatchObject([{ end: null, failure: null }]);
  });
});

describe('a delta', () => {
  it('with the bytes that were taken last asks for nothing, from standard input too', async () => {
    const list = await world.jobs({ path: '-', mode: 'delta', format: 'csv' }, one);
    const stdin = (text: string) => ({ stdin: Readable.from([Buffer.from(text)]) });
    expect(codesOf(await world.apply(list, stdin(feedOf(1))))).toEqual([0]);
    expect(await world.apply(list, stdin(feedOf(1)))).toMatchObject([{ end: null, failure: null }]);
    expect(codesOf(await world.apply(list, stdin(feedOf(2))))).toEqual([0]);
  });

  it('whose run was stopped midway is not behind its target, and stays where it is', async () => {
    world.write('hr.csv', feedOf(1));
    const list = await world.jobs({ mode: 'delta', whenSettled: 'delete' }, one);
    const stopping = new AbortController();
    world.onWrite[north] = () => stopping.abort();
    expect(codesOf(await world.apply(list, { signal: stopping.signal }))).toEqual([4]);
    expect([existsSync(world.path('hr.csv')), world.created.get(north)]).toEqual([true, loginsOf(1)]);
    world.onWrite[north] = () => {};
    expect(codesOf(await world.apply(list))).toEqual([0]);
    expect([existsSync(world.path('hr.csv')), world.created.get(north)]).toEqual([false, loginsOf(1)]);
  });

  it('is not taken by a plan', async () => {
    world.write('hr.csv', feedOf(1));
    const list = await world.jobs({ mode: 'delta' }, one);
    await world.run('plan', list);
    expect(codesOf(await world.apply(list))).toEqual([0]);
    expect(world.created.get(north)).toEqual(loginsOf(1));
  });
});

describe('a settled feed', () => {
  const archive = { whenSettled: { archive: 'old' } };

  it('goes to the archive with its bytes, and its marker goes with it', async () => {
    const bytes = gzipSync(feedOf(1));
    const list = await world.jobs({ path: 'hr.csv.gz', ready: { marker: '*.done' }, ...archive }, two);
    world.write('hr.csv.gz', bytes);
    world.write('hr.csv.gz.done', '');
    expect(codesOf(await world.apply(list))).toEqual([0, 0]);
    expect(readFileSync(world.path('old/hr.csv.gz'))).toEqual(bytes);
    expect([existsSync(world.path('hr.csv.gz')), existsSync(world.path('hr.csv.gz.done'))]).toEqual([
      false,
      false,
    ]);
  });

  it('gets the name of its run where the archive has one of its name', async () => {
    const list = await world.jobs(archive, one);
    const ids: (string | undefined)[] = [];
    for (const content of [feedOf(1), feedOf(1, 2)]) {
      world.write('hr.csv', content);
      ids.push((await world.apply(list))[0]?.end?.report.run.id);
    }
    expect(readdirSync(world.path('old')).sort()).toEqual([`hr.${ids[1]}.csv`, 'hr.csv'].sort());
    expect(readFileSync(world.path('old/hr.csv'), 'utf8')).toBe(feedOf(1));
  });

  it('is deleted where the job says so, but by no plan', async () => {
    const list = await world.jobs({ whenSettled: 'delete' }, one);
    world.write('hr.csv', feedOf(1));
    await world.run('plan', list);
    expect(existsSync(world.path('hr.csv'))).toBe(true);
    await world.apply(list);
    expect(existsSync(world.path('hr.csv'))).toBe(false);
  });

  it('stays until every target has settled it, those included that were not run', async () => {
    world.write('hr.csv', feedOf(1));
    const list = await world.jobs(archive, two);
    world.onConnect[south] = refused;
    await world.apply(list);
    expect(existsSync(world.path('hr.csv'))).toBe(true);
    await world.run('apply', list.slice(0, 1), {}, { all: list });
    expect(existsSync(world.path('hr.csv'))).toBe(true);
    world.onConnect[south] = () => {};
    await world.run('apply', list.slice(1), {}, { all: list });
    expect(readdirSync(world.path('old'))).toEqual(['hr.csv']);
  });

  it('stays when a guard holds it', async () => {
    const list = await world.jobs({ ...archive, maxAge: '1h' }, one);
    world.write('hr.csv', feedOf(1), '2026-06-01T00:00:00.000Z');
    expect(codesOf(await world.apply(list))).toEqual([3]);
    expect(existsSync(world.path('hr.csv'))).toBe(true);
  });

  it('is left alone when another file has taken its place meanwhile, which is told', async () => {
    const list = await world.jobs(archive, two);
    world.write('hr.csv', feedOf(1));
    world.onConnect[south] = () => writeFileSync(world.path('hr.csv'), feedOf(1, 2));
    expect(codesOf(await world.apply(list))).toEqual([0, 0]);
    expect(readFileSync(world.path('hr.csv'), 'utf8')).toBe(feedOf(1, 2));
    expect(world.leftBehind.map(({ code }) => code)).toEqual(['FEED_NOT_PUT_AWAY']);
  });

  it('that cannot be archived is told, and archived by the next run', async () => {
    const list = await world.jobs({ path: 'in/*.csv', mode: 'delta', ...archive }, one);
    world.write('in/1.csv', feedOf(1));
    world.write('old', 'a file where the folder should be');
    expect(codesOf(await world.apply(list))).toEqual([0]);
    expect(world.leftBehind.map(({ message }) => message)).toEqual([expect.stringContaining('EEXIST')]);
    rmSync(world.path('old'));
    expect(await world.apply(list)).toMatchObject([{ end: null, failure: null }]);
    expect(readdirSync(world.path('old'))).toEqual(['1.csv']);
  });
});

describe('what an earlier run left open', () => {
  it('is settled although there is no feed any more', async () => {
    const list = await world.jobs({}, one);
    world.write('hr.csv', feedOf(1));
    const stopping = new AbortController();
    world.onWrite[north] = () => stopping.abort();
    const [stopped] = await world.apply(list, { signal: stopping.signal });
    expect(stopped?.end?.report.exitCode).toBe(4);
    rmSync(world.path('hr.csv'));
    let connected = 0;
    world.onConnect[north] = () => {
      connected += 1;
    };
    expect(codesOf(await world.apply(list))).toEqual(['FEED_MISSING']);
    expect(connected).toBe(1);
  });
});
