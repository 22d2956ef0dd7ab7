import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

// `npm run fuzz` does the same with 100,000 and a limit of one second for each.
it('reads or refuses every job and feed, with each row in one bucket and no prototype touched', async () => {
  const { runs, wrong } = await fuzz({ runs: 800, seed: 20_261_121, workers: 2, limitMs: 10_000 });
  expect(wrong).toEqual([]);
  for (const kind of ['csv', 'json', 'ndjson'] as const) {
    expect(runs[kind].read).toBeGreaterThan(20);
    expect(runs[kind]['feed refused']).toBeGreaterThan(0);
  }
  expect(runs.job['job refused']).toBeGreaterThan(20);
}, 240_000);
