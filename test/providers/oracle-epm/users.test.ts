import { describe, expect, it } from 'vitest';
import type { User } from '../../../src/domain/user.ts';
import { applied, inheritedRoles, unlisted, userOf } from '../../../src/providers/oracle-epm/users.ts';
import { ListedUser } from '../../../src/providers/oracle-epm/wire.ts';
import { listed, user } from './world.ts';

const read = (more: Record<string, unknown>, generation: 'epmgroups' | 'memberof' = 'epmgroups') =>
  userOf(ListedUser.parse(listed('Jane.Doe', more)), generation);
const step = (action: string, subject = '', values = {}) => ({ action, subject, values });

describe('userOf', () => {
  it('keys a user by the folded login and keeps its spelling', () => {
    expect(read({})).toMatchObject({ id: 'jane.doe', active: true, attributes: { userName: 'Jane.Doe' } });
  });

  it('reads application and granular roles in either published form', () => {
    const jane = read({
      applicationroles: [{ rolename: 'Viewer', id: 'r1' }],
      granularroles: [{ rolename: 'Ad Hoc - Create', direct: 'Yes', grantedthroughgroup: '' }],
    });
    expect(jane.attributes.roles).toEqual(['Ad Hoc - Create', 'Viewer']);
  });

  it('leaves out roles and groups that come through a group, and still takes the user for active', () => {
    const jane = read({
      applicationroles: [{ rolename: 'Power User', direct: 'No', grantedthroughgroup: 'G1' }],
      granularroles: [{ rolename: 'Ad Hoc - Create', grantedthroughgroup: 'G1' }],
      epmgroups: [
        { groupname: 'G1', direct: 'Yes' },
        { groupname: 'G0', direct: 'No' },
      ],
    });
    expect(jane).toMatchObject({ active: true, attributes: { roles: [], groups: ['G1'] } });
    expect(jane.attributes[inheritedRoles]).toEqual(['Ad Hoc - Create', 'Power User']);
  });

  it('claims nothing about roles when the older list is asked, which shows none', () => {
    const jane = read(
      { applicationroles: undefined, memberof: { groups: [{ groupname: 'G1' }] } },
      'memberof',
    );
    expect(jane.active).toBe(true);
    expect(jane.attributes).not.toHaveProperty('roles');
    expect(jane.attributes.groups).toEqual(['G1']);
  });

  it('reads an empty name as no value', () => {
    expect(read({ firstname: '', lastname: null }).attributes).toMatchObject({
      'name.givenName': null,
      'name.familyName': null,
    });
  });
});

describe('unlisted', () => {
  it('keeps active an account that was known to have no role', () => {
    expect(unlisted(user('jdoe'))).toMatchObject({ active: true, attributes: { roles: [], groups: [] } });
  });

  it('takes for disabled an account whose roles somebody else took', () => {
    const jane = user('jdoe', { roles: ['Viewer'], groups: ['G1'] });
    expect(unlisted(jane)).toMatchObject({ active: false, attributes: { roles: [], groups: [] } });
  });

  it('takes for disabled an account that had its roles through a group', () => {
    const gone = unlisted(user('jdoe', { [inheritedRoles]: ['Viewer'] }));
    expect(gone.active).toBe(false);
    expect(gone.attributes).not.toHaveProperty(inheritedRoles);
  });

  it('leaves disabled an account that this job disabled', () => {
    expect(unlisted(user('jdoe', {}, false)).active).toBe(false);
  });
});

describe('applied', () => {
  it('knows a new user as active and without roles', () => {
    const jane = applied(step('add', '', { userName: 'JDoe' }), null, 'jdoe');
    expect(jane).toEqual({
      id: 'jdoe',
      active: true,
      attributes: { userName: 'JDoe', roles: [], groups: [] },
    });
  });

  it('is active with a first role and disabled without a last one', () => {
    const away = user('jdoe', {}, false);
    const back = applied(step('assign-role', 'Viewer'), away, 'jdoe');
    const both = applied(step('assign-role', 'User'), back, 'jdoe');
    expect(both).toMatchObject({ active: true, attributes: { roles: ['User', 'Viewer'] } });
    const one = applied(step('unassign-role', 'User'), both, 'jdoe');
    expect(one).toMatchObject({ active: true, attributes: { roles: ['Viewer'] } });
    expect(applied(step('unassign-role', 'Viewer'), one, 'jdoe').active).toBe(false);
  });

  it('stays active without own roles while one is held through a group, until the last group is left', () => {
    const jane = user('jdoe', { roles: ['Viewer'], groups: ['G1'], [inheritedRoles]: ['User'] });
    const bare = applied(step('unassign-role', 'Viewer'), jane, 'jdoe');
    expect(bare.active).toBe(true);
    expect(applied(step('remove-from-group', 'G1'), bare, 'jdoe').active).toBe(false);
  });

  it('takes over updated values and keeps the others', () => {
    const jane = user('jdoe', { 'name.givenName': 'J', 'name.familyName': 'Doe' });
    expect(applied(step('update', '', { 'name.givenName': 'Jane' }), jane, 'jdoe').attributes).toMatchObject({
      'name.givenName': 'Jane',
      'name.familyName': 'Doe',
    });
  });

  it('joins and leaves groups', () => {
    const joined: User = applied(step('add-to-group', 'G1'), user('jdoe'), 'jdoe');
    expect(joined.attributes.groups).toEqual(['G1']);
    expect(applied(step('remove-from-group', 'G1'), joined, 'jdoe').attributes.groups).toEqual([]);
  });

  it('has no access after a removal', () => {
    const gone = applied(step('remove'), user('jdoe', { roles: ['User'], groups: ['G1'] }), 'jdoe');
    expect(gone).toMatchObject({ active: false, attributes: { roles: [], groups: [] } });
  });
});
