import { parseArgs } from 'node:util';
import { print, printTable } from '../../bench/print.ts';
import { type Verdict, verdicts } from './judge.ts';
import { pollute } from './pollute.ts';

// Spoils sound feeds and prints what became of them: npm run pollution -- --seed 1 --files 2000
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    files: { type: 'string', default: '2000' },
    show: { type: 'boolean', default: false },
  },
});

const table = new Map<string, Map<Verdict, number>>();
await pollute({ seed: Number(values.seed), files: Number(values.files) }, (polluted) => {
  const { defect, verdict, feed, file, detail, bytes } = polluted;
  for (const row of [defect, 'all']) {
    const counts = table.get(row) ?? new Map<Verdict, number>();
    table.set(row, counts.set(verdict, (counts.get(verdict) ?? 0) + 1));
  }
  if (verdict !== 'wrong' && verdict !== 'lost') return;
  process.exitCode = 1;
  print(`${verdict}: file ${file}, ${defect}, ${feed}: ${detail}`);
  if (values.show) print(JSON.stringify(bytes.toString()));
});

const all = table.get('all');
table.delete('all');
const rows = [...table, ['all', all ?? new Map<Verdict, number>()] as const];
printTable(
  ['defect', ...verdicts],
  rows.map(([defect, counts]) => [defect, ...verdicts.map((verdict) => String(counts.get(verdict) ?? 0))]),
);
