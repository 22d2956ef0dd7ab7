import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortalWorld, viewer } from './world.ts';

const jane = {
  username: 'jdoe',
  orgId: 'acme',
  firstName: 'Jane',
  lastName: 'Doe',
  notes: 'Keeps the keys.',
  roles: ['Report Viewer'],
  privileges: ['AUDIT_READ'],
  usingMfa: true,
};

let portal: PortalWorld;
beforeEach(async () => {
  portal = new PortalWorld();
  await portal.start({ users: [jane, { username: 'jdoe', authenticator: 'sso' }] });
});
afterEach(() => portal.close());

describe('creating users', () => {
  it('shows the user, with what the server derives and with secrets', async () => {
    const { status, body } = await portal.create('roe', { firstName: 'Joan', roles: [viewer] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      userKey: { username: 'roe', authenticator: 'portal' },
      firstName: 'Joan',
      enabled: true,
      roles: [viewer],
      privileges: [],
    });
    expect((body.allRoles as object[]).length).toBe(2);
    expect(body.password).toEqual(expect.any(String));
  });

  it('refuses a pair that exists, and leaves that user as it was', async () => {
    expect(await portal.create('jdoe', { firstName: 'Other' })).toMatchObject({
      status: 409,
      body: { status: 409, error: 'Conflict', path: '/user-service/v1/user' },
    });
    expect(await portal.search({ firstName: 'Other' })).toEqual([]);
  });

  it.each([
    ['a slash in the name', 'a/b', {}],
    ['an encoded slash in the name', 'a%2fb', {}],
    ['a phone without a country code', 'roe', { primaryPhone: '1' }],
    ['no allRoles', 'roe', { allRoles: undefined }],
    ['a role twice', 'roe', { roles: [viewer, viewer] }],
    ['a role by its name', 'roe', { roles: ['Report Viewer'] }],
    ['a role that has lost its privileges', 'roe', { roles: [{ ...viewer, privileges: [] }] }],
    ['an address that is none', 'roe', { email: 'nobody' }],
  ])('refuses %s', async (_, username, more) => {
    expect(await portal.create(username, more)).toMatchObject({
      status: 400,
      body: { error: 'Bad Request' },
    });
  });

  it('refuses a role that does not exist as something that is missing', async () => {
    expect(await portal.create('roe', { roles: [{ name: 'Ghost', privileges: [] }] })).toMatchObject({
      status: 404,
    });
  });
});

describe('updating users by POST', () => {
  it('takes what is not sent for its default: access is stripped', async () => {
    const { body } = await portal.update('jdoe', { firstName: 'Joan' });
    expect(body).toMatchObject({
      firstName: 'Joan',
      lastName: null,
      enabled: false,
      roles: [],
      privileges: [],
    });
  });

  it('does not create', async () => {
    expect(await portal.update('nobody')).toMatchObject({ status: 404 });
  });

  it('refuses what it showed as a secret', async () => {
    const [shown] = await portal.search({ username: 'jdoe', authenticator: 'portal' });
    expect(await portal.call('POST', shown)).toMatchObject({ status: 400 });
    const { password: _, mfaSecret: _1, sharedSecret: _2, ...rest } = shown ?? {};
    expect(await portal.call('POST', rest)).toMatchObject({
      status: 200,
      body: { firstName: 'Jane', usingMfa: true },
    });
  });
});

describe('updating users by PATCH', () => {
  it('changes only what is named, and ignores what it does not know', async () => {
    const { status, body } = await portal.patch('jdoe', {
      firstName: 'Joan',
      nickName: 'J',
      id: 'x',
      allRoles: [],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      firstName: 'Joan',
      lastName: 'Doe',
      notes: 'Keeps the keys.',
      roles: [viewer],
    });
    expect(body.id).not.toBe('x');
    expect(body).not.toHaveProperty('nickName');
  });

  it.each(['username', 'authenticator', 'updates'])('refuses a request without %s', async (name) => {
    expect(await portal.patch('jdoe', {}, { [name]: undefined })).toMatchObject({ status: 400 });
  });

  it('finds a user by the pair', async () => {
    await portal.patch('jdoe', { enabled: false }, { authenticator: 'sso' });
    expect(await portal.search({ enabled: false })).toMatchObject([{ userKey: { authenticator: 'sso' } }]);
    expect(await portal.patch('jdoe', {}, { authenticator: 'other' })).toMatchObject({ status: 404 });
  });
});

describe('the journal', () => {
  it('holds every write of a user, accepted or refused, and no secret', async () => {
    await portal.create('roe', { password: 'Very-secret-1' });
    await portal.create('roe');
    await portal.patch('jdoe', { firstName: 'Joan' });
    expect(portal.journal().map(({ op, key, status }) => [op, key, status])).toEqual([
      ['create', 'roe', 'accepted'],
      ['create', 'roe', '409'],
      ['patch', 'jdoe', 'accepted'],
    ]);
    expect(portal.journal()[2]).toMatchObject({
      before: { firstName: 'Jane' },
      after: { firstName: 'Joan' },
    });
    expect(JSON.stringify(portal.journal())).not.toMatch(/secret|bcrypt/i);
  });

  it('is taken up by the next sandbox', async () => {
    await portal.patch('jdoe', { firstName: 'Joan' });
    await portal.start({ users: [jane] });
    expect(await portal.search({ firstName: 'Joan' })).toMatchObject([{ userKey: { username: 'jdoe' } }]);
  });
});

describe('faults', () => {
  it('refuse single users with a status, or with a name beside 400', async () => {
    await portal.start({
      users: [jane],
      faults: {
        rules: [
          { match: { op: 'create' }, do: { refuse: { errorcode: '403', errormessage: 'Not permitted' } } },
          { match: { op: 'patch', user: 'jdoe' }, do: { refuse: { errorcode: 'VC-1', errormessage: 'No' } } },
        ],
      },
    });
    expect(await portal.create('roe')).toMatchObject({
      status: 403,
      body: { error: 'Forbidden', message: 'Not permitted' },
    });
    expect(await portal.patch('jdoe', {})).toMatchObject({ status: 400, body: { error: 'VC-1' } });
    expect(portal.journal().map(({ status }) => status)).toEqual(['403', 'VC-1']);
  });
});
