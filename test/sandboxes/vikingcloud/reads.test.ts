import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortalWorld } from './world.ts';

let portal: PortalWorld;
beforeEach(async () => {
  portal = new PortalWorld();
  await portal.start({
    users: [
      { username: 'jdoe', orgId: 'acme', roles: ['Report Viewer'] },
      { username: 'JDOE2', orgId: 'acme', enabled: false },
      { username: 'jdoe', authenticator: 'sso', orgId: 'beta' },
    ],
  });
});
afterEach(() => portal.close());

describe('searching', () => {
  it.each([
    ['everybody without criteria', {}, ['jdoe', 'JDOE2', 'jdoe']],
    ['what contains a name, without case', { username: 'doe' }, ['jdoe', 'JDOE2', 'jdoe']],
    ['criteria ANDed', { username: 'doe', orgId: 'acme', enabled: true }, ['jdoe']],
    ['one of several organisations', { orgIds: ['beta', 'gamma'] }, ['jdoe']],
    ['roles by name', { roles: ['Report Viewer'] }, ['jdoe']],
    ['some authenticators', { authenticators: ['sso'] }, ['jdoe']],
    ['all others', { authenticators: ['sso'], authenticatorInclude: false }, ['jdoe', 'JDOE2']],
  ])('finds %s, in a bare array', async (_, criteria, names) => {
    expect(await portal.names(criteria)).toEqual(names);
  });

  it.each(['orgIds', 'roles', 'privileges', 'privilegeRoles', 'authenticators'])(
    'refuses criteria without %s',
    async (name) => {
      const answer = (await portal.search({ [name]: undefined })) as unknown as Record<string, unknown>;
      expect(answer).toMatchObject({ status: 400, message: `Field "${name}" cannot be null` });
    },
  );

  it('gives errors a time without a zone and with seven digits', async () => {
    const { body } = await portal.patch('nobody', {});
    expect(body.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}$/);
  });
});

describe('signing in', () => {
  const signIn = async (password = 'sandbox') => {
    const response = await portal.fetch('POST', '/sandbox/token', { username: 'admin', password });
    return { status: response.status, tokens: (await response.json()) as Record<string, string> };
  };
  const statusWith = async (headers: Record<string, string>) => {
    const response = await portal.fetch(
      'PATCH',
      '/user-service/v1/user',
      {},
      { 'x-auth-token': '', ...headers },
    );
    return response.status;
  };

  it('gives tokens for the right password only', async () => {
    const { status, tokens } = await signIn();
    expect(status).toBe(200);
    expect(tokens).toMatchObject({ expiresIn: 3600, tokenType: 'Bearer' });
    expect((await signIn('wrong')).status).toBe(401);
  });

  it('takes the idToken, not the accessToken, and the accessToken raw beside it', async () => {
    const { tokens } = await signIn();
    const call = async (headers: Record<string, string>) => {
      const response = await fetch(new URL('/user-service/v1/user', (await portal.fetch('GET', '/')).url), {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      });
      return response.status;
    };
    const bearer = { authorization: `Bearer ${tokens.idToken}` };
    expect(await call(bearer)).toBe(400);
    expect(await call({ ...bearer, 'x-jwt-assertion': tokens.accessToken ?? '' })).toBe(400);
    expect(await call({ ...bearer, 'x-jwt-assertion': `Bearer ${tokens.accessToken}` })).toBe(401);
    expect(await call({ authorization: `Bearer ${tokens.accessToken}` })).toBe(401);
    expect(await call({})).toBe(401);
  });

  it('takes the key in x-auth-token', async () => {
    expect(await statusWith({ 'x-auth-token': 'sandbox' })).toBe(400);
    expect(await statusWith({ 'x-auth-token': 'wrong' })).toBe(401);
  });
});

describe('paths', () => {
  it('may have a gateway’s prefix', async () => {
    const response = await portal.fetch('PATCH', '/gateway/user-service/v1/user', {});
    expect(response.status).toBe(400);
  });

  it.each([
    ['DELETE', '/user-service/v1/user'],
    ['GET', '/user-service/internal/user/portal/jdoe'],
    ['GET', '/user-service/v1/user/portal/jdoe'],
  ])('are none beside the documented: %s %s', async (method, path) => {
    expect((await portal.fetch(method, path)).status).toBe(404);
  });

  it('take JSON only', async () => {
    expect(
      (await portal.fetch('PATCH', '/user-service/v1/user', '{}', { 'content-type': 'text/plain' })).status,
    ).toBe(415);
    expect((await portal.fetch('PATCH', '/user-service/v1/user', 'no json')).status).toBe(400);
  });
});
