import { join } from 'node:path';
import process from 'node:process';
import { auditSeed, type SeedEnd, simulateSeed } from './simulate-seed.ts';

// A process of `npm run simulate` or `npm run audit-runs`: which of them, a folder and its seeds in,
// their ends out.

const [purpose, folder = '', ...seeds] = process.argv.slice(2);
const run = purpose === 'audit' ? auditSeed : simulateSeed;

for (const seed of seeds) {
  const end: SeedEnd = await run(Number(seed), { folder: join(folder, `${process.pid}-${seed}`) });
  await new Promise((resolve) => process.send?.(end, undefined, {}, resolve));
}
process.disconnect();
