import { describe, expect, it } from 'vitest';
import type { Need } from '../../../src/domain/change.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { cloudDirector } from '../../../src/providers/cloud-director/index.ts';
import {
  applied,
  groupsAdded,
  groupsRemoved,
  rolesAdded,
  rolesRemoved,
} from '../../../src/providers/cloud-director/users.ts';
import { createOnly, verdict } from '../../../src/providers/cloud-director/verdict.ts';
import { config, urnA } from './world.ts';

function need(operation: Need['operation'], before: Attributes, after: Attributes): Need {
  return {
    operation,
    key: '1',
    linkKey: '1',
    userId: operation === 'create' ? null : urnA,
    user: null,
    rows: [],
    cause: 'feed',
    before,
    after,
    remember: null,
    conflict: null,
  };
}

/** The steps under a job's settings, as core asks for them. */
function steps(one: Need, settings: Record<string, unknown> = {}) {
  const provider = { ...cloudDirector, ...cloudDirector.under?.(config(settings)) };
  return provider.steps(one, null, null, {});
}

const step = (action: string, values: Attributes = {}) => ({ action, subject: '', values });
const jane: User = {
  id: urnA,
  active: true,
  attributes: { userName: 'jane', displayName: 'Jane', roles: ['A', 'B'] },
};
const inGroups: User = { ...jane, attributes: { ...jane.attributes, groups: ['A', 'B'] } };

describe('steps', () => {
  it('create in one call, roles with it', () => {
    const after = {
      userName: 'Jane',
      displayName: 'Jane',
      roles: ['B', 'A'],
      'cloud-director.providerType': 'X',
    };
    expect(steps(need('create', {}, after))).toEqual([
      step('create', { userName: 'Jane', displayName: 'Jane', roles: ['A', 'B'] }),
    ]);
  });

  it('say which roles to give and to take, not what the set shall be', () => {
    const list = steps(need('update', { roles: ['A', 'B'] }, { roles: ['B', 'C'], displayName: 'J' }));
    expect(list).toEqual([step('update', { displayName: 'J', [rolesAdded]: ['C'], [rolesRemoved]: ['A'] })]);
  });

  it('enable and change in one write, and disable by the flag alone', () => {
    const back = need('enable', { active: false, displayName: 'J' }, { active: true, displayName: 'Jane' });
    expect(steps(back)).toEqual([step('enable', { displayName: 'Jane' })]);
    expect(steps(need('disable', { active: true }, { active: false }))).toEqual([step('disable')]);
  });

  it('take ownership before they delete, unless the job lets it go', () => {
    const actions = (settings: Record<string, unknown>) =>
      steps(need('remove', {}, {}), settings).map(({ action }) => action);
    expect(actions({})).toEqual(['take-ownership', 'delete']);
    expect(actions({ takeOwnershipBeforeRemove: false })).toEqual(['delete']);
    expect(cloudDirector.steps(need('remove', {}, {}), null, null, {})).toHaveLength(2);
  });

  it('put a new user into groups once the user is there', () => {
    expect(steps(need('create', {}, { userName: 'jane', groups: ['B', 'A'] }))).toEqual([
      step('create', { userName: 'jane', roles: [] }),
      step('set-groups', { [groupsAdded]: ['A', 'B'] }),
    ]);
    expect(steps(need('create', {}, { userName: 'jane', groups: [] }))).toHaveLength(1);
  });

  it('write groups apart from the user, and each only where something changes', () => {
    const groups = step('set-groups', { [groupsAdded]: ['C'], [groupsRemoved]: ['A'] });
    const [before, after] = [{ groups: ['A', 'B'] }, { groups: ['B', 'C'] }];
    expect(steps(need('update', before, after))).toEqual([groups]);
    expect(steps(need('update', before, { ...after, displayName: 'J' }))).toEqual([
      step('update', { displayName: 'J' }),
      groups,
    ]);
    expect(steps(need('enable', before, after))).toEqual([step('enable'), groups]);
  });

  it('leave groups alone when they disable, and have nothing to give back', () => {
    const user = { ...jane, attributes: { ...jane.attributes, groups: ['A'] } };
    expect(steps({ ...need('disable', { active: true }, { active: false }), user })).toEqual([
      step('disable'),
    ]);
    expect(cloudDirector.remembers(user)).toEqual({});
  });
});

describe('applied', () => {
  it('knows the account after each step', () => {
    expect(applied(step('create', { userName: 'Jane', roles: ['A'] }), null, urnA)).toEqual({
      id: urnA,
      active: true,
      attributes: { userName: 'jane', roles: ['A'] },
    });
    const change = step('update', { displayName: 'J', [rolesAdded]: ['C'], [rolesRemoved]: ['A'] });
    expect(applied(change, jane, urnA).attributes).toEqual({
      userName: 'jane',
      displayName: 'J',
      roles: ['B', 'C'],
    });
    expect(applied(step('disable'), jane, urnA).active).toBe(false);
    expect(applied(step('enable'), { ...jane, active: false }, urnA).active).toBe(true);
    expect(applied(step('take-ownership'), jane, urnA)).toEqual(jane);
    const joined = applied(step('set-groups', { [groupsAdded]: ['B', 'A'] }), jane, urnA);
    expect(joined.attributes).toEqual({ ...jane.attributes, groups: ['A', 'B'] });
    const left = applied(step('set-groups', { [groupsAdded]: ['C'], [groupsRemoved]: ['A'] }), joined, urnA);
    expect(left.attributes.groups).toEqual(['B', 'C']);
  });
});

describe('verdict', () => {
  it.each<[string, Attributes, User | undefined, string]>([
    ['create', {}, jane, 'applied'],
    ['create', {}, undefined, 'cannotTell'],
    ['update', { displayName: 'Jane' }, jane, 'applied'],
    ['update', { displayName: 'jane' }, jane, 'notApplied'],
    ['update', { userName: 'JANE' }, jane, 'applied'],
    ['update', { 'emails.work': null }, jane, 'applied'],
    ['update', { [rolesAdded]: ['A'] }, jane, 'applied'],
    ['update', { [rolesAdded]: ['C'] }, jane, 'notApplied'],
    ['update', { [rolesRemoved]: ['A'] }, jane, 'notApplied'],
    ['update', {}, undefined, 'notApplied'],
    ['enable', {}, jane, 'applied'],
    ['enable', {}, { ...jane, active: false }, 'notApplied'],
    ['disable', {}, { ...jane, active: false }, 'applied'],
    ['disable', {}, jane, 'notApplied'],
    ['set-groups', { [groupsAdded]: ['A'] }, inGroups, 'applied'],
    ['set-groups', { [groupsAdded]: ['C'] }, inGroups, 'notApplied'],
    ['set-groups', { [groupsRemoved]: ['C'] }, inGroups, 'applied'],
    ['set-groups', { [groupsRemoved]: ['A'] }, inGroups, 'notApplied'],
    ['set-groups', { [groupsAdded]: ['A'] }, jane, 'cannotTell'],
    ['set-groups', { [groupsAdded]: ['A'] }, undefined, 'notApplied'],
    ['take-ownership', {}, jane, 'cannotTell'],
    ['take-ownership', {}, undefined, 'applied'],
    ['delete', {}, undefined, 'applied'],
    ['delete', {}, jane, 'notApplied'],
  ])('of %s %o is told by what was found', (action, values, found, expected) => {
    expect(verdict(step(action, values), found)).toBe(expected);
  });

  it('lets a create and a taking over be sent twice, and nothing else', () => {
    const actions = ['create', 'take-ownership', 'update', 'enable', 'disable', 'set-groups', 'delete'];
    expect(actions.filter((action) => createOnly(step(action)))).toEqual(['create', 'take-ownership']);
  });
});
