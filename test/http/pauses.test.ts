import { describe, expect, it } from 'vitest';
import { virtualClock } from './virtual-clock.ts';
import { clientOf, keepBusy, roomy, seeded, windowTarget } from './window-target.ts';

const adaptiveFrom = { requests: 20, perMs: 1_000 };

describe('a pause that a target asks for', () => {
  it.each([
    ['at a known rate', { rates: [{ requests: 20, perMs: 1_000 }] }],
    ['at an adaptive rate', { adaptiveFrom }],
    ['without any rate', {}],
  ])('is kept to the millisecond, and the next request is at most a second late, %s', async (_, limits) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seeded(seed);
      const clock = virtualClock({ lateMs: () => (random() < 0.2 ? 3 : 0) });
      const target = windowTarget(clock, []);
      target.latencyMs = () => 20 + random() * 30;
      const client = clientOf(target, clock, { ...roomy, concurrency: 8, ...limits }, {}, random);
      const pauses: { readonly readMs: number; readonly endMs: number }[] = [];
      const send = target.send;
      const startsMs: number[] = [];
      target.send = async (errand, timeoutMs) => {
        startsMs.push(clock.now());
        const answer = await send(errand, timeoutMs);
        if (random() >= 0.02) return answer;
        const seconds = Math.ceil(random() * 40);
        const readMs = clock.now();
        const endMs = Math.ceil(readMs / 1_000) * 1_000 + seconds * 1_000;
        const asDate = random() < 0.5;
        pauses.push({ readMs, endMs: asDate ? endMs : readMs + seconds * 1_000 });
        const asked = asDate ? new Date(endMs).toUTCString() : `${seconds}`;
        return { ...answer, status: random() < 0.5 ? 429 : 503, headers: { 'retry-after': asked } };
      };
      const reads = { ...client, request: () => client.request({ safe: true, method: 'GET' }) };
      await clock.runUntil(keepBusy(reads, clock, 300_000, 8));
      expect(pauses.length).toBeGreaterThan(3);
      for (const { readMs, endMs } of pauses) {
        expect(startsMs.filter((at) => at > readMs && at < endMs)).toEqual([]);
        const overMs = Math.max(
          ...pauses.filter((other) => other.readMs <= endMs).map((other) => other.endMs),
        );
        const next = startsMs.find((at) => at >= overMs);
        if (next !== undefined) expect(next - overMs).toBeLessThanOrEqual(1_000);
      }
    }
  });

  it('is no outage, however many ask for it in a row', async () => {
    const clock = virtualClock();
    const target = windowTarget(clock, []);
    const client = clientOf(target, clock, { ...roomy, concurrency: 2 });
    await clock.runUntil(client.request());
    target.windows = [{ amount: 0, perMs: 1_000 }];
    const all = Promise.all(Array.from({ length: 20 }, () => client.request()));
    const startMs = clock.now();
    await clock.advance(10_500);
    target.windows = [];
    const statuses = (await clock.runUntil(all)).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    // A breaker would have sent one in ten seconds.
    const refused = target.log.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(18);
    expect(clock.now() - startMs).toBeLessThan(14_000);
  });
});
