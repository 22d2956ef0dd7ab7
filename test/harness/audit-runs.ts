import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, seconds } from '../bench/print.ts';
import { fastFolder, inLanes, range } from './lanes.ts';
import { auditSeed, type SeedEnd } from './simulation/simulate-seed.ts';

/*
 *   npm run audit-runs -- --runs 10000         random runs, each judged by the auditor
 *   npm run audit-runs -- --seed 4711          the runs of one seed, with all that left the program
 */

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '4' },
  },
});
/** Seeds of one round; each makes two or three runs. */
const round = 400;

process.exitCode = values.seed === undefined ? await auditAll() : await replay(Number(values.seed));

async function replay(seed: number): Promise<number> {
  const folder = fastFolder('audit');
  try {
    const end = await auditSeed(seed, { folder: join(folder.path, 'seed'), onTrace: print });
    for (const violation of end.violations) print(`MISMATCH  ${violation}`);
    return end.violations.length === 0 ? 0 : 1;
  } finally {
    folder.remove();
  }
}

async function auditAll(): Promise<number> {
  const started = performance.now();
  const sum = { reports: 0, writes: 0, bad: 0 };
  const take = (end: SeedEnd): boolean => {
    sum.reports += end.reports;
    sum.writes += end.requests;
    if (end.violations.length > 0) {
      sum.bad += 1;
      print(`seed ${end.seed}: ${end.violations.slice(0, 3).join('; ')}`);
      print(`  npm run audit-runs -- --seed ${end.seed}`);
    }
    return sum.reports < Number(values.runs);
  };
  const module = fileURLToPath(new URL('simulation/seeds.ts', import.meta.url));
  const folder = fastFolder('audit');
  const lanes = { module, first: ['audit', folder.path], lanes: Number(values.lanes) };
  try {
    for (let from = 1; sum.reports < Number(values.runs); from += round) {
      const seeds = range(from, Math.min(round, Number(values.runs)));
      await inLanes(seeds.map(String), lanes, take);
    }
  } finally {
    folder.remove();
  }
  print(
    `${sum.reports} runs audited, ${sum.writes} writes sent: ${sum.bad} seeds with mismatches, ${seconds(performance.now() - started)}`,
  );
  return sum.bad === 0 ? 0 : 1;
}
