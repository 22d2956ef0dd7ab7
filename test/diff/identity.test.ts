import { describe, expect, it } from 'vitest';
import { type DepartedPeople, unbounded } from '../../src/diff/bounds.ts';
import { diffAbsent, diffPerson } from '../../src/diff/diff-pair.ts';
import type { DiffSettings } from '../../src/diff/difference.ts';
import type { Policy } from '../../src/domain/settings.ts';
import type { Account } from '../../src/domain/user.ts';
import { asOf, buildAbsent, buildPair, buildPerson, buildSettings, buildUser, daysAgo } from './build.ts';

const nobody = unbounded.departed;
function settingsWith(policy: Partial<Policy>, departed: Partial<DepartedPeople> = {}): DiffSettings {
  const bounds = { ...unbounded, departed: { ...nobody, ...departed } };
  return buildSettings({ policy: { ...buildSettings().policy, ...policy }, bounds });
}

const away = buildUser({ roles: [] }, { active: false });
const left: Partial<Account> = {
  leaverSince: daysAgo(10),
  disabled: { at: daysAgo(10), restore: { roles: ['Viewer'] } },
};

describe('somebody who comes back to an account that this job disabled', () => {
  const back = buildPair(buildPerson(), away, left);

  it('gets it back by default', () => {
    const { need, account } = diffPerson(back, buildSettings());
    expect(need).toMatchObject({
      operation: 'enable',
      conflict: null,
      after: { active: true, roles: ['Viewer'] },
    });
    expect(account).toMatchObject({ leaverSince: null });
  });

  it('is a conflict each day where the job says to hold, until somebody has enabled it', () => {
    const settings = settingsWith({ rehire: 'hold' });
    const { need, account } = diffPerson(back, settings);
    expect(need?.conflict?.code).toBe('REHIRE');
    expect(account).toBeNull();
    const byHand = buildPair(buildPerson(), buildUser({ roles: [] }), left);
    expect(diffPerson(byHand, settings).need).toMatchObject({ operation: 'enable', conflict: null });
  });

  it('was not away where only a leave of absence disabled it', () => {
    const { leaverSince: _, ...onLeave } = left;
    const { need } = diffPerson(buildPair(buildPerson(), away, onLeave), settingsWith({ rehire: 'hold' }));
    expect(need).toMatchObject({ operation: 'enable', conflict: null });
  });

  it('gets a new one where the job says so, and the old one belongs to nobody from then on', () => {
    const person = buildPerson({ userName: 'ada2@example.com' });
    const { need, account } = diffPerson(buildPair(person, away, left), settingsWith({ rehire: 'new' }));
    expect(need).toMatchObject({
      operation: 'create',
      userId: null,
      after: { userName: 'ada2@example.com' },
    });
    expect(account).toMatchObject({ id: 'u1', linkKey: null, key: null, disabled: null, leaverSince: null });
  });

  it('is a conflict where the new one would need the old one’s login', () => {
    const { need, account } = diffPerson(back, settingsWith({ rehire: 'new' }));
    expect(need?.conflict?.code).toBe('REHIRE');
    expect(account).toBeNull();
  });
});

describe('somebody who comes back after a removal', () => {
  const gone = { has: (linkKey: string) => linkKey === 'e1' };

  it('is created, but where the job says to hold', () => {
    const back = buildPair(buildPerson(), null);
    for (const rehire of ['reactivate', 'new'] as const) {
      expect(diffPerson(back, settingsWith({ rehire }, gone)).need?.conflict).toBeNull();
    }
    expect(diffPerson(back, settingsWith({ rehire: 'hold' }, gone)).need?.conflict?.code).toBe('REHIRE');
    expect(diffPerson(back, settingsWith({ rehire: 'hold' })).need?.conflict).toBeNull();
  });
});

describe('the login of a removed user', () => {
  const dayMs = 86_400_000;
  const removed = (at: string): Partial<DepartedPeople> => ({
    loginOfAnother: (login, linkKey) => (login === 'ada@example.com' && linkKey === 'e1' ? at : null),
  });
  const codeFor = (at: string): string | undefined =>
    diffPerson(
      buildPair(buildPerson({ userName: 'Ada@Example.com' }), null),
      settingsWith({ reuseLoginAfterMs: 90 * dayMs }, removed(at)),
    ).need?.conflict?.code;

  it('is given to nobody else before its time, and to anybody after it', () => {
    expect(codeFor(daysAgo(89))).toBe('LOGIN_RESERVED');
    expect(codeFor(daysAgo(90, -1))).toBe('LOGIN_RESERVED');
    expect(codeFor(daysAgo(90))).toBeUndefined();
  });

  it('is free where the job says nothing of it', () => {
    const settings = settingsWith({ reuseLoginAfterMs: null }, removed(asOf));
    expect(diffPerson(buildPair(buildPerson(), null), settings).need?.conflict).toBeNull();
  });

  it('is not got by a rename either', () => {
    const settings = settingsWith({ reuseLoginAfterMs: dayMs }, removed(daysAgo(0)));
    const writable = {
      ...settings.rules,
      userName: { ...settings.rules.userName, writable: 'always' },
    } as never;
    const user = buildUser({ userName: 'other@example.com' });
    const { need } = diffPerson(buildPair(buildPerson(), user), { ...settings, rules: writable });
    expect(need).toMatchObject({ operation: 'update', conflict: { code: 'LOGIN_RESERVED' } });
  });
});

describe('a value that others change back', () => {
  const written = (...at: readonly string[]): Partial<Account> => ({
    written: { title: { value: 'Manager', at } },
  });
  const settings = buildSettings();
  const held = settingsWith({ flapping: 'hold' });
  const again = (account: Partial<Account>, which = settings) =>
    diffPerson(buildPair(buildPerson({ title: 'Manager' }), buildUser(), account), which);

  it('flaps once it would be written the third time within seven days', () => {
    expect(again(written(daysAgo(2), daysAgo(1))).flapping).toEqual(['title']);
    expect(again(written(daysAgo(1))).flapping).toBeUndefined();
    expect(again(written(daysAgo(7), daysAgo(1))).flapping).toBeUndefined();
    expect(again(written(daysAgo(7, -1), daysAgo(1))).flapping).toEqual(['title']);
  });

  it('does not where the feed says something else by now', () => {
    const account = { written: { title: { value: 'Clerk', at: [daysAgo(2), daysAgo(1)] } } };
    expect(again(account).flapping).toBeUndefined();
  });

  it('is still written, unless the job says to hold', () => {
    const account = written(daysAgo(2), daysAgo(1));
    expect(again(account).need).toMatchObject({ conflict: null, after: { title: 'Manager' } });
    expect(again(account, held)).toMatchObject({
      flapping: ['title'],
      need: { conflict: { code: 'FLAPPING' } },
    });
    expect(again(written(daysAgo(1)), held).need?.conflict).toBeNull();
  });
});

describe('two feeds that miss somebody', () => {
  const hourMs = 3_600_000;
  const unproven = (feedSha256: string): DiffSettings =>
    buildSettings({ absence: { proven: false, feedSha256 } });
  const missedBefore = (ms: number): Partial<Account> => ({
    absent: { feedSha256: 'a'.repeat(64), at: daysAgo(0, ms) },
  });

  it('are two witnesses only some hours apart, and the first stays the first', () => {
    const second = unproven('b'.repeat(64));
    expect(diffAbsent(buildAbsent(missedBefore(4 * hourMs)), second).need).not.toBeNull();
    expect(diffAbsent(buildAbsent(missedBefore(4 * hourMs - 1)), second)).toMatchObject({
      need: null,
      account: null,
    });
  });

  it('are one while they have the same bytes, however far apart', () => {
    expect(diffAbsent(buildAbsent(missedBefore(400 * hourMs)), unproven('a'.repeat(64))).need).toBeNull();
  });

  it('need no second where the feed is proven whole', () => {
    expect(diffAbsent(buildAbsent(), buildSettings()).need).toMatchObject({ operation: 'disable' });
  });
});
