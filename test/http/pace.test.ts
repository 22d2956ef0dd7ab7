import { expect, it } from 'vitest';
import type { RateLimit } from '../../src/domain/settings.ts';
import { newPaceState, paceOf, takeGrant } from '../../src/http/pace.ts';

/** When somebody is let go who asks at every tick of a clock of whole milliseconds, up to twenty times. */
function grantsOf(rate: RateLimit, forMs: number): readonly number[] {
  const state = newPaceState();
  const pace = paceOf([rate], []);
  const grants: number[] = [];
  for (let nowMs = 1; nowMs <= forMs; nowMs += 1) {
    for (let asked = 0; asked < 20; asked += 1) {
      const dueMs = takeGrant(state, pace, { nowMs, sinceMs: nowMs, records: 1, requests: 1 });
      if (dueMs > 0) break;
      grants.push(nowMs);
    }
  }
  return grants;
}

it.each([
  { requests: 7, perMs: 1_000 },
  { requests: 100, perMs: 1_000 },
  { requests: 5_000, perMs: 1_000 },
  { requests: 5_000, perMs: 60_000 },
])(
  'of $requests in $perMs ms no window has more, and none is wasted, by a clock of whole milliseconds',
  (rate) => {
    const windows = 20;
    const grants = grantsOf(rate, windows * rate.perMs);
    const tooClose = grants.filter((at, index) => {
      const next = grants[index + rate.requests];
      return next !== undefined && next - at <= rate.perMs;
    });
    expect(tooClose).toEqual([]);
    expect(grants.length).toBeGreaterThanOrEqual(windows * rate.requests * 0.98);
  },
);
