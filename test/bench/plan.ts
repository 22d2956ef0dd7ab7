import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Measured, measure } from './measure.ts';
import { count, megabytes, print, printTable, ratio, seconds } from './print.ts';
import { jobEnvironment, mainFile, makePlanWorld, type PlanWorld, withTemporaryFolder } from './world.ts';

const mebibyte = 1_048_576;
/** What peak memory may come to at the larger size, and by how much that may exceed the smaller one's. */
const peakMax = 500 * mebibyte;
const growthMax = 150 * mebibyte;
const sizes = [100_000, 1_000_000] as const;

const yardstickFile = fileURLToPath(new URL('csv-parse-alone.ts', import.meta.url));

interface PlanFigures {
  readonly rows: number;
  readonly plan: Measured;
  readonly yardstick: Measured;
}

/** A plan of a feed against a ledger of as many users, in the time and memory of the real program. */
export async function benchPlan(): Promise<boolean> {
  return withTemporaryFolder(async (folder) => {
    const figures: PlanFigures[] = [];
    for (const rows of sizes) figures.push(await figuresOf(path.join(folder, String(rows)), rows));
    printFigures(figures);
    return barsHold(figures);
  });
}

/** Plans with the command line program in a process of its own; throws unless it planned what it should. */
export async function measurePlan(world: PlanWorld, rows: number): Promise<Measured> {
  const args = [
    mainFile,
    'plan',
    world.jobFile,
    '--json',
    '--quiet',
    '--show',
    'summary',
    '--log-level',
    'silent',
  ];
  const measured = await measure(args, jobEnvironment);
  if (measured.exitCode !== 0) throw new Error(`plan exited ${measured.exitCode}: ${measured.stderr}`);
  const report = JSON.parse(measured.stdout) as {
    readonly rows: { readonly total: number; readonly changed: number };
  };
  if (report.rows.total !== rows || report.rows.changed !== rows / 100) {
    throw new Error(`The plan is not the one that was asked for: ${JSON.stringify(report.rows)}`);
  }
  return measured;
}

async function figuresOf(folder: string, rows: number): Promise<PlanFigures> {
  await mkdir(folder);
  print(`making a feed and a ledger of ${count(rows)} people …`);
  const world = await makePlanWorld(folder, rows);
  print(`planning ${count(rows)} rows …`);
  const plan = await measurePlan(world, rows);
  return { rows, plan, yardstick: await measure([yardstickFile, world.feed]) };
}

function printFigures(figures: readonly PlanFigures[]): void {
  printTable(
    [
      'rows',
      'plan',
      'csv-parse alone',
      'ratio',
      'ratio of CPU',
      'rows/s',
      'peak of plan',
      'peak of csv-parse',
    ],
    figures.map(({ rows, plan, yardstick }) => [
      count(rows),
      seconds(plan.wallMs),
      seconds(yardstick.wallMs),
      ratio(plan.wallMs, yardstick.wallMs),
      ratio(plan.cpuMs, yardstick.cpuMs),
      count(Math.round((rows / plan.wallMs) * 1_000)),
      megabytes(plan.peakBytes),
      megabytes(yardstick.peakBytes),
    ]),
  );
}

function barsHold(figures: readonly PlanFigures[]): boolean {
  const peaks = figures.map(({ plan }) => plan.peakBytes);
  const peak = Math.max(...peaks);
  const growth = (peaks.at(-1) ?? 0) - (peaks[0] ?? 0);
  const bars = [
    { name: 'peak', actual: peak, most: peakMax },
    { name: 'growth', actual: growth, most: growthMax },
  ];
  for (const { name, actual, most } of bars) {
    const verdict = actual <= most ? 'holds' : 'BROKEN';
    print(`${name}: ${megabytes(actual)}, at most ${megabytes(most)}: ${verdict}`);
  }
  return bars.every(({ actual, most }) => actual <= most);
}
