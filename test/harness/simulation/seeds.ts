import { join } from 'node:path';
import process from 'node:process';
import { fastFolder } from '../lanes.ts';
import { auditSeed, type SeedEnd, simulateSeed } from './simulate-seed.ts';

// A process of `npm run simulate` or `npm run audit-runs`: which of them and its seeds in, their ends out.

const [purpose, ...seeds] = process.argv.slice(2);
const run = purpose === 'audit' ? auditSeed : simulateSeed;

const folder = fastFolder('simulation');
try {
  for (const seed of seeds) {
    const end: SeedEnd = await run(Number(seed), { folder: join(folder.path, seed) });
    await new Promise((resolve) => process.send?.(end, undefined, {}, resolve));
  }
} finally {
  folder.remove();
}
process.disconnect();
