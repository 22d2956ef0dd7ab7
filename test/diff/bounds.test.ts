import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bounds, protectionOf, scopeOf, unbounded } from '../../src/diff/bounds.ts';
import { diffBarred } from '../../src/diff/diff-barred.ts';
import { diffAbsent, diffPerson } from '../../src/diff/diff-pair.ts';
import type { DiffSettings } from '../../src/diff/difference.ts';
import { saidOfSpared } from '../../src/diff/spare.ts';
import type { ProtectedUsers, ScopeCondition } from '../../src/domain/bounds.ts';
import { foldedSet } from '../../src/domain/comparison.ts';
import type { Account } from '../../src/domain/user.ts';
import {
  accountOf,
  buildAbsent,
  buildColumn,
  buildPair,
  buildPerson,
  buildSettings,
  buildUser,
  daysAgo,
  rules,
} from './build.ts';

const nobody: ProtectedUsers = { keys: [], groups: [], roles: [], like: {} };
const condition = (difference: Partial<ScopeCondition>): ScopeCondition => ({
  attribute: 'title',
  is: null,
  isNot: null,
  like: null,
  empty: null,
  ...difference,
});
const bounded = (bounds: Partial<Bounds>, more: Partial<DiffSettings> = {}): DiffSettings =>
  buildSettings({ bounds: { ...unbounded, ...bounds }, ...more });
const guarded = bounded({ isProtected: () => true });

describe('a managed scope', () => {
  it.each([
    [condition({ is: ['clerk'] }), true],
    [condition({ is: ['manager'] }), false],
    [condition({ isNot: ['manager'] }), true],
    [condition({ isNot: ['clerk'] }), false],
    [condition({ like: ['cl*'] }), true],
    [condition({ attribute: 'roles', is: ['viewer'] }), true],
    [condition({ attribute: 'vip', empty: true }), true],
    [condition({ attribute: 'vip', empty: false }), false],
    [condition({ attribute: 'vip', is: ['true'] }), false],
  ])('compares %j without case, and a set by its entries', (one, wanted) => {
    expect(scopeOf([one])(buildUser())).toBe(wanted);
  });

  it('is met where all conditions are, and where there are none', () => {
    const both = [condition({ is: ['clerk'] }), condition({ attribute: 'roles', is: ['admin'] })];
    expect(scopeOf(both)(buildUser())).toBe(false);
    expect(scopeOf(null)(buildUser())).toBe(true);
  });

  it('keeps users outside of it from every change, and from being leavers', () => {
    const outside = bounded({ isInScope: () => false });
    const person = buildPerson({ title: 'Manager' });
    expect(diffPerson(buildPair(person, buildUser()), outside)).toEqual({
      need: null,
      bucket: 'excluded',
      account: null,
      spared: 'outsideScope',
    });
    expect(diffPerson(buildPair(buildPerson(), buildUser()), outside).bucket).toBe('unchanged');
    expect(diffPerson(buildPair(buildPerson({}, { active: false }), buildUser()), outside).need).toBeNull();
    expect(diffAbsent(buildAbsent(), outside)).toMatchObject({ need: null, account: null });
    const barred = { account: accountOf(buildUser()), user: buildUser(), rows: [] };
    expect(diffBarred(barred, outside)).toMatchObject({ need: null, spared: 'outsideScope' });
  });

  it('makes a leaver of somebody inside whom nobody ever linked', () => {
    const { need, account } = diffAbsent(buildAbsent({ linkKey: null, key: null }), buildSettings());
    expect(need).toMatchObject({ operation: 'disable', key: 'u1', linkKey: 'u1', cause: 'absence' });
    expect(account).toMatchObject({ linkKey: null });
    const doubtful = buildSettings({ inDoubt: new Set(['u1']) });
    expect(diffAbsent(buildAbsent({ linkKey: null, key: null }), doubtful).need?.conflict?.code).toBe(
      'IN_DOUBT',
    );
  });
});

describe('who is protected', () => {
  const user = buildUser({ groups: ['Domain Admins'] });
  it.each([
    ['by key', { keys: ['e1'] }, true],
    ['by another key', { keys: ['e2'] }, false],
    ['by a group', { groups: ['domain *'] }, true],
    ['by a role', { roles: ['viewer'] }, true],
    ['by another role', { roles: ['admin'] }, false],
    ['by a pattern', { like: { userName: ['ada@*'] } }, true],
    ['by another pattern', { like: { userName: ['svc-*'] } }, false],
    ['by a pattern of groups', { groups: ['x'], like: { groups: ['*admins'] } }, true],
  ] as const)('is told %s', (_, difference, wanted) => {
    expect(protectionOf({ ...nobody, ...difference }, null)(user, 'e1')).toBe(wanted);
  });

  it('is always the account that signs in', () => {
    expect(protectionOf(nobody, 'u1')(buildUser(), null)).toBe(true);
    expect(protectionOf(nobody, 'u2')(buildUser(), null)).toBe(false);
  });
});

describe('a protected user', () => {
  it('is never disabled or removed, and no day counts from which it would be', () => {
    const left = buildPerson({}, { active: false });
    const excluded = { need: null, bucket: 'excluded', account: null, spared: 'protected' };
    expect(diffPerson(buildPair(left, buildUser()), guarded)).toEqual(excluded);
    expect(diffAbsent(buildAbsent({ leaverSince: daysAgo(100) }), guarded)).toEqual(excluded);
    const later = bounded(
      { isProtected: () => true },
      { policy: { ...guarded.policy, leavers: [{ operation: 'disable', afterDays: 3 }] } },
    );
    expect(diffPerson(buildPair(left, buildUser()), later)).toMatchObject({ need: null, account: null });
    const delta = buildPerson({}, { actions: ['remove'] });
    expect(diffPerson(buildPair(delta, buildUser()), guarded)).toEqual(excluded);
    const barred = { account: accountOf(buildUser()), user: buildUser(), rows: [] };
    expect(diffBarred(barred, guarded)).toEqual(excluded);
  });

  it('keeps its roles and groups, and gets everything else that the feed says', () => {
    const columns = [buildColumn('roles', { owned: ['*'] }), buildColumn('title')];
    const settings = bounded({ isProtected: () => true }, { columns });
    const person = buildPerson({ roles: ['Planner'], title: 'Manager' });
    expect(diffPerson(buildPair(person, buildUser()), settings)).toMatchObject({
      bucket: 'changed',
      spared: 'protected',
      need: {
        before: { roles: ['Viewer'], title: 'Clerk' },
        after: { roles: ['Planner', 'Viewer'], title: 'Manager' },
      },
    });
    const onlyTakes = buildPerson({ roles: null });
    expect(diffPerson(buildPair(onlyTakes, buildUser()), settings)).toMatchObject({
      need: null,
      bucket: 'excluded',
      spared: 'protected',
    });
  });

  it('is said to have what it keeps, where a provider writes whole users', () => {
    const columns = [buildColumn('roles', { owned: ['*'] })];
    const settings = bounded({ isProtected: () => true }, { columns });
    const person = buildPerson({ roles: ['Planner'], title: 'Clerk', groups: null });
    const { need } = diffPerson(buildPair(person, buildUser()), settings);
    if (need === null) throw new Error('nothing to do');
    expect(saidOfSpared(person.attributes, need, rules)).toEqual({
      userName: 'ada@example.com',
      title: 'Clerk',
      roles: ['Planner', 'Viewer'],
    });
  });

  it('loses nothing whatever feed, ledger and target say', () => {
    const word = fc.constantFrom('a', 'A', 'b', 'EPM-x', 'EPM-y');
    const set = fc.option(fc.array(word, { maxLength: 4 }));
    const sides = fc.record({
      wanted: fc.record({ roles: set, groups: set }, { requiredKeys: [] }),
      had: fc.record({ roles: set, groups: set }),
      person: fc.record({
        active: fc.boolean(),
        onLeave: fc.boolean(),
        action: fc.option(fc.constantFrom('update', 'enable', 'disable', 'remove' as const)),
      }),
      account: fc.option(
        fc.record({
          leaverSince: fc.option(fc.constantFrom(daysAgo(1), daysAgo(200))),
          disabled: fc.option(fc.constant({ at: daysAgo(5), restore: { roles: ['a'] } })),
        }),
      ),
      isActive: fc.boolean(),
    });
    fc.assert(
      fc.property(sides, ({ wanted, had, person, account, isActive }) => {
        const columns = ['roles', 'groups'].map((name) => buildColumn(name, { owned: ['*'] }));
        const policy = { ...guarded.policy, onLeave: 'disable' as const };
        const settings = bounded({ isProtected: () => true }, { columns, policy, unlinked: 'act' });
        const user = buildUser(had, { active: isActive });
        const { active, onLeave, action } = person;
        const said = buildPerson(wanted, {
          active,
          ...(onLeave ? { onLeave: true } : {}),
          ...(action === null ? {} : { actions: [action] }),
        });
        const known: Partial<Account> | null = account;
        const found = [
          diffPerson(buildPair(said, user, known), settings),
          diffAbsent(buildAbsent(known ?? {}, user), settings),
        ];
        for (const { need } of found) {
          expect(['disable', 'remove']).not.toContain(need?.operation);
          for (const name of Object.keys(need?.after ?? {}).filter((one) => rules[one]?.type === 'set')) {
            const kept = foldedSet(need?.after[name] ?? [], rules[name]);
            const before = foldedSet(need?.before[name] ?? [], rules[name]);
            expect([...before].filter((entry) => !kept.has(entry))).toEqual([]);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a person whose account is kept as it is', () => {
  const settings = bounded({ kept: new Set(['e1']) });

  it('needs nothing whatever the feed says, and is still known to be there', () => {
    const absent = { feedSha256: 'a'.repeat(64), at: daysAgo(1) };
    const pair = buildPair(buildPerson({ title: 'Manager' }), buildUser(), { absent });
    expect(diffPerson(pair, settings)).toMatchObject({
      need: null,
      bucket: 'excluded',
      spared: 'kept',
      account: { absent: null },
    });
    for (const person of [buildPerson({}, { active: false }), buildPerson({}, { actions: ['remove'] })]) {
      expect(diffPerson(buildPair(person, buildUser()), settings)).toMatchObject({
        need: null,
        spared: 'kept',
      });
    }
    expect(diffPerson(buildPair(buildPerson(), null), settings)).toMatchObject({
      need: null,
      bucket: 'excluded',
    });
  });

  it('is counted only where something was called for', () => {
    const { spared, bucket } = diffPerson(buildPair(buildPerson(), buildUser()), settings);
    expect([spared, bucket]).toEqual([undefined, 'excluded']);
  });

  it('is no leaver, and no witness is remembered', () => {
    expect(diffAbsent(buildAbsent(), settings)).toEqual({
      need: null,
      bucket: 'unchanged',
      account: null,
      spared: 'kept',
    });
  });
});
