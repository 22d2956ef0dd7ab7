import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../src/domain/settings.ts';
import { createLimiter, type Limiter } from '../../src/http/limiter.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const rate = fc.record({
  requests: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1000 })),
  perMs: fc.constantFrom(1000, 10_000, 60_000, 3_600_000),
});

/** When each of so many requests, all waiting from the start, is granted. */
async function grantTimes(limiter: Limiter, clock: VirtualClock, count: number): Promise<number[]> {
  const times: number[] = [];
  const all = Array.from({ length: count }, async () => {
    await limiter.acquire();
    times.push(clock.now());
  });
  await clock.runUntil(Promise.all(all));
  return times;
}

/** The most that a target counts in any window of the rate, both ends included. */
function mostInWindow(times: readonly number[], perMs: number): number {
  let most = 0;
  let first = 0;
  times.forEach((time, index) => {
    while ((times[first] ?? time) < time - perMs) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

function withinAll(times: readonly number[], rates: readonly RateLimit[]): boolean {
  return rates.every(({ requests, perMs }) => mostInWindow(times, perMs) <= requests);
}

describe('createLimiter', () => {
  it('never shows the target more than a rate allows in any window, however requests and timers come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rate, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 12 })), {
          minLength: 1,
          maxLength: 15,
        }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 10 }),
        async (rates, bursts, lateness) => {
          let sleeps = 0;
          const clock = virtualClock({ lateMs: () => lateness[sleeps++ % lateness.length] ?? 0 });
          const limiter = createLimiter(rates, clock);
          const times: number[] = [];
          const waiting: Promise<void>[] = [];
          for (const [gapMs, count] of bursts) {
            await clock.advance(gapMs);
            for (let i = 0; i < count; i += 1) {
              waiting.push(limiter.acquire().then(() => void times.push(clock.now())));
            }
          }
          await clock.runUntil(Promise.all(waiting));
          expect(times).toHaveLength(bursts.reduce((sum, [, count]) => sum + count, 0));
          expect(withinAll(times, rates)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('catches up with a grant that a timer made late only as far as the limit has room', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 60 }),
        async (requests, lateAt, lateMs) => {
          let sleeps = 0;
          const clock = virtualClock({ lateMs: () => (sleeps++ === lateAt ? lateMs : 0) });
          const limiter = createLimiter([{ requests, perMs: 1000 }], clock);
          const times = await grantTimes(limiter, clock, 2 * requests + 6);
          expect(mostInWindow(times, 1000)).toBeLessThanOrEqual(requests);
        },
      ),
    );
  });

  it('reaches at least 98 % of the limit, even when timers are late', async () => {
    await fc.assert(
      fc.asyncProperty(
        rate,
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
        async ({ requests, perMs }, lateness) => {
          let sleeps = 0;
          const clock = virtualClock({ lateMs: () => lateness[sleeps++ % lateness.length] ?? 0 });
          const times = await grantTimes(createLimiter([{ requests, perMs }], clock), clock, 400);
          const tookMs = (times.at(-1) ?? 0) - (times[0] ?? 0) - Math.max(...lateness);
          expect(399 / tookMs).toBeGreaterThanOrEqual((0.98 * requests) / perMs);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('spreads what has waited and what comes after a pause, instead of letting it go at once', async () => {
    const clock = virtualClock();
    const limiter = createLimiter([{ requests: 300, perMs: 60_000 }], clock);
    await clock.advance(3_600_000);
    limiter.pauseUntil(clock.now() + 5000);
    const times = await grantTimes(limiter, clock, 10);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200);
  });

  it('grants in the order of asking', async () => {
    const clock = virtualClock();
    const limiter = createLimiter([{ requests: 5, perMs: 1000 }], clock);
    const order: number[] = [];
    const all = [1, 2, 3, 4, 5].map((n) => limiter.acquire().then(() => void order.push(n)));
    await clock.runUntil(Promise.all(all));
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it('holds everybody during a pause, also those who wait already, and never shortens one', async () => {
    const clock = virtualClock();
    const limiter = createLimiter([{ requests: 10, perMs: 1000 }], clock);
    const beganMs = clock.now();
    await limiter.acquire();
    const second = limiter.acquire().then(() => clock.now());
    limiter.pauseUntil(beganMs + 60_000);
    limiter.pauseUntil(beganMs + 1000);
    expect(await clock.runUntil(second)).toBe(beganMs + 60_000);
    expect(limiter.waitedMs).toBe(60_000);
  });

  it('holds a pause even where there is no rate', async () => {
    const clock = virtualClock();
    const limiter = createLimiter([], clock);
    const beganMs = clock.now();
    await limiter.acquire();
    limiter.pauseUntil(beganMs + 7000);
    expect(await clock.runUntil(limiter.acquire().then(() => clock.now()))).toBe(beganMs + 7000);
  });

  it('lets those behind one who gave up go on, and leaves nothing behind', async () => {
    const clock = virtualClock();
    const limiter = createLimiter([{ requests: 1, perMs: 1000 }], clock);
    const stop = new AbortController();
    await limiter.acquire();
    const head = limiter.acquire(stop.signal);
    const behind = limiter.acquire(stop.signal);
    const last = limiter.acquire();
    await Promise.resolve();
    stop.abort(new Error('stopped'));
    await expect(head).rejects.toThrow('stopped');
    await expect(behind).rejects.toThrow('stopped');
    await expect(limiter.acquire(stop.signal)).rejects.toThrow('stopped');
    await clock.runUntil(last);
    expect(clock.sleeping).toEqual([]);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('keeps those behind one who gave up from overtaking those before', async () => {
    let sleeps = 0;
    const clock = virtualClock({ lateMs: () => (sleeps++ === 0 ? 10 : 0) });
    const limiter = createLimiter([{ requests: 1, perMs: 1000 }], clock);
    const stop = new AbortController();
    const order: string[] = [];
    await limiter.acquire();
    const first = limiter.acquire().then(() => void order.push('first'));
    const second = limiter.acquire(stop.signal);
    const third = limiter.acquire().then(() => void order.push('third'));
    stop.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    await clock.runUntil(Promise.all([first, third]));
    expect(order).toEqual(['first', 'third']);
  });

  it('waits one interval at most when the clock was set back', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const slept: number[] = [];
    const limiter = createLimiter([{ requests: 5, perMs: 1000 }], {
      now: () => nowMs,
      async sleep(ms) {
        slept.push(ms);
        nowMs += ms;
      },
    });
    await limiter.acquire();
    nowMs -= 3_600_000;
    await limiter.acquire();
    expect(slept).toEqual([203]);
  });
});
