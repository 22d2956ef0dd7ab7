import { describe, expect, it } from 'vitest';
import type { StepOutcome } from '../../src/contracts/ledger.ts';
import { dispatch, type DispatchTools } from '../../src/dispatch/dispatch.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Limits } from '../../src/domain/settings.ts';
import { backoffMs } from '../../src/http/backoff.ts';
import { success } from '../dispatch/fake-target.ts';
import { buildChange, buildStep, pagesOf } from '../report/build.ts';
import { virtualClock } from './virtual-clock.ts';
import { clientOf, type Mood, roomy, seeded, windowTarget } from './window-target.ts';

const minute = 60_000;
const limits: Limits = { ...roomy, rates: [{ requests: 5, perMs: 1_000 }], concurrency: 4 };

/** A run of dispatch through the real way of requests, while the target is out for a time. */
async function runThrough(
  mood: Mood,
  outage: { readonly fromMs: number; readonly toMs: number },
  settings: Partial<Limits> = {},
  people = 1_500,
) {
  const clock = virtualClock();
  const random = seeded(11);
  const target = windowTarget(clock, []);
  const all = { ...limits, ...settings };
  const client = clientOf(target, clock, all, {}, random);
  const startMs = clock.now();
  const applied = new Set<string>();
  const outcomes = new Map<number, StepOutcome>();
  const judge = (status: number) => {
    if (status >= 500) throw new TargetFailure({ trouble: 'unavailable', message: `Status ${status}.` });
  };
  const tools: DispatchTools = {
    provider: {
      verdict: (_, found) => (found === undefined ? 'notApplied' : 'applied'),
      createOnly: () => false,
      idOf: () => null,
    },
    connection: {
      async write(items) {
        judge((await client.request({ records: items.length })).status);
        for (const item of items) applied.add(item.userId ?? '');
        return items.map(() => success);
      },
      async lookUp(sought) {
        judge((await client.request({ safe: true, method: 'GET' })).status);
        return sought.map(({ userId }) =>
          userId !== null && applied.has(userId) ? { id: userId, active: true, attributes: {} } : undefined,
        );
      },
    },
    clock,
    backoffMs: (attempt) => backoffMs(attempt, random, { baseMs: 500, capMs: 30_000 }),
    signal: new AbortController().signal,
    mayLink: () => false,
    keyOf: ({ seq }, step) => `${seq}:${step}`,
    ledger: {
      recordIntents: async () => undefined,
      recordOutcomes: async (made) => {
        for (const outcome of made) outcomes.set(outcome.seq, outcome);
      },
    },
    limits: all,
    bodyBytes: () => 100,
    nextBatch: () => 1,
    onProgress: () => undefined,
  };
  const changes = Array.from({ length: people }, (_, index) =>
    buildChange({ seq: index + 1, userId: `u${index + 1}`, steps: [buildStep()] }),
  );
  const weather = (async () => {
    await clock.sleep(outage.fromMs);
    target.mood = mood;
    await clock.sleep(outage.toMs - outage.fromMs);
    target.mood = 'well';
  })();
  const running = dispatch(pagesOf(changes, 100), tools);
  const fatal = await clock.runUntil(running);
  void weather;
  const sent = target.log.map(({ atMs, status, safe }) => ({ atMs: atMs - startMs, status, safe }));
  return { fatal, outcomes: [...outcomes.values()], sent, endedMs: clock.now() - startMs };
}

describe.each<Mood>(['503', 'refused', 'hanging'])('an outage of ten minutes (%s)', (mood) => {
  const outage = { fromMs: 2 * minute, toMs: 12 * minute };

  it('fails no record, costs hardly a request, and is over as soon as the target is back', async () => {
    const { fatal, outcomes, sent } = await runThrough(mood, outage);
    expect(fatal).toBeNull();
    expect(outcomes).toHaveLength(1_500);
    expect(outcomes.filter(({ result }) => result !== 'succeeded')).toEqual([]);
    const during = sent.filter(({ atMs }) => atMs >= outage.fromMs && atMs < outage.toMs);
    const probes = during.filter(({ atMs }) => atMs > outage.fromMs + 2.5 * minute);
    // A hanging probe may be out when the next one is due; two never leave within ten seconds.
    const gaps = probes.slice(1).map(({ atMs }, index) => atMs - (probes[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10_000);
    expect(probes.length).toBeGreaterThanOrEqual(30);
    const probesMax = (outage.toMs - outage.fromMs) / 10_000;
    expect(sent.length - Math.min(during.length, probesMax)).toBeLessThanOrEqual(1.1 * 1_500);
    const back = sent.find(({ atMs, status }) => atMs >= outage.toMs && status === 200);
    expect((back?.atMs ?? Number.POSITIVE_INFINITY) - outage.toMs).toBeLessThanOrEqual(30_000);
  });

  it('is waited for for half an hour at most, and then the run stops', async () => {
    const { fatal, outcomes, endedMs } = await runThrough(mood, { fromMs: minute, toMs: 120 * minute });
    expect(fatal?.exit).toBe(75);
    expect(fatal?.message).toContain('has been out since 2026-01-01T00:0');
    expect(outcomes.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(endedMs).toBeGreaterThanOrEqual(30 * minute);
    expect(endedMs).toBeLessThanOrEqual(35 * minute);
  });

  it('is waited for for as long as the job says', async () => {
    const { fatal, endedMs } = await runThrough(
      mood,
      { fromMs: minute, toMs: 120 * minute },
      { outageMaxMs: 5 * minute, requestTimeoutMs: 10_000 },
    );
    expect(fatal?.exit).toBe(75);
    expect(endedMs).toBeLessThanOrEqual(8 * minute);
  });
});

describe('a target that was never there', () => {
  it('is given up at once, for the address may be wrong', async () => {
    const { fatal, sent, endedMs } = await runThrough(
      'refused',
      { fromMs: 0, toMs: 60 * minute },
      { concurrency: 1 },
    );
    expect(fatal?.exit).toBe(75);
    expect(sent).toHaveLength(5);
    expect(endedMs).toBeLessThanOrEqual(30_000);
  });
});
