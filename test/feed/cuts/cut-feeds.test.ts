import { expect, it } from 'vitest';
import { cutFeeds } from './cut-feeds.ts';

// `npm run cuts` does the same with 1,000 cuts and more.
it('makes nobody a leaver and changes nobody by a feed that was cut anywhere', async () => {
  const tallies = await cutFeeds(6, 20_261_121);
  expect(tallies.filter(({ leavers, wrong }) => leavers + wrong > 0)).toEqual([]);
  expect(tallies.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBeGreaterThan(10);
  expect(tallies.reduce((sum, { exact }) => sum + exact, 0)).toBeGreaterThan(0);
}, 240_000);
