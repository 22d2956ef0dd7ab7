import { describe, expect, it } from 'vitest';
import { isLong } from '../long.ts';
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

const second = 1_000;
const adaptive = { ...roomy, adaptiveFrom: { requests: 3, perMs: 1_000 } };

interface Phase {
  readonly limit: number;
  readonly forMs: number;
}

interface Settings {
  readonly latencyMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly window?: Pick<Window, 'byTheClock'>;
}

/** A target whose limit changes by phases; what it took and refused, second by second since the start. */
async function run(phases: readonly Phase[], settings: Settings) {
  const random = seeded(settings.seed);
  const clock = virtualClock();
  const target = windowTarget(clock, []);
  target.headers = settings.headers;
  target.latencyMs = () => settings.latencyMs * (0.9 + 0.2 * random());
  const client = clientOf(target, clock, adaptive, {}, random);
  const startMs = clock.now();
  const totalMs = phases.reduce((sum, { forMs }) => sum + forMs, 0);
  const changes = (async () => {
    for (const { limit, forMs } of phases) {
      target.windows = [{ amount: limit, perMs: second, ...settings.window }];
      await clock.sleep(forMs);
    }
  })();
  await clock.runUntil(Promise.all([changes, keepBusy(client, clock, totalMs, adaptive.concurrency)]));
  return {
    taken: (fromMs: number, toMs: number) => countWithin(target, startMs + fromMs, startMs + toMs, 200),
    refused: (fromMs: number, toMs: number) => countWithin(target, startMs + fromMs, startMs + toMs, 429),
  };
}

const minute = 60_000;
const asking = { 'retry-after': '1' };

// The lower the limit, the more a single request matters: more seeds there, and those that once found it too late.
describe.each([
  { limit: 20, latencyMs: 20, headers: {} },
  { limit: 20, latencyMs: 40, headers: asking },
  { limit: 20, latencyMs: 200, headers: asking },
  { limit: 20, latencyMs: 200, headers: {} },
  { limit: 20, latencyMs: 300, headers: asking },
  { limit: 23, latencyMs: 200, headers: asking, seeds: [77, 93, 112] },
  { limit: 23, latencyMs: 300, headers: {}, seeds: [1, 33, 107] },
  { limit: 25, latencyMs: 100, headers: asking },
  { limit: 30, latencyMs: 200, headers: asking, seeds: [1, 72, 105] },
  { limit: 30, latencyMs: 40, headers: asking, window: { byTheClock: true as const } },
  { limit: 35, latencyMs: 300, headers: asking, seeds: [65, 78, 79] },
  { limit: 40, latencyMs: 100, headers: asking, window: { byTheClock: true as const } },
  { limit: 40, latencyMs: 300, headers: asking },
  { limit: 50, latencyMs: 100, headers: asking },
  { limit: 60, latencyMs: 200, headers: asking, window: { byTheClock: true as const } },
  { limit: 100, latencyMs: 40, headers: {} },
  { limit: 100, latencyMs: 200, headers: asking },
  { limit: 400, latencyMs: 40, headers: asking },
])(
  'a hidden limit of $limit/s, $latencyMs ms away, that says $headers',
  ({ limit, seeds = isLong && limit < 100 ? [1, 2, 3] : [1], ...settings }) => {
    it.each(seeds)(
      'is found, halved, and found again when it is restored, with few refusals (seed %i)',
      async (seed) => {
        const phases = [
          { limit, forMs: 3 * minute },
          { limit: Math.floor(limit / 2), forMs: 3 * minute },
          { limit, forMs: 3 * minute },
        ];
        const { taken, refused } = await run(phases, { ...settings, seed });
        for (const [index, phase] of phases.entries()) {
          const beganMs = index * 3 * minute;
          const endMs = beganMs + 3 * minute;
          const all = taken(beganMs, endMs) + refused(beganMs, endMs);
          expect(refused(beganMs, endMs) / all, `share of refusals in phase ${index}`).toBeLessThanOrEqual(
            0.02,
          );
          const steady = taken(beganMs + minute, endMs) / 120 / phase.limit;
          expect(steady, `use of the limit in phase ${index}`).toBeGreaterThanOrEqual(0.9);
          const found = Math.max(
            ...Array.from(
              { length: 28 },
              (_, at) => taken(beganMs + (at + 1) * second, beganMs + (at + 3) * second) / 2,
            ),
          );
          expect(found / phase.limit, `found within 30 s in phase ${index}`).toBeGreaterThanOrEqual(0.85);
        }
      },
    );
  },
);
