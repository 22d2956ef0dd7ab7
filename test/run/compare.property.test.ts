import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unbounded } from '../../src/diff/bounds.ts';
import { type Need, operations } from '../../src/domain/change.ts';
import type { FeedFacts } from '../../src/domain/feed-facts.ts';
import type { Person } from '../../src/domain/person.ts';
import type { FeedSettings } from '../../src/domain/settings.ts';
import type { Account, User } from '../../src/domain/user.ts';
import { firstFeed } from '../../src/job/job.ts';
import { compare } from '../../src/run/compare.ts';
import type { TakenFeed } from '../../src/run/take-feed.ts';
import { asOf } from '../diff/build.ts';
import { buildAccount, buildMention, buildPerson, buildUser, staged } from '../match/build.ts';
import { buildJob, buildTarget, feedFacts } from './build.ts';

const names = ['employees', 'contractors', 'orders'] as const;

interface Fed {
  readonly state: 'proven' | 'unproven' | 'partial' | 'missing';
  readonly mode: FeedSettings['mode'];
  readonly several: 'inOrder' | 'refuse';
}

const someFeeds: fc.Arbitrary<readonly Fed[]> = fc.array(
  fc.record({
    state: fc.constantFrom('proven' as const, 'unproven' as const, 'partial' as const, 'missing' as const),
    mode: fc.constantFrom('full' as const, 'delta' as const),
    several: fc.constantFrom('inOrder' as const, 'refuse' as const),
  }),
  { minLength: 1, maxLength: names.length },
);

interface SomeRow {
  readonly feed: number;
  readonly number: number;
  readonly kind: 'person' | 'setAside';
  readonly action: (typeof operations)[number];
  readonly active: boolean;
  readonly onLeave: boolean;
}

const someRow: fc.Arbitrary<SomeRow> = fc.record({
  feed: fc.nat(names.length - 1),
  number: fc.integer({ min: 1, max: 5 }),
  kind: fc.constantFrom('person' as const, 'person' as const, 'person' as const, 'setAside' as const),
  action: fc.constantFrom(...operations),
  active: fc.boolean(),
  onLeave: fc.boolean(),
});

/** Numbers of people whom the job keeps as they are, protects, or leaves out of its scope. */
const someBounds = fc.record({
  kept: fc.subarray([1, 2, 3, 4, 5, 6], { maxLength: 2 }),
  protected: fc.subarray([1, 2, 3, 4, 5, 6], { maxLength: 2 }),
  outside: fc.subarray([1, 2, 3, 4, 5, 6], { maxLength: 2 }),
});

const someAccount = fc.record({
  number: fc.integer({ min: 1, max: 6 }),
  feed: fc.constantFrom(...names, undefined),
  isLinked: fc.boolean(),
});

function settingsOf(fed: Fed, position: number): FeedSettings {
  const words = Object.fromEntries(operations.map((operation) => [operation, [operation]]));
  const action = { column: 'Action', words, several: fed.several, unlinked: 'conflict' };
  return {
    ...firstFeed(buildJob()),
    name: names[position] ?? '',
    mode: fed.mode,
    action: fed.mode === 'delta' ? action : null,
  } as FeedSettings;
}

function personOf(row: SomeRow, line: number, mode: FeedSettings['mode']): Person {
  return buildPerson(row.number, {
    feed: row.feed,
    rows: [{ line, cells: [] }],
    active: row.active,
    ...(row.onLeave ? { onLeave: true } : {}),
    ...(mode === 'delta' ? { actions: [row.action] } : {}),
  });
}

function accountOf({
  number,
  feed,
  isLinked,
}: {
  number: number;
  feed: string | undefined;
  isLinked: boolean;
}): Account {
  return buildAccount(number, {
    ...(isLinked ? {} : { linkKey: null, key: null }),
    ...(feed === undefined ? {} : { feed }),
  });
}

interface Bounded {
  readonly kept: readonly number[];
  readonly protected: readonly number[];
  readonly outside: readonly number[];
}

function expectWithin(numbers: Bounded, { linkKey, operation, conflict }: Need): void {
  const number = Number(linkKey.slice(1));
  expect(numbers.kept).not.toContain(number);
  if (conflict?.code !== 'LOGIN_TAKEN') expect(numbers.outside).not.toContain(number);
  if (numbers.protected.includes(number)) expect(['disable', 'remove']).not.toContain(operation);
}

describe('several feeds of any kind', () => {
  it('lose no row, and miss nobody whose own feed does not speak for everybody', () => {
    fc.assert(
      fc.property(
        someFeeds,
        fc.array(someRow, { maxLength: 12 }),
        fc.uniqueArray(someAccount, { selector: ({ number }) => number }),
        fc.nat(names.length - 1),
        someBounds,
        (fed, drawn, remembered, asideIn, numbers) => {
          const rows = drawn
            .map((row) => (row.kind === 'setAside' ? { ...row, feed: asideIn } : row))
            .filter(({ feed }) => feed < fed.length && fed[feed]?.state !== 'missing');
          const facts = (position: number): FeedFacts => ({
            ...feedFacts,
            rows: rows.filter(({ feed }) => feed === position).length,
            sha256: `${position}`.repeat(64),
            whole: fed[position]?.state === 'proven' ? 'proven' : 'unproven',
            partial: fed[position]?.state === 'partial',
          });
          const feeds = fed.map((one, position): TakenFeed => {
            const isMissing = one.state === 'missing';
            return {
              settings: settingsOf(one, position),
              file: null,
              facts: isMissing ? null : facts(position),
            };
          });
          const people = rows
            .map((row, index) => ({ row, person: personOf(row, index + 2, fed[row.feed]?.mode ?? 'full') }))
            .filter(({ row }) => row.kind === 'person')
            .map(({ person }) => person);
          const setAside = rows.filter(({ kind }) => kind === 'setAside');
          const accounts = remembered.map(accountOf);
          const users = [1, 2, 3, 4, 5, 6].map((number) => buildUser(number));
          const sides = {
            people,
            accounts,
            users,
            feeds: feeds.map(({ settings }) => settings),
            mentioned: setAside.map(({ number }) => buildMention(`E${number}`, null)),
            mentionedIn: asideIn,
          };
          staged(sides, ({ matching, duplicates, losers }) => {
            const inputs = {
              feeds,
              setAside: {
                quarantined: setAside.length + duplicates.length,
                duplicates: losers.length,
                excluded: 0,
              },
              asOf,
              inDoubt: new Set<string>(),
              bounds: {
                ...unbounded,
                kept: new Set(numbers.kept.map((number) => `E${number}`)),
                isProtected: ({ id }: User) => numbers.protected.includes(Number(id.slice(1))),
                isInScope: ({ id }: User) => !numbers.outside.includes(Number(id.slice(1))),
                protections: [],
              },
            };
            const { rows: counts } = compare(buildJob(), buildTarget(), matching, inputs);
            const { total, quarantined, excluded, unchanged, changed } = counts;
            expect(quarantined + counts.duplicates + excluded + unchanged + changed).toBe(total);
            expect(total).toBe(rows.length);
            for (const { need } of matching.changes()) {
              expectWithin(numbers, need);
              if (need.cause !== 'absence') continue;
              const account = accounts.find(({ id }) => id === need.userId);
              const own = fed.findIndex((_, position) => names[position] === account?.feed);
              const judges = own === -1 ? fed.filter(({ mode }) => mode === 'full') : fed.slice(own, own + 1);
              expect(judges.length).toBeGreaterThan(0);
              for (const { mode, state } of judges) expect([mode, state]).toEqual(['full', 'proven']);
              expect(rows.every(({ number }) => `E${number}` !== need.linkKey)).toBe(true);
            }
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});
