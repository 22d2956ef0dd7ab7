import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/contracts/provider.ts';
import type { FeedFacts } from '../../src/domain/feed-facts.ts';
import type { FeedSettings } from '../../src/domain/settings.ts';
import type { Account } from '../../src/domain/user.ts';
import { firstFeed } from '../../src/job/job.ts';
import type { PlannedNeed } from '../../src/match/order-changes.ts';
import { type Comparison, compare } from '../../src/run/compare.ts';
import { asOf, buildColumn, feedSha256 } from '../diff/build.ts';
import { buildAccount, buildMention, buildPerson, buildUser, type Sides, staged } from '../match/build.ts';
import { buildJob, buildTarget, feedFacts } from './build.ts';

const feed = feedFacts;

interface Compared {
  readonly comparison: Comparison;
  readonly changes: readonly PlannedNeed[];
  readonly remembered: readonly Account[];
}

function compared(
  sides: Sides,
  difference: { feed?: Partial<FeedFacts>; inDoubt?: readonly string[]; provider?: Partial<Provider> } = {},
): Compared {
  return staged(sides, ({ matching, duplicates }) => {
    const inputs = {
      feeds: [{ settings: firstFeed(buildJob()), file: null, facts: { ...feed, ...difference.feed } }],
      setAside: { quarantined: duplicates.length, duplicates: 0, excluded: 0 },
      asOf,
      inDoubt: new Set(difference.inDoubt),
    };
    const comparison = compare(buildJob(), buildTarget([], difference.provider), matching, inputs);
    return {
      comparison,
      changes: [...matching.changes()],
      remembered: [...matching.remembered()].flat(),
    };
  });
}

const keysOf = ({ changes }: Compared): readonly string[] =>
  changes.map(({ need }) => `${need.operation} ${need.key}`);

/** Somebody stays, somebody is changed, somebody is new, somebody is gone, and two users are not ours. */
const everybody: Sides = {
  people: [
    buildPerson(1),
    buildPerson(2, { attributes: { userName: 'p2@example.com', title: 'Manager' } }),
    buildPerson(3),
  ],
  accounts: [1, 2, 4].map((n) => buildAccount(n)),
  users: [1, 2, 4, 5, 6].map((n) => buildUser(n)),
};

describe('comparing everybody', () => {
  it('stages what each needs, and counts rows and people', () => {
    const made = compared(everybody);
    expect(keysOf(made)).toEqual(['disable E4', 'update E2', 'create E3']);
    expect(made.comparison).toMatchObject({
      rows: { total: 10, unchanged: 1, changed: 2, excluded: 0 },
      people: { all: 3, byGuard: { creates: 1, updates: 1, enables: 0, disables: 1, removals: 0 } },
      fromAbsence: 1,
      absencesHeld: false,
    });
  });

  it('never names, steps on or remembers a user who is unmanaged', () => {
    const made = compared(everybody);
    const text = JSON.stringify([made.changes, made.remembered]);
    for (const n of [5, 6]) expect(text).not.toContain(`"u${n}"`);
  });

  it('makes nobody a leaver on a first run, or with a lost ledger', () => {
    const made = compared({ ...everybody, accounts: [] });
    expect(keysOf(made)).toEqual(['update E2', 'create E3']);
  });

  it('leaves a person in doubt alone, and nobody else', () => {
    const made = compared(everybody, { inDoubt: ['E2', 'E4'] });
    expect(
      made.changes.map(({ need, steps }) => [need.key, need.conflict?.code ?? null, steps.length > 0]),
    ).toEqual([
      ['E4', 'IN_DOUBT', false],
      ['E2', 'IN_DOUBT', false],
      ['E3', null, true],
    ]);
    expect(made.comparison.people.byGuard).toMatchObject({ creates: 1, updates: 0, disables: 0 });
  });

  it('takes a need that takes no call for none', () => {
    const made = compared(everybody, { provider: { steps: () => [] } });
    expect(made.changes).toEqual([]);
    expect(made.comparison).toMatchObject({
      rows: { unchanged: 3, changed: 0 },
      people: { all: 0, byGuard: { creates: 0, updates: 0, disables: 0 } },
      fromAbsence: 0,
    });
  });

  it('asks the provider for objections before anything is sent', () => {
    const objection: NonNullable<Provider['objection']> = (need) =>
      need.operation === 'create' ? { code: 'UNACCEPTABLE', message: 'no' } : null;
    const made = compared(everybody, { provider: { objection } });
    expect(made.changes.find(({ need }) => need.operation === 'create')).toMatchObject({
      need: { conflict: { code: 'UNACCEPTABLE' } },
      steps: [],
    });
    expect(made.comparison.people.byGuard.creates).toBe(0);
  });
});

describe('absence', () => {
  const gone: Sides = { accounts: [buildAccount(1)], users: [buildUser(1)] };

  it.each([
    ['is contradicted', { whole: 'contradicted' }],
    ['names only some', { partial: true }],
    ['has no rows', { rows: 0 }],
  ] as const)('means nothing in a feed that %s', (_, difference) => {
    const made = compared(gone, { feed: difference });
    expect(made.changes).toEqual([]);
    expect(made.remembered).toEqual([]);
  });

  it('is noted, and no more, in a feed that nothing proves', () => {
    const made = compared(gone, { feed: { whole: 'unproven' } });
    expect(made.changes).toEqual([]);
    expect(made.remembered).toMatchObject([{ absent: { feedSha256 }, leaverSince: null }]);
  });

  it('is held, and no guard’s business, when a row’s person cannot be told', () => {
    const made = compared({ ...everybody, mentioned: [buildMention(null, null)] });
    expect(made.comparison).toMatchObject({
      absencesHeld: true,
      fromAbsence: 1,
      people: { byGuard: { disables: 0 } },
    });
    expect(keysOf(made)).toContain('disable E4');
  });

  it('is witnessed by no feed in which a row’s person cannot be told', () => {
    for (const whole of ['proven', 'unproven'] as const) {
      const made = compared({ ...gone, mentioned: [buildMention(null, null)] }, { feed: { whole } });
      expect(made.remembered).toEqual([]);
    }
  });

  it('is no absence when a row that was set aside names the person', () => {
    const made = compared({ ...gone, mentioned: [buildMention('E1', null)] });
    expect(made.changes).toEqual([]);
    expect(made.remembered).toEqual([]);
  });
});

describe('a manager who has no user yet', () => {
  const sides: Sides = {
    people: [
      buildPerson(1, { attributes: { userName: 'p1@example.com', title: 'Clerk', manager: 'E3' } }),
      buildPerson(2, { attributes: { userName: 'p2@example.com', title: 'Clerk', manager: 'E3' } }),
      buildPerson(3),
    ],
    accounts: [buildAccount(1)],
    users: [buildUser(1)],
  };
  const rule = {
    type: 'string',
    caseExact: true,
    writable: 'always',
    required: false,
    reference: true,
  } as const;
  const attributes = { ...buildTarget().provider.attributes, manager: rule };

  it('makes a step that waits, and no raw employee number among the values that are sent', () => {
    const job = buildJob();
    const columns = [...firstFeed(job).columns, buildColumn('manager')];
    const target = buildTarget([], { attributes, referenceTo: (user) => user.id });
    staged(sides, ({ matching }) => {
      const settings: FeedSettings = { ...firstFeed(job), columns };
      const setAside = { quarantined: 0, duplicates: 0, excluded: 0 };
      const feeds = [{ settings, file: null, facts: feed }];
      compare(job, target, matching, { feeds, setAside, asOf, inDoubt: new Set<string>() });
      const changes = [...matching.changes()];
      const waiting = changes.filter(({ need }) => need.key !== 'E3');
      expect(waiting.map(({ need }) => need.operation)).toEqual(['update', 'create']);
      for (const { need, steps } of waiting) {
        expect(need.after).not.toHaveProperty('manager');
        expect(steps.at(-1)).toMatchObject({ references: { manager: 'E3' }, values: {} });
        expect(JSON.stringify(steps.map((step) => step.values))).not.toContain('E3');
      }
    });
  });
});

describe('somebody whom a later feed names, and whose own is an earlier one', () => {
  const settings = (name: string): FeedSettings => ({ ...firstFeed(buildJob()), name, optional: true });
  const later = buildPerson(1, { feed: 1, active: false });
  const sides: Sides = {
    people: [later],
    accounts: [buildAccount(1, { feed: 'employees' })],
    users: [buildUser(1)],
    feeds: [settings('employees'), settings('contractors')],
  };
  const changesOf = (own: FeedFacts | null, difference: Partial<Sides> = {}): readonly string[] =>
    staged({ ...sides, ...difference }, ({ matching }) => {
      const feeds = [
        { settings: settings('employees'), file: null, facts: own },
        { settings: settings('contractors'), file: null, facts: feed },
      ];
      const setAside = { quarantined: 0, duplicates: 0, excluded: 0 };
      const { rows } = compare(buildJob(), buildTarget(), matching, {
        feeds,
        setAside,
        asOf,
        inDoubt: new Set(),
      });
      const changes = [...matching.changes()].map(({ need }) => need.operation);
      expect(rows.excluded).toBe(changes.length === 0 ? 1 : 0);
      return changes;
    });

  it('is left alone while that one is missing, partial, or has a row that names nobody', () => {
    expect(changesOf(null)).toEqual([]);
    expect(changesOf({ ...feed, partial: true })).toEqual([]);
    expect(changesOf(feed, { mentioned: [buildMention(null, null)], mentionedIn: 0 })).toEqual([]);
  });

  it('is what the later feed says once the earlier one is whole, or is the later one’s own', () => {
    expect(changesOf(feed)).toEqual(['disable']);
    expect(changesOf(null, { accounts: [buildAccount(1, { feed: 'contractors' })] })).toEqual(['disable']);
    expect(changesOf(feed, { mentioned: [buildMention(null, null)], mentionedIn: 1 })).toEqual(['disable']);
  });
});
