import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { measurePlan } from './plan.ts';
import { makePlanWorld, withTemporaryFolder } from './world.ts';

const mebibyte = 1_048_576;

// The short form of `npm run bench`. A run that held all people in memory would need 140 MiB more for the larger one.
it('plans five times as many people in little more memory', async () => {
  const [small, large] = await withTemporaryFolder(async (folder) => [
    await peakOf(folder, 20_000),
    await peakOf(folder, 100_000),
  ]);
  expect(large - small).toBeLessThan(100 * mebibyte);
  expect(large).toBeLessThan(300 * mebibyte);
});

async function peakOf(parent: string, rows: number): Promise<number> {
  const folder = path.join(parent, String(rows));
  await mkdir(folder);
  return (await measurePlan(await makePlanWorld(folder, rows), rows)).peakBytes;
}
