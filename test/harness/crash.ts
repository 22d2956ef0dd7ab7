import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, seconds } from '../bench/print.ts';
import { seeded } from '../http/window-target.ts';
import { CrashWorld } from './crash/crash-world.ts';
import type { Crash } from './crash/crashes.ts';
import { inLanes, range } from './lanes.ts';

/*
 *   npm run crash -- --people 500 --kills 1000 --seed 1
 *
 * Kills the real program at every step by which it leaves something outside of itself, one after the other until a run
 * meets none, then at random steps and moments. After each kill the next apply has to finish. `--steps 0` leaves
 * the named steps out.
 */

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '500' },
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '4' },
    steps: { type: 'string' },
    every: { type: 'string', default: '1' },
  },
});
const started = performance.now();
const { people, seed } = values;
const total = await stepsOfWholeRun();
print(`a run over ${people} people takes ${total} steps`);

const sum = { named: 0, random: 0, unmet: 0, bad: 0 };
const names = new Set<string>();
const take = ({ name, died, violations }: Crash): boolean => {
  if (died === null) sum.unmet += 1;
  else if (name.startsWith('r')) sum.random += 1;
  else sum.named += 1;
  if (died !== null && died !== 'a time') names.add(died);
  if (violations.length > 0) {
    sum.bad += 1;
    print(`kill ${name} at ${died}: ${violations.slice(0, 4).join('; ')}`);
  }
  return true;
};
const lanes = {
  module: fileURLToPath(new URL('crash/crashes.ts', import.meta.url)),
  first: [people, seed, String(total)],
  lanes: Number(values.lanes),
};
// Runs differ by a few steps; the last ones of these numbers are beyond the end of every run.
const last = values.steps === undefined ? Math.ceil(total * 1.1) + 5 : Number(values.steps);
const named = range(1, last).filter((step) => step % Number(values.every) === 0);
await inLanes(named.map(String), lanes, take);
print(
  `${sum.named} kills at steps in turn, ${sum.unmet} numbers beyond the end of a run, ${names.size} steps by name: ${sum.bad} bad, ${seconds(performance.now() - started)}`,
);
await inLanes(
  range(1, Number(values.kills)).map((number) => `r${number}`),
  lanes,
  take,
);
print(
  `${sum.named + sum.random} kills: ${sum.bad} after which somebody was lost, doubled, misreported, or the ledger harmed; ${seconds(performance.now() - started)}`,
);
process.exitCode = sum.bad === 0 ? 0 : 1;

async function stepsOfWholeRun(): Promise<number> {
  await using world = await CrashWorld.open(Number(people), seeded(Number(seed)));
  const { steps, violations } = await world.crash({ step: 0 });
  if (violations.length > 0 || steps === null) throw new Error(`Without a kill: ${violations.join('; ')}`);
  return steps;
}
