import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/rsa-id-plus/connection.ts';
import { auth, config, errorOf, fakeTools, key, makeKey, SandboxWorld, shown } from './world.ts';

const sought = [{ userId: null, attributes: { userName: 'ada.moreau' } }];
const found = { body: shown() };
const refusedKey = { status: 401, body: { error: 'invalid_client' } };
const badToken403 = {
  status: 403,
  body: {
    timestamp: 1,
    status: 403,
    error: 'Forbidden',
    message: 'Server failed to process provided access token',
    path: '/AdminInterface/restapi/v1/users/lookup',
  },
};
const token = { body: { access_token: 'token-ok', expires_in: 3_600 } };
const headers = (tools: ReturnType<typeof fakeTools>) =>
  tools.requests.map((request) => request.headers?.authorization);

describe('the token request', () => {
  it('goes to the issuer, which is another host than the API', async () => {
    const tools = fakeTools({ answers: [found] });
    await (await connect(config(), tools)).lookUp(sought);
    expect(tools.signIns).toMatchObject([
      { baseUrl: 'https://acme.auth.example.com/oauth', path: '/token', method: 'POST', safe: true },
    ]);
    expect(tools.requests[0]?.baseUrl).toBeUndefined();
    const form = new URLSearchParams(tools.signIns[0]?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_id: 'client-1',
      scope: 'rsa.user.read rsa.user.manage rsa.group.users.manage rsa.user.delete.soft',
    });
  });

  it.each(['RS256', 'ES256'] as const)(
    'proves itself by an assertion in %s with the key id, for the token URL and not the issuer',
    async (alg) => {
      const pair = await makeKey(alg, `kid-${alg}`);
      const tools = fakeTools({ answers: [found], secrets: { 'env:KEY': pair.privateText } });
      await (await connect(config(), tools)).lookUp(sought);
      const assertion = new URLSearchParams(tools.signIns[0]?.body).get('client_assertion') ?? '';
      expect(decodeProtectedHeader(assertion)).toMatchObject({ alg, kid: `kid-${alg}` });
      const issuedAt = 1_700_000_000;
      const claims = { iss: 'client-1', sub: 'client-1', aud: `${auth.issuer}/token`, iat: issuedAt };
      expect(decodeJwt(assertion)).toMatchObject({ ...claims, exp: issuedAt + 300 });
      expect(decodeJwt(assertion).jti).toMatch(/^[0-9a-f-]{36}$/);
      const verified = await jwtVerify(assertion, await importJWK(pair.publicKey, alg), {
        currentDate: new Date(tools.now()),
      });
      expect(verified.payload.iss).toBe('client-1');
    },
  );

  it('asks for no permission that the settings do not need, for one too many fails the sign-in', async () => {
    const scopeOf = async (differences: Record<string, unknown>) => {
      const tools = fakeTools({ answers: [found] });
      await (await connect(config(differences), tools)).lookUp(sought);
      return new URLSearchParams(tools.signIns[0]?.body).get('scope');
    };
    expect(await scopeOf({ removal: undefined })).not.toContain('delete');
    expect(await scopeOf({ removal: 'delete' })).toMatch(/ rsa\.user\.delete$/);
    const scopes = ['rsa.user.read', 'rsa.user.local.manage'];
    expect(await scopeOf({ auth: { ...auth, scopes } })).toBe('rsa.user.read rsa.user.local.manage');
  });

  it('is made once for all who wait', async () => {
    const tools = fakeTools({ answers: [found] });
    const many = Array.from({ length: 20 }, () => sought[0] ?? { userId: null, attributes: {} });
    await (await connect(config(), tools)).lookUp(many);
    expect([tools.signIns.length, tools.requests.length]).toEqual([1, 20]);
  });

  it('is made again only when the token is about to end', async () => {
    const tools = fakeTools({ answers: [found] });
    const connection = await connect(config(), tools);
    await connection.lookUp(sought);
    tools.nowMs += 3_569_000;
    await connection.lookUp(sought);
    expect(tools.signIns).toHaveLength(1);
    tools.nowMs += 2_000;
    await connection.lookUp(sought);
    expect(headers(tools)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it('takes an hour for granted where the answer does not say how long the token lasts', async () => {
    const tools = fakeTools({ answers: [found], tokens: [{ body: { access_token: 't' } }] });
    const connection = await connect(config(), tools);
    await connection.lookUp(sought);
    tools.nowMs += 3_500_000;
    await connection.lookUp(sought);
    expect(tools.signIns).toHaveLength(1);
  });
});

describe('two keys during a rotation', () => {
  const keys = { auth: { ...auth, keys: ['env:NEW', 'env:OLD'] } };
  const kids = (tools: ReturnType<typeof fakeTools>) =>
    tools.signIns.map(({ body }) => {
      const assertion = new URLSearchParams(body).get('client_assertion') ?? '';
      return decodeProtectedHeader(assertion).kid;
    });

  it('tries the next key once when the first is refused, and stays with the one that was taken', async () => {
    const secrets = { 'env:NEW': (await makeKey('ES256', 'new')).privateText, 'env:OLD': key.privateText };
    const tools = fakeTools({ answers: [found], tokens: [refusedKey, token, token], secrets });
    const connection = await connect(config(keys), tools);
    await connection.lookUp(sought);
    tools.nowMs += 3_600_000;
    await connection.lookUp(sought);
    expect(kids(tools)).toEqual(['new', 'key-1', 'key-1']);
  });

  it('tries each of them once, and no permission is a matter of keys', async () => {
    const secrets = { 'env:NEW': key.privateText, 'env:OLD': key.privateText };
    const both = fakeTools({ tokens: [refusedKey], secrets });
    await expect((await connect(config(keys), both)).lookUp(sought)).rejects.toMatchObject({
      trouble: 'unauthorised',
      providerCode: 'invalid_client',
    });
    expect(both.signIns).toHaveLength(2);
    for (const body of [{ error: 'invalid_scope' }, '']) {
      const forbidden = fakeTools({ tokens: [{ status: 403, body }], secrets });
      await expect((await connect(config(keys), forbidden)).lookUp(sought)).rejects.toMatchObject({
        trouble: 'unauthorised',
      });
      expect(forbidden.signIns).toHaveLength(1);
    }
  });
});

describe('a token that is not taken', () => {
  it.each([
    ['401', { status: 401, body: '' }],
    ['403 with a message about the token', badToken403],
  ])('is renewed once after %s, and the call sent once more', async (_, refusal) => {
    const tools = fakeTools({ answers: [refusal, found] });
    const [user] = await (await connect(config(), tools)).lookUp(sought);
    expect(user?.id).toBe('id-1');
    expect(headers(tools)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('stops the run when the next one is refused too', async () => {
    const tools = fakeTools({ answers: [badToken403] });
    await expect((await connect(config(), tools)).lookUp(sought)).rejects.toMatchObject({
      trouble: 'unauthorised',
    });
    expect(tools.requests).toHaveLength(2);
  });

  it('is not confused with a missing permission, which is another 403', async () => {
    const denied = { status: 403, body: { ...badToken403.body, message: 'Access is denied' } };
    const tools = fakeTools({ answers: [denied] });
    const error = await errorOf((await connect(config(), tools)).lookUp(sought));
    expect(error).toMatchObject({ trouble: 'unauthorised', hint: expect.stringContaining('rsa.user.read') });
    expect([tools.requests.length, tools.signIns.length]).toEqual([1, 1]);
  });
});

describe('what errors show', () => {
  it.each([
    ['no JSON', 'not-a-key-hunter2'],
    ['a public key', JSON.stringify(key.publicKey)],
    ['another curve', JSON.stringify({ ...key.privateKey, crv: 'P-384', d: 'hunter2' })],
    ['a broken key', JSON.stringify({ ...key.privateKey, d: 'hunter2' })],
  ])('names the key that is %s by its reference and never quotes it', async (_, text) => {
    const tools = fakeTools({ secrets: { 'env:KEY': text } });
    const error = await errorOf((await connect(config(), tools)).lookUp(sought));
    expect(error).toMatchObject({ code: 'BAD_KEY', message: expect.stringContaining('env:KEY') });
    expect(JSON.stringify([error.message, error.cause, Object.values(error)])).not.toContain('hunter2');
  });

  it.each([
    ['a page', '<html>token-1</html>', 200, 'unreadable'],
    ['503', 'no', 503, 'unavailable'],
    ['404', 'no', 404, 'misconfigured'],
    ['400', { error: 'invalid_client', error_description: 'client-1 secret' }, 400, 'unauthorised'],
  ])('calls %s of the token endpoint what it is', async (_, body, status, trouble) => {
    const tools = fakeTools({ tokens: [{ status, body }] });
    const error = await errorOf((await connect(config(), tools)).lookUp(sought));
    expect(error).toMatchObject({ trouble });
    expect(error.message).not.toMatch(/client-1|secret|token-1/);
  });
});

describe('the sandbox', () => {
  it('signs in with a key that it hands out, and never with a real issuer', async () => {
    await using world = await SandboxWorld.open({ users: [{ userName: 'ada.moreau' }] });
    const [user] = await (await world.connect()).lookUp(sought);
    expect(user?.attributes.userName).toBe('ada.moreau');
    await expect(connect(config(), world.tools())).rejects.toMatchObject({ trouble: 'misconfigured' });
  });

  it('takes basic credentials nowhere else', async () => {
    const login = { type: 'basic', username: 'env:U', password: 'env:P' };
    await expect(connect(config({ auth: login }), fakeTools())).rejects.toMatchObject({
      trouble: 'misconfigured',
    });
  });

  it.each(['RS256', 'ES256'] as const)('verifies a client of the tenant that signs with %s', async (alg) => {
    const pair = await makeKey(alg, 'mine');
    const apiClients = [{ clientId: 'mine', keys: [pair.publicKey] }];
    await using world = await SandboxWorld.open({ apiClients, users: [{ userName: 'ada.moreau' }] });
    const own = { ...auth, issuer: `${world.baseUrl}/oauth`, clientId: 'mine' };
    const connection = await connect(config({ auth: own }), world.tools({ 'env:KEY': pair.privateText }));
    expect((await connection.lookUp(sought))[0]?.active).toBe(true);
    const stranger = await connect(config({ auth: own }), world.tools({ 'env:KEY': key.privateText }));
    await expect(stranger.lookUp(sought)).rejects.toMatchObject({ trouble: 'unauthorised' });
  });
});
