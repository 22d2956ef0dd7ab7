import { describe, expect, it } from 'vitest';
import { scim } from '../../../src/providers/scim/index.ts';
import { steps } from '../../../src/providers/scim/steps.ts';
import { need, user } from './world.ts';

const named = (list: ReturnType<typeof steps>) =>
  list.map(({ action, subject }) => (subject === '' ? action : `${action} ${subject}`));

describe('steps', () => {
  it('create the user first and then join its groups', () => {
    const after = { userName: 'ada', roles: ['Reader'], groups: ['Sales', 'All'] };
    const created = steps(need('create', {}, after), null, null);
    expect(named(created)).toEqual(['create', 'add-to-group All', 'add-to-group Sales']);
    expect(created[0]?.values).toEqual({ userName: 'ada', roles: ['Reader'] });
  });

  it('write only what changes, groups one by one and without case', () => {
    const before = { title: 'Old', groups: ['SALES', 'Gone'] };
    const after = { title: 'New', groups: ['Sales', 'More'] };
    const updated = steps(need('update', before, after), user(), null);
    expect(named(updated)).toEqual(['update', 'add-to-group More', 'remove-from-group Gone']);
    expect(updated[0]?.values).toEqual({ title: 'New' });
    expect(named(steps(need('update', { groups: [] }, { groups: ['A'] }), user(), null))).toEqual([
      'add-to-group A',
    ]);
  });

  it('say which roles are taken, so that a role given by somebody else meanwhile survives', () => {
    const [step] = steps(
      need('update', { roles: ['Old', 'Kept'] }, { roles: ['Kept', 'New'] }),
      user(),
      null,
    );
    expect(step?.values).toEqual({ roles: ['Kept', 'New'], 'scim.takenRoles': ['Old'] });
  });

  it('enable, disable and remove by activity', () => {
    const enabled = steps(
      need('enable', { active: false }, { active: true, title: 'New' }),
      user({}, false),
      {},
    );
    expect(enabled).toEqual([{ action: 'enable', subject: '', values: { active: true, title: 'New' } }]);
    expect(named(steps(need('disable', { active: true }, { active: false }), user(), null))).toEqual([
      'disable',
    ]);
    expect(steps(need('remove', {}, {}), user({}, false), null)[0]?.values).toEqual({ active: false });
  });
});

describe('the user after a step', () => {
  it('is what a read would show', () => {
    const create = { action: 'create', subject: '', values: { userName: 'ada', title: 'T' } };
    const created = scim.applied(create, null, 'u1');
    expect(created).toEqual({
      id: 'u1',
      active: true,
      attributes: { userName: 'ada', title: 'T', groups: [] },
    });
    const joined = scim.applied({ action: 'add-to-group', subject: 'Sales', values: {} }, created, 'u1');
    expect(joined.attributes.groups).toEqual(['Sales']);
    const left = scim.applied({ action: 'remove-from-group', subject: 'SALES', values: {} }, joined, 'u1');
    expect(left.attributes.groups).toEqual([]);
    const values = { roles: ['A'], 'scim.takenRoles': ['B'] };
    const updated = scim.applied({ action: 'update', subject: '', values }, left, 'u1');
    expect(updated.attributes).toEqual({ userName: 'ada', title: 'T', groups: [], roles: ['A'] });
    const disabled = scim.applied(
      { action: 'disable', subject: '', values: { active: false } },
      updated,
      'u1',
    );
    expect(disabled.active).toBe(false);
    const enable = { action: 'enable', subject: '', values: { active: true, title: 'N' } };
    expect(scim.applied(enable, disabled, 'u1')).toMatchObject({ active: true, attributes: { title: 'N' } });
  });
});

describe('the verdict on a write in doubt', () => {
  const step = (action: string, values = {}, subject = '') => ({ action, values, subject });
  const found = user({ title: 'T', externalId: 'E1', roles: ['A', 'C'], groups: ['Sales'] });

  it.each([
    ['create', step('create', { externalId: 'E1' }), found, 'applied'],
    ['a create that somebody else did', step('create', { externalId: 'E2' }), found, 'notApplied'],
    ['create', step('create'), undefined, 'notApplied'],
    ['update', step('update', { title: 'T' }), found, 'applied'],
    ['update', step('update', { title: 'N' }), found, 'notApplied'],
    ['update', step('update', { title: 'T' }), undefined, 'cannotTell'],
    ['roles beside others', step('update', { roles: ['a'], 'scim.takenRoles': ['B'] }), found, 'applied'],
    ['a role not taken', step('update', { roles: ['A'], 'scim.takenRoles': ['C'] }), found, 'notApplied'],
    ['a role not given', step('update', { roles: ['A', 'B'] }), found, 'notApplied'],
    ['disable', step('disable', { active: false }), found, 'notApplied'],
    ['disable', step('disable', { active: false }), user({}, false), 'applied'],
    ['enable', step('enable', { active: true, title: 'N' }), found, 'notApplied'],
    ['remove', step('remove', { active: true }), undefined, 'applied'],
    ['remove', step('remove', { active: true }), found, 'notApplied'],
    ['a removal that deactivates', step('remove', { active: true }), user({}, false), 'applied'],
    ['a removal of an inactive user', step('remove', { active: false }), user({}, false), 'notApplied'],
    ['add-to-group', step('add-to-group', {}, 'sales'), found, 'applied'],
    ['add-to-group', step('add-to-group', {}, 'Other'), found, 'notApplied'],
    ['remove-from-group', step('remove-from-group', {}, 'Sales'), found, 'notApplied'],
    ['remove-from-group', step('remove-from-group', {}, 'Sales'), undefined, 'applied'],
    ['a membership that nothing shows', step('add-to-group', {}, 'Sales'), user(), 'cannotTell'],
  ])('of %s', (_, of, there, expected) => {
    expect(scim.verdict(of, there)).toBe(expected);
  });

  it('lets only a create be sent again when nobody can tell', () => {
    expect(scim.createOnly(step('create'))).toBe(true);
    expect(scim.createOnly(step('update'))).toBe(false);
  });
});

describe('a manager', () => {
  it('is a reference that names the other user by id', () => {
    expect(scim.attributes.manager?.reference).toBe(true);
    expect(scim.referenceTo?.(user())).toBe('u1');
  });
});
