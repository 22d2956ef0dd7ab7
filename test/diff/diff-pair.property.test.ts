import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffPerson } from '../../src/diff/diff-pair.ts';
import type { DiffSettings } from '../../src/diff/difference.ts';
import { foldedSet } from '../../src/domain/comparison.ts';
import type { Need } from '../../src/domain/change.ts';
import type { Column } from '../../src/domain/settings.ts';
import type { Account, Attributes, User, Value } from '../../src/domain/user.ts';
import {
  accountOf,
  buildColumn,
  buildPair,
  buildPerson,
  buildSettings,
  buildUser,
  daysAgo,
  rules,
} from './build.ts';

const word: fc.Arbitrary<string> = fc.constantFrom('a', 'A', 'b', 'é', 'e\u0301', 'EPM-x', 'epm-x', 'EPM-y');
const set = fc.array(word, { maxLength: 4 });

const wantedAttributes: fc.Arbitrary<Attributes> = fc.record(
  {
    title: fc.option(word),
    'emails.work': fc.option(word),
    vip: fc.option(fc.boolean()),
    roles: fc.option(set),
    groups: fc.option(set),
    unknown: word,
  },
  { requiredKeys: [] },
);

const hadAttributes: fc.Arbitrary<Attributes> = fc.record(
  {
    title: fc.option(fc.oneof(word, fc.constant(''))),
    'emails.work': fc.option(word),
    vip: fc.option(fc.boolean()),
    roles: fc.option(set),
    groups: fc.option(set),
  },
  { requiredKeys: [] },
);

const someColumns: fc.Arbitrary<readonly Column[]> = fc
  .tuple(
    ...['title', 'emails.work', 'vip', 'roles', 'groups'].map((attribute) =>
      fc
        .record({
          write: fc.constantFrom('always' as const, 'onCreate' as const, 'ifEmpty' as const),
          owned: fc.constantFrom<readonly string[]>([], ['EPM-*'], ['*']),
        })
        .map((difference) => buildColumn(attribute, difference)),
    ),
  )
  .map((columns) => columns);

const someSettings: fc.Arbitrary<DiffSettings> = someColumns.map((columns) => buildSettings({ columns }));

/** The user as a target that does what it is asked to would then have it. */
function written(need: Need, user: User): User {
  const { active = user.active, ...attributes } = need.after;
  return { ...user, active: active === true, attributes: { ...user.attributes, ...attributes } };
}

function entriesOf(value: Value | null | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

describe('comparing again', () => {
  it('finds nothing to do once an update is done', () => {
    fc.assert(
      fc.property(wantedAttributes, hadAttributes, someSettings, (wanted, had, settings) => {
        const person = buildPerson(wanted);
        const user = buildUser(had);
        const { need } = diffPerson(buildPair(person, user), settings);
        if (need === null) return;
        expect(Object.keys(need.after)).not.toEqual([]);
        expect(Object.keys(need.before)).toEqual(Object.keys(need.after));
        expect(diffPerson(buildPair(person, written(need, user)), settings).need).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('finds nothing to do once a user is created', () => {
    fc.assert(
      fc.property(wantedAttributes, someSettings, (wanted, settings) => {
        const person = buildPerson(wanted);
        const { need } = diffPerson(buildPair(person, null), settings);
        expect(need?.operation).toBe('create');
        if (need === null) return;
        const created: User = { id: 'u1', active: true, attributes: need.after };
        expect(diffPerson(buildPair(person, created, null), settings).need).toBeNull();
      }),
    );
  });

  it('finds nothing to do once an account is enabled and the feed is as before', () => {
    fc.assert(
      fc.property(wantedAttributes, hadAttributes, set, someColumns, (wanted, had, taken, columns) => {
        const settings = buildSettings({ columns: columns.map((column) => ({ ...column, owned: [] })) });
        const person = buildPerson(wanted);
        const user = buildUser({ ...had, roles: [] }, { active: false });
        const disabled: Account['disabled'] = { at: daysAgo(1), restore: { roles: taken } };
        const { need } = diffPerson(
          { ...buildPair(person, user), account: accountOf(user, { disabled }) },
          settings,
        );
        expect(need?.operation).toBe('enable');
        if (need === null) return;
        const enabled = written(need, user);
        expect(entriesOf(enabled.attributes.roles)).toEqual(expect.arrayContaining(restored(taken)));
        const again = diffPerson(
          { person, user: enabled, account: accountOf(enabled, { disabled }), conflict: null },
          settings,
        );
        expect(again.need).toBeNull();
        expect(again.account?.disabled ?? null).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

describe('a set', () => {
  it('never loses what the job does not own, nor what the feed wants', () => {
    fc.assert(
      fc.property(set, set, fc.constantFrom('roles', 'groups'), (wanted, had, name) => {
        const settings = buildSettings({ columns: [buildColumn(name, { owned: ['EPM-*'] })] });
        const { need } = diffPerson(
          buildPair(buildPerson({ [name]: wanted }), buildUser({ [name]: had })),
          settings,
        );
        if (need === null) return;
        const rule = rules[name];
        const has = foldedSet(entriesOf(need.after[name]), rule);
        const unowned = had.filter((entry) => !/^epm-/i.test(entry));
        for (const entry of foldedSet([...unowned, ...wanted], rule)) expect(has).toContain(entry);
        const added = entriesOf(need.after[name]).filter((entry) => !had.includes(entry));
        expect(foldedSet(added, rule).size, 'nothing is added twice').toBe(added.length);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order in which either side gives it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word), fc.uniqueArray(word), (wanted, had) => {
        const settings = buildSettings({ columns: [buildColumn('roles', { owned: ['EPM-*'] })] });
        const next = (wants: readonly string[], has: readonly string[]): unknown =>
          diffPerson(buildPair(buildPerson({ roles: wants }), buildUser({ roles: has })), settings).need
            ?.after;
        expect(next(wanted.toReversed(), had.toReversed())).toEqual(next(wanted, had));
      }),
    );
  });
});

/** What has to come back, in one of the spellings that are the same to the target. */
function restored(taken: readonly string[]): unknown[] {
  return [...foldedSet(taken, rules.roles)].map((folded) =>
    expect.toSatisfy((entry: string) => entry.normalize('NFC') === folded),
  );
}
