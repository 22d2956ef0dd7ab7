import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, seconds } from '../bench/print.ts';
import { fastFolder, inLanes, range } from './lanes.ts';
import { type SeedEnd, simulateSeed } from './simulation/simulate-seed.ts';

/*
 *   npm run simulate -- --seeds 10000          seeds 1 to 10,000, in four processes
 *   npm run simulate -- --seed 4711            one seed, with all that left the program and when
 *
 * One seed in fifty is run twice, in two processes, and has to leave the same trace.
 */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '4' },
    /** One seed in so many is run twice. */
    again: { type: 'string', default: '50' },
    /** Ends with the first seed that has violations. */
    stop: { type: 'boolean', default: false },
  },
});
const seedsModule = fileURLToPath(new URL('simulation/seeds.ts', import.meta.url));

if (values.seed === undefined) process.exitCode = await simulateAll();
else process.exitCode = await replay(Number(values.seed));

async function replay(seed: number): Promise<number> {
  const folder = fastFolder('simulation');
  try {
    const end = await simulateSeed(seed, { folder: join(folder.path, 'seed'), onTrace: print });
    for (const violation of end.violations) print(`VIOLATION  ${violation}`);
    print(`seed ${seed}: ${end.violations.length} violations, trace ${end.trace}`);
    return end.violations.length === 0 ? 0 : 1;
  } finally {
    folder.remove();
  }
}

async function simulateAll(): Promise<number> {
  const started = performance.now();
  const seeds = range(Number(values.from), Number(values.seeds));
  const traces = new Map<number, string>();
  const sum = { seeds: 0, runs: 0, crashes: 0, requests: 0, bad: 0, different: 0, twice: 0 };
  const take = (end: SeedEnd): boolean => {
    const before = traces.get(end.seed);
    traces.set(end.seed, end.trace);
    if (before !== undefined) {
      sum.twice += 1;
      if (before === end.trace) return true;
      sum.different += 1;
      print(`seed ${end.seed} left another trace the second time`);
      return true;
    }
    sum.seeds += 1;
    sum.runs += end.runs;
    sum.crashes += end.crashes;
    sum.requests += end.requests;
    if (end.violations.length > 0) {
      sum.bad += 1;
      print(`seed ${end.seed}: ${end.violations.slice(0, 3).join('; ')}`);
      print(`  npm run simulate -- --seed ${end.seed}`);
    }
    return !(values.stop && sum.bad > 0);
  };
  const folder = fastFolder('simulation');
  const lanes = { module: seedsModule, first: ['simulate', folder.path], lanes: Number(values.lanes) };
  try {
    await inLanes(seeds.map(String), lanes, take);
    const repeated =
      values.stop && sum.bad > 0 ? [] : seeds.filter((seed) => seed % Number(values.again) === 0);
    await inLanes(repeated.map(String), lanes, take);
  } finally {
    folder.remove();
  }
  print(
    `${sum.seeds} seeds, ${sum.runs} runs, ${sum.crashes} crashes, ${sum.requests} writes sent: ${sum.bad} seeds with violations, ${sum.different} of ${sum.twice} repeated seeds with another trace, ${seconds(performance.now() - started)}`,
  );
  return sum.bad + sum.different === 0 && sum.seeds === seeds.length ? 0 : 1;
}
