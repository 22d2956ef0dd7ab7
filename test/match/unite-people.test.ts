import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/domain/person.ts';
import type { OnePerson } from '../../src/domain/settings.ts';
import { rowsOfPersonMax } from '../../src/match/unite-people.ts';
import {
  absentOf,
  buildAccount,
  buildFeedRules,
  buildMention,
  buildPerson,
  buildUser,
  pairsOf,
  type Sides,
  staged,
} from './build.ts';

const prefer: OnePerson = { kind: 'prefer', rules: [{ kind: 'is', column: 'Status', word: 'active' }] };

/** A row of person `n` on a line of its own. */
function row(n: number, line: number, difference: Partial<Person> = {}): Person {
  return buildPerson(n, { rows: [{ line, cells: [`E${n}`] }], ...difference });
}

/** Somebody who left and came back, under a new login. */
const rehired: Sides = {
  feeds: [buildFeedRules(prefer)],
  people: [
    row(1, 2, { active: false, matchKey: 'old@example.com', rank: [0] }),
    row(2, 3),
    row(1, 4, { rank: [1] }),
  ],
};

describe('rows of one person, by preference', () => {
  it('leave the best one, and name the others beside it', () => {
    staged(rehired, ({ matching, duplicates, losers }) => {
      expect(duplicates).toEqual([]);
      expect(losers).toEqual([
        { row: { line: 2, cells: ['E1'] }, key: 'E1', winner: { line: 4 }, rule: 'Status = active' },
      ]);
      expect(
        [...matching.people()].map(({ person }) => [person.key, person.rows[0]?.line, person.active]),
      ).toEqual([
        ['E2', 3, true],
        ['E1', 4, true],
      ]);
    });
  });

  it('still shield whoever has the login of a row that lost', () => {
    const user = buildUser(7, { attributes: { userName: 'old@example.com' } });
    const sides = { accounts: [buildAccount(7)], users: [user] };
    expect(absentOf({ ...rehired, ...sides, people: rehired.people?.slice(1) ?? [] })).toHaveLength(1);
    expect(absentOf({ ...rehired, ...sides })).toEqual([]);
  });

  it('do not take the login of a row that lost from somebody else', () => {
    const people = [...(rehired.people ?? []), row(3, 5, { matchKey: 'old@example.com' })];
    staged({ ...rehired, people }, ({ duplicates }) => expect(duplicates).toEqual([]));
  });

  it('are all set aside on a tie, with whoever claims the login of one, and nobody is absent by it', () => {
    const people = [
      row(1, 2, { rank: [1], matchKey: 'a@example.com' }),
      row(1, 3, { rank: [1] }),
      row(2, 4, { matchKey: 'a@example.com' }),
      row(3, 5),
    ];
    const sides = {
      accounts: [1, 2, 3].map((n) => buildAccount(n)),
      users: [1, 2, 3].map((n) => buildUser(n)),
    };
    staged({ ...sides, feeds: [buildFeedRules(prefer)], people }, ({ matching, duplicates }) => {
      expect(duplicates.map(({ row: { line }, code }) => [line, code])).toEqual([
        [2, 'DUPLICATE_PERSON'],
        [3, 'DUPLICATE_PERSON'],
        [4, 'DUPLICATE_PERSON'],
      ]);
      expect([...matching.absent()]).toEqual([]);
    });
  });

  it('are set aside while a row of the same person is, for that one may be the better', () => {
    const sides: Sides = { ...rehired, mentioned: [buildMention('E1', null)] };
    staged(sides, ({ duplicates, losers, matching }) => {
      expect(duplicates.map(({ row: { line } }) => line)).toEqual([2, 4]);
      expect(losers).toEqual([]);
      expect([...matching.people()].map(({ person }) => person.key)).toEqual(['E2']);
    });
  });

  it('are taken beside a row that is sound and asks for nothing', () => {
    const outside = {
      row: { line: 9, cells: [] },
      reason: 'outside',
      linkKey: 'E1',
      matchKey: null,
    } as const;
    staged({ ...rehired, mentioned: [outside] }, ({ duplicates }) => expect(duplicates).toEqual([]));
  });
});

describe('a sound row', () => {
  it('is set aside with another of the same person that could not be taken', () => {
    const terminated = row(1, 2, { active: false });
    for (const mention of [buildMention('E1', 'x'), buildMention(null, 'p1@example.com')]) {
      staged({ people: [terminated, row(2, 3)], mentioned: [mention] }, ({ duplicates }) =>
        expect(duplicates.map(({ row: { line }, message }) => [line, message])).toEqual([
          [2, expect.stringMatching(/was set aside/)],
        ]),
      );
    }
  });
});

describe('rows that are folded', () => {
  const feeds = [buildFeedRules({ kind: 'fold' })];
  const groups = (...names: readonly string[]): Partial<Person> => ({
    attributes: { title: 'Clerk', groups: names },
  });

  it('are one person in the place of the first, with all rows', () => {
    const people = [
      row(1, 2, groups('A')),
      row(2, 3, groups('A')),
      row(1, 4, groups('B')),
      row(1, 5, groups('C')),
    ];
    staged({ feeds, people }, ({ matching, duplicates, losers }) => {
      expect([duplicates, losers]).toEqual([[], []]);
      const pairs = [...matching.people()].map(({ person }) => [
        person.key,
        person.rows.map(({ line }) => line),
        person.attributes.groups,
      ]);
      expect(pairs).toEqual([
        ['E1', [2, 4, 5], ['A', 'B', 'C']],
        ['E2', [3], ['A']],
      ]);
    });
  });

  it('are set aside when they contradict each other, with the header of the column', () => {
    const people = [row(1, 2), row(1, 3, { attributes: { title: 'Manager' } }), row(2, 4)];
    staged({ feeds, people }, ({ duplicates }) =>
      expect(duplicates.map(({ row: { line }, code, column }) => [line, code, column])).toEqual([
        [2, 'CONTRADICTING_ROWS', 'Column of title'],
        [3, 'CONTRADICTING_ROWS', 'Column of title'],
      ]),
    );
  });

  it('are set aside beyond as many as one person may have, each once', () => {
    const several = (count: number): readonly Person[] =>
      Array.from({ length: count }, (_, index) => row(1, index + 2, groups(`G${index}`)));
    staged({ feeds, people: several(rowsOfPersonMax) }, ({ duplicates, matching }) => {
      expect(duplicates).toEqual([]);
      expect([...matching.people()][0]?.person.rows).toHaveLength(rowsOfPersonMax);
    });
    staged({ feeds, people: several(2 * rowsOfPersonMax + 1) }, ({ duplicates, matching }) => {
      expect(new Set(duplicates.map((one) => one.row.line)).size).toBe(2 * rowsOfPersonMax + 1);
      expect([...matching.people()]).toEqual([]);
    });
  });

  it('find their users as ever when there are many of them, all over the feed', () => {
    const people = Array.from({ length: 30_000 }, (_, index) =>
      row(index % 3_000, index + 2, groups(`G${index}`)),
    );
    const users = Array.from({ length: 3_000 }, (_, index) => buildUser(index));
    const pairs = pairsOf({ feeds, people, users });
    expect(pairs).toHaveLength(3_000);
    expect(pairs.every(({ user, person }) => user?.id === `u${person.key.slice(1)}`)).toBe(true);
    expect(pairs.every(({ person }) => person.rows.length === 10)).toBe(true);
  });
});

describe('a later feed', () => {
  const feeds = [buildFeedRules(null, { name: 'employees' }), buildFeedRules(null, { name: 'guests' })];

  it('loses against the first that names the person, and says so', () => {
    const people = [row(1, 2), row(1, 2, { feed: 1 }), row(2, 3, { feed: 1 })];
    staged({ feeds, people }, ({ losers, matching }) => {
      expect(losers).toMatchObject([
        { row: { line: 2 }, feed: 'guests', winner: { line: 2, feed: 'employees' }, rule: 'feed employees' },
      ]);
      expect([...matching.people()].map(({ person }) => person.feed ?? 0)).toEqual([0, 1]);
    });
  });

  it('takes nobody whom a row set aside of an earlier one names, and sets nobody of an earlier one aside', () => {
    const setAside = (feed: number, people: readonly Person[]): readonly number[] =>
      staged({ feeds, people, mentioned: [buildMention('E1', null)], mentionedIn: feed }, ({ duplicates }) =>
        duplicates.map(({ row: { line } }) => line),
      );
    expect(setAside(0, [row(1, 2, { feed: 1 })])).toEqual([2]);
    expect(setAside(1, [row(1, 2)])).toEqual([]);
  });
});
