import { parseArgs } from 'node:util';
import { count, print, printTable, seconds } from '../../bench/print.ts';
import { cutFeeds } from './cut-feeds.ts';

// npm run cuts -- --cuts 1000 --seed 1
const { values } = parseArgs({
  options: { cuts: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const started = performance.now();
const feeds = 12;
const tallies = await cutFeeds(Math.ceil(Number(values.cuts) / feeds), Number(values.seed));
printTable(
  [
    'feed',
    'cuts',
    'refused whole',
    'rows set aside',
    'taken as far as it goes',
    'leavers by absence',
    'wrong',
  ],
  tallies.map((tally) => [
    tally.title,
    ...[
      tally.cuts,
      tally.refused,
      tally.quarantined,
      tally.exact,
      tally.leavers,
      tally.held,
      tally.wrong,
    ].map(count),
  ]),
);
print(`seed ${values.seed}, ${seconds(performance.now() - started)}`);
if (tallies.some(({ leavers, wrong }) => leavers + wrong > 0)) process.exitCode = 1;
