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
const last = values.steps === undefined ? await beyondTheEnd() : Number(values.steps);

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
  first: [people, seed],
  lanes: Number(values.lanes),
};
const inTurn = range(1, last).filter((step) => step % Number(values.every) === 0);
const atRandom = range(1, Number(values.kills)).map((number) => `r${number}`);
await inLanes([...inTurn.map(String), ...atRandom], lanes, take);
print(
  `${sum.named} kills at steps in turn, ${sum.random} at random, ${names.size} steps by name, ${sum.unmet} runs that ended before: ${sum.bad} after which somebody was lost, doubled, misreported, or the ledger harmed; ${seconds(performance.now() - started)}`,
);
process.exitCode = sum.bad === 0 ? 0 : 1;

/** Runs differ by a few steps: the last ones up to this number are beyond the end of every run. */
async function beyondTheEnd(): Promise<number> {
  await using world = await CrashWorld.open(Number(people), seeded(Number(seed)));
  const { steps, violations } = await world.crash({ step: 0 });
  if (violations.length > 0 || steps === null) throw new Error(`Without a kill: ${violations.join('; ')}`);
  print(`a run over ${people} people takes ${steps} steps`);
  return Math.ceil(steps * 1.1) + 5;
}
