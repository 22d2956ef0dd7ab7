import { describe, expect, it } from 'vitest';
import type { Step } from '../../../src/domain/change.ts';
import { remembers, steps } from '../../../src/providers/oracle-epm/steps.ts';
import { inheritedRoles } from '../../../src/providers/oracle-epm/users.ts';
import { need, user } from './world.ts';

const told = (list: readonly Step[]) => list.map(({ action, subject }) => `${action} ${subject}`.trim());

describe('steps', () => {
  it('adds a user, then gives roles, application roles first, then groups', () => {
    const after = {
      userName: 'Jane.Doe',
      'name.familyName': 'Doe',
      'emails.work': 'jane.doe@example.com',
      roles: ['Access Control - View', 'Viewer'],
      groups: ['G2', 'G1'],
    };
    const list = steps(need('create', {}, after), null, null);
    expect(told(list)).toEqual([
      'add',
      'assign-role Viewer',
      'assign-role Access Control - View',
      'add-to-group G1',
      'add-to-group G2',
    ]);
    expect(list[0]?.values).toEqual({
      userName: 'Jane.Doe',
      'name.familyName': 'Doe',
      'emails.work': 'jane.doe@example.com',
    });
  });

  it('updates with what changes only', () => {
    const list = steps(
      need('update', { 'name.givenName': 'J' }, { 'name.givenName': 'Jane' }),
      user('jdoe'),
      null,
    );
    expect(list).toEqual([{ action: 'update', subject: '', values: { 'name.givenName': 'Jane' } }]);
  });

  it('gives before it takes, and takes the application role last', () => {
    const before = { roles: ['Ad Hoc - Create', 'Viewer'], groups: ['G1'] };
    const after = { roles: ['Power User'], groups: ['G2'] };
    expect(told(steps(need('update', before, after), user('jdoe', before), null))).toEqual([
      'assign-role Power User',
      'add-to-group G2',
      'remove-from-group G1',
      'unassign-role Ad Hoc - Create',
      'unassign-role Viewer',
    ]);
  });

  it('sends no update when only roles change', () => {
    const list = steps(need('update', { roles: [] }, { roles: ['User'] }), user('jdoe'), null);
    expect(told(list)).toEqual(['assign-role User']);
  });

  it('disables by taking every role and leaving groups alone', () => {
    const jane = user('jdoe', { roles: ['User', 'Viewer'], groups: ['G1'] });
    expect(told(steps(need('disable', {}, {}), jane, null))).toEqual([
      'unassign-role Viewer',
      'unassign-role User',
    ]);
    expect(remembers(jane)).toEqual({ roles: ['User', 'Viewer'] });
  });

  it('takes the groups too from somebody who holds a role through a group', () => {
    const jane = user('jdoe', { roles: ['Viewer'], groups: ['G1'], [inheritedRoles]: ['Power User'] });
    expect(told(steps(need('disable', {}, {}), jane, null))).toEqual([
      'remove-from-group G1',
      'unassign-role Viewer',
    ]);
    expect(remembers(jane)).toEqual({ roles: ['Viewer'], groups: ['G1'] });
  });

  it('never disables with no step somebody who has access through a group that is not ours', () => {
    const jane = user('jdoe', { [inheritedRoles]: ['Power User'] });
    expect(told(steps(need('disable', {}, {}), jane, null))).toEqual(['unassign-role Power User']);
  });

  it('enables with the remembered roles and those of the feed, then groups, then attributes', () => {
    const after = { roles: ['Viewer', 'User'], groups: ['G1'], 'name.givenName': 'Jane' };
    const restore = { roles: ['Power User', 'Viewer'], groups: ['G2'] };
    expect(told(steps(need('enable', {}, after), user('jdoe', {}, false), restore))).toEqual([
      'assign-role Power User',
      'assign-role User',
      'assign-role Viewer',
      'add-to-group G1',
      'add-to-group G2',
      'update',
    ]);
  });

  it('enables with only what is still missing', () => {
    const half = user('jdoe', { roles: ['Viewer'] }, false);
    const list = steps(need('enable', {}, {}), half, { roles: ['Power User', 'Viewer'] });
    expect(told(list)).toEqual(['assign-role Power User']);
  });

  it('notes with a removal whether the user was listed', () => {
    const listed = steps(need('remove', {}, {}), user('jdoe', { roles: ['Viewer'] }), null);
    const unlisted = steps(need('remove', {}, {}), user('jdoe', {}, false), null);
    expect(listed).toEqual([{ action: 'remove', subject: '', values: { listed: true } }]);
    expect(unlisted).toEqual([{ action: 'remove', subject: '', values: {} }]);
  });
});
