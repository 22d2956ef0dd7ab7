import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Need, Operation } from '../../src/domain/change.ts';
import type { User } from '../../src/domain/user.ts';
import { openMatching } from '../../src/match/open-matching.ts';
import {
  absentOf,
  buildAccount,
  buildMention,
  buildPerson,
  buildUser,
  pairsOf,
  rowRules,
  stage,
  staged,
} from './build.ts';

/** What an invented provider says of users that its list leaves out: they lost their roles. */
const stripped = (user: User): User => ({
  ...user,
  active: false,
  attributes: { ...user.attributes, roles: [] },
});

describe('pairing people with users', () => {
  it('pairs nobody where there is no user', () => {
    expect(pairsOf({ people: [buildPerson(1)] })).toMatchObject([
      { account: null, user: null, by: null, conflict: null },
    ]);
  });

  it('finds a user by match key the first time', () => {
    expect(pairsOf({ people: [buildPerson(1)], users: [buildUser(1)] })).toMatchObject([
      { account: null, user: { id: 'u1' }, by: 'matchKey', conflict: null },
    ]);
  });

  it('compares match keys as the target does: without case, composed', () => {
    const person = buildPerson(1, { matchKey: 'josé@example.com' });
    const user = buildUser(1, { attributes: { userName: 'JOSE\u0301@Example.com' } });
    expect(pairsOf({ people: [person], users: [user] })).toMatchObject([
      { user: { id: 'u1' }, conflict: null },
    ]);
  });

  it('takes the link before the match key, so a rename stays the same user', () => {
    const renamed = buildPerson(1, { matchKey: 'p2@example.com' });
    const sides = {
      people: [renamed],
      accounts: [buildAccount(1)],
      users: [buildUser(1), buildUser(2)],
    };
    expect(pairsOf(sides)).toMatchObject([{ user: { id: 'u1' }, by: 'link', conflict: null }]);
  });

  it('gives the user as it is now, and the account as the ledger remembers it', () => {
    const sides = {
      people: [buildPerson(1)],
      accounts: [buildAccount(1)],
      users: [buildUser(1, { attributes: { userName: 'p1@example.com', title: 'Manager' } })],
    };
    expect(pairsOf(sides)).toMatchObject([
      { user: { attributes: { title: 'Manager' } }, account: { attributes: { title: 'Clerk' } } },
    ]);
  });

  it('falls back on the match key when the linked user is gone', () => {
    const sides = {
      people: [buildPerson(1)],
      accounts: [buildAccount(1, { id: 'old' })],
      users: [buildUser(1)],
    };
    expect(pairsOf(sides)).toMatchObject([{ user: { id: 'u1' }, by: 'matchKey', conflict: null }]);
  });

  it('gives a known user who is not linked with its account', () => {
    const sides = {
      people: [buildPerson(1)],
      accounts: [buildAccount(1, { linkKey: null, key: null })],
      users: [buildUser(1)],
    };
    expect(pairsOf(sides)).toMatchObject([
      { account: { id: 'u1', linkKey: null }, by: 'matchKey', conflict: null },
    ]);
  });

  it('calls a login that is linked to another lasting id taken', () => {
    const newcomer = buildPerson(2, { matchKey: 'p1@example.com' });
    const sides = { people: [newcomer], accounts: [buildAccount(1)], users: [buildUser(1)] };
    expect(pairsOf(sides)).toMatchObject([{ conflict: { code: 'LOGIN_TAKEN' } }]);
  });

  it('calls a login taken also while its owner, still in the feed, is being renamed', () => {
    const renamed = buildPerson(1, { matchKey: 'new@example.com' });
    const newcomer = buildPerson(2, { matchKey: 'p1@example.com' });
    const sides = { people: [renamed, newcomer], accounts: [buildAccount(1)], users: [buildUser(1)] };
    expect(pairsOf(sides)).toMatchObject([
      { by: 'link', conflict: null },
      { conflict: { code: 'LOGIN_TAKEN' } },
    ]);
  });

  it('calls a match key that several users have ambiguous, once for the person', () => {
    const sides = {
      people: [buildPerson(1), buildPerson(2)],
      users: [buildUser(1), buildUser(3, { attributes: { userName: 'P1@EXAMPLE.COM' } }), buildUser(2)],
    };
    expect(pairsOf(sides)).toMatchObject([
      { person: { key: 'E1' }, conflict: { code: 'AMBIGUOUS_MATCH' } },
      { person: { key: 'E2' }, conflict: null },
    ]);
  });

  it('is not troubled by an ambiguous match key once a link says who it is', () => {
    const sides = {
      people: [buildPerson(1)],
      accounts: [buildAccount(1)],
      users: [buildUser(1), buildUser(3, { attributes: { userName: 'p1@example.com' } })],
    };
    expect(pairsOf(sides)).toMatchObject([{ user: { id: 'u1' }, by: 'link', conflict: null }]);
  });

  it('never pairs users who have no match key', () => {
    const nameless = [buildUser(1, { attributes: {} }), buildUser(2, { attributes: { userName: null } })];
    expect(pairsOf({ people: [buildPerson(1, { matchKey: '' })], users: nameless })).toMatchObject([
      { user: null },
    ]);
  });

  it('gives people in the order of the feed, beyond the size of a page', () => {
    const people = Array.from({ length: 2_345 }, (_, index) => buildPerson(5_000 - index));
    const users = Array.from({ length: 2_345 }, (_, index) => buildUser(index + 2_656));
    const pairs = pairsOf({ people, users });
    expect(pairs.map(({ person }) => person.key)).toEqual(people.map(({ key }) => key));
    expect(pairs.every(({ user, person }) => user?.id === `u${person.key.slice(1)}`)).toBe(true);
  });

  it('gives back a person as it was put in', () => {
    const person = buildPerson(1, {
      rows: [{ line: 7, cells: ['E1', ['a', 'b']] }],
      attributes: { userName: 'p1@example.com', active: true, title: null, groups: ['b', 'a'] },
    });
    expect(pairsOf({ people: [person] })[0]?.person).toEqual(person);
  });

  it('refuses a target that lists one user twice', () => {
    expect(() => stage({ users: [buildUser(1), buildUser(1)] })).toThrow(
      expect.objectContaining({ code: 'TARGET_LISTS_TWICE', exit: 1 }),
    );
  });

  it('does not say so when the scratch file itself fails', () => {
    staged({}, ({ matching }) => {
      matching.close();
      expect(() => matching.index()).toThrow('database is not open');
    });
  });
});

describe('people who are named twice', () => {
  it('are all set aside when they share a lasting id', () => {
    const people = [buildPerson(1), buildPerson(2), buildPerson(3, { linkKey: 'E1', key: 'E1' })];
    staged({ people }, ({ duplicates, matching }) => {
      expect(duplicates.map(({ row, code }) => [row.line, code])).toEqual([
        [2, 'DUPLICATE_PERSON'],
        [4, 'DUPLICATE_PERSON'],
      ]);
      expect([...matching.people()].map(({ person }) => person.key)).toEqual(['E2']);
    });
  });

  it('are all set aside when they share a match key', () => {
    const people = [buildPerson(1), buildPerson(2, { matchKey: 'p1@example.com' }), buildPerson(3)];
    staged({ people }, ({ duplicates, matching }) => {
      expect(duplicates.map(({ row }) => row.line)).toEqual([2, 3]);
      expect([...matching.people()].map(({ person }) => person.key)).toEqual(['E3']);
    });
  });

  it('are set aside along a chain of shared keys', () => {
    const people = [
      buildPerson(1),
      buildPerson(2, { linkKey: 'E1' }),
      buildPerson(3, { matchKey: 'p2@example.com' }),
    ];
    staged({ people }, ({ duplicates }) => expect(duplicates).toHaveLength(3));
  });

  it('give each of their rows once', () => {
    const twice = [
      { line: 2, cells: ['E1'] },
      { line: 5, cells: ['E1'] },
    ];
    const people = [
      buildPerson(1, { rows: twice }),
      buildPerson(9, { linkKey: 'E1', matchKey: 'p1@example.com' }),
    ];
    staged({ people }, ({ duplicates }) => expect(duplicates.map(({ row }) => row.line)).toEqual([2, 5, 10]));
  });

  it('are not taken for absent', () => {
    const people = [buildPerson(1), buildPerson(2, { linkKey: 'E1' })];
    const accounts = [buildAccount(1), buildAccount(2)];
    expect(absentOf({ people, accounts, users: [buildUser(1), buildUser(2)] })).toEqual([]);
  });

  it('hold nobody else, for their identity is known', () => {
    const people = [buildPerson(1), buildPerson(2, { linkKey: 'E1' })];
    staged({ people }, ({ matching }) => expect(matching.hasUnreadableIdentity()).toBe(false));
  });
});

describe('users whom the feed does not name', () => {
  it('are absent when they are linked', () => {
    const accounts = [buildAccount(1), buildAccount(2)];
    const absent = absentOf({ people: [buildPerson(2)], accounts, users: [buildUser(1), buildUser(2)] });
    expect(absent.map(({ user }) => user.id)).toEqual(['u1']);
  });

  it('are nobody when they are unmanaged, known to the ledger or not', () => {
    const accounts = [buildAccount(1, { linkKey: null, key: null })];
    expect(absentOf({ accounts, users: [buildUser(1), buildUser(2)] })).toEqual([]);
  });

  it('are not absent when the target does not have them any more', () => {
    expect(absentOf({ accounts: [buildAccount(1)] })).toEqual([]);
  });

  it('are shielded by a row that was set aside with their lasting id', () => {
    const sides = { accounts: [buildAccount(1), buildAccount(2)], users: [buildUser(1), buildUser(2)] };
    const absent = absentOf({ ...sides, mentioned: [buildMention('E1', null)] });
    expect(absent.map(({ user }) => user.id)).toEqual(['u2']);
  });

  it('are shielded by a row that was set aside with their match key', () => {
    const sides = { accounts: [buildAccount(1), buildAccount(2)], users: [buildUser(1), buildUser(2)] };
    const absent = absentOf({ ...sides, mentioned: [buildMention(null, 'p1@example.com')] });
    expect(absent.map(({ user }) => user.id)).toEqual(['u2']);
  });

  it('are shielded by a person who claims their login under another lasting id', () => {
    const people = [buildPerson(7, { matchKey: 'p1@example.com' })];
    expect(absentOf({ people, accounts: [buildAccount(1)], users: [buildUser(1)] })).toEqual([]);
  });

  it('come in the order of their ids, whatever order they were read in', () => {
    const numbers = [30, 4, 100, 2, 21];
    const users = numbers.map((n) => buildUser(n));
    const accounts = numbers.toReversed().map((n) => buildAccount(n));
    expect(absentOf({ accounts, users }).map(({ user }) => user.id)).toEqual([
      'u100',
      'u2',
      'u21',
      'u30',
      'u4',
    ]);
  });
});

describe('a row whose person cannot be told', () => {
  const sides = { accounts: [buildAccount(1)], users: [buildUser(1), buildUser(2)] };
  const unreadable = (linkKey: string | null, matchKey: string | null): boolean =>
    staged({ ...sides, mentioned: [buildMention(linkKey, matchKey)] }, ({ matching }) =>
      matching.hasUnreadableIdentity(),
    );

  it('is one with neither key', () => expect(unreadable(null, null)).toBe(true));
  it('is one with a match key that nobody linked has', () => {
    expect(unreadable(null, 'nobody@example.com')).toBe(true);
    expect(unreadable(null, 'p2@example.com')).toBe(true);
  });
  it('is not one with a lasting id', () => expect(unreadable('E77', null)).toBe(false));
  it('is not one with the match key of a linked user', () =>
    expect(unreadable(null, 'p1@example.com')).toBe(false));
  it('is told from a feed without any such row', () => {
    staged(sides, ({ matching }) => expect(matching.hasUnreadableIdentity()).toBe(false));
  });
});

describe('users whom the list leaves out', () => {
  it('are completed from what the ledger knows of the linked ones', () => {
    const sides = {
      people: [buildPerson(1)],
      accounts: [buildAccount(1), buildAccount(2, { linkKey: null, key: null })],
      unlisted: stripped,
    };
    expect(pairsOf(sides)).toMatchObject([
      { by: 'link', user: { id: 'u1', active: false, attributes: { roles: [] } } },
    ]);
    staged(sides, ({ matching }) => {
      expect(matching.counts()).toMatchObject({ managed: 1, unmanaged: 0 });
      expect([...matching.gone()].flat()).toEqual(['u2']);
    });
  });

  it('are as the target lists them where it does', () => {
    const sides = { accounts: [buildAccount(1)], users: [buildUser(1)], unlisted: stripped };
    expect(absentOf(sides)).toMatchObject([{ user: { id: 'u1', active: true } }]);
  });

  it('do not make an empty list look like an answer', () => {
    const accounts = [buildAccount(1), buildAccount(2)];
    staged({ accounts, unlisted: stripped }, ({ matching }) => {
      expect(matching.counts()).toMatchObject({ total: 0, expected: 2 });
    });
  });

  it('are not missed in an empty list when they were known to be left out of it', () => {
    const bare = { active: false, attributes: { userName: 'p1@example.com', roles: [] } };
    staged({ accounts: [buildAccount(1, bare)], unlisted: stripped }, ({ matching }) => {
      expect(matching.counts()).toMatchObject({ total: 0, linkedBefore: 1, expected: 0 });
    });
  });

  it('are not remembered as if they had been read', () => {
    const sides = { accounts: [buildAccount(1), buildAccount(2)], users: [buildUser(2)], unlisted: stripped };
    staged(sides, ({ matching }) => expect([...matching.unremembered()].flat()).toEqual([]));
  });
});

describe('counting users', () => {
  it('takes linked and newly matched users for managed, all others for unmanaged', () => {
    const sides = {
      people: [buildPerson(1), buildPerson(2), buildPerson(9)],
      accounts: [buildAccount(1), buildAccount(3), buildAccount(4, { linkKey: null, key: null })],
      users: [1, 2, 3, 4, 5].map((n) => buildUser(n)),
    };
    staged(sides, ({ matching }) =>
      expect(matching.counts()).toEqual({
        managed: 3,
        unmanaged: 2,
        total: 5,
        linkedBefore: 2,
        expected: 2,
        shown: 2,
      }),
    );
  });

  it('knows links of users who are gone, but counts only users who are there', () => {
    const sides = { accounts: [buildAccount(1), buildAccount(2)], users: [buildUser(1)] };
    staged(sides, ({ matching }) =>
      expect(matching.counts()).toEqual({
        managed: 1,
        unmanaged: 0,
        total: 1,
        linkedBefore: 2,
        expected: 2,
        shown: 1,
      }),
    );
  });

  it('takes the user whom a person is matched with anew, their linked one being gone, for managed', () => {
    const sides = {
      people: [buildPerson(1)],
      accounts: [buildAccount(1, { id: 'old' })],
      users: [buildUser(1)],
    };
    staged(sides, ({ matching }) => expect(matching.counts()).toMatchObject({ managed: 1, unmanaged: 0 }));
  });

  it('counts nothing where there is nothing', () => {
    staged({}, ({ matching }) =>
      expect(matching.counts()).toEqual({
        managed: 0,
        unmanaged: 0,
        total: 0,
        linkedBefore: 0,
        expected: 0,
        shown: 0,
      }),
    );
  });
});

describe('what the ledger has to learn of the target', () => {
  it('is who is new and who differs from what it remembers', () => {
    const changed = buildUser(2, { attributes: { userName: 'p2@example.com', title: 'Manager' } });
    const sides = {
      accounts: [buildAccount(1), buildAccount(2)],
      users: [buildUser(3), changed, buildUser(1)],
    };
    staged(sides, ({ matching }) =>
      expect([...matching.unremembered()].flat()).toEqual([
        { ...buildAccount(2), attributes: changed.attributes },
        { ...buildUser(3), linkKey: null, key: null, disabled: null, leaverSince: null, absent: null },
      ]),
    );
  });

  it('is not that a set came in another order', () => {
    const sides = {
      accounts: [buildAccount(1, { attributes: { title: 'Clerk', groups: ['a', 'b'] } })],
      users: [buildUser(1, { attributes: { groups: ['b', 'a'], title: 'Clerk' } })],
    };
    staged(sides, ({ matching }) => expect([...matching.unremembered()].flat()).toEqual([]));
  });

  it('keeps what the job did with the account', () => {
    const disabled = { at: '2026-01-01T00:00:00.000Z', restore: { roles: ['Viewer'] } };
    const sides = { accounts: [buildAccount(1, { disabled })], users: [buildUser(1, { active: false })] };
    staged(sides, ({ matching }) =>
      expect([...matching.unremembered()].flat()).toMatchObject([{ disabled, linkKey: 'E1', active: false }]),
    );
  });

  it('is who is gone', () => {
    const sides = { accounts: [buildAccount(2), buildAccount(1)], users: [buildUser(2)] };
    staged(sides, ({ matching }) => expect([...matching.gone()].flat()).toEqual(['u1']));
  });
});

describe('the hash of the state', () => {
  const hashOf = (users: readonly User[]): string =>
    staged({ users }, ({ matching }) => matching.stateSha256());
  const groups = (entries: readonly string[]): User =>
    buildUser(1, { attributes: { userName: 'p1@example.com', groups: entries } });

  it('does not depend on the order of users, attributes or sets', () => {
    const one = hashOf([groups(['a', 'b']), buildUser(2)]);
    const other = hashOf([
      buildUser(2),
      buildUser(1, { attributes: { groups: ['b', 'a'], userName: 'p1@example.com' } }),
    ]);
    expect(other).toBe(one);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  it('changes with every value, with who is active, and with who is there', () => {
    const hashes = [
      hashOf([buildUser(1)]),
      hashOf([buildUser(1, { active: false })]),
      hashOf([buildUser(1, { attributes: { userName: 'p1@example.com', title: 'clerk' } })]),
      hashOf([buildUser(1, { attributes: { userName: 'p1@example.com', title: null } })]),
      hashOf([buildUser(1), buildUser(2)]),
      hashOf([]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('where there is no list', () => {
  it('seeks everybody once: the linked by id, the others by what the feed says', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'rollcall-match-'));
    const matching = openMatching(path.join(root, 'staging'), { ...rowRules, attributes: {} });
    try {
      matching.addAccounts([buildAccount(1), buildAccount(5, { linkKey: null, key: null })]);
      matching.addPeople([
        buildPerson(1),
        buildPerson(2),
        buildPerson(3, { matchKey: 'p2@example.com' }),
        buildPerson(4, { matchKey: 'p1@example.com' }),
        buildPerson(5),
      ]);
      expect([...matching.sought()].flat()).toEqual([
        { userId: 'u1', attributes: buildUser(1).attributes },
        { userId: null, attributes: buildPerson(2).attributes },
        { userId: null, attributes: buildPerson(5).attributes },
      ]);
      matching.addUsers([buildUser(1)]);
      matching.index();
      expect([...matching.people()][0]).toMatchObject({ by: 'link' });
    } finally {
      matching.close();
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('users taken from the ledger', () => {
  it('are as it remembers them, the unmanaged too', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'rollcall-match-'));
    const matching = openMatching(path.join(root, 'staging'), { ...rowRules, attributes: {} });
    try {
      matching.addAccounts([buildAccount(1), buildAccount(2, { linkKey: null, key: null })]);
      matching.takeAccountsAsUsers();
      matching.index();
      expect(matching.counts()).toEqual({
        managed: 1,
        unmanaged: 1,
        total: 2,
        linkedBefore: 1,
        expected: 1,
        shown: 1,
      });
      expect([...matching.absent()]).toMatchObject([{ user: buildUser(1) }]);
      expect([...matching.unremembered()].flat()).toEqual([]);
    } finally {
      matching.close();
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('the scratch file', () => {
  it('lies in a folder for its owner only, and is gone afterwards', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'rollcall-match-'));
    const folder = path.join(root, 'staging');
    const matching = openMatching(folder, { ...rowRules, attributes: {} });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    matching.close();
    matching.close();
    expect(existsSync(folder)).toBe(false);
    rmSync(root, { recursive: true, force: true });
  });

  it('of a run that was killed does not trouble the next', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'rollcall-match-'));
    const folder = path.join(root, 'staging');
    const killed = openMatching(path.join(root, 'staging'), { ...rowRules, attributes: {} });
    killed.addUsers([buildUser(1)]);
    const next = openMatching(folder, { ...rowRules, attributes: {} });
    next.index();
    expect(next.counts().total).toBe(0);
    next.close();
    killed.close();
    rmSync(root, { recursive: true, force: true });
  });
});

describe('the changes of a plan', () => {
  const needOf = (operation: Operation, line: number | null, key: string): Need => ({
    operation,
    key,
    linkKey: key,
    userId: null,
    user: null,
    rows: line === null ? [] : [{ line, cells: [] }],
    cause: 'feed',
    before: {},
    after: {},
    remember: null,
    conflict: null,
  });

  it('come by operation, then by line, then by key, whatever order they were added in', () => {
    const needs = [
      needOf('create', 3, 'E3'),
      needOf('enable', 20, 'E20'),
      needOf('update', 10, 'E10'),
      needOf('update', 9, 'E9'),
      needOf('disable', null, 'E8'),
      needOf('disable', null, 'E7'),
      needOf('remove', 50, 'E50'),
    ];
    const order = (added: readonly Need[]): readonly string[] =>
      staged({}, ({ matching }) => {
        for (const need of added) matching.addChange({ need, steps: [] });
        return [...matching.changes()].map(({ need }) => need.key);
      });
    expect(order(needs)).toEqual(['E50', 'E7', 'E8', 'E9', 'E10', 'E20', 'E3']);
    expect(order(needs.toReversed())).toEqual(order(needs));
  });

  it('come back as they were added', () => {
    const planned = {
      need: needOf('update', 2, 'E1'),
      steps: [{ action: 'add', subject: '', values: { a: null } }],
    };
    staged({}, ({ matching }) => {
      matching.addChange(planned);
      expect([...matching.changes()]).toEqual([planned]);
      // They are read twice: for the plan's file and for the ledger.
      expect([...matching.changes()]).toEqual([planned]);
    });
  });

  it('keeps only the last of what is to be remembered of an account', () => {
    staged({}, ({ matching }) => {
      matching.remember(buildAccount(2));
      matching.remember(buildAccount(1));
      matching.remember(buildAccount(1, { leaverSince: '2026-01-01T00:00:00.000Z' }));
      expect([...matching.remembered()].flat()).toEqual([
        buildAccount(1, { leaverSince: '2026-01-01T00:00:00.000Z' }),
        buildAccount(2),
      ]);
    });
  });
});
