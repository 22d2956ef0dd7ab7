import { describe, expect, it } from 'vitest';
import { createAdaptiveRate } from '../../src/http/adaptive-rate.ts';
import { virtualClock } from './virtual-clock.ts';
import { clientOf, countWithin, keepBusy, roomy, seeded, windowTarget } from './window-target.ts';

const adaptiveFrom = { requests: 10, perMs: 1_000 };

/** As many requests as the rate lets go, to a target 40 ms away that takes so many in each of the clock's seconds. */
function driven(limit: number, forMs: number) {
  const rate = createAdaptiveRate(adaptiveFrom, 1_000);
  const refusedMs: number[] = [];
  /** The rate after each refusal. */
  const held: number[] = [];
  let pausedUntilMs = 0;
  let second = 0;
  let count = 0;
  for (let nowMs = 0; nowMs < forMs; nowMs = Math.max(rate.dueMs(), pausedUntilMs)) {
    rate.granted(nowMs, pausedUntilMs, true);
    const arrivesIn = Math.floor((nowMs + 20) / 1_000);
    count = arrivesIn === second ? count + 1 : 1;
    second = arrivesIn;
    if (count <= limit) rate.taken(nowMs, 40, 'POST');
    else {
      rate.refused(nowMs, nowMs + 40);
      refusedMs.push(nowMs);
      held.push(rate.perSecond);
      pausedUntilMs = nowMs + 1_040;
    }
  }
  return { refusedMs, held };
}

describe('an adaptive rate', () => {
  it('slows down for a target that answers more slowly the more it gets, without a single refusal', async () => {
    const clock = virtualClock();
    const random = seeded(5);
    const target = windowTarget(clock, []);
    // It does a hundred a second; beyond that they queue up.
    let lateMs = Number.POSITIVE_INFINITY;
    const late: number[] = [];
    target.latencyMs = (underWay) => {
      if (clock.now() >= lateMs) late.push(underWay);
      return Math.max(40 + 5 * random(), underWay * 10);
    };
    const client = clientOf(target, clock, { ...roomy, adaptiveFrom }, {}, random);
    const startMs = clock.now();
    lateMs = startMs + 60_000;
    await clock.runUntil(keepBusy(client, clock, 180_000, 64));
    expect(countWithin(target, lateMs, startMs + 180_000, 200) / 120).toBeGreaterThanOrEqual(70);
    // Without it, all 64 would be under way all the time.
    expect(late.reduce((sum, underWay) => sum + underWay, 0) / late.length).toBeLessThan(16);
    expect(countWithin(target, startMs, clock.now(), 429)).toBe(0);
  });

  it('is not slowed by some slow answers, nor by slow answers of another kind', () => {
    const rate = createAdaptiveRate(adaptiveFrom, 1_000);
    for (let n = 0; n < 200; n += 1) {
      rate.taken(n * 100, n % 3 === 0 ? 900 : 40, 'POST');
      rate.taken(n * 100, 5_000, 'GET');
    }
    expect(rate.perSecond).toBe(10);
  });

  it('takes refusals of one moment for one', () => {
    const rate = createAdaptiveRate(adaptiveFrom, 1_000);
    for (let n = 0; n < 10; n += 1) rate.taken(1_050 + n * 90, 40, 'POST');
    for (let n = 0; n < 5; n += 1) rate.refused(2_000 + n, 2_040);
    expect(rate.perSecond).toBeCloseTo(9.7, 1);
  });

  it('is refused once by each probe, and not again by what the probe raised it to', () => {
    // A target that counts by the clock's seconds takes more than its limit in many a second.
    const { refusedMs } = driven(25, 10 * 60_000);
    const late = refusedMs.filter((atMs) => atMs > 2 * 60_000);
    const soon = late.filter((atMs, index) => atMs - (late[index - 1] ?? 0) < 15_000);
    expect(late.length).toBeGreaterThan(15);
    // One more when what was too fast has been forgotten.
    expect(soon.length).toBeLessThanOrEqual(3);
  });

  it('keeps what it held before when what a probe raised it to is refused', () => {
    const { held } = driven(25, 10 * 60_000);
    // The limit, and what it leaves for a rate that had no refusal in twenty seconds.
    for (const perSecond of held.slice(10)) {
      expect(perSecond).toBeLessThan(26);
      expect(perSecond).toBeGreaterThan(23.5);
    }
  });

  it('does not grow while nobody has to wait for it', () => {
    const rate = createAdaptiveRate(adaptiveFrom, 1_000);
    for (let n = 0; n < 1_000; n += 1) rate.granted(n * 500, n * 500, false);
    expect(rate.perSecond).toBe(10);
  });

  it('never exceeds a rate that is stated beside it', async () => {
    const clock = virtualClock();
    const target = windowTarget(clock, [{ amount: 30, perMs: 1_000 }]);
    const limits = { ...roomy, adaptiveFrom, rates: [{ requests: 30, perMs: 1_000 }] };
    const startMs = clock.now();
    await clock.runUntil(keepBusy(clientOf(target, clock, limits), clock, 60_000, 32));
    expect(countWithin(target, startMs, clock.now(), 429)).toBe(0);
    expect(countWithin(target, startMs + 20_000, startMs + 60_000, 200)).toBeGreaterThanOrEqual(
      0.97 * 40 * 30,
    );
  });
});
