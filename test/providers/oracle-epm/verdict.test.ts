import { describe, expect, it } from 'vitest';
import { oracleEpm } from '../../../src/providers/oracle-epm/index.ts';
import { createOnly, verdict } from '../../../src/providers/oracle-epm/verdict.ts';
import { config, user } from './world.ts';

const step = (action: string, subject = '', values = {}) => ({ action, subject, values });
const jane = user('jdoe', { 'name.givenName': 'Jane', roles: ['Viewer'], groups: ['G1'] });

describe('verdict', () => {
  it.each([
    ['an add that shows', step('add'), jane, 'applied'],
    ['an add that does not show, for nobody without a role does', step('add'), undefined, 'cannotTell'],
    ['an update with all its values', step('update', '', { 'name.givenName': 'Jane' }), jane, 'applied'],
    [
      'an update that lacks the new case',
      step('update', '', { 'name.givenName': 'JANE' }),
      jane,
      'notApplied',
    ],
    [
      'an update of a user who does not show',
      step('update', '', { 'name.givenName': 'J' }),
      undefined,
      'cannotTell',
    ],
    ['a role that is there', step('assign-role', 'Viewer'), jane, 'applied'],
    ['a role that is not', step('assign-role', 'User'), jane, 'notApplied'],
    ['a role of a user who does not show', step('assign-role', 'User'), undefined, 'notApplied'],
    ['a role taken that is still there', step('unassign-role', 'Viewer'), jane, 'notApplied'],
    ['a role taken that is gone', step('unassign-role', 'User'), jane, 'applied'],
    ['a role taken from a user who does not show', step('unassign-role', 'Viewer'), undefined, 'applied'],
    ['a group joined', step('add-to-group', 'G1'), jane, 'applied'],
    ['a group not joined', step('add-to-group', 'G2'), jane, 'notApplied'],
    ['a group joined by a user who does not show', step('add-to-group', 'G1'), undefined, 'cannotTell'],
    ['a group left', step('remove-from-group', 'G2'), jane, 'applied'],
    ['a group left by a user who does not show', step('remove-from-group', 'G1'), undefined, 'cannotTell'],
    ['a group not left', step('remove-from-group', 'G1'), jane, 'notApplied'],
    ['a removal of a user who still shows', step('remove', '', { listed: true }), jane, 'notApplied'],
    ['a removal of a user who showed before', step('remove', '', { listed: true }), undefined, 'applied'],
    ['a removal of a user who never showed', step('remove'), undefined, 'cannotTell'],
  ])('judges %s', (_, written, found, expected) => {
    expect(verdict(written, found)).toBe(expected);
  });

  it('cannot tell about roles where the list does not show them', () => {
    const { roles: _, ...attributes } = jane.attributes;
    expect(verdict(step('assign-role', 'Viewer'), { ...jane, attributes })).toBe('cannotTell');
  });
});

describe('createOnly', () => {
  const actions = ['add', 'update', 'assign-role', 'remove'];

  it('holds for adding alone', () => {
    expect(actions.filter((action) => createOnly(step(action)))).toEqual(['add']);
    expect(oracleEpm.under?.(config()).createOnly).toBeUndefined();
  });

  it('holds for removing too where the job names the codes of "gone already"', () => {
    const under = oracleEpm.under?.(config({ missingCodes: ['EPMCSS-29999'] }));
    expect(actions.filter((action) => under?.createOnly?.(step(action)))).toEqual(['add', 'remove']);
  });
});
