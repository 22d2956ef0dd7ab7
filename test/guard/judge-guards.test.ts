import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GuardLimit, type GuardName, guardNames } from '../../src/domain/settings.ts';
import {
  allowedPeople,
  type FeedUnderGuard,
  type Guard,
  type GuardFacts,
  judgeGuards,
  type PeopleByGuard,
  peopleFloor,
} from '../../src/guard/judge-guards.ts';

const nobody: PeopleByGuard = { creates: 0, updates: 0, enables: 0, disables: 0, removals: 0 };
const unlimited: GuardLimit = { percent: null, count: null };
const percentOf = (percent: number): GuardLimit => ({ percent, count: null });

/** A proven full feed over a hundred managed users, without limits and with nothing to do. */
function buildFacts(difference: Partial<GuardFacts> = {}): GuardFacts {
  return {
    feeds: [{ rows: 100, whole: 'proven', contradiction: null, partial: false, name: '', mode: 'full' }],
    limits: {
      creates: unlimited,
      updates: unlimited,
      enables: unlimited,
      disables: unlimited,
      removals: unlimited,
    },
    firstLoadAllowed: false,
    firstLoadGoesOn: false,
    people: nobody,
    managed: 100,
    users: { total: 100, linkedBefore: 100, expected: 100 },
    ...difference,
  };
}

function judged(name: string, difference: Partial<GuardFacts>): Guard | undefined {
  return judgeGuards(buildFacts(difference)).find((guard) => guard.name === name);
}

function trippedBy(difference: Partial<GuardFacts>): readonly string[] {
  return judgeGuards(buildFacts(difference))
    .filter(({ tripped }) => tripped)
    .map(({ name }) => name);
}

describe('how many people an operation may concern', () => {
  it.each([
    // managed users, percent, allowed: at least three, rounded down
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
    [10_000, 0.1, 10],
    [10_000, 100, 10_000],
    [100, 0, 3],
    // Where binary fractions would otherwise lose one: 29 % of 100 is 28.999…
    [100, 29, 29],
    [1_000, 0.7, 7],
    [10_000, 1.1, 110],
  ])('of %i managed users by %s percent is %i', (managed, percent, allowed) => {
    expect(allowedPeople(percentOf(percent), managed)).toBe(allowed);
  });

  it('is no more than the ceiling, and the floor does not raise that', () => {
    expect(allowedPeople({ percent: null, count: 0 }, 10_000)).toBe(0);
    expect(allowedPeople({ percent: 5, count: 2 }, 100)).toBe(2);
    expect(allowedPeople({ percent: 5, count: 10 }, 10_000)).toBe(10);
    expect(allowedPeople({ percent: 5, count: 10 }, 100)).toBe(5);
  });

  it('is everybody without a limit', () => {
    expect(allowedPeople(unlimited, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('never shrinks when there are more users, and never passes the share by more than the floor', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 1_000 }), (managed, tenths) => {
        const allowed = allowedPeople(percentOf(tenths / 10), managed);
        expect(Number.isInteger(allowed)).toBe(true);
        expect(allowedPeople(percentOf(tenths / 10), managed + 1)).toBeGreaterThanOrEqual(allowed);
        // Counted in whole numbers: managed × tenths / 1000, rounded down.
        expect(allowed).toBe(Math.max(peopleFloor, Number((BigInt(managed) * BigInt(tenths)) / 1000n)));
      }),
    );
  });
});

describe.each(guardNames)('the guard on %s', (name) => {
  it.each([
    [0, 3],
    [1, 3],
    [12, 3],
    [100, 5],
    [10_000, 500],
  ])('of %i managed users lets %i people pass and holds one more', (managed, allowed) => {
    const guardOf = (actual: number): Guard | undefined =>
      judged(name, {
        managed,
        people: { ...nobody, [name]: actual },
        limits: { ...buildFacts().limits, [name]: percentOf(5) },
        // Creates without anybody managed are a first load, which has a guard of its own.
        ...(managed === 0 && name === 'creates' ? { users: { total: 0, linkedBefore: 0, expected: 0 } } : {}),
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
      const limits = { ...buildFacts().limits, [name]: { percent: null, count } };
      expect(judged(name, { limits, people: { ...nobody, [name]: count } })?.tripped).toBe(false);
      expect(judged(name, { limits, people: { ...nobody, [name]: count + 1 } })?.tripped).toBe(true);
    }
  });

  it('says how many, of whom, and what to change', () => {
    const limits = { ...buildFacts().limits, [name]: { percent: 5, count: 4 } };
    const advice = judged(name, { limits, people: { ...nobody, [name]: 7 } })?.advice;
    expect(advice).toContain(`7 ${name} are more than the 4 allowed for 100 managed users`);
    expect(advice).toContain('5%, at least 3, ceiling 4');
    expect(advice).toContain(`guards.${name}`);
  });

  it('without a limit has no number to show', () => {
    const guard = judged(name, { people: { ...nobody, [name]: 1_000_000 } });
    expect(guard).toMatchObject({ limit: null, tripped: false });
  });

  it('takes no notice of the other operations', () => {
    const others = Object.fromEntries(guardNames.map((other) => [other, other === name ? 0 : 1_000]));
    const limits = { ...buildFacts().limits, [name]: { percent: 5, count: 0 } };
    expect(trippedBy({ limits, people: { ...nobody, ...others } })).toEqual([]);
  });
});

describe('a first load', () => {
  const empty: Partial<GuardFacts> = {
    managed: 0,
    users: { total: 12, linkedBefore: 0, expected: 0 },
    people: { ...nobody, creates: 1 },
  };

  it('is held, even of one person, in these words', () => {
    expect(trippedBy(empty)).toEqual(['firstLoad']);
    expect(judged('firstLoad', empty)?.advice).toContain('first load');
  });

  it('is let pass when the job says so, however many there are', () => {
    const limits = { ...buildFacts().limits, creates: percentOf(5) };
    const many = { ...empty, limits, people: { ...nobody, creates: 10_000 } };
    expect(trippedBy({ ...many, firstLoadAllowed: true })).toEqual([]);
    expect(trippedBy(many)).toEqual(['firstLoad']);
  });

  it('is none when nobody is created, or when somebody is managed', () => {
    expect(judged('firstLoad', { ...empty, people: nobody })).toBeUndefined();
    expect(judged('firstLoad', { ...empty, managed: 1 })).toBeUndefined();
  });

  it('does not lift the other guards', () => {
    const limits = { ...buildFacts().limits, disables: { percent: null, count: 0 } };
    const people = { ...nobody, creates: 5, disables: 1 };
    expect(trippedBy({ ...empty, limits, people, firstLoadAllowed: true })).toEqual(['disables']);
  });

  it('that stopped midway goes on, with its updates, only while the job allows it', () => {
    const limits = {
      ...buildFacts().limits,
      creates: percentOf(5),
      updates: percentOf(5),
      disables: percentOf(5),
    };
    const rest = {
      limits,
      firstLoadGoesOn: true,
      people: { ...nobody, creates: 90, updates: 90, disables: 90 },
    };
    expect(trippedBy({ ...rest, firstLoadAllowed: true })).toEqual(['disables']);
    expect(trippedBy({ ...rest, firstLoadAllowed: false })).toEqual(['creates', 'updates', 'disables']);
  });
});

describe('a feed without rows', () => {
  const empty: FeedUnderGuard = {
    name: '',
    mode: 'full',
    rows: 0,
    whole: 'unproven',
    contradiction: null,
    partial: false,
  };

  it('is held when it should name everybody', () =>
    expect(trippedBy({ feeds: [empty] })).toEqual(['feedRows']));
  it('is held even when it is proven', () => {
    expect(trippedBy({ feeds: [{ ...empty, whole: 'proven' }] })).toEqual(['feedRows']);
  });
  it('is nothing special when it names only some', () => {
    expect(trippedBy({ feeds: [{ ...empty, mode: 'delta' }] })).toEqual([]);
    expect(trippedBy({ feeds: [{ ...empty, partial: true }] })).toEqual([]);
  });
  it('is told from a feed with one', () => expect(trippedBy({ feeds: [{ ...empty, rows: 1 }] })).toEqual([]));
  it('holds the run beside others that have rows, and is named', () => {
    const feeds = [
      { ...empty, name: 'employees', rows: 90 },
      { ...empty, name: 'contractors' },
    ];
    const tripped = judgeGuards(buildFacts({ feeds })).filter((guard) => guard.tripped);
    expect(tripped).toMatchObject([{ name: 'feedRows', advice: expect.stringContaining('contractors') }]);
  });
});

describe('the proof that a feed is whole', () => {
  const feed: FeedUnderGuard = {
    name: '',
    mode: 'full',
    rows: 99,
    whole: 'proven',
    contradiction: 'It says 100 rows.',
    partial: false,
  };

  it('holds a feed that it contradicts, full or not', () => {
    for (const mode of ['full', 'delta'] as const) {
      expect(trippedBy({ feeds: [{ ...feed, mode, whole: 'contradicted' }] })).toEqual(['feedWhole']);
    }
  });
  it('is content with a feed that it proves', () => {
    expect(judged('feedWhole', { feeds: [feed] })?.tripped).toBe(false);
  });
  it('says nothing where there is none', () => {
    expect(judged('feedWhole', { feeds: [{ ...feed, whole: 'unproven' }] })).toBeUndefined();
  });
});

describe('an empty answer of the target', () => {
  it('is held when users of this job were known', () => {
    expect(trippedBy({ users: { total: 0, linkedBefore: 1, expected: 1 } })).toEqual(['targetRead']);
  });
  it('is let pass when none were', () => {
    expect(judged('targetRead', { users: { total: 0, linkedBefore: 0, expected: 0 } })).toBeUndefined();
  });
  it('is let pass when all who were known are left out of the list', () => {
    expect(judged('targetRead', { users: { total: 0, linkedBefore: 3, expected: 0 } })).toBeUndefined();
  });
  it('is told from an answer with one user', () => {
    expect(judged('targetRead', { users: { total: 1, linkedBefore: 500, expected: 500 } })?.tripped).toBe(
      false,
    );
  });
});

describe('judging', () => {
  const limit: fc.Arbitrary<GuardLimit> = fc.record({
    percent: fc.option(fc.integer({ min: 0, max: 100 })),
    count: fc.option(fc.nat(20)),
  });
  const byGuard = <T>(value: fc.Arbitrary<T>) =>
    fc.record({ creates: value, updates: value, enables: value, disables: value, removals: value });
  const someFacts: fc.Arbitrary<GuardFacts> = fc.record({
    feeds: fc.array(
      fc.record({
        name: fc.constantFrom('', 'staff'),
        mode: fc.constantFrom('full' as const, 'delta' as const),
        rows: fc.nat(3),
        whole: fc.constantFrom('proven' as const, 'unproven' as const, 'contradicted' as const),
        contradiction: fc.constant(null),
        partial: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    limits: byGuard(limit),
    firstLoadAllowed: fc.boolean(),
    firstLoadGoesOn: fc.boolean(),
    people: byGuard(fc.nat(25)),
    managed: fc.nat(200),
    users: fc.record({ total: fc.nat(3), linkedBefore: fc.nat(3), expected: fc.nat(3) }),
  });

  it('agrees with a recount from the facts alone', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        expect(
          judgeGuards(facts)
            .filter(({ tripped }) => tripped)
            .map(({ name }) => name),
        ).toEqual(recount(facts));
      }),
      { numRuns: 2_000 },
    );
  });

  it('says what to do for every guard that trips, and nothing for the others', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        const guards = judgeGuards(facts);
        for (const { tripped, advice } of guards) expect(advice === null).toBe(!tripped);
        const ofRun = guards.filter(({ name }) => !name.startsWith('feed'));
        expect(new Set(ofRun.map(({ name }) => name)).size).toBe(ofRun.length);
      }),
    );
  });

  /** The same judgement, written down from the design instead of the code. */
  function recount(facts: GuardFacts): readonly string[] {
    const tripped: string[] = [];
    const { feeds, people, managed, users } = facts;
    for (const feed of feeds) {
      if (feed.mode === 'full' && !feed.partial && feed.rows === 0) tripped.push('feedRows');
    }
    for (const feed of feeds) if (feed.whole === 'contradicted') tripped.push('feedWhole');
    if (users.expected > 0 && users.total === 0) tripped.push('targetRead');
    const goesOn = facts.firstLoadGoesOn && facts.firstLoadAllowed;
    const stranger = users.linkedBefore === 0 && isOver(facts, 'creates');
    const first = goesOn || (managed === 0 ? people.creates > 0 : stranger);
    if (first && !facts.firstLoadAllowed) tripped.push('firstLoad');
    const unjudged = [...(first ? ['creates'] : []), ...(goesOn ? ['updates'] : [])];
    return [...tripped, ...guardNames.filter((name) => !unjudged.includes(name) && isOver(facts, name))];
  }

  function isOver({ limits, people, managed }: GuardFacts, name: GuardName): boolean {
    const { percent, count } = limits[name];
    const overPercent = percent !== null && people[name] > 3 && people[name] * 100 > managed * percent;
    return overPercent || (count !== null && people[name] > count);
  }
});
