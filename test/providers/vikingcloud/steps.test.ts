import { describe, expect, it } from 'vitest';
import { vikingcloud } from '../../../src/providers/vikingcloud/index.ts';
import { steps } from '../../../src/providers/vikingcloud/steps.ts';
import { applied } from '../../../src/providers/vikingcloud/users.ts';
import { verdict } from '../../../src/providers/vikingcloud/verdict.ts';
import { config, need, user } from './world.ts';

describe('steps', () => {
  it('creates with everything in one call, access included', () => {
    const after = { userName: 'jdoe', 'name.givenName': 'Jane', roles: ['Report Viewer'] };
    expect(steps(need('create', {}, after), null)).toEqual([
      { action: 'create', subject: '', values: after },
    ]);
  });

  it('changes attributes and access by a call each, attributes first', () => {
    const before = { 'name.givenName': 'Jane', roles: ['A', 'B'], 'vikingcloud.privileges': ['P'] };
    const after = { 'name.givenName': 'Joan', roles: ['B', 'C'], 'vikingcloud.privileges': [] };
    expect(steps(need('update', before, after), user('jdoe'))).toEqual([
      { action: 'update', subject: '', values: { 'name.givenName': 'Joan' } },
      {
        action: 'access',
        subject: '',
        values: { 'roles.added': ['C'], 'roles.taken': ['A'], 'vikingcloud.privileges.taken': ['P'] },
      },
    ]);
  });

  it('enables before anything else changes', () => {
    const after = { active: true, 'name.givenName': 'Joan' };
    expect(steps(need('enable', { active: false }, after), user('jdoe')).map(({ action }) => action)).toEqual(
      ['enable', 'update'],
    );
  });

  it('disables by one call, which leaves roles alone and has nothing to remember', () => {
    const someone = user('jdoe', { roles: ['Report Viewer'] });
    expect(steps(need('disable', { active: true }, { active: false }), someone)).toEqual([
      { action: 'disable', subject: '', values: {} },
    ]);
    expect(vikingcloud.remembers(someone)).toEqual({});
  });
});

describe('applied', () => {
  const step = (action: string, values = {}) => ({ action, subject: '', values });

  it('knows a new user by the id that the create gave', () => {
    expect(applied(step('create', { userName: 'j doe', roles: ['A'] }), null, 'sso/j%20doe')).toEqual({
      id: 'sso/j%20doe',
      active: true,
      attributes: {
        userName: 'j doe',
        'vikingcloud.authenticator': 'sso',
        roles: ['A'],
        'vikingcloud.privileges': [],
      },
    });
  });

  it('follows every other step', () => {
    const start = user('jdoe', { roles: ['A', 'B'] });
    const done = [
      step('update', { 'name.givenName': 'Joan' }),
      step('access', { 'roles.added': ['C'], 'roles.taken': ['A'] }),
      step('disable'),
    ].reduce((now, taken) => applied(taken, now, now.id), start);
    expect(done).toMatchObject({
      active: false,
      attributes: { 'name.givenName': 'Joan', roles: ['B', 'C'] },
    });
    expect(applied(step('enable'), done, done.id).active).toBe(true);
  });
});

describe('verdict', () => {
  const step = (action: string, values = {}) => ({ action, subject: '', values });
  const jane = user('jdoe', { 'name.givenName': 'Jane', roles: ['A'] });

  it.each([
    ['create', { 'name.givenName': 'Jane' }, 'applied'],
    ['create', { 'name.givenName': 'Somebody else' }, 'cannotTell'],
    ['update', { 'name.givenName': 'Jane' }, 'applied'],
    ['update', { 'name.givenName': 'Joan' }, 'notApplied'],
    ['access', { 'roles.added': ['A'] }, 'applied'],
    ['access', { 'roles.added': ['B'] }, 'notApplied'],
    ['access', { 'roles.taken': ['A'] }, 'notApplied'],
    ['enable', {}, 'applied'],
    ['disable', {}, 'notApplied'],
  ])('tells of %s %o from the user who is found: %s', (action, values, expected) => {
    expect(verdict(step(action, values), jane)).toBe(expected);
  });

  it('takes only a create for not done when nobody is found', () => {
    expect(verdict(step('create'), undefined)).toBe('notApplied');
    expect(verdict(step('update', { 'name.givenName': 'Jane' }), undefined)).toBe('cannotTell');
  });

  it('does not tell of roles from a user whose roles are not shown', () => {
    const { roles: _, ...attributes } = jane.attributes;
    expect(verdict(step('access', { 'roles.added': ['A'] }), { ...jane, attributes })).toBe('cannotTell');
  });
});

describe('review', () => {
  const policy = { create: true, update: true, leavers: [] };
  const sound = { orgIds: ['acme'], initialPassword: 'none', ownUsername: 'svc' };
  const findings = (differences: object, attributes: readonly string[] = ['userName']) =>
    vikingcloud.review(config({ ...sound, ...differences }), { policy, attributes });

  it('has nothing against a job that says what has to be said', () => {
    expect(findings({})).toEqual([]);
  });

  it.each([
    ['no organisation', { orgIds: [] }, [], 'warning', 'orgIds'],
    ['several organisations and none mapped', { orgIds: ['a', 'b'] }, [], 'error', 'create'],
    [
      'several authenticators and none mapped',
      { authenticators: ['portal', 'sso'] },
      [],
      'error',
      'authenticators',
    ],
    ['authenticators without the default one', { authenticators: ['sso'] }, [], 'error', 'authenticators'],
    [
      'a mapped authenticator and none declared',
      {},
      ['vikingcloud.authenticator'],
      'warning',
      'authenticators',
    ],
    ['nothing said of passwords', { initialPassword: undefined }, [], 'warning', 'initialPassword'],
    ['a key of nobody', { ownUsername: undefined }, [], 'warning', 'ownUsername'],
  ])('points to %s', (_, differences, attributes, severity, last) => {
    expect(findings(differences, attributes)).toMatchObject([
      { severity, path: expect.arrayContaining([last]) },
    ]);
  });
});
