import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExpectedEvent,
  type GuardLimit,
  operationGuards,
  timedGuards,
} from '../../src/domain/guard-settings.ts';
import type { Guard } from '../../src/guard/guard.ts';
import { allowedOf, guardFloor } from '../../src/guard/limits.ts';
import { asOf, judged, limits, people, percentOf, timed, trippedBy, unlimited } from './build.ts';

describe('how many a limit allows', () => {
  it.each([
    // of, percent, allowed: at least three, rounded down
    [0, 5, 3],
    [1, 5, 3],
    [12, 5, 3],
    [12, 50, 6],
    [60, 5, 3],
    [79, 5, 3],
    [80, 5, 4],
    [100, 5, 5],
    [119, 5, 5],
    [10_000, 5, 500],
    [1_000_000, 5, 50_000],
    [10_000, 0.1, 10],
    [10_000, 100, 10_000],
    [100, 0, 3],
    // Where binary fractions would otherwise lose one: 29 % of 100 is 28.999…
    [100, 29, 29],
    [1_000, 0.7, 7],
    [10_000, 1.1, 110],
  ])('of %i by %s percent is %i', (managed, percent, allowed) => {
    expect(allowedOf(percentOf(percent), managed)).toBe(allowed);
  });

  it('is no more than the ceiling, and the floor does not raise that', () => {
    expect(allowedOf({ percent: null, count: 0 }, 10_000)).toBe(0);
    expect(allowedOf({ percent: 5, count: 2 }, 100)).toBe(2);
    expect(allowedOf({ percent: 5, count: 10 }, 10_000)).toBe(10);
    expect(allowedOf({ percent: 5, count: 10 }, 100)).toBe(5);
  });

  it('is everybody without a limit', () => {
    expect(allowedOf(unlimited, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('never shrinks when there are more users, and never passes the share by more than the floor', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 1_000 }), (managed, tenths) => {
        const allowed = allowedOf(percentOf(tenths / 10), managed);
        expect(Number.isInteger(allowed)).toBe(true);
        expect(allowedOf(percentOf(tenths / 10), managed + 1)).toBeGreaterThanOrEqual(allowed);
        // Counted in whole numbers: managed × tenths / 1000, rounded down.
        expect(allowed).toBe(Math.max(guardFloor, Number((BigInt(managed) * BigInt(tenths)) / 1000n)));
      }),
    );
  });
});

/** Managed users, and how many 5 % of them are with the floor of three. */
const boundaries = [
  [0, 3],
  [1, 3],
  [12, 3],
  [100, 5],
  [10_000, 500],
  [1_000_000, 50_000],
] as const;

describe.each(timedGuards)('the guard %s', (name) => {
  const limited = (limit: GuardLimit) => limits({ [name]: timed(limit) });

  it.each(boundaries)('of %i managed users lets %i people pass and holds one more', (managed, allowed) => {
    const guardOf = (actual: number): Guard | undefined =>
      judged(name, {
        managed,
        people: people({ [name]: actual }),
        limits: limited(percentOf(5)),
        // Creates without anybody managed are a first load, which has a guard of its own.
        ...(managed === 0 ? { users: { total: 0, linkedBefore: 0, expected: 0, shown: 0 } } : {}),
      });
    if (managed === 0 && name === 'creates') {
      expect(guardOf(allowed)).toBeUndefined();
      return;
    }
    for (const actual of [0, allowed - 1, allowed]) {
      expect(guardOf(actual)).toEqual({ name, limit: allowed, actual, tripped: false, advice: null });
    }
    expect(guardOf(allowed + 1)).toMatchObject({ name, limit: allowed, actual: allowed + 1, tripped: true });
  });

  it('by a plain number holds whoever is beyond it, be it the first', () => {
    for (const count of [0, 1, 12]) {
      const limit = { limits: limited({ percent: null, count }) };
      expect(judged(name, { ...limit, people: people({ [name]: count }) })?.tripped).toBe(false);
      expect(judged(name, { ...limit, people: people({ [name]: count + 1 }) })?.tripped).toBe(true);
    }
  });

  it('says how many, of whom, and what to do', () => {
    const limit = { limits: limited({ percent: 5, count: 4 }) };
    const advice = judged(name, { ...limit, people: people({ [name]: 7 }) })?.advice;
    expect(advice).toMatch(/^7 .* are more than the 4 allowed for 100 managed users/);
    expect(advice).toContain('5%, at least 3, ceiling 4');
    expect(advice).toContain(`guards.${name}`);
    expect(advice).toMatch(/approve the plan, or name the event under guards\.expected/);
  });

  it('without a limit has no number to show', () => {
    const guard = judged(name, { people: people({ [name]: 1_000_000 }) });
    expect(guard).toMatchObject({ limit: null, tripped: false });
  });

  it('takes no notice of the others', () => {
    const others = Object.fromEntries(timedGuards.map((other) => [other, other === name ? 0 : 1_000]));
    expect(trippedBy({ limits: limited({ percent: 5, count: 0 }), people: people(others) })).toEqual([]);
  });

  it.each([
    ['per24h', 'Per24h'],
    ['per7d', 'Per7d'],
  ] as const)('over time counts what runs did before, %s', (window, suffix) => {
    const limit = { limits: limits({ [name]: { ...timed(unlimited), [window]: percentOf(10) } }) };
    const counted = (before: number) => {
      const plan = people({ [name]: 2 });
      const overTime = { ...plan.overTime, [window]: { ...plan.byGuard, [name]: 2 + before } };
      return judged(`${name}${suffix}`, { ...limit, people: people({ [name]: 2 }, { overTime }) });
    };
    expect(counted(8)).toMatchObject({ limit: 10, actual: 10, tripped: false });
    expect(counted(9)).toMatchObject({ limit: 10, actual: 11, tripped: true });
    expect(counted(9)?.advice).toContain(`guards.${name}.${window}`);
  });

  it('over time holds no plan that adds nobody', () => {
    const plan = people();
    const before = { ...plan.byGuard, [name]: 90 };
    const none = { percent: null, count: 0 };
    const limit = limits({ [name]: { ...unlimited, per24h: none, per7d: none } });
    const overTime = { per24h: before, per7d: before };
    expect(trippedBy({ limits: limit, people: people({}, { overTime }) })).toEqual([]);
  });
});

describe.each(['blanked', 'keyChanges'] as const)('the guard %s', (name) => {
  it.each(boundaries)('of %i managed users lets %i people pass and holds one more', (managed, allowed) => {
    const tripped = (actual: number) =>
      judged(name, { managed, limits: limits({ [name]: percentOf(5) }), people: people({ [name]: actual }) })
        ?.tripped;
    expect([allowed - 1, allowed, allowed + 1].map(tripped)).toEqual([false, false, true]);
  });

  it('says which attributes lose most', () => {
    const byAttribute = { title: { changed: 9, blanked: 2 }, department: { changed: 50, blanked: 40 } };
    const limit = limits({ blanked: percentOf(5) });
    const guard = judged('blanked', { limits: limit, people: people({ blanked: 42 }, { byAttribute }) });
    expect(guard?.advice).toContain('(department 40, title 2)');
  });
});

describe('the guard attributes', () => {
  const changing = (figures: Record<string, number>) =>
    people(
      {},
      {
        byAttribute: Object.fromEntries(
          Object.entries(figures).map(([name, changed]) => [name, { changed, blanked: 0 }]),
        ),
      },
    );

  it.each(boundaries)('of %i managed users lets %i people pass and holds one more', (managed, allowed) => {
    const limit = limits({ attributes: { '*': percentOf(5) } });
    const tripped = (changed: number) =>
      judged('attributes', { managed, limits: limit, people: changing({ title: changed }) })?.tripped;
    expect([allowed - 1, allowed, allowed + 1].map(tripped)).toEqual([false, false, true]);
  });

  it('judges each attribute by its own limit, else by that of all', () => {
    const limit = limits({ attributes: { '*': percentOf(30), department: percentOf(10) } });
    const guards = trippedBy({ limits: limit, people: changing({ department: 11, title: 30, mail: 31 }) });
    expect(guards).toEqual(['attributes', 'attributes']);
    const department = judged('attributes', { limits: limit, people: changing({ department: 11 }) });
    expect(department).toMatchObject({ subject: 'department', limit: 10, actual: 11 });
    expect(department?.advice).toMatch(/newly mapped changes everybody.*attribute: department/);
  });

  it('goes by an event of its attribute', () => {
    const event = (attribute: string | null): ExpectedEvent => ({
      ...reorganisation,
      what: 'attributes',
      attribute,
      upTo: percentOf(50),
    });
    const held = (attribute: string | null) =>
      judged('attributes', {
        limits: limits({ attributes: { '*': percentOf(30) }, expected: [event(attribute)] }),
        people: changing({ department: 50 }),
      })?.tripped;
    expect([held(null), held('department'), held('title')]).toEqual([false, false, true]);
  });
});

const reorganisation: ExpectedEvent = {
  from: '2026-12-01',
  to: '2026-12-05',
  what: 'disables',
  attribute: null,
  upTo: { percent: null, count: 40 },
  why: 'The office in Lyon closes',
  by: 'Mina Aalto',
};

describe('an expected event', () => {
  const judgedAt = (moment: string, disables: number, difference: Partial<ExpectedEvent> = {}) =>
    judged('disables', {
      asOf: moment,
      limits: limits({ disables: timed(percentOf(5)), expected: [{ ...reorganisation, ...difference }] }),
      people: people({ disables }),
    });

  it('raises its limit within its dates, is named, and says that it let the plan pass', () => {
    const guard = judgedAt(asOf, 40);
    expect(guard).toMatchObject({ limit: 40, tripped: false, released: true, advice: null });
    expect(guard?.allowedBy).toMatch(
      /up to 40 .*2026-12-01 to 2026-12-05 \(The office in Lyon closes; Mina Aalto\)/,
    );
  });

  it('holds what is beyond it, and is named in the advice', () => {
    expect(judgedAt(asOf, 41)).toMatchObject({ limit: 40, tripped: true });
    expect(judgedAt(asOf, 41)?.advice).toContain('The office in Lyon closes');
    expect(judgedAt(asOf, 41)?.released).toBeUndefined();
  });

  it.each([
    ['2026-11-30T23:59:59.999Z', 5],
    ['2026-12-01T00:00:00.000Z', 40],
    ['2026-12-05T23:59:59.999Z', 40],
    ['2026-12-06T00:00:00.000Z', 5],
  ])('at %s allows %i', (moment, allowed) => {
    expect(judgedAt(moment, 0)?.limit).toBe(allowed);
  });

  it('has let nothing pass that would pass without it', () => {
    expect(judgedAt(asOf, 5)?.released).toBeUndefined();
  });

  it('never lowers a limit, and speaks of its own guard only', () => {
    expect(judgedAt(asOf, 5, { upTo: { percent: null, count: 1 } })).toMatchObject({
      limit: 5,
      tripped: false,
    });
    expect(judgedAt(asOf, 6, { what: 'removals' })?.tripped).toBe(true);
  });

  it('raises the limits over time as far as its own', () => {
    const before = people({ disables: 40 });
    const disables = { ...percentOf(5), per24h: percentOf(10), per7d: percentOf(20) };
    const expected = [reorganisation];
    expect(trippedBy({ people: before, limits: limits({ disables, expected }) })).toEqual([]);
    const more = { ...before.byGuard, disables: 41 };
    const overTime = { per24h: more, per7d: more };
    const tripped = trippedBy({
      people: people({ disables: 10 }, { overTime }),
      limits: limits({ disables, expected }),
    });
    expect(tripped).toEqual(['disablesPer24h', 'disablesPer7d']);
  });
});

describe('a first load', () => {
  const empty = {
    managed: 0,
    users: { total: 12, linkedBefore: 0, expected: 0, shown: 0 },
    people: people({ creates: 1 }),
  };

  it('is held, even of one person, in these words', () => {
    expect(trippedBy(empty)).toEqual(['firstLoad']);
    expect(judged('firstLoad', empty)?.advice).toContain('first load');
  });

  it('is let pass when the job says so, however many there are', () => {
    const creates = { ...percentOf(5), per24h: percentOf(5), per7d: percentOf(5) };
    const many = { ...empty, limits: limits({ creates }), people: people({ creates: 10_000 }) };
    expect(trippedBy({ ...many, firstLoadAllowed: true })).toEqual([]);
    expect(trippedBy(many)).toEqual(['firstLoad']);
  });

  it('is none when nobody is created, or when somebody is managed', () => {
    expect(judged('firstLoad', { ...empty, people: people() })).toBeUndefined();
    expect(judged('firstLoad', { ...empty, managed: 1 })).toBeUndefined();
  });

  it('does not lift the other guards', () => {
    const limit = limits({ disables: timed({ percent: null, count: 0 }) });
    const both = people({ creates: 5, disables: 1 });
    expect(trippedBy({ ...empty, limits: limit, people: both, firstLoadAllowed: true })).toEqual([
      'disables',
    ]);
  });

  it('that stopped midway goes on, with its updates, only while the job allows it', () => {
    const limit = limits({
      creates: timed(percentOf(5)),
      updates: timed(percentOf(5)),
      disables: timed(percentOf(5)),
      attributes: { '*': percentOf(5) },
    });
    const byAttribute = { roles: { changed: 90, blanked: 0 } };
    const rest = {
      limits: limit,
      firstLoadGoesOn: true,
      people: people({ creates: 90, updates: 90, disables: 90 }, { byAttribute }),
    };
    expect(trippedBy({ ...rest, firstLoadAllowed: true })).toEqual(['disables']);
    expect(trippedBy({ ...rest, firstLoadAllowed: false })).toEqual([
      'creates',
      'updates',
      'disables',
      'attributes',
    ]);
  });
});

describe('the read of the target', () => {
  const half = limits({ targetRead: percentOf(50) });
  const known = (expected: number, shown: number, total = shown) => ({
    limits: half,
    users: { total, linkedBefore: expected, expected, shown },
  });

  it('is held when it shows nobody, and somebody was known', () => {
    expect(trippedBy(known(1, 0))).toEqual(['targetRead']);
    expect(judged('targetRead', known(1, 0))?.advice).toContain('shows no user at all');
  });

  it.each([
    // known, shown, held: less than half, and more than three are missing
    [12, 6, false],
    [12, 5, true],
    [100, 50, false],
    [100, 49, true],
    [10_000, 4_999, true],
    [6, 3, false],
    [6, 2, true],
    [3, 0, false],
  ])('of %i known users that shows %i is held: %s', (expected, shown, held) => {
    const users = known(expected, shown, 500);
    expect(judged('targetRead', users)?.tripped).toBe(held);
  });

  it('is not judged when nobody should be shown', () => {
    expect(judged('targetRead', known(0, 0))).toBeUndefined();
  });
});

describe('judging', () => {
  it('says what to do for every guard that trips, and nothing for the others', () => {
    const limit: fc.Arbitrary<GuardLimit> = fc.record({
      percent: fc.option(fc.integer({ min: 0, max: 100 })),
      count: fc.option(fc.nat(20)),
    });
    const counts = fc.record({
      creates: fc.nat(25),
      updates: fc.nat(25),
      disables: fc.nat(25),
      accessLost: fc.nat(25),
      blanked: fc.nat(25),
      keyChanges: fc.nat(25),
    });
    fc.assert(
      fc.property(limit, counts, fc.nat(200), (one, figures, managed) => {
        const all = Object.fromEntries(
          operationGuards.map((name) => [name, { ...one, per24h: one, per7d: one }]),
        );
        const facts = {
          limits: limits({ ...all, blanked: one, keyChanges: one }),
          managed,
          people: people(figures),
        };
        for (const name of [...timedGuards, 'blanked', 'keyChanges', 'firstLoad', 'disablesPer24h']) {
          const guard = judged(name, facts);
          if (guard !== undefined) expect(guard.advice === null).toBe(!guard.tripped);
        }
      }),
    );
  });
});
