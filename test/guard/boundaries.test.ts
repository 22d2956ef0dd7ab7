import { describe, expect, it } from 'vitest';
import type { GuardName, TimedGuard } from '../../src/domain/guard-settings.ts';
import { allowedOf } from '../../src/guard/limits.ts';
import { defaultGuards } from '../../src/job/resolve-guards.ts';
import { buildFacts, feed, last, people } from './build.ts';
import { judgeGuards } from '../../src/guard/judge-guards.ts';
import { NightWorld } from './nights/night-world.ts';
import { csv, each, staff } from './nights/staff.ts';

/** What the page of the guards says is allowed, written out: managed users, then people. */
const allowed: Readonly<Partial<Record<GuardName, readonly (readonly [managed: number, people: number])[]>>> =
  {
    creates: [
      [1, 3],
      [12, 3],
      [15, 3],
      [20, 4],
      [100, 20],
      [10_000, 2_000],
    ],
    updates: [
      [0, 3],
      [1, 3],
      [6, 3],
      [7, 3],
      [8, 4],
      [12, 6],
      [100, 50],
      [10_000, 5_000],
    ],
    enables: [
      [0, 3],
      [1, 3],
      [12, 3],
      [79, 3],
      [80, 4],
      [100, 5],
      [10_000, 500],
    ],
    disables: [
      [0, 3],
      [1, 3],
      [12, 3],
      [79, 3],
      [80, 4],
      [100, 5],
      [119, 5],
      [120, 6],
      [10_000, 500],
    ],
    removals: [
      [0, 3],
      [1, 3],
      [12, 3],
      [100, 3],
      [199, 3],
      [200, 4],
      [10_000, 200],
    ],
    accessLost: [
      [0, 3],
      [1, 3],
      [12, 3],
      [100, 5],
      [10_000, 500],
    ],
    blanked: [
      [0, 3],
      [1, 3],
      [12, 3],
      [100, 5],
      [10_000, 500],
    ],
    keyChanges: [
      [0, 3],
      [1, 3],
      [12, 3],
      [100, 5],
      [10_000, 500],
    ],
    missing: [
      [0, 3],
      [1, 3],
      [12, 3],
      [100, 5],
      [10_000, 500],
    ],
  };

type Counted = TimedGuard | 'blanked' | 'keyChanges' | 'missing';

function isHeld(name: Counted, managed: number, figure: number): boolean {
  const facts = buildFacts({
    limits: defaultGuards,
    managed,
    people: people({ [name]: figure }),
    users: { total: managed, linkedBefore: managed, expected: managed, shown: managed },
  });
  return judgeGuards(facts).some((guard) => guard.name === name && guard.tripped);
}

describe('the limit of a guard, by default,', () => {
  for (const [name, rows] of Object.entries(allowed) as [Counted, (typeof allowed)['creates'] & object][]) {
    it(`of ${name} passes when it is met and one below, and holds one above`, () => {
      for (const [managed, most] of rows) {
        const verdicts = [most - 1, most, most + 1].map((figure) => isHeld(name, managed, figure));
        expect([managed, ...verdicts]).toEqual([managed, false, false, true]);
      }
    });
  }

  it('of 24 hours is twice that of a run, and of 7 days four times, each to the very person', () => {
    for (const [window, factor] of [
      ['per24h', 2],
      ['per7d', 4],
    ] as const) {
      for (const [managed, most] of allowed.disables ?? []) {
        const sum = allowedOf(defaultGuards.disables[window], managed);
        // Three in a day and in a week, too, where the percentage says less.
        expect(sum).toBe(Math.max(3, Math.floor((managed * 5 * factor) / 100)));
        const held = [sum, sum + 1].map((figure) => {
          const counts = people({ disables: 1 }).overTime.per24h;
          const none = { ...counts, disables: 1 };
          const overTime = { per24h: none, per7d: none, [window]: { ...none, disables: figure } };
          const facts = buildFacts({
            limits: defaultGuards,
            managed,
            people: people({ disables: 1 }, { overTime }),
          });
          return judgeGuards(facts).some(({ tripped }) => tripped);
        });
        expect([managed, most, ...held]).toEqual([managed, most, false, true]);
      }
    }
  });

  it('of rows holds a full feed that lost one more than a tenth, three at least, and always one without rows', () => {
    for (const [before, least] of [
      [1, 1],
      [2, 1],
      [12, 9],
      [30, 27],
      [100, 90],
      [10_000, 9_000],
    ] as const) {
      const held = [least - 1, least, least + 1].map((rows) => {
        const earlier = last({ rows: before, readable: before, bytes: 10 });
        const facts = buildFacts({
          limits: defaultGuards,
          feeds: [feed({ rows, readable: rows, last: earlier })],
        });
        return judgeGuards(facts).some(({ name, tripped }) => name === 'feedRows' && tripped);
      });
      expect([before, ...held]).toEqual([before, true, false, false]);
    }
  });

  it('of a target where nobody is managed lets nobody be created without a word', () => {
    const facts = buildFacts({
      limits: defaultGuards,
      managed: 0,
      people: people({ creates: 1 }),
      users: { total: 0, linkedBefore: 0, expected: 0, shown: 0 },
    });
    const tripped = judgeGuards(facts).filter((guard) => guard.tripped);
    expect(tripped.map(({ name }) => name)).toEqual(['firstLoad']);
  });
});

it.each([
  [1, 1],
  [12, 3],
  [100, 5],
])(
  'a run of %i people disables %i of them, and no one more',
  async (count, most) => {
    const rows = staff(count);
    const leaving = (leavers: number): string =>
      csv(each(rows, (_, place) => (place >= count - leavers ? { Status: 'Terminated' } : {})));
    await using world = await NightWorld.open(rows);
    expect((await world.night(csv(rows))).exit).toBe(0);
    world.save();
    if (most < count) {
      const held = await world.night(leaving(most + 1));
      expect([held.exit, held.tripped[0]?.name, held.writes]).toEqual([3, 'disables', []]);
      await world.restore();
    }
    const met = await world.night(leaving(most));
    expect([met.exit, met.report?.changes.succeeded]).toEqual([0, most]);
  },
  120_000,
);
