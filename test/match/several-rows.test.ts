import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/domain/person.ts';
import type { Preference } from '../../src/domain/settings.ts';
import { foldRows, type OneOfSeveral, oneOfSeveral } from '../../src/match/several-rows.ts';
import { buildFeedRules, buildPerson, rowRules } from './build.ts';

const rules: readonly Preference[] = [
  { kind: 'is', column: 'Status', word: 'active' },
  { kind: 'latest', column: 'Since' },
];

/** A row of the person E1 on this line. */
function row(line: number, difference: Partial<Person> = {}): Person {
  return buildPerson(1, { rows: [{ line, cells: [] }], ...difference });
}

function preferred(...people: readonly Person[]): OneOfSeveral {
  return oneOfSeveral(people, { ...rowRules, feeds: [buildFeedRules({ kind: 'prefer', rules })] });
}

function folded(...people: readonly Person[]): OneOfSeveral {
  return foldRows(people, rowRules);
}

describe('of several rows, by preference', () => {
  it('the one with the highest rank counts, wherever it stands, and the rule is named for each other', () => {
    const old = row(2, { active: false, rank: [0, 30] });
    const current = row(3, { rank: [1, 20] });
    const earlier = row(4, { rank: [1, 10] });
    expect(preferred(old, current, earlier)).toEqual({
      kind: 'one',
      person: current,
      first: current,
      losers: [
        { person: old, rule: 'Status = active' },
        { person: earlier, rule: 'latest Since' },
      ],
    });
    expect(preferred(earlier, old, current)).toMatchObject({ person: current });
  });

  it('none counts on a tie at the top, and the lower ones do not break it', () => {
    const tied = preferred(row(2, { rank: [1, 20] }), row(3, { rank: [0, 99] }), row(4, { rank: [1, 20] }));
    expect(tied).toMatchObject({ kind: 'none', code: 'DUPLICATE_PERSON' });
    expect(tied).toHaveProperty('message', expect.stringMatching(/tie/));
  });

  it('none counts without a rank, or without a rule', () => {
    expect(preferred(row(2), row(3))).toMatchObject({ kind: 'none', code: 'DUPLICATE_PERSON' });
    expect(oneOfSeveral([row(2), row(3)], rowRules)).toMatchObject({
      kind: 'none',
      code: 'DUPLICATE_PERSON',
    });
  });

  it('a tie further down the list does no harm', () => {
    const ranks = [
      [0, 1],
      [1, 5],
      [0, 1],
    ];
    expect(preferred(...ranks.map((rank, index) => row(index, { rank })))).toMatchObject({
      person: { rank: [1, 5] },
    });
  });

  it('the winner is the same in every order, and every other row is a loser', () => {
    const rank = fc.array(fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constantFrom('', 'a', 'b')), {
      minLength: 2,
      maxLength: 2,
    });
    fc.assert(
      fc.property(fc.array(rank, { minLength: 1, maxLength: 5 }), (ranks) => {
        const people = ranks.map((one, index) => row(index, { rank: one }));
        const one = preferred(...people);
        const turned = preferred(...people.toReversed());
        if (one.kind === 'none') {
          expect(turned).toEqual(one);
          return;
        }
        expect(turned).toMatchObject({ kind: 'one', person: one.person });
        expect(new Set([one.person, ...one.losers.map(({ person }) => person)])).toEqual(new Set(people));
      }),
    );
  });
});

describe('of several feeds', () => {
  const feeds = [
    buildFeedRules(null, { name: 'employees' }),
    buildFeedRules({ kind: 'fold' }, { name: 'guests' }),
  ];

  it('the first that names somebody counts, whatever the order of the rows', () => {
    const guest = row(9, { feed: 1, matchKey: 'other' });
    const employee = row(2, { feed: 0 });
    expect(oneOfSeveral([guest, employee], { ...rowRules, feeds })).toEqual({
      kind: 'one',
      person: employee,
      first: employee,
      losers: [{ person: guest, rule: 'feed employees' }],
    });
  });

  it('each has rules of its own', () => {
    const twice = [row(2, { feed: 0 }), row(3, { feed: 0 }), row(4, { feed: 1 })];
    expect(oneOfSeveral(twice, { ...rowRules, feeds })).toMatchObject({ kind: 'none' });
    expect(oneOfSeveral([row(4, { feed: 1 }), row(5, { feed: 1 })], { ...rowRules, feeds })).toMatchObject({
      person: { rows: [{ line: 4 }, { line: 5 }] },
    });
  });
});

describe('rows that are folded', () => {
  it('are one person with all rows and the sets united, each value in the first spelling', () => {
    const one = folded(
      row(2, { attributes: { title: 'Clerk', groups: ['Finance', 'VPN'] } }),
      row(7, { attributes: { title: 'Clerk', groups: ['vpn', 'Audit'] } }),
    );
    expect(one).toMatchObject({
      kind: 'one',
      person: {
        key: 'E1',
        rows: [{ line: 2 }, { line: 7 }],
        attributes: { title: 'Clerk', groups: ['Finance', 'VPN', 'Audit'] },
      },
      losers: [],
    });
  });

  it('agree where one says nothing, or clears what the other gives', () => {
    const one = folded(
      row(2, { attributes: { title: null, groups: null } }),
      row(3, { attributes: {} }),
      row(4, { attributes: { title: 'Clerk', groups: ['VPN'] } }),
    );
    expect(one).toMatchObject({ person: { attributes: { title: 'Clerk', groups: ['VPN'] } } });
    expect(folded(row(2, { attributes: { title: null } }), row(3, { attributes: {} }))).toMatchObject({
      person: { attributes: { title: null } },
    });
  });

  it.each([
    ['title', { attributes: { title: 'Manager' } }],
    ['active', { active: false }],
    ['active', { onLeave: true }],
    ['userName', { matchKey: 'other@example.com' }],
  ] as const)('are not taken when they say different things of %s', (attribute, difference) => {
    const none = folded(row(2), row(3, difference));
    expect(none).toMatchObject({ kind: 'none', code: 'CONTRADICTING_ROWS', attribute });
  });

  it('agree in case where the target ignores it, and only there', () => {
    const spelt = (userName: string): Person => row(2, { attributes: { userName } });
    expect(folded(spelt('p1@example.com'), spelt('P1@example.com'))).toMatchObject({ kind: 'one' });
    const titled = (title: string): Person => row(2, { attributes: { title } });
    expect(folded(titled('Clerk'), titled('clerk'))).toMatchObject({ kind: 'none' });
  });

  it('hold every value that a row has, whatever the order', () => {
    const value = fc.option(fc.constantFrom('a', 'b'));
    const set = fc.option(fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }));
    const rows = fc.array(fc.tuple(value, set), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(rows, (said) => {
        const people = said.map(([title, groups], index) => row(index, { attributes: { title, groups } }));
        const titles = new Set(said.map(([title]) => title).filter((title) => title !== null));
        const groups = new Set(said.flatMap(([, entries]) => entries ?? []));
        for (const one of [folded(...people), folded(...people.toReversed())]) {
          expect(one.kind).toBe(titles.size > 1 ? 'none' : 'one');
          if (one.kind === 'none') continue;
          expect(one.person.rows).toHaveLength(said.length);
          expect(one.person.attributes.title).toBe([...titles][0] ?? null);
          expect(new Set([one.person.attributes.groups ?? []].flat())).toEqual(groups);
        }
      }),
    );
  });
});
