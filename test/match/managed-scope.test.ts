import { describe, expect, it } from 'vitest';
import { departedPeople } from '../../src/match/departed-people.ts';
import { buildAccount, buildMention, buildPerson, buildUser, type Sides, staged } from './build.ts';
import { DatabaseSync } from 'node:sqlite';

const named = (n: number, title: string) =>
  buildUser(n, { attributes: { userName: `p${n}@example.com`, title } });

/** Of the scope: a linked one who stays, a linked one who is gone, one found by login, and strangers. */
const everybody: Sides = {
  people: [buildPerson(1), buildPerson(3)],
  accounts: [buildAccount(1), buildAccount(2), buildAccount(7)],
  users: [...[1, 2, 3, 4, 5].map((n) => buildUser(n)), named(6, 'Service'), named(7, 'Service')],
  mentioned: [buildMention(null, 'p5@example.com')],
};

const isClerk = ({ attributes }: { readonly attributes: { readonly title?: unknown } }) =>
  attributes.title === 'Clerk';

describe('a declared scope', () => {
  it('makes everybody inside whom nobody names absent, linked or not', () => {
    staged(everybody, ({ matching }) => {
      matching.declareScope(isClerk);
      const absent = [...matching.absent()];
      expect(absent.map(({ user, account }) => [user.id, account.linkKey])).toEqual([
        ['u2', 'E2'],
        ['u7', 'E7'],
        ['u4', null],
      ]);
    });
  });

  it('counts its users as managed, and all others as unmanaged', () => {
    staged(everybody, ({ matching }) => {
      expect(matching.counts()).toMatchObject({ managed: 4, unmanaged: 3 });
      matching.declareScope(isClerk);
      expect(matching.counts()).toMatchObject({ managed: 5, unmanaged: 2 });
    });
  });

  it('remembers of a stranger what the ledger knows, such as the first feed that missed it', () => {
    const absent = { feedSha256: 'a'.repeat(64), at: '2026-06-01T00:00:00.000Z' };
    const accounts = [buildAccount(4, { linkKey: null, key: null, absent })];
    staged({ ...everybody, accounts }, ({ matching }) => {
      matching.declareScope(isClerk);
      const stranger = [...matching.absent()].find(({ user }) => user.id === 'u4');
      expect(stranger?.account).toMatchObject({ linkKey: null, absent });
    });
  });

  it('is nobody’s without a declaration', () => {
    staged(everybody, ({ matching }) => {
      expect([...matching.absent()].map(({ user }) => user.id)).toEqual(['u2', 'u7']);
    });
  });
});

describe('people who were removed', () => {
  it('are found by person, and by a login of somebody else', () => {
    const people = departedPeople(new DatabaseSync(':memory:'));
    expect([people.has('e1'), people.loginOfAnother('ada', 'e2')]).toEqual([false, null]);
    people.add(
      [
        { linkKey: 'e1', login: 'Ada', at: '2026-01-01T00:00:00.000Z' },
        { linkKey: 'e3', login: 'ADA', at: '2026-03-01T00:00:00.000Z' },
        { linkKey: 'e4', login: null, at: '2026-02-01T00:00:00.000Z' },
      ],
      (login) => login.toLowerCase(),
    );
    expect([people.has('e1'), people.has('e2'), people.has('e4')]).toEqual([true, false, true]);
    expect(people.loginOfAnother('ada', 'e2')).toBe('2026-03-01T00:00:00.000Z');
    expect(people.loginOfAnother('ada', 'e3')).toBe('2026-01-01T00:00:00.000Z');
    expect(people.loginOfAnother('bob', 'e2')).toBeNull();
  });
});

describe('the order of a plan', () => {
  it('has accounts that others disabled before everything else', () => {
    staged({}, ({ matching }) => {
      const need = { key: 'E1', linkKey: 'E1', userId: null, user: null, rows: [], cause: 'feed' as const };
      const rest = { ...need, before: {}, after: {}, remember: null };
      const code = (conflict: string) => ({ code: conflict, message: '' });
      for (const [operation, conflict] of [
        ['remove', null],
        ['enable', code('DISABLED_ELSEWHERE')],
        ['enable', code('REHIRE')],
        ['disable', null],
      ] as const) {
        matching.addChange({ need: { ...rest, operation, conflict }, steps: [] });
      }
      expect(
        [...matching.changes()].map(({ need: { operation, conflict } }) => conflict?.code ?? operation),
      ).toEqual(['DISABLED_ELSEWHERE', 'remove', 'disable', 'REHIRE']);
    });
  });
});
