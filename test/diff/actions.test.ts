import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffAbsent, diffPerson } from '../../src/diff/diff-pair.ts';
import { type Operation, operations } from '../../src/domain/change.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Account } from '../../src/domain/user.ts';
import { buildAbsent, buildPair, buildPerson, buildSettings, buildUser, daysAgo } from './build.ts';

const delta = buildSettings({ feed: { name: '', mode: 'delta' }, absence: null });
const asking = (...actions: readonly Operation[]): Person =>
  buildPerson({ title: 'Manager' }, { actions: [...actions] });
const disabledHere: Account['disabled'] = { at: daysAgo(10), restore: { roles: ['Viewer'] } };
const noRoles = buildUser({ roles: [] }, { active: false });

describe('an action of a delta', () => {
  it.each([
    ['create', 'create'],
    ['update', 'NO_SUCH_USER'],
    ['enable', 'NO_SUCH_USER'],
    ['disable', null],
    ['remove', null],
  ] as const)('to %s somebody without a user comes to %s', (action, expected) => {
    const { need } = diffPerson(buildPair(asking(action), null), delta);
    expect(need === null ? null : (need.conflict?.code ?? need.operation)).toBe(expected);
  });

  it.each([
    ['create', 'update'],
    ['update', 'update'],
    ['enable', 'update'],
    ['disable', 'disable'],
    ['remove', 'remove'],
  ] as const)('to %s a linked user comes to %s', (action, expected) => {
    const { need } = diffPerson(buildPair(asking(action), buildUser()), delta);
    expect([need?.operation, need?.cause, need?.conflict]).toEqual([expected, 'feed', null]);
  });

  it.each([
    ['create', 'enable'],
    ['update', 'update'],
    ['enable', 'enable'],
    ['disable', null],
    ['remove', 'remove'],
  ] as const)('to %s a user whom this job disabled comes to %s', (action, expected) => {
    const pair = buildPair(asking(action), noRoles, { disabled: disabledHere });
    const { need, account } = diffPerson(pair, delta);
    expect(need?.operation ?? null).toBe(expected);
    if (expected === 'update') expect(account?.disabled ?? disabledHere).toEqual(disabledHere);
  });

  it.each(['create', 'enable'] as const)('to %s a user whom others disabled is a conflict', (action) => {
    const { need } = diffPerson(buildPair(asking(action), noRoles), delta);
    expect(need?.conflict?.code).toBe('DISABLED_ELSEWHERE');
  });

  it('takes nothing from a user who was never linked, and does not link it', () => {
    for (const action of ['disable', 'remove'] as const) {
      const difference = diffPerson(buildPair(asking(action), buildUser(), null), delta);
      expect(difference).toMatchObject({
        account: null,
        need: { operation: action, conflict: { code: 'NOT_LINKED' } },
      });
      const acting = diffPerson(buildPair(asking(action), buildUser(), null), { ...delta, unlinked: 'act' });
      expect(acting.need).toMatchObject({ operation: action, conflict: null });
    }
  });

  it('to update somebody whom this job disabled gives nothing back that disabling took', () => {
    const person = buildPerson({ title: 'Manager', roles: ['Viewer'] }, { actions: ['update'] });
    const { need } = diffPerson(buildPair(person, noRoles, { disabled: disabledHere }), delta);
    expect(need).toMatchObject({ operation: 'update', after: { title: 'Manager' } });
    expect(need?.after).not.toHaveProperty('roles');
  });

  it('waits for no day of the policy, and starts the leaver’s clock', () => {
    const leavers = [{ operation: 'disable' as const, afterDays: 30 }];
    const settings = { ...delta, policy: { ...delta.policy, leavers } };
    const { need, account } = diffPerson(buildPair(asking('disable'), buildUser()), settings);
    expect(need).toMatchObject({ operation: 'disable', remember: { roles: ['Viewer'] } });
    expect(account?.leaverSince).toBe(settings.asOf);
    const removal = diffPerson(buildPair(asking('remove'), buildUser()), settings);
    expect([removal.bucket, removal.need]).toEqual(['excluded', null]);
  });

  it('of several takes the last that says whether somebody works here', () => {
    const last = (...actions: readonly Operation[]): Operation | undefined =>
      diffPerson(buildPair(asking(...actions), buildUser()), delta).need?.operation;
    expect(last('update', 'disable')).toBe('disable');
    expect(last('disable', 'update')).toBe('disable');
    expect(last('disable', 'enable', 'update')).toBe('update');
    expect(diffPerson(buildPair(asking('create', 'update'), null), delta).need?.operation).toBe('create');
  });
});

describe('the feed that is remembered of somebody', () => {
  const seenIn = (mode: 'full' | 'delta', name: string, known: string | undefined): string | null => {
    const feed = known === undefined ? {} : { feed: known };
    const pair = buildPair(buildPerson(), buildUser(), feed);
    const { account } = diffPerson(pair, buildSettings({ feed: { name, mode } }));
    return account === null ? 'as before' : (account.feed ?? null);
  };

  it('is the full one that names them, and a delta only where no other did', () => {
    expect(seenIn('full', 'employees', 'contractors')).toBe('employees');
    expect(seenIn('full', 'employees', 'employees')).toBe('as before');
    expect(seenIn('delta', 'orders', 'employees')).toBe('as before');
    expect(seenIn('delta', 'orders', undefined)).toBe('orders');
    expect(seenIn('full', '', 'contractors')).toBeNull();
  });
});

describe('an absence from several feeds', () => {
  it('needs a second file of each of them', () => {
    const absence = { proven: false, feedSha256: 'a,b' };
    const missed = (feedSha256: string) => buildAbsent({ absent: { feedSha256, at: daysAgo(1) } });
    const settings = buildSettings({ absence });
    expect(diffAbsent(missed('a,c'), settings).need).toBeNull();
    expect(diffAbsent(missed('c,d'), settings).need?.operation).toBe('disable');
  });
});

describe('a leave of absence', () => {
  const away = buildPerson({ title: 'Manager' }, { onLeave: true });
  const withPolicy = (onLeave: 'keep' | 'active' | 'disable') =>
    buildSettings({ policy: { ...buildSettings().policy, onLeave } });

  it('leaves an unsettled write and a doubtful match alone, too', () => {
    const conflict = { code: 'LOGIN_TAKEN', message: 'It is taken.' };
    const pair = { ...buildPair(away, buildUser()), conflict };
    expect(diffPerson(pair, withPolicy('keep'))).toEqual({ need: null, bucket: 'excluded', account: null });
  });

  it('links the user where the policy keeps it, and touches no clock', () => {
    const { bucket, account } = diffPerson(buildPair(away, buildUser(), null), withPolicy('keep'));
    expect([bucket, account?.linkKey]).toEqual(['excluded', 'e1']);
    const known = { leaverSince: daysAgo(200), disabled: disabledHere };
    const kept = diffPerson(buildPair(away, buildUser(), known), withPolicy('keep'));
    expect(kept).toEqual({ need: null, bucket: 'excluded', account: null });
  });

  it('that disables starts no clock and removes nobody, however long it takes', () => {
    const first = diffPerson(buildPair(away, buildUser()), withPolicy('disable'));
    expect(first.need).toMatchObject({ operation: 'disable', cause: 'status' });
    expect(first.account).toBeNull();
    const known = { leaverSince: daysAgo(500), disabled: disabledHere };
    expect(diffPerson(buildPair(away, noRoles, known), withPolicy('disable')).need).toBeNull();
    expect(diffPerson(buildPair(away, buildUser(), known), withPolicy('disable')).need?.operation).toBe(
      'disable',
    );
  });

  it('that disables takes nothing from a user who was never linked', () => {
    const { need, bucket } = diffPerson(buildPair(away, buildUser(), null), withPolicy('disable'));
    expect([need, bucket]).toEqual([null, 'excluded']);
  });
});

describe('whatever a row of a delta asks for', () => {
  const someAccount: fc.Arbitrary<Partial<Account> | null> = fc.option(
    fc.record({
      linkKey: fc.constantFrom('e1', 'e2', null),
      disabled: fc.constantFrom(null, disabledHere),
      leaverSince: fc.constantFrom(null, daysAgo(200)),
    }),
  );
  const somePerson: fc.Arbitrary<Person> = fc
    .record({
      actions: fc.option(fc.array(fc.constantFrom(...operations), { minLength: 1, maxLength: 3 })),
      active: fc.boolean(),
      onLeave: fc.boolean(),
    })
    .map(({ actions, active, onLeave }) =>
      buildPerson(
        { title: 'Manager' },
        { active, ...(actions === null ? {} : { actions }), ...(onLeave ? { onLeave } : {}) },
      ),
    );

  it('takes access only from linked users, and removes on leave only by an action', () => {
    const policies = fc.constantFrom('keep' as const, 'active' as const, 'disable' as const);
    fc.assert(
      fc.property(somePerson, someAccount, fc.boolean(), policies, (person, account, active, onLeave) => {
        const settings = { ...delta, policy: { ...delta.policy, onLeave } };
        const user = active ? buildUser() : noRoles;
        const { need, account: news } = diffPerson(buildPair(person, user, account), settings);
        const takes = need?.conflict === null && ['disable', 'remove'].includes(need.operation);
        if (takes) expect(account?.linkKey).toBe('e1');
        const isAway = person.onLeave === true && person.active && person.actions === undefined;
        if (isAway && onLeave !== 'active') {
          expect(need?.operation ?? 'disable').toBe('disable');
          if (news !== null) expect(news.leaverSince).toBe(account?.leaverSince ?? null);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
