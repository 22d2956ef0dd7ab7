import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person, QuarantinedRow } from '../../src/domain/person.ts';
import type { Account, User } from '../../src/domain/user.ts';
import { buildAccount, buildMention, buildPerson, buildUser, staged } from './build.ts';

/*
 * A matching of a few people, accounts and users whose keys meet in every way, against one that is written down from
 * the design, all in memory and without a thought for speed.
 */

const linkKeys = ['E1', 'E2', 'E3', 'E4', 'E5'];
const matchKeys = ['a', 'b', 'c', 'd', 'e'];
const ids = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'];

interface Sides {
  readonly people: readonly Person[];
  readonly mentioned: readonly QuarantinedRow[];
  readonly accounts: readonly Account[];
  readonly users: readonly User[];
}

const somePeople = fc
  .array(fc.tuple(fc.constantFrom(...linkKeys), fc.constantFrom(...matchKeys)), { maxLength: 6 })
  .map((keys) =>
    keys.map(([linkKey, matchKey], index) => buildPerson(index + 1, { linkKey, matchKey, key: linkKey })),
  );

const someUsers = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(...ids), fc.option(fc.constantFrom(...matchKeys, 'A', 'B')), fc.boolean()),
    { selector: ([id]) => id },
  )
  .map((users) =>
    users.map(([id, userName, active]): User => buildUser(1, { id, active, attributes: { userName } })),
  );

const someAccounts = fc
  .record({
    linked: fc.uniqueArray(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...linkKeys)), {
      selector: ([id]) => id,
    }),
    unlinked: fc.uniqueArray(fc.constantFrom(...ids)),
  })
  .map(({ linked, unlinked }) => {
    // One link per lasting id, one account per user.
    const links = new Map(linked.map(([id, linkKey]) => [linkKey, id]));
    const taken = new Set(links.values());
    return [
      ...[...links].map(([linkKey, id]) => buildAccount(1, { id, linkKey, key: linkKey })),
      ...unlinked
        .filter((id) => !taken.has(id))
        .map((id) => buildAccount(1, { id, linkKey: null, key: null })),
    ];
  });

const someMentions = fc
  .array(fc.tuple(fc.option(fc.constantFrom(...linkKeys)), fc.option(fc.constantFrom(...matchKeys))), {
    maxLength: 2,
  })
  .map((keys) => keys.map(([linkKey, matchKey]) => buildMention(linkKey, matchKey)));

const someSides: fc.Arbitrary<Sides> = fc.record({
  people: somePeople,
  mentioned: someMentions,
  accounts: someAccounts,
  users: someUsers,
});

const matchKeyOf = ({ attributes: { userName } }: User): string | null =>
  typeof userName === 'string' ? userName.toLowerCase() : null;

/** The people whom one row alone names, and those whom another row names too, taken or set aside. */
function sorted({ people, mentioned }: Sides): { once: readonly Person[]; twice: readonly Person[] } {
  const isTwice = (person: Person): boolean =>
    [...people, ...mentioned].some(
      (other) => other !== person && (other.linkKey === person.linkKey || other.matchKey === person.matchKey),
    );
  return { once: people.filter((person) => !isTwice(person)), twice: people.filter(isTwice) };
}

function pairOf(person: Person, { accounts, users }: Sides): unknown {
  const account = accounts.find(({ linkKey }) => linkKey === person.linkKey);
  const linked = users.find(({ id }) => id === account?.id);
  if (linked !== undefined) return [person.key, linked.id, 'link', null];
  const found = users.filter((user) => matchKeyOf(user) === person.matchKey);
  const [first] = found;
  if (first === undefined) return [person.key, null, null, null];
  if (found.length > 1) return [person.key, 'one of several', 'matchKey', 'AMBIGUOUS_MATCH'];
  const owner = accounts.find(({ id }) => id === first.id)?.linkKey ?? null;
  return [
    person.key,
    first.id,
    'matchKey',
    owner === null || owner === person.linkKey ? null : 'LOGIN_TAKEN',
  ];
}

function absentIds({ people, mentioned, accounts, users }: Sides): readonly string[] {
  const named = [...people, ...mentioned];
  return accounts
    .filter(({ linkKey }) => linkKey !== null && !named.some((one) => one.linkKey === linkKey))
    .flatMap(({ id }) => users.filter((user) => user.id === id))
    .filter((user) => matchKeyOf(user) === null || !named.some((one) => one.matchKey === matchKeyOf(user)))
    .map(({ id }) => id)
    .sort();
}

function isUnreadable({ mentioned, accounts, users }: Sides): boolean {
  const isLinked = ({ id }: User): boolean =>
    accounts.some((account) => account.id === id && account.linkKey !== null);
  const known = new Set(users.filter(isLinked).map(matchKeyOf));
  return mentioned.some(
    ({ linkKey, matchKey }) => linkKey === null && (matchKey === null || !known.has(matchKey)),
  );
}

/** Users who are linked, and users whom a person without a linked user finds by match key. */
function managedCount(people: readonly Person[], { accounts, users }: Sides): number {
  const linked = new Map(accounts.flatMap(({ id, linkKey }) => (linkKey === null ? [] : [[id, linkKey]])));
  const live = new Set(users.map(({ id }) => linked.get(id)));
  const seeking = new Set(people.filter(({ linkKey }) => !live.has(linkKey)).map(({ matchKey }) => matchKey));
  return users.filter((user) => linked.has(user.id) || seeking.has(matchKeyOf(user) ?? '')).length;
}

describe('matching', () => {
  it('agrees with a matching that is written down from the design', () => {
    fc.assert(
      fc.property(someSides, (sides) => {
        const { once, twice } = sorted(sides);
        staged(sides, ({ matching, duplicates }) => {
          expect(duplicates.map(({ row }) => row.line)).toEqual(twice.map(({ rows }) => rows[0]?.line));
          const pairs = [...matching.people()].map(({ person, user, by, conflict }) => {
            const id = conflict?.code === 'AMBIGUOUS_MATCH' ? 'one of several' : (user?.id ?? null);
            return [person.key, id, by, conflict?.code ?? null];
          });
          expect(pairs).toEqual(once.map((person) => pairOf(person, sides)));
          expect([...matching.absent()].map(({ user }) => user.id)).toEqual(absentIds(sides));
          expect(matching.hasUnreadableIdentity()).toBe(isUnreadable(sides));
          const gone = sides.accounts.filter(({ id }) => !sides.users.some((user) => user.id === id));
          expect([...matching.gone()].flat()).toEqual(gone.map(({ id }) => id).sort());
          const managed = managedCount(once, sides);
          const { length: total } = sides.users;
          expect(matching.counts()).toMatchObject({ managed, unmanaged: total - managed, total });
        });
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order in which accounts and users come', () => {
    const read = (sides: Sides): unknown =>
      staged(sides, ({ matching }) => [
        [...matching.people()],
        [...matching.absent()],
        [...matching.unremembered()],
        matching.counts(),
        matching.stateSha256(),
      ]);
    fc.assert(
      fc.property(someSides, (sides) => {
        const turned = { ...sides, accounts: sides.accounts.toReversed(), users: sides.users.toReversed() };
        expect(read(turned)).toEqual(read(sides));
      }),
      { numRuns: 100 },
    );
  });
});
