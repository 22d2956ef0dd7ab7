import { exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Claims, RsaWorld } from './rsa-world.ts';

let rsa: RsaWorld;
beforeEach(async () => {
  rsa = new RsaWorld();
  await rsa.start({ users: [{ userName: 'ada.moreau' }] });
});
afterEach(() => rsa.close());

describe('the token endpoint', () => {
  it('takes an assertion of the client that the sandbox hands out', async () => {
    const client = await rsa.client();
    const response = await rsa.askToken(client.clientId, await rsa.assertion(client), 'rsa.user.read');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: 'rsa.user.read',
    });
  });

  it('hands a client out to nobody without the credentials of the sandbox', async () => {
    expect((await fetch(`${rsa.baseUrl}/sandbox/api-client`)).status).toBe(401);
  });

  it.each<[string, Claims]>([
    ['the issuer as audience', { audience: 'ISSUER' }],
    ['another issuer', { issuer: 'somebody' }],
    ['a key id that nobody knows', { kid: 'other' }],
    ['a time that is over', { expiresIn: -60 }],
    ['a life of two hours', { expiresIn: 7_200 }],
  ])('refuses an assertion with %s', async (_, claims) => {
    const client = await rsa.client();
    const audience = claims.audience === 'ISSUER' ? { audience: client.issuer } : {};
    const assertion = await rsa.assertion(client, { ...claims, ...audience });
    const response = await rsa.askToken(client.clientId, assertion);
    expect([response.status, await response.json()]).toEqual([401, { error: 'invalid_client' }]);
  });

  it('refuses an assertion that was used before, and one of another key', async () => {
    const client = await rsa.client();
    const assertion = await rsa.assertion(client);
    expect((await rsa.askToken(client.clientId, assertion)).status).toBe(200);
    expect((await rsa.askToken(client.clientId, assertion)).status).toBe(401);
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const forged = { ...client, key: { ...(await exportJWK(privateKey)), kid: client.key.kid ?? '' } };
    expect((await rsa.askToken(client.clientId, await rsa.assertion(forged))).status).toBe(401);
  });

  it('fails the whole request for a permission that the client lacks', async () => {
    const client = await rsa.client();
    const response = await rsa.askToken(
      client.clientId,
      await rsa.assertion(client),
      'rsa.user.read rsa.report.read',
    );
    expect(response.status).toBe(403);
  });
});

describe('a call', () => {
  const lookup = (headers: Record<string, string>) =>
    rsa.fetch('POST', '/lookup', { username: 'ada.moreau' }, headers);

  it('takes a token', async () => {
    expect((await lookup({})).status).toBe(200);
    expect((await lookup({ Authorization: '' })).status).toBe(401);
  });

  it('answers a token that it does not know with 403 and the words of the gateway', async () => {
    const response = await lookup({ Authorization: 'Bearer old' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      status: 403,
      message: 'Server failed to process provided access token',
    });
  });

  it.each([
    ['POST', '/create', 'rsa.user.manage'],
    ['PUT', '/x/userStatus', 'rsa.user.read'],
    ['PUT', '/x/markDeleted', 'rsa.user.delete'],
    ['DELETE', '/x', 'rsa.user.delete.soft'],
  ])('needs the permission of its operation: %s %s', async (method, path, scope) => {
    const Authorization = `Bearer ${await rsa.signIn(scope)}`;
    const response = await rsa.fetch(method, path, {}, { Authorization });
    expect([response.status, await response.json()]).toEqual([
      403,
      expect.objectContaining({ message: 'Access is denied' }),
    ]);
  });

  it('is JSON, and of a path that the vendor has', async () => {
    expect((await lookup({ 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await rsa.fetch('GET', '/search')).status).toBe(404);
  });
});
