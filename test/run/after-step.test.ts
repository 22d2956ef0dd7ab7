import { describe, expect, it } from 'vitest';
import { afterStep } from '../../src/run/after-step.ts';
import type { Change, Step } from '../../src/domain/change.ts';
import type { Account } from '../../src/domain/user.ts';
import { buildChange, buildStep } from '../report/build.ts';

const asOf = '2026-06-01T00:00:00.000Z';
const tools = {
  asOf,
  applied: (step: Step, user: Account | null, userId: string) => ({
    id: userId,
    active: step.action !== 'unassign-role',
    attributes: { ...user?.attributes, ...step.values },
  }),
};

const steps = [
  buildStep({ values: { title: 'Manager' } }),
  buildStep({ action: 'assign-role', subject: 'Viewer' }),
];

const account: Account = {
  id: 'u1',
  active: true,
  attributes: { title: 'Clerk', city: 'Bern' },
  linkKey: 'e1',
  key: 'E1',
  disabled: null,
  leaverSince: '2026-05-01T00:00:00.000Z',
  absent: { feedSha256: 'a', at: '2026-05-01T00:00:00.000Z' },
};

function accountAfter(change: Change, index: number, known: Account | null = account): Account {
  const step = change.steps[index];
  if (step === undefined) throw new Error('no such step');
  return afterStep(change, step, known, 'u1', tools);
}

describe('an account after a step', () => {
  it('has what the step wrote beside what it had, and the rest of its memory', () => {
    expect(accountAfter(buildChange({ steps }), 0)).toEqual({
      ...account,
      attributes: { title: 'Manager', city: 'Bern' },
    });
  });

  it('is of the feed that names a person who is created, and stays of the one that it is of', () => {
    const change = buildChange({ operation: 'create', steps, feed: 'contractors' });
    expect(accountAfter(change, 0, null).feed).toBe('contractors');
    expect(accountAfter(change, 0, { ...account, feed: 'employees' }).feed).toBe('employees');
    expect(accountAfter(buildChange({ steps }), 0)).not.toHaveProperty('feed');
  });

  it('is linked to the change’s person from its first step on', () => {
    const created = accountAfter(buildChange({ operation: 'create', userId: null, steps }), 0, null);
    expect(created).toEqual({
      id: 'u1',
      active: true,
      attributes: { title: 'Manager' },
      linkKey: 'e1',
      key: 'E1',
      disabled: null,
      leaverSince: null,
      absent: null,
    });
  });

  it('of an update keeps what a disable remembered', () => {
    const disabled = { at: asOf, restore: { roles: ['Viewer'] } };
    expect(accountAfter(buildChange({ steps }), 1, { ...account, disabled }).disabled).toEqual(disabled);
  });
});

describe('a disable', () => {
  const change = buildChange({
    operation: 'disable',
    remember: { roles: ['Planner', 'Viewer'] },
    steps: [buildStep({ action: 'unassign-role' }), buildStep({ action: 'unassign-role' })],
  });

  it('is remembered from its first step on, with what enabling has to give back', () => {
    expect(accountAfter(change, 0).disabled).toEqual({ at: asOf, restore: { roles: ['Planner', 'Viewer'] } });
  });

  it('keeps the day on which it began', () => {
    const begun = { at: '2026-05-20T00:00:00.000Z', restore: { roles: ['Viewer'] } };
    expect(accountAfter(change, 1, { ...account, disabled: begun }).disabled).toEqual({
      at: begun.at,
      restore: { roles: ['Planner', 'Viewer'] },
    });
  });

  it('of a user who had nothing is remembered all the same', () => {
    expect(accountAfter({ ...change, remember: null }, 0).disabled).toEqual({ at: asOf, restore: {} });
  });
});

describe('an enable', () => {
  const disabled = { at: '2026-05-20T00:00:00.000Z', restore: { roles: ['Viewer'] } };
  const change = buildChange({ operation: 'enable', steps });

  it('keeps what has to be given back until its last step', () => {
    expect(accountAfter(change, 0, { ...account, disabled }).disabled).toEqual(disabled);
  });

  it('forgets with its last step that this job disabled the account, so that what others disable stays so', () => {
    expect(accountAfter(change, 1, { ...account, disabled }).disabled).toBeNull();
  });
});

describe('what an account remembers of an update', () => {
  const change = buildChange({ steps, after: { title: 'Manager' } });
  const before = '2026-05-30T00:00:00.000Z';
  const long = '2026-05-20T00:00:00.000Z';

  it('is what it wrote, once the last step is done', () => {
    expect(accountAfter(change, 0)).not.toHaveProperty('written');
    expect(accountAfter(change, 1).written).toEqual({ title: { value: 'Manager', at: [asOf] } });
  });

  it('takes a temporary value for what feed and target agreed on, so that nobody seems to have drifted', () => {
    const temporary = buildStep({ values: { title: 'rollcall-1' }, temporary: true });
    const aside = buildChange({ steps: [temporary, ...steps], after: { title: 'Manager' } });
    const known: Account = { ...account, agreed: { title: 'Clerk', city: 'Bern' } };
    const agreed = { title: 'rollcall-1', city: 'Bern' };
    expect(accountAfter(aside, 0, known)).toMatchObject({ attributes: { title: 'rollcall-1' }, agreed });
    // The rest of the change may be sent in a later wave, so that the dispatch sees that step alone.
    const alone = accountAfter({ ...aside, steps: [temporary] }, 0, known);
    expect(alone.agreed).toEqual(agreed);
    expect(alone).not.toHaveProperty('written');
    expect(accountAfter(aside, 0, account)).not.toHaveProperty('agreed');
  });

  it('is how often the same was written within seven days, and nothing older', () => {
    const known = (value: string, ...at: readonly string[]): Account => ({
      ...account,
      written: { title: { value, at }, city: { value: 'Bonn', at: [long] } },
    });
    const times = (value: string, ...at: readonly string[]) =>
      accountAfter(change, 1, known(value, ...at)).written;
    expect(times('Manager', long, before)).toEqual({ title: { value: 'Manager', at: [before, asOf] } });
    expect(times('Clerk', before)).toEqual({ title: { value: 'Manager', at: [asOf] } });
    expect(times('Manager', before, before, before)?.title?.at).toEqual([before, before, asOf]);
  });

  it('is that feed and target agree on it, where that is asked', () => {
    const known = { ...account, agreed: { title: 'Clerk', city: 'Bern' } };
    expect(accountAfter(change, 1, known).agreed).toEqual({ title: 'Manager', city: 'Bern' });
    expect(accountAfter(change, 0, known).agreed).toEqual({ title: 'Clerk', city: 'Bern' });
    expect(accountAfter(change, 1)).not.toHaveProperty('agreed');
  });

  it('links nobody who is missing from a feed and was never linked', () => {
    const missing = buildChange({ operation: 'disable', cause: 'absence', linkKey: 'u1', key: 'u1', steps });
    const stranger = { ...account, linkKey: null, key: null };
    expect(accountAfter(missing, 1, stranger)).toMatchObject({ linkKey: null, key: null });
    const missed = buildChange({ operation: 'disable', cause: 'absence', steps });
    expect(accountAfter(missed, 1)).toMatchObject({ linkKey: missed.linkKey, key: missed.key });
  });
});
