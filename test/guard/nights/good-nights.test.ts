import { expect, it } from 'vitest';
import { isLong } from '../../long.ts';
import { judgeGoodNights } from './judge-exports.ts';

const count = isLong ? 60 : 30;

it(`holds none of ${count} ordinary nights of 300 people, and none of ${count} of 40`, async () => {
  for (const people of [300, 40]) {
    const nights = await judgeGoodNights(people, count, 11);
    expect(nights.filter(({ exit }) => exit !== 0 && exit !== 2)).toEqual([]);
    expect(nights.filter(({ writes }) => writes > 0).length).toBeGreaterThan(count * 0.8);
  }
}, 400_000);
