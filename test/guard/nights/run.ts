import { parseArgs } from 'node:util';
import { print, printTable, seconds } from '../../bench/print.ts';
import { badExports } from './bad-exports.ts';
import { judgeExports, judgeGoodNights } from './judge-exports.ts';

// npm run bad-exports -- --people 300
const { values } = parseArgs({ options: { people: { type: 'string', default: '300' } } });
const started = performance.now();
const all = await judgeExports(Number(values.people));
printTable(
  ['export', 'exit', 'guard', 'limit', 'figure', 'writes'],
  all.map(({ title, exit, guards, said, writes }) => {
    const [guard] = guards;
    if (guard === undefined) return [title, String(exit), said.slice(0, 60), '', '', String(writes)];
    const names = [...new Set(guards.map(({ name }) => name))].join(' ');
    return [title, String(exit), names, String(guard.limit ?? ''), String(guard.actual), String(writes)];
  }),
);
const held = all.filter(({ answer }) => answer === 'held').length;
const wrong = all.filter(({ answer, wanted }) => answer !== wanted);
print(
  `${held} of ${badExports.length} held, ${all.filter(({ answer }) => answer === 'refused').length} refused, ${seconds(performance.now() - started)}`,
);
const alarms: string[] = [];
const nights = 60;
for (const night of await judgeGoodNights(Number(values.people), nights, 11)) {
  alarms.push(...night.alarms.map((alarm) => `${night.title}: ${alarm}`));
}
print(`${alarms.length} false alarms in ${nights} ordinary nights`);
for (const alarm of alarms) print(alarm);
for (const { title, answer } of wrong) print(`not as documented: ${title} (${answer})`);
if (wrong.length + alarms.length > 0) process.exitCode = 1;
