import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/http/backoff.ts';

const limits = { baseMs: 500, capMs: 30_000 };

describe('backoffMs', () => {
  it('doubles the range with every attempt', () => {
    expect([1, 2, 3, 4].map((attempt) => backoffMs(attempt, () => 0.5, limits))).toEqual([
      250, 500, 1000, 2000,
    ]);
  });

  it('draws from the whole range, nothing included', () => {
    expect(backoffMs(3, () => 0, limits)).toBe(0);
    expect(backoffMs(3, () => 0.999999, limits)).toBe(2000);
  });

  it('never exceeds the cap, however many attempts there were', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, draw) => {
          const ms = backoffMs(attempt, () => draw, limits);
          return ms >= 0 && ms <= limits.capMs;
        },
      ),
    );
  });
});
