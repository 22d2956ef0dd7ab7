import { describe, expect, it } from 'vitest';
import { SlidingWindow } from '../../src/sandboxes/rate.ts';
import { EpmWorld } from './epm-world.ts';

describe('the sliding window', () => {
  it('admits as many as it is told within any second, and says how long the next has to wait', () => {
    const window = new SlidingWindow(3);
    expect([0, 400, 900].map((now) => window.take(now))).toEqual([0, 0, 0]);
    expect(window.take(950)).toBe(50);
    expect(window.take(999)).toBe(1);
    expect(window.take(1000)).toBe(0);
    expect(window.take(1001)).toBe(399);
    expect(window.take(1400)).toBe(0);
  });

  it('does not count whom it turned away', () => {
    const window = new SlidingWindow(1);
    window.take(0);
    for (let now = 100; now < 1000; now += 100) {
      expect(window.take(now)).toBe(1000 - now);
    }
    expect(window.take(1000)).toBe(0);
  });
});

it('a sandbox with a rate answers 429 with Retry-After in whole seconds to what exceeds it', async () => {
  const epm = new EpmWorld();
  try {
    await epm.start({ options: { ratePerSecond: 1 } });
    const responses = await Promise.all(
      Array.from({ length: 5 }, () => epm.fetch('PUT', '/v2/users/update', { users: [{ userlogin: 'x' }] })),
    );
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.map((response) => response.headers.get('Retry-After'))).toEqual(refused.map(() => '1'));
    expect(epm.journal()).toHaveLength(5 - refused.length);
  } finally {
    await epm.close();
  }
});

it.each([0, 2.5, Number.NaN])('a rate of %s is a clear failure', async (ratePerSecond) => {
  const epm = new EpmWorld();
  try {
    await expect(epm.start({ options: { ratePerSecond } })).rejects.toMatchObject({
      name: 'Failure',
      exit: 1,
    });
  } finally {
    await epm.close();
  }
});
