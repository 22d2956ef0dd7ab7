import { describe, expect, it } from 'vitest';
import { diffAbsent, diffPerson } from '../../src/diff/diff-pair.ts';
import type { LeaverRule, Policy } from '../../src/domain/settings.ts';
import type { Attributes } from '../../src/domain/user.ts';
import {
  accountOf,
  asOf,
  buildAbsent,
  buildColumn,
  buildPair,
  buildPerson,
  buildSettings,
  buildUser,
  daysAgo,
  feedSha256,
} from './build.ts';

const settings = buildSettings();
const policyWith = (difference: Partial<Policy>): ReturnType<typeof buildSettings> =>
  buildSettings({ policy: { ...settings.policy, ...difference } });
const leaversWith = (...leavers: readonly LeaverRule[]): ReturnType<typeof buildSettings> =>
  policyWith({ leavers });
const disabledHere = { at: daysAgo(10), restore: { roles: ['Planner', 'Viewer'] } };

describe('a person without a user', () => {
  it('is created with all that the feed says', () => {
    const person = buildPerson({ roles: ['Viewer'], vip: false });
    expect(diffPerson(buildPair(person, null), settings)).toMatchObject({
      bucket: 'changed',
      account: null,
      need: {
        operation: 'create',
        userId: null,
        user: null,
        rows: person.rows,
        cause: 'feed',
        before: {},
        after: { userName: 'ada@example.com', title: 'Clerk', roles: ['Viewer'], vip: false },
        conflict: null,
      },
    });
  });

  it('is created without what the feed clears', () => {
    const { need } = diffPerson(buildPair(buildPerson({ title: null }), null), settings);
    expect(need?.after).toEqual({ userName: 'ada@example.com' });
  });

  it('is created also with what is written only then, or only where nothing stands', () => {
    const columns = [buildColumn('title', { write: 'onCreate' }), buildColumn('roles', { write: 'ifEmpty' })];
    const { need } = diffPerson(
      buildPair(buildPerson({ roles: ['Viewer'] }), null),
      buildSettings({ columns }),
    );
    expect(need?.after).toMatchObject({ title: 'Clerk', roles: ['Viewer'] });
  });

  it('is a conflict when the target needs more than the feed gives', () => {
    const person = buildPerson({}, { attributes: { title: 'Clerk' } });
    const { need, bucket } = diffPerson(buildPair(person, null), settings);
    expect(need?.conflict).toMatchObject({
      code: 'MISSING_REQUIRED',
      message: expect.stringContaining('userName'),
    });
    expect(bucket).toBe('changed');
  });

  it('is excluded when the policy creates nobody', () => {
    const difference = diffPerson(buildPair(buildPerson(), null), policyWith({ create: false }));
    expect(difference).toEqual({ need: null, bucket: 'excluded', account: null });
  });

  it('is left alone when the status says that the person has left', () => {
    const difference = diffPerson(buildPair(buildPerson({}, { active: false }), null), settings);
    expect(difference).toEqual({ need: null, bucket: 'unchanged', account: null });
  });

  it('is a conflict while an earlier write is in doubt, so that nobody is created twice', () => {
    const doubtful = buildSettings({ inDoubt: new Set(['e1']) });
    const { need } = diffPerson(buildPair(buildPerson(), null), doubtful);
    expect(need).toMatchObject({ operation: 'create', after: {}, conflict: { code: 'IN_DOUBT' } });
  });
});

describe('a person whose user agrees', () => {
  it('is unchanged', () => {
    const difference = diffPerson(buildPair(buildPerson(), buildUser()), settings);
    expect(difference).toEqual({ need: null, bucket: 'unchanged', account: null });
  });

  it('is unchanged also when the policy updates nobody', () => {
    const difference = diffPerson(buildPair(buildPerson(), buildUser()), policyWith({ update: false }));
    expect(difference.bucket).toBe('unchanged');
  });

  it('is linked when it was matched for the first time', () => {
    const user = buildUser();
    const difference = diffPerson(buildPair(buildPerson(), user, null), settings);
    expect(difference).toEqual({ need: null, bucket: 'unchanged', account: accountOf(user) });
  });

  it('is linked when the ledger knew the user as unmanaged', () => {
    const difference = diffPerson(
      buildPair(buildPerson(), buildUser(), { linkKey: null, key: null }),
      settings,
    );
    expect(difference.account).toMatchObject({ id: 'u1', linkKey: 'e1', key: 'E1' });
  });

  it('is no leaver any more', () => {
    const gone = { leaverSince: daysAgo(3), absent: { feedSha256: 'a', at: daysAgo(3) } };
    const difference = diffPerson(buildPair(buildPerson(), buildUser(), gone), settings);
    expect(difference).toMatchObject({ need: null, account: { leaverSince: null, absent: null } });
  });

  it('is not disabled by this job any more once it is active and has all back', () => {
    const user = buildUser({ roles: ['Viewer', 'Planner'] });
    const difference = diffPerson(buildPair(buildPerson(), user, { disabled: disabledHere }), settings);
    expect(difference).toMatchObject({ need: null, account: { disabled: null } });
  });
});

describe('a person whose user differs', () => {
  const updated = (wanted: Attributes, has: Attributes, different = settings) =>
    diffPerson(buildPair(buildPerson(wanted), buildUser(has)), different);

  it('is updated in what differs, and in nothing else', () => {
    const { need, bucket } = updated(
      { title: 'Manager', 'emails.work': 'ada@example.com' },
      { title: 'Clerk' },
    );
    expect(bucket).toBe('changed');
    expect(need).toMatchObject({ operation: 'update', userId: 'u1', cause: 'feed', conflict: null });
    expect(need?.before).toEqual({ title: 'Clerk', 'emails.work': null });
    expect(need?.after).toEqual({ title: 'Manager', 'emails.work': 'ada@example.com' });
  });

  it('is not updated in what the feed says nothing of', () => {
    expect(updated({}, { 'emails.work': 'other@example.com' }).need).toBeNull();
  });

  it('is not updated in what no rule knows', () => {
    expect(updated({ shoeSize: '42' }, {}).need).toBeNull();
  });

  it('is not updated for a case that the target ignores, but for one that it keeps', () => {
    expect(
      updated({ 'emails.work': 'ADA@example.com' }, { 'emails.work': 'ada@example.com' }).need,
    ).toBeNull();
    expect(updated({ title: 'CLERK' }, { title: 'Clerk' }).need?.after).toEqual({ title: 'CLERK' });
  });

  it('is not updated for another way to compose the same letters', () => {
    expect(updated({ title: 'Che\u0301f' }, { title: 'Chéf' }).need).toBeNull();
  });

  it('is cleared where the feed says so, and only where there is something', () => {
    expect(updated({ title: null }, { title: 'Clerk' }).need).toMatchObject({
      before: { title: 'Clerk' },
      after: { title: null },
    });
    expect(updated({ title: null }, { title: '' }).need).toBeNull();
    expect(updated({ title: null }, { title: null }).need).toBeNull();
  });

  it('is told a no from nothing', () => {
    expect(updated({ vip: false }, {}).need?.after).toEqual({ vip: false });
    expect(updated({ vip: false }, { vip: false }).need).toBeNull();
  });

  it('keeps what is written on create only', () => {
    const columns = [buildColumn('title', { write: 'onCreate' })];
    expect(updated({ title: 'Manager' }, {}, buildSettings({ columns })).need).toBeNull();
  });

  it('keeps what is written only where nothing stands, once something does', () => {
    const ifEmpty = buildSettings({ columns: [buildColumn('title', { write: 'ifEmpty' })] });
    expect(updated({ title: 'Manager' }, { title: 'Clerk' }, ifEmpty).need).toBeNull();
    expect(updated({ title: 'Manager' }, { title: '' }, ifEmpty).need?.after).toEqual({ title: 'Manager' });
    expect(updated({ title: 'Manager' }, { title: null }, ifEmpty).need?.after).toEqual({ title: 'Manager' });
  });

  it('is excluded when the policy updates nobody', () => {
    expect(updated({ title: 'Manager' }, {}, policyWith({ update: false }))).toMatchObject({
      need: null,
      bucket: 'excluded',
    });
  });

  it.each(['userName', 'costCenter'])('is a conflict when the target never changes %s', (name) => {
    const { need } = updated({ [name]: 'other' }, {});
    expect(need).toMatchObject({ operation: 'update', conflict: { code: 'NOT_WRITABLE' } });
    expect(need?.conflict?.message).toContain(name);
  });

  it('is left alone while an earlier write is in doubt', () => {
    const doubtful = buildSettings({ inDoubt: new Set(['e1']) });
    const { need, account } = updated({ title: 'Manager' }, {}, doubtful);
    expect(need).toMatchObject({ operation: 'update', after: {}, conflict: { code: 'IN_DOUBT' } });
    expect(account).toBeNull();
  });

  it('is a conflict, whatever else it needs, when it could not be paired safely', () => {
    const conflict = { code: 'LOGIN_TAKEN', message: 'taken' };
    for (const active of [true, false]) {
      const pair = {
        ...buildPair(buildPerson({ title: 'Manager' }, { active }), buildUser({}, { active: false })),
        conflict,
      };
      expect(diffPerson(pair, settings)).toMatchObject({
        need: { operation: 'update', after: {}, conflict },
        account: null,
      });
    }
  });
});

describe('a set', () => {
  const setOf = (
    wanted: readonly string[] | null,
    has: readonly string[] | null,
    owned: readonly string[] = [],
  ) =>
    diffPerson(
      buildPair(buildPerson({ groups: wanted }), buildUser({ groups: has })),
      buildSettings({ columns: [buildColumn('groups', { owned })] }),
    ).need;

  it('only grows where the job owns none of it', () => {
    expect(setOf(['EPM-A'], ['Sales', 'EPM-B'])).toMatchObject({
      before: { groups: ['Sales', 'EPM-B'] },
      after: { groups: ['EPM-A', 'EPM-B', 'Sales'] },
    });
  });

  it('is never emptied by an empty cell', () => {
    expect(setOf([], ['Sales'])).toBeNull();
    expect(setOf(null, ['Sales'])).toBeNull();
  });

  it('loses what the job owns and does not want any more, and nothing else', () => {
    expect(setOf(['EPM-A'], ['Sales', 'EPM-B', 'XEPM-C'], ['EPM-*'])?.after).toEqual({
      groups: ['EPM-A', 'Sales', 'XEPM-C'],
    });
    expect(setOf(null, ['Sales', 'EPM-B'], ['EPM-*'])?.after).toEqual({ groups: ['Sales'] });
  });

  it('loses what the job owns also in another case, where the target ignores case', () => {
    expect(setOf([], ['epm-b'], ['EPM-*'])?.after).toEqual({ groups: [] });
  });

  it('keeps the spelling of the target for what both have', () => {
    expect(setOf(['epm-a'], ['EPM-A'])).toBeNull();
    expect(setOf(['epm-a', 'New'], ['EPM-A'], ['*'])?.after).toEqual({ groups: ['EPM-A', 'New'] });
  });

  it('takes two spellings of one entry for one, where the target ignores case', () => {
    expect(setOf(['New', 'NEW'], [])?.after).toEqual({ groups: ['NEW'] });
  });

  it('grows from nothing', () => {
    expect(setOf(['B', 'A'], null)).toMatchObject({
      before: { groups: null },
      after: { groups: ['A', 'B'] },
    });
  });

  it('takes owned patterns literally but for the asterisk', () => {
    expect(setOf([], ['E+M', 'EPM'], ['E.M'])).toBeNull();
    expect(setOf([], ['E+M', 'E(M'], ['E+M', 'E(*'])?.after).toEqual({ groups: [] });
    expect(setOf([], ['a-b-c', 'a-c'], ['a*b*c'])?.after).toEqual({ groups: ['a-c'] });
  });
});

describe('a person whose user is disabled', () => {
  const inactive = buildUser({ roles: [] }, { active: false });

  it('is a conflict, and not enabled, when others disabled it', () => {
    const { need } = diffPerson(buildPair(buildPerson({ title: 'Manager' }), inactive), settings);
    expect(need).toMatchObject({
      operation: 'enable',
      before: {},
      after: {},
      conflict: { code: 'DISABLED_ELSEWHERE' },
    });
  });

  it('is a conflict also when the user has just been matched', () => {
    const { need } = diffPerson(buildPair(buildPerson(), inactive, null), settings);
    expect(need?.conflict?.code).toBe('DISABLED_ELSEWHERE');
  });

  it('is enabled with what was taken away when this job disabled it', () => {
    const pair = buildPair(buildPerson({ title: 'Manager' }), inactive, {
      disabled: disabledHere,
      leaverSince: daysAgo(10),
      absent: { feedSha256: 'a', at: daysAgo(20) },
    });
    const { need, account } = diffPerson(pair, settings);
    expect(need).toMatchObject({ operation: 'enable', userId: 'u1', conflict: null });
    expect(need?.before).toEqual({ active: false, title: 'Clerk', roles: [] });
    expect(need?.after).toEqual({ active: true, title: 'Manager', roles: ['Planner', 'Viewer'] });
    // Until it has succeeded, the next run has to know what to give back.
    expect(account).toMatchObject({ disabled: disabledHere, leaverSince: null, absent: null });
  });

  it('gets back what was taken also of a set that the feed fills on create only', () => {
    const columns = [buildColumn('roles', { write: 'onCreate' })];
    const pair = buildPair(buildPerson({ roles: ['Viewer'] }), inactive, { disabled: disabledHere });
    expect(diffPerson(pair, buildSettings({ columns })).need?.after).toMatchObject({
      roles: ['Planner', 'Viewer'],
    });
  });

  it('gets back what was taken beside what the feed wants', () => {
    const pair = buildPair(buildPerson({ roles: ['Auditor'] }), inactive, { disabled: disabledHere });
    expect(diffPerson(pair, settings).need?.after).toMatchObject({ roles: ['Auditor', 'Planner', 'Viewer'] });
  });

  it('is enabled when there was nothing to take away', () => {
    const pair = buildPair(buildPerson(), inactive, { disabled: { at: daysAgo(1), restore: {} } });
    expect(diffPerson(pair, settings).need).toMatchObject({
      operation: 'enable',
      before: { active: false },
      after: { active: true },
    });
  });

  it('is a conflict when enabling would need what the target never changes', () => {
    const pair = buildPair(buildPerson({ userName: 'new@example.com' }), inactive, {
      disabled: disabledHere,
    });
    expect(diffPerson(pair, settings).need).toMatchObject({
      operation: 'enable',
      conflict: { code: 'NOT_WRITABLE' },
    });
  });

  it('gets the rest back when an enable stopped half-way', () => {
    const half = buildUser({ roles: ['Viewer'] });
    const pair = buildPair(buildPerson(), half, { disabled: disabledHere });
    expect(diffPerson(pair, settings).need).toMatchObject({
      operation: 'enable',
      before: { active: true, roles: ['Viewer'] },
      after: { active: true, roles: ['Planner', 'Viewer'] },
    });
  });

  it('gets back what a half-done disable has taken when the person stays after all', () => {
    const half = buildUser({ roles: ['Planner'] });
    const pair = buildPair(buildPerson(), half, { disabled: disabledHere, leaverSince: daysAgo(1) });
    expect(diffPerson(pair, settings).need?.after).toMatchObject({ roles: ['Planner', 'Viewer'] });
  });

  it('is left alone while an earlier write is in doubt', () => {
    const doubtful = buildSettings({ inDoubt: new Set(['e1']) });
    const pair = buildPair(buildPerson(), inactive, { disabled: disabledHere });
    expect(diffPerson(pair, doubtful).need).toMatchObject({ after: {}, conflict: { code: 'IN_DOUBT' } });
  });
});

describe('a person whose status says that it has left', () => {
  const left = buildPerson({ title: 'Manager' }, { active: false });

  it('is disabled, and what enabling has to give back is remembered', () => {
    const { need, bucket, account } = diffPerson(buildPair(left, buildUser()), settings);
    expect(bucket).toBe('changed');
    expect(need).toMatchObject({
      operation: 'disable',
      key: 'E1',
      linkKey: 'e1',
      userId: 'u1',
      rows: left.rows,
      cause: 'status',
      before: { active: true },
      after: { active: false },
      remember: { roles: ['Viewer'] },
      conflict: null,
    });
    expect(account).toMatchObject({ leaverSince: asOf });
  });

  it('counts days from when it was first seen to leave', () => {
    const since = daysAgo(5);
    expect(diffPerson(buildPair(left, buildUser(), { leaverSince: since }), settings).account).toBeNull();
    expect(
      diffPerson(
        buildPair(left, buildUser(), { leaverSince: since }),
        leaversWith({ operation: 'disable', afterDays: 6 }),
      ),
    ).toEqual({ need: null, bucket: 'unchanged', account: null });
  });

  it('is only linked when it was matched for the first time, and disabled by the next run', () => {
    const first = diffPerson(buildPair(left, buildUser(), null), settings);
    expect(first).toMatchObject({
      need: null,
      bucket: 'excluded',
      account: { linkKey: 'e1', leaverSince: null },
    });
    const next = diffPerson({ ...buildPair(left, buildUser(), null), account: first.account }, settings);
    expect(next.need).toMatchObject({ operation: 'disable', key: 'E1', linkKey: 'e1' });
    expect(next.account).toMatchObject({ linkKey: 'e1', leaverSince: asOf });
  });

  it.each([
    ['nothing a moment before its first day', 29, 86_399_999, null],
    ['disabled on its day', 30, 0, 'disable'],
    ['disabled a moment before the day of the removal', 89, 86_399_999, 'disable'],
    ['removed on its day', 90, 0, 'remove'],
    ['removed ever after', 4_000, 0, 'remove'],
  ] as const)('is %s', (_, days, ms, operation) => {
    const late = leaversWith({ operation: 'disable', afterDays: 30 }, { operation: 'remove', afterDays: 90 });
    const pair = buildPair(left, buildUser(), { leaverSince: daysAgo(days, ms) });
    expect(diffPerson(pair, late).need?.operation ?? null).toBe(operation);
  });

  it('is not judged by a moment before it was seen to leave', () => {
    const pair = buildPair(left, buildUser(), { leaverSince: daysAgo(-1) });
    expect(diffPerson(pair, settings).need).toBeNull();
  });

  it('is not disabled twice', () => {
    const user = buildUser({ roles: [] }, { active: false });
    const pair = buildPair(left, user, { disabled: disabledHere, leaverSince: daysAgo(10) });
    expect(diffPerson(pair, settings)).toEqual({ need: null, bucket: 'unchanged', account: null });
  });

  it('is removed although it is disabled already, and shows what is lost', () => {
    const user = buildUser({ roles: [] }, { active: false });
    const pair = buildPair(left, user, { disabled: disabledHere, leaverSince: daysAgo(90) });
    expect(diffPerson(pair, settings).need).toMatchObject({
      operation: 'remove',
      before: user.attributes,
      after: {},
      remember: null,
    });
  });

  it('does not forget what a disable that stopped half-way took already', () => {
    const half = buildUser({ roles: ['Viewer'] });
    const pair = buildPair(left, half, { disabled: disabledHere, leaverSince: daysAgo(10) });
    expect(diffPerson(pair, settings).need?.remember).toEqual({ roles: ['Planner', 'Viewer'] });
  });

  it('does not forget another set that was remembered then', () => {
    const half = buildUser({ roles: ['Viewer'] });
    const disabled = { at: daysAgo(1), restore: { groups: ['Sales'] } };
    const pair = buildPair(left, half, { disabled, leaverSince: daysAgo(1) });
    expect(diffPerson(pair, settings).need?.remember).toEqual({ groups: ['Sales'], roles: ['Viewer'] });
  });

  it('is excluded when the policy has nothing for leavers', () => {
    expect(diffPerson(buildPair(left, buildUser()), leaversWith())).toEqual({
      need: null,
      bucket: 'excluded',
      account: null,
    });
  });

  it('is left alone while an earlier write is in doubt', () => {
    const doubtful = buildSettings({ inDoubt: new Set(['e1']) });
    expect(diffPerson(buildPair(left, buildUser()), doubtful).need).toMatchObject({
      after: {},
      conflict: { code: 'IN_DOUBT' },
    });
  });
});

describe('a linked user whom the feed does not name', () => {
  const unproven = buildSettings({ absence: { proven: false, feedSha256 } });

  it('is a leaver when the feed is proven whole', () => {
    const { need, account } = diffAbsent(buildAbsent(), settings);
    expect(need).toMatchObject({
      operation: 'disable',
      key: 'E1',
      linkKey: 'e1',
      userId: 'u1',
      rows: [],
      cause: 'absence',
      before: { active: true },
      after: { active: false },
      remember: { roles: ['Viewer'] },
    });
    expect(account).toMatchObject({ leaverSince: asOf, absent: { feedSha256, at: asOf } });
  });

  it('is only noted the first time when nothing proves the feed', () => {
    const { need, account } = diffAbsent(buildAbsent(), unproven);
    expect(need).toBeNull();
    expect(account).toMatchObject({ leaverSince: null, absent: { feedSha256, at: asOf } });
  });

  it('is not a leaver by the same bytes, however often they come', () => {
    const seen = { absent: { feedSha256, at: daysAgo(30) } };
    expect(diffAbsent(buildAbsent(seen), unproven)).toEqual({
      need: null,
      bucket: 'unchanged',
      account: null,
    });
  });

  it('is a leaver by a second feed with other bytes, and the first witness is kept', () => {
    const absent = { feedSha256: 'a'.repeat(64), at: daysAgo(1) };
    const { need, account } = diffAbsent(buildAbsent({ absent }), unproven);
    expect(need).toMatchObject({ operation: 'disable', cause: 'absence' });
    expect(account).toMatchObject({ leaverSince: asOf, absent });
  });

  it('is a leaver by the same bytes once they are proven whole', () => {
    const seen = { absent: { feedSha256, at: daysAgo(1) } };
    expect(diffAbsent(buildAbsent(seen), settings).need?.operation).toBe('disable');
  });

  it('is nothing when nobody’s absence means anything, witnesses or not', () => {
    const nothing = buildSettings({ absence: null });
    const absent = { feedSha256: 'a', at: daysAgo(1) };
    for (const account of [{}, { absent }, { absent, leaverSince: daysAgo(200) }]) {
      expect(diffAbsent(buildAbsent(account), nothing)).toEqual({
        need: null,
        bucket: 'unchanged',
        account: null,
      });
    }
  });

  it('counts days from when it was confirmed to have left, not from the first witness', () => {
    const late = buildSettings({
      absence: { proven: false, feedSha256 },
      policy: { ...settings.policy, leavers: [{ operation: 'disable', afterDays: 5 }] },
    });
    const absent = { feedSha256: 'a', at: daysAgo(10) };
    const first = diffAbsent(buildAbsent({ absent }), late);
    expect(first).toMatchObject({ need: null, account: { leaverSince: asOf } });
    const later = diffAbsent(buildAbsent({ absent, leaverSince: daysAgo(5) }), late);
    expect(later.need?.operation).toBe('disable');
  });

  it('is left alone while an earlier write is in doubt', () => {
    const doubtful = buildSettings({ inDoubt: new Set(['e1']) });
    expect(diffAbsent(buildAbsent(), doubtful).need).toMatchObject({
      cause: 'absence',
      conflict: { code: 'IN_DOUBT' },
    });
  });

  it('is nothing when the policy has nothing for leavers, but its absence is noted', () => {
    const { need, account } = diffAbsent(buildAbsent(), leaversWith());
    expect(need).toBeNull();
    expect(account).toMatchObject({ absent: { feedSha256 }, leaverSince: null });
  });
});
