import { parseArgs } from 'node:util';
import { count, print, printTable, seconds } from '../../bench/print.ts';
import { fuzz } from './fuzz.ts';

// npm run fuzz -- --runs 100000 --seed 1
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '3' },
  },
});
const started = performance.now();
const result = await fuzz({
  runs: Number(values.runs),
  seed: Number(values.seed),
  workers: Number(values.workers),
  limitMs: 1_000,
  onProgress: (done) => process.stderr.write(`\r${count(done)} `),
});
process.stderr.write('\n');
printTable(
  ['kind', 'job refused', 'feed refused', 'read to the end'],
  Object.entries(result.runs).map(([kind, ends]) => [
    kind,
    ...[ends['job refused'], ends['feed refused'], ends.read].map(count),
  ]),
);
print(`seed ${values.seed}, ${seconds(performance.now() - started)}, ${count(result.wrong.length)} wrong`);
for (const wrong of result.wrong.slice(0, 10)) print(`\n${wrong}`);
if (result.wrong.length > 0) process.exitCode = 1;
