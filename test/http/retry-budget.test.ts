import { describe, expect, it } from 'vitest';
import { createRetryBudget } from '../../src/http/retry-budget.ts';
import { virtualClock } from './virtual-clock.ts';
import { clientOf, keepBusy, roomy, seeded, windowTarget } from './window-target.ts';

describe('the budget of retries', () => {
  it('has ten at once, and then one in five seconds while nothing else is sent', async () => {
    const clock = virtualClock();
    const budget = createRetryBudget(clock);
    const startMs = clock.now();
    const times: number[] = [];
    const all = Array.from({ length: 13 }, () =>
      budget.spend().then(() => void times.push(clock.now() - startMs)),
    );
    await clock.runUntil(Promise.all(all));
    expect(times.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(times.slice(10)).toEqual([5_000, 10_000, 15_000]);
  });

  it('earns one for ten requests', async () => {
    const clock = virtualClock();
    const budget = createRetryBudget(clock);
    for (let retry = 1; retry <= 10; retry += 1) await budget.spend();
    for (let request = 1; request <= 20; request += 1) budget.earn();
    const startMs = clock.now();
    await budget.spend();
    await budget.spend();
    expect(clock.now()).toBe(startMs);
    const third = budget.spend().then(() => clock.now() - startMs);
    expect(await clock.runUntil(third)).toBe(5_000);
  });

  it('lets a stop end the wait', async () => {
    const clock = virtualClock();
    const budget = createRetryBudget(clock);
    const stop = new AbortController();
    for (let retry = 1; retry <= 10; retry += 1) await budget.spend();
    const waiting = budget.spend(stop.signal);
    await Promise.resolve();
    await Promise.resolve();
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  /** Reads on end for two minutes, of which the target fails a share; how many were wanted, and how many it got. */
  async function readOnEnd(failing: number): Promise<{ wanted: number; sent: number; tookMs: number }> {
    const clock = virtualClock();
    const random = seeded(3);
    const target = windowTarget(clock, []);
    const limits = { ...roomy, rates: [{ requests: 50, perMs: 1_000 }] };
    const client = clientOf(target, clock, limits, {}, random);
    target.failing = () => random() < failing;
    const startMs = clock.now();
    let wanted = 0;
    const request = () => {
      wanted += 1;
      return client.request({ safe: true, method: 'GET' });
    };
    await clock.runUntil(keepBusy({ ...client, request }, clock, 120_000, 32));
    return { wanted, sent: target.log.length, tookMs: clock.now() - startMs };
  }

  it('keeps a target that fails half of all reads from getting more than a tenth on top', async () => {
    const { wanted, sent, tookMs } = await readOnEnd(0.5);
    // A tenth, the ten of the beginning, and one in five seconds.
    expect(sent - wanted).toBeGreaterThan(10);
    expect(sent - wanted).toBeLessThanOrEqual(0.1 * wanted + 10 + tookMs / 5_000);
  });

  it('holds nobody up where few reads fail', async () => {
    expect((await readOnEnd(0.04)).wanted).toBeGreaterThanOrEqual(0.95 * 50 * 120);
  });
});
