import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Measured, measure } from './measure.ts';
import { layOlderTree } from './older-tree.ts';
import { count, megabytes, print, printTable, ratio, seconds } from './print.ts';
import { makePlanWorld, withTemporaryFolder } from './world.ts';

const rows = 1_000_000;
const rounds = 3;
/** How much slower than an older commit reading and mapping may be. */
const slowerMax = 1.3;
const feedAlone = fileURLToPath(new URL('feed-alone.ts', import.meta.url));
const csvParseAlone = fileURLToPath(new URL('csv-parse-alone.ts', import.meta.url));

/**
 * Reading, checking and mapping a feed, beside csv-parse that only reads it: no bar, the plan's bars hold it. With
 * `--against COMMIT` beside the same of an older commit, by turns: the bar is the processor time.
 */
export async function benchFeed(): Promise<boolean> {
  const { values } = parseArgs({ options: { against: { type: 'string' } }, allowPositionals: true });
  return withTemporaryFolder(async (folder) => {
    print(`making a feed of ${count(rows)} people …`);
    const { feed, jobFile } = await makePlanWorld(folder, rows, { ledger: false });
    if (values.against !== undefined) return compareWith(values.against, folder, jobFile);
    const mapped = await mapFeed(feedAlone, jobFile);
    const parsed = await measure([csvParseAlone, feed]);
    printMeasured([
      ['feed', mapped],
      ['csv-parse alone', parsed],
    ]);
    return true;
  });
}

async function compareWith(commit: string, folder: string, jobFile: string): Promise<boolean> {
  const tree = path.join(folder, 'older');
  await mkdir(tree);
  await layOlderTree(commit, tree);
  const olderAlone = path.join(tree, 'test', 'bench', 'feed-alone.ts');
  const now: Measured[] = [];
  const then: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    then.push(await mapFeed(olderAlone, jobFile));
    now.push(await mapFeed(feedAlone, jobFile));
  }
  const [nowMedian, thenMedian] = [median(now), median(then)];
  printMeasured([
    ['now', nowMedian],
    [commit, thenMedian],
  ]);
  const slower = nowMedian.cpuMs / thenMedian.cpuMs;
  print(`processor time ${slower.toFixed(2)} × (bar ${slowerMax}), median of ${rounds}`);
  return slower <= slowerMax;
}

async function mapFeed(program: string, jobFile: string): Promise<Measured> {
  const mapped = await measure([program, jobFile]);
  if (Number(mapped.stdout) !== rows) throw new Error(`${program}: ${mapped.stdout}${mapped.stderr}`);
  return mapped;
}

function median(all: readonly Measured[]): Measured {
  const middle = [...all].sort((one, other) => one.cpuMs - other.cpuMs)[Math.floor(all.length / 2)];
  if (middle === undefined) throw new Error('Nothing was measured.');
  return middle;
}

/** Two lines, and the first in terms of the second. */
function printMeasured([first, second]: readonly [
  readonly [string, Measured],
  readonly [string, Measured],
]): void {
  const [, one] = first;
  const [, other] = second;
  printTable(
    ['', 'time', 'CPU', 'peak'],
    [
      ...[first, second].map(([name, { wallMs, cpuMs, peakBytes }]) => [
        name,
        seconds(wallMs),
        seconds(cpuMs),
        megabytes(peakBytes),
      ]),
      [
        'ratio',
        ratio(one.wallMs, other.wallMs),
        ratio(one.cpuMs, other.cpuMs),
        ratio(one.peakBytes, other.peakBytes),
      ],
    ],
  );
}
