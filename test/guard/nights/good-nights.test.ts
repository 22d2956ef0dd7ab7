import { expect, it } from 'vitest';
import { judgeGoodNights } from './judge-exports.ts';

it('holds none of 30 ordinary nights of 300 people, and none of 30 of 40', async () => {
  for (const people of [300, 40]) {
    const nights = await judgeGoodNights(people, 30, 11);
    expect(nights.filter(({ exit }) => exit !== 0 && exit !== 2)).toEqual([]);
    expect(nights.filter(({ writes }) => writes > 0).length).toBeGreaterThan(25);
  }
}, 400_000);
