import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/domain/settings.ts';
import { virtualClock } from './virtual-clock.ts';
import {
  clientOf,
  countWithin,
  keepBusy,
  roomy,
  seeded,
  type Window,
  windowTarget,
} from './window-target.ts';

/** Keeps a client with these limits busy against a target with these windows; latencies vary by a few milliseconds. */
async function run(
  windows: readonly Window[],
  limits: Partial<Limits>,
  forMs: number,
  records = 1,
  connectMs: (sinceMs: number) => number = () => 0,
) {
  const random = seeded(7);
  let sleeps = 0;
  const clock = virtualClock({ lateMs: () => (sleeps++ % 5 === 0 ? 2 : 0) });
  const target = windowTarget(clock, windows);
  target.latencyMs = () => 30 + random() * 4;
  const client = clientOf(target, clock, { ...roomy, ...limits }, {}, random);
  const startMs = clock.now();
  target.connectMs = () => connectMs(clock.now() - startMs);
  const busy = keepBusy({ ...client, request: () => client.request({ records }) }, clock, forMs, 16);
  await clock.runUntil(busy);
  return { target, startMs, refused: countWithin(target, 0, Number.POSITIVE_INFINITY, 429) };
}

describe('a known limit', () => {
  it.each([
    { requests: 50, perMs: 60_000 },
    { requests: 500, perMs: 60_000 },
    { requests: 5_000, perMs: 60_000 },
    { requests: 100, perMs: 1_000 },
  ])('of $requests in $perMs ms is never exceeded, and 98 % of it is used', async (rate) => {
    const forMs = rate.perMs === 1_000 ? 60_000 : 5 * 60_000;
    const window = { amount: rate.requests, perMs: rate.perMs };
    const { target, startMs, refused } = await run([window], { rates: [rate] }, forMs);
    expect(refused).toBe(0);
    const steady = countWithin(target, startMs + forMs * 0.2, startMs + forMs, 200);
    expect(steady / (forMs * 0.8)).toBeGreaterThanOrEqual((0.98 * rate.requests) / rate.perMs);
  });

  it.each([
    ['each for its own', () => 300],
    ['all for the same moment', (sinceMs: number) => Math.max(0, 300 - sinceMs)],
  ])('is not exceeded by requests that waited for a connection, %s', async (_, waitOf) => {
    const rates = [{ requests: 100, perMs: 1_000 }];
    const windows = [{ amount: 100, perMs: 1_000 }];
    let connections = 0;
    const connectMs = (sinceMs: number) => (connections++ < 16 ? waitOf(sinceMs) : 0);
    const { target, startMs, refused } = await run(windows, { rates }, 10_000, 1, connectMs);
    expect(refused).toBe(0);
    expect(countWithin(target, startMs + 2_000, startMs + 10_000, 200)).toBeGreaterThanOrEqual(0.98 * 800);
  });

  it('holds per second, per minute and per hour at once', async () => {
    const rates = [
      { requests: 10, perMs: 1_000 },
      { requests: 300, perMs: 60_000 },
      { requests: 3_000, perMs: 3_600_000 },
    ];
    const windows = rates.map(({ requests, perMs }) => ({ amount: requests, perMs }));
    const { target, startMs, refused } = await run(windows, { rates }, 3_600_000);
    expect(refused).toBe(0);
    expect(countWithin(target, startMs, startMs + 3_600_000, 200)).toBeGreaterThanOrEqual(0.98 * 3_000);
  });

  it.each([
    [1_000, 990],
    [500, 990],
    [400, 790],
    [25, 970],
    [1, 970],
  ])('of 1,000 records a minute holds for requests with %i each', async (records, leastPerMinute) => {
    const window = { amount: 1_000, perMs: 60_000, of: 'records' } as const;
    const recordRates = [{ records: 1_000, perMs: 60_000 }];
    const { target, startMs, refused } = await run([window], { recordRates }, 600_000, records);
    expect(refused).toBe(0);
    const sent = countWithin(target, startMs + 60_000, startMs + 600_000 + 1_000, 200) * records;
    expect(sent / 9).toBeGreaterThanOrEqual(leastPerMinute - records * 0.2);
  });

  it('holds beside the rates of records', async () => {
    const windows = [
      { amount: 5, perMs: 1_000 },
      { amount: 1_000, perMs: 60_000, of: 'records' },
    ] as const;
    const limits = {
      rates: [{ requests: 5, perMs: 1_000 }],
      recordRates: [{ records: 1_000, perMs: 60_000 }],
    };
    expect((await run(windows, limits, 300_000, 2)).refused).toBe(0);
  });
});
