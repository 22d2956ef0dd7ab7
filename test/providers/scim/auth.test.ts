import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/contracts/provider.ts';
import { connect } from '../../../src/providers/scim/connection.ts';
import { type Canned, errorOf } from '../fake-tools.ts';
import { config, fakeTools, list, none, readAll, resource, secrets } from './world.ts';

const oauth = {
  type: 'oauth',
  tokenUrl: 'https://login.example.com/oauth2/token?tenant=1',
  clientId: 'rollcall',
  clientSecret: 'env:CLIENT_SECRET',
  scope: 'scim.write',
};

/** A token host and a service that takes the tokens for which `takes` holds. */
function tokenWorld(takes: (token: string) => boolean, life: unknown = 3600, now = () => 0) {
  let tokens = 0;
  return fakeTools((request): Canned => {
    if (request.baseUrl !== undefined) {
      tokens += 1;
      return { body: { access_token: `t${tokens}`, token_type: 'bearer', expires_in: life } };
    }
    if (!takes(request.headers?.authorization?.replace('Bearer ', '') ?? '')) return { status: 401 };
    return request.path.startsWith('/Users') ? { body: list([resource('u1')]) } : none;
  }, now);
}

const tokenRequests = (requests: readonly HttpRequest[]) =>
  requests.filter(({ baseUrl }) => baseUrl !== undefined);

describe('signing in', () => {
  it('sends a bearer token from where its reference points', async () => {
    const tools = fakeTools(() => none);
    await connect(config(), tools);
    expect(tools.requests[0]?.headers?.authorization).toBe(`Bearer ${secrets['env:TOKEN']}`);
  });

  it('fetches one token with client credentials, from a host of its own', async () => {
    const tools = tokenWorld(() => true);
    const connection = await connect(config({ auth: oauth }), tools);
    await readAll(connection);
    const [request, ...more] = tokenRequests(tools.requests);
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      baseUrl: 'https://login.example.com',
      path: '/oauth2/token?tenant=1',
      method: 'POST',
      body: 'grant_type=client_credentials&scope=scim.write',
    });
    // Form-encoded before base64 (RFC 6749, section 2.3.1).
    const basic = Buffer.from(request?.headers?.authorization?.slice(6) ?? '', 'base64').toString();
    expect(basic).toBe('rollcall:cs-hunter2%3A%C3%BC%26x');
  });

  it('puts the credentials into the form where the job says so', async () => {
    const tools = tokenWorld(() => true);
    await connect(config({ auth: { ...oauth, clientAuthentication: 'post' } }), tools);
    const [request] = tokenRequests(tools.requests);
    expect(request?.headers?.authorization).toBeUndefined();
    expect(new URLSearchParams(request?.body).get('client_secret')).toBe(secrets['env:CLIENT_SECRET']);
  });

  it('renews a token that was refused once, and then gives up as unauthorised', async () => {
    const renewed = tokenWorld((token) => token !== 't1');
    const users = await readAll(await connect(config({ auth: oauth }), renewed));
    expect(users).toHaveLength(1);
    expect(tokenRequests(renewed.requests)).toHaveLength(2);
    const hopeless = tokenWorld(() => false);
    await expect(connect(config({ auth: oauth }), hopeless)).rejects.toMatchObject({
      trouble: 'unauthorised',
    });
    expect(tokenRequests(hopeless.requests)).toHaveLength(2);
  });

  it('renews a token before it runs out', async () => {
    let nowMs = 0;
    const tools = tokenWorld(
      () => true,
      '600',
      () => nowMs,
    );
    const connection = await connect(config({ auth: oauth }), tools);
    nowMs = 539_000;
    await readAll(connection);
    expect(tokenRequests(tools.requests)).toHaveLength(1);
    nowMs = 541_000;
    await readAll(connection);
    expect(tokenRequests(tools.requests)).toHaveLength(2);
  });

  it('does not try the same token twice, which would lock the account', async () => {
    const tools = fakeTools(() => ({ status: 401 }));
    await expect(connect(config(), tools)).rejects.toMatchObject({ trouble: 'unauthorised' });
    expect(tools.requests).toHaveLength(1);
  });

  it('takes up a token that was renewed where it is kept', async () => {
    const kept = ['old', 'new'];
    const tools = fakeTools(({ headers }) =>
      headers?.authorization === 'Bearer new' ? none : { status: 401 },
    );
    tools.secret = async () => kept.shift() ?? 'new';
    await connect(config(), tools);
    expect(tools.requests.slice(0, 2).map(({ headers }) => headers?.authorization)).toEqual([
      'Bearer old',
      'Bearer new',
    ]);
  });

  it('renews once for many requests that find the token refused', async () => {
    const tools = tokenWorld((token) => token !== 't2');
    const connection = await connect(config({ auth: oauth }), tools);
    const sought = ['a', 'b', 'c'].map((userId) => ({ userId, attributes: {} }));
    let first = true;
    const asked = tools.request;
    tools.request = async (request) => {
      // All three leave before the first answer comes.
      if (first) await new Promise((resolve) => setImmediate(resolve));
      const answer = await asked(request);
      return request.headers?.authorization === 'Bearer t1' ? { ...answer, status: 401 } : answer;
    };
    await connection.lookUp(sought).catch(() => undefined);
    first = false;
    expect(tokenRequests(tools.requests).length).toBeLessThanOrEqual(3);
  });

  it.each([
    [400, { error: 'invalid_scope' }, 'unauthorised'],
    [401, { error: 'invalid_client', error_description: secrets['env:CLIENT_SECRET'] }, 'unauthorised'],
    [503, 'try later', 'unavailable'],
    [200, '<html>sign in</html>', 'misconfigured'],
    [200, { access_token: 't', token_type: 'mac' }, 'misconfigured'],
    [404, '', 'misconfigured'],
  ])('fails on HTTP %i of the token host as it should', async (status, body, trouble) => {
    const tools = fakeTools(() => ({ status, body }));
    const error = await errorOf(connect(config({ auth: oauth }), tools));
    expect(error).toMatchObject({ trouble });
    expect(JSON.stringify([error.message, Object.values(error)])).not.toContain('hunter2');
  });

  it('refuses a literal secret and a token address that holds credentials', () => {
    expect(() => config({ auth: { type: 'bearer', token: 'abc' } })).toThrow('reference');
    const tokenUrl = 'https://user:pw@login.example.com/token';
    expect(() => config({ auth: { ...oauth, tokenUrl } })).toThrow('credentials');
  });
});
