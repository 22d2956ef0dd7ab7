import { describe, expect, it } from 'vitest';
import { unbounded } from '../../src/diff/bounds.ts';
import { type CarriedOut, diffRevert, type RevertSettings } from '../../src/diff/diff-revert.ts';
import type { Change, Operation } from '../../src/domain/change.ts';
import type { Attributes, User } from '../../src/domain/user.ts';
import { buildChange } from '../report/build.ts';
import { accountOf, buildSettings, buildUser } from './build.ts';

const full = { extent: 'full', lost: null } as const;

function settings(difference: Partial<RevertSettings> = {}): RevertSettings {
  return {
    ...buildSettings(),
    operations: ['create', 'update', 'enable', 'disable', 'remove'],
    undo: { update: full, remove: { extent: 'no', lost: 'the user is gone' } },
    bars: new Set(),
    removeCreated: false,
    recreate: false,
    ...difference,
  };
}

/** A change that a run carried out: the user before it, after it, and now; null for one who is not there. */
function carriedOut(
  operation: Operation,
  was: User | null,
  left: User,
  now: User | null,
  difference: Partial<CarriedOut> = {},
): CarriedOut {
  const change: Change = buildChange({ operation, user: was, userId: was?.id ?? null });
  const account = now === null ? null : accountOf(now);
  return { change, left, now, account, isOpen: false, wasLinked: false, ...difference };
}

/** What is planned: operation, before, after, and the code of a conflict. */
function planned(carried: CarriedOut, difference: Partial<RevertSettings> = {}): readonly unknown[] {
  return diffRevert(carried, settings(difference)).map(({ need, spared }) =>
    need === null ? spared : [need.operation, need.before, need.after, need.conflict?.code ?? null],
  );
}

const user = (attributes: Attributes = {}, active = true): User => buildUser(attributes, { active });

describe('reverting an update', () => {
  const was = user({ title: 'Clerk', vip: false });
  const left = user({ title: 'Lead', vip: true });

  it('gives every attribute the value that it had before', () => {
    expect(planned(carriedOut('update', was, left, left))).toEqual([
      ['update', { title: 'Lead', vip: true }, { title: 'Clerk', vip: false }, null],
    ]);
  });

  it('leaves what somebody changed since, and says so beside the rest', () => {
    const now = user({ title: 'Chief', vip: true });
    expect(planned(carriedOut('update', was, left, now))).toEqual([
      ['update', { vip: true }, { vip: false }, null],
      ['update', { title: 'Chief' }, { title: 'Clerk' }, 'CHANGED_SINCE'],
    ]);
  });

  it('has nothing to do where all is as it was, or the run changed nothing', () => {
    expect(planned(carriedOut('update', was, left, was))).toEqual([]);
    expect(planned(carriedOut('update', was, was, user({ title: 'Chief' })))).toEqual([]);
  });

  it('takes what the run gave and gives back what it took, and leaves what others did', () => {
    const before = user({ roles: ['Planner', 'Viewer'] });
    const after = user({ roles: ['Approver', 'Viewer'] });
    const now = user({ roles: ['Approver', 'Auditor'] });
    expect(planned(carriedOut('update', before, after, now))).toEqual([
      ['update', { roles: ['Approver', 'Auditor'] }, { roles: ['Auditor', 'Planner'] }, null],
    ]);
  });

  it('gives nothing to somebody who was disabled since, or is gone, or is somebody else’s by now', () => {
    const disabled = user({ title: 'Lead', vip: true }, false);
    expect(planned(carriedOut('update', was, left, disabled))).toEqual([['update', {}, {}, 'CHANGED_SINCE']]);
    expect(planned(carriedOut('update', was, left, null))).toEqual([['update', {}, {}, 'CHANGED_SINCE']]);
    const account = accountOf(left, { linkKey: 'e2' });
    expect(planned(carriedOut('update', was, left, left, { account }))).toEqual([
      ['update', {}, {}, 'CHANGED_SINCE'],
    ]);
  });

  it('cannot give back what nobody knows, where the target does not show everything', () => {
    const { title: _, ...unseen } = was.attributes;
    const before = { ...was, attributes: unseen };
    const undo = { update: { extent: 'partly', lost: 'what no look-up shows' } } as const;
    expect(planned(carriedOut('update', before, left, left), { undo })).toEqual([
      ['update', { vip: true }, { vip: false }, null],
      ['update', { title: 'Lead' }, { title: null }, 'CANNOT_UNDO'],
    ]);
  });

  it('leaves alone whose write is in doubt, who is kept, and who is out of scope', () => {
    const carried = carriedOut('update', was, left, left);
    expect(planned({ ...carried, isOpen: true })).toEqual([['update', {}, {}, 'IN_DOUBT']]);
    expect(planned(carried, { inDoubt: new Set(['e1']) })).toEqual([['update', {}, {}, 'IN_DOUBT']]);
    expect(planned(carried, { bounds: { ...unbounded, kept: new Set(['e1']) } })).toEqual(['kept']);
    expect(planned(carried, { bounds: { ...unbounded, isInScope: () => false } })).toEqual(['outsideScope']);
  });

  it('takes nothing from a protected user', () => {
    const carried = carriedOut('update', user({ roles: [] }), user(), user());
    const bounds = { ...unbounded, isProtected: () => true };
    expect(planned(carried, { bounds })).toEqual(['protected']);
  });
});

describe('reverting a disable', () => {
  const was = user({ roles: ['Planner', 'Viewer'] });
  const left = user({ roles: [] }, false);

  it('enables the account with what it had', () => {
    expect(planned(carriedOut('disable', was, left, left))).toEqual([
      ['enable', { active: false, roles: [] }, { active: true, roles: ['Planner', 'Viewer'] }, null],
    ]);
  });

  it('gives back the rest to somebody whom others enabled since', () => {
    const now = user({ roles: ['Viewer'] });
    expect(planned(carriedOut('disable', was, left, now))).toEqual([
      ['update', { roles: ['Viewer'] }, { roles: ['Planner', 'Viewer'] }, null],
    ]);
  });

  it('does not enable somebody who was disabled by key', () => {
    const bars = new Set(['e1']);
    expect(planned(carriedOut('disable', was, left, left), { bars })).toEqual([
      ['enable', {}, {}, 'CANNOT_UNDO'],
    ]);
  });
});

describe('reverting an enable', () => {
  const was = user({ title: 'Clerk', roles: [] }, false);
  const left = user({ title: 'Lead', roles: ['Viewer'] });

  it('disables the account, remembers what that takes, and gives back the values', () => {
    expect(planned(carriedOut('enable', was, left, left))).toEqual([
      ['disable', { title: 'Lead', active: true }, { title: 'Clerk', active: false }, null],
    ]);
    const [difference] = diffRevert(carriedOut('enable', was, left, left), settings());
    expect(difference?.need?.remember).toEqual({ roles: ['Viewer'] });
  });

  it('is a conflict where others gave more since, which a disable would take along', () => {
    const now = user({ title: 'Lead', roles: ['Auditor', 'Viewer'] });
    expect(planned(carriedOut('enable', was, left, now))).toEqual([['disable', {}, {}, 'CHANGED_SINCE']]);
  });
});

describe('reverting a create', () => {
  const made = user();

  it('disables whom the run created, and does not remove them unless that is asked for', () => {
    expect(planned(carriedOut('create', null, made, made))).toEqual([
      ['disable', { active: true }, { active: false }, null],
    ]);
    expect(planned(carriedOut('create', null, made, made), { removeCreated: true })).toEqual([
      ['remove', made.attributes, {}, null],
    ]);
  });

  it('removes nobody whom somebody changed since, and nobody where the policy does not', () => {
    const now = user({ title: 'Lead' });
    expect(planned(carriedOut('create', null, made, now), { removeCreated: true })).toEqual([
      ['disable', {}, {}, 'CHANGED_SINCE'],
    ]);
    const policy = { ...buildSettings().policy, leavers: [{ operation: 'disable', afterDays: 0 }] as const };
    expect(planned(carriedOut('create', null, made, made), { removeCreated: true, policy })).toEqual([
      ['disable', {}, {}, 'CANNOT_UNDO'],
    ]);
    const none = { ...policy, leavers: [] };
    expect(planned(carriedOut('create', null, made, made), { policy: none })).toEqual([
      ['disable', {}, {}, 'CANNOT_UNDO'],
    ]);
  });

  it('has nothing to do for who is gone or disabled, and does not disable whom the run only found', () => {
    expect(planned(carriedOut('create', null, made, null))).toEqual([]);
    expect(planned(carriedOut('create', null, made, user({}, false)))).toEqual([]);
    expect(planned(carriedOut('create', null, made, made, { wasLinked: true }))).toEqual([
      ['disable', {}, {}, 'CANNOT_UNDO'],
    ]);
  });
});

describe('reverting a removal', () => {
  const was = user();
  const left = user({}, false);

  it('says that it cannot be undone, or creates the user anew where that is asked for', () => {
    expect(planned(carriedOut('remove', was, left, null))).toEqual([['create', {}, {}, 'CANNOT_UNDO']]);
    expect(planned(carriedOut('remove', was, left, null), { recreate: true })).toEqual([
      ['create', {}, { userName: 'ada@example.com', title: 'Clerk', roles: ['Viewer'] }, null],
    ]);
  });

  it('enables whom the target only took out of use, and leaves whom somebody made again', () => {
    expect(planned(carriedOut('remove', was, left, left))).toEqual([
      ['enable', { active: false }, { active: true }, null],
    ]);
    expect(planned(carriedOut('remove', was, left, was))).toEqual([]);
  });
});
