import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, seconds } from '../bench/print.ts';
import { inLanes, range } from './lanes.ts';
import type { Pair } from './pairs/pairs.ts';

/*
 *   npm run pairs -- --pairs 200
 *
 * Starts the real program twice against one ledger and target: in a quarter of the pairs the holder of the lock is killed,
 * in a quarter it is stopped for a while.
 */

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '200' }, lanes: { type: 'string', default: '4' } },
});
const started = performance.now();
const sum = { both: 0, killed: 0, stopped: 0, bad: 0, apart: 0 };
const refusalsMs: number[] = [];
const successorsMs: number[] = [];
const take = (pair: Pair): boolean => {
  sum[pair.kind] += 1;
  if (pair.apart) sum.apart += 1;
  if (pair.refusalMs !== null) refusalsMs.push(pair.refusalMs);
  if (pair.successorMs !== null) successorsMs.push(pair.successorMs);
  if (pair.violations.length > 0) {
    sum.bad += 1;
    print(`pair ${pair.number} (${pair.kind}): ${pair.violations.join('; ')}`);
  }
  return true;
};
const module = fileURLToPath(new URL('pairs/pairs.ts', import.meta.url));
const numbers = range(1, Number(values.pairs)).map(String);
await inLanes(numbers, { module, first: [], lanes: Number(values.lanes) }, take);
print(
  `${numbers.length} pairs (${sum.killed} with the holder killed, ${sum.stopped} with it stopped, ${sum.apart} that did not meet): ${sum.bad} bad; the second had ended after ${usual(refusalsMs)}, a successor of a killed one had the lock after ${usual(successorsMs)}; ${seconds(performance.now() - started)}`,
);
process.exitCode = sum.bad === 0 ? 0 : 1;

/** From the start of a process, with what Node takes to load it. */
function usual(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${seconds(sorted[Math.floor(sorted.length / 2)] ?? 0)} (median), ${seconds(sorted.at(-1) ?? 0)} at most`;
}
