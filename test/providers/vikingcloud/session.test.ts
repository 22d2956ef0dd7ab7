import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/vikingcloud/connection.ts';
import { readAll } from '../fake-tools.ts';
import { config, failureOf, fakeTools, item, jwt, problem, tokenAuth, wire } from './world.ts';

const hour = 3_600;
const tokens = (mark = '') => ({
  accessToken: `access${mark}`,
  // Twice what the token itself says, which is what counts.
  expiresIn: 2 * hour,
  idToken: jwt(hour, mark),
  refreshToken: 'r',
  tokenType: 'Bearer',
});

describe('signing in for a token', () => {
  it('sends the idToken and not the accessToken as bearer', async () => {
    const tools = fakeTools([{ body: tokens() }, { body: [] }]);
    await readAll((await connect(config({ auth: tokenAuth }), tools)).readUsers());
    expect(tools.requests[0]).toMatchObject({ method: 'POST', path: '/auth/token' });
    expect(JSON.parse(tools.requests[0]?.body ?? '')).toEqual({
      username: 'svc.rollcall',
      password: 'pa:ßword-hunter2',
    });
    expect(tools.requests[1]?.headers).toMatchObject({ authorization: `Bearer ${jwt(hour)}` });
    expect(tools.requests[1]?.headers).not.toHaveProperty('x-jwt-assertion');
  });

  it('sends the accessToken raw beside it where the job names a header for it', async () => {
    const tools = fakeTools([{ body: tokens() }, { body: [] }]);
    const auth = { ...tokenAuth, accessTokenHeader: 'X-JWT-Assertion' };
    await readAll((await connect(config({ auth }), tools)).readUsers());
    expect(tools.requests[1]?.headers).toMatchObject({ 'x-jwt-assertion': 'access' });
  });

  it('fetches the token from another host where the job names one', async () => {
    const auth = { ...tokenAuth, baseUrl: 'https://login.example.com/' };
    const tools = fakeTools([{ body: tokens() }]);
    await connect(config({ auth }), tools);
    expect(tools.requests[0]?.baseUrl).toBe('https://login.example.com');
  });

  it('sends no credentials to another host from a run against this machine', async () => {
    const auth = { ...tokenAuth, baseUrl: 'https://login.example.com/' };
    const tools = fakeTools([{ body: tokens() }], { baseUrl: 'http://127.0.0.1:4711' });
    await connect(config({ auth }), tools);
    expect(tools.requests[0]?.baseUrl).toBeUndefined();
  });

  it('renews the token a minute before the expiry that stands in it', async () => {
    let now = 0;
    const tools = fakeTools([{ body: tokens('1') }, { body: [] }, { body: tokens('2') }, { body: [] }], {
      now: () => now,
    });
    const connection = await connect(config({ auth: tokenAuth }), tools);
    now = (hour - 61) * 1_000;
    await readAll(connection.readUsers());
    now = (hour - 59) * 1_000;
    await readAll(connection.readUsers());
    expect(tools.requests.map(({ path }) => path)).toEqual([
      '/auth/token',
      '/user-service/v1/user/search',
      '/auth/token',
      '/user-service/v1/user/search',
    ]);
    expect(tools.requests[3]?.headers).toMatchObject({ authorization: `Bearer ${jwt(hour, '2')}` });
  });

  it('renews a refused token once and sends again', async () => {
    const tools = fakeTools([
      { body: tokens('1') },
      problem(401, 'Token expired', 'Unauthorized'),
      { body: tokens('2') },
      { body: wire('jdoe', { enabled: false }) },
    ]);
    const connection = await connect(config({ auth: tokenAuth }), tools);
    const [outcome] = await connection.write([item('disable', 'jdoe')]);
    expect(outcome?.result).toBe('succeeded');
    expect(tools.requests[3]?.headers).toMatchObject({ authorization: `Bearer ${jwt(hour, '2')}` });
  });

  it('gives up when the renewed token is refused too', async () => {
    const tools = fakeTools([
      { body: tokens('1') },
      problem(401, 'no', 'Unauthorized'),
      { body: tokens('2') },
      problem(401, 'no', 'Unauthorized'),
    ]);
    const connection = await connect(config({ auth: tokenAuth }), tools);
    expect(await failureOf(connection.write([item('disable', 'jdoe')]))).toMatchObject({
      trouble: 'unauthorised',
    });
    expect(tools.requests).toHaveLength(4);
  });

  it('renews once for all requests that were refused together', async () => {
    let signIns = 0;
    const tools = fakeTools([]);
    tools.request = async (request) => {
      tools.requests.push(request);
      const isSignIn = request.path === '/auth/token';
      if (isSignIn) signIns += 1;
      const fresh = request.headers?.authorization === `Bearer ${jwt(hour, '2')}`;
      const username = String(JSON.parse(request.body ?? '{}').username);
      const body = isSignIn ? tokens(String(signIns)) : wire(username, { enabled: false });
      const status = isSignIn || fresh ? 200 : 401;
      return { status, headers: {}, body: (async function* () {})(), text: async () => JSON.stringify(body) };
    };
    const connection = await connect(config({ auth: tokenAuth }), tools);
    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map((name) => connection.write([item('disable', name)])),
    );
    expect(outcomes.flat().map(({ result }) => result)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(signIns).toBe(2);
  });

  it('tries wrong credentials once only, so that the account is not locked', async () => {
    const tools = fakeTools([
      { body: tokens('1') },
      problem(401, 'expired', 'Unauthorized'),
      problem(401, 'Bad credentials', 'Unauthorized'),
    ]);
    const connection = await connect(config({ auth: tokenAuth }), tools);
    for (let n = 0; n < 3; n += 1) {
      expect(await failureOf(connection.write([item('disable', 'jdoe')]))).toMatchObject({
        trouble: 'unauthorised',
      });
    }
    expect(tools.requests.filter(({ path }) => path === '/auth/token')).toHaveLength(2);
  });

  it.each([
    [400, 'unauthorised'],
    [401, 'unauthorised'],
    [404, 'misconfigured'],
    [503, 'unavailable'],
  ])('fails on HTTP %i of the token call as %s', async (status, trouble) => {
    const echo = 'svc.rollcall pa:ßword-hunter2';
    const failure = await failureOf(connect(config({ auth: tokenAuth }), fakeTools([problem(status, echo)])));
    expect(failure).toMatchObject({ trouble });
    expect(`${failure.message} ${failure.hint}`).not.toContain('hunter2');
  });

  it.each([
    ['no token', { accessToken: 'a' }],
    ['a sign-in page', '<html>pa:ßword-hunter2</html>'],
  ])('fails on an answer with %s', async (_, body) => {
    const failure = await failureOf(connect(config({ auth: tokenAuth }), fakeTools([{ body }])));
    expect(failure.trouble).toBe('unreadable');
    expect(failure.message).not.toContain('hunter2');
  });
});

describe('signing in by a key', () => {
  it('sends it in the header that the job names, x-auth-token by default', async () => {
    for (const [auth, header] of [
      [{ type: 'apiKey', key: 'env:KEY' }, 'x-auth-token'],
      [{ type: 'apiKey', key: 'env:KEY', header: 'X-Api-Key' }, 'x-api-key'],
    ] as const) {
      const tools = fakeTools([{ body: [] }]);
      await readAll((await connect(config({ auth }), tools)).readUsers());
      expect(tools.requests[0]?.headers).toMatchObject({ [header]: 'key-hunter2' });
    }
  });

  it('takes up a key that was renewed, and does not try the same one twice', async () => {
    const refused = problem(401, 'no', 'Unauthorized');
    const renewed = ['old', 'new'];
    const tools = fakeTools([refused, { body: [] }], { secretOf: () => renewed.shift() });
    await readAll((await connect(config(), tools)).readUsers());
    expect(tools.requests.map(({ headers }) => headers?.['x-auth-token'])).toEqual(['old', 'new']);
    const same = fakeTools([refused]);
    const connection = await connect(config(), same);
    expect(await failureOf(readAll(connection.readUsers()))).toMatchObject({ trouble: 'unauthorised' });
    expect(same.requests).toHaveLength(1);
  });
});

describe('the account that signs in', () => {
  it.each([
    ['by its credentials', { auth: tokenAuth }],
    ['by the job', { ownUsername: 'SVC.Rollcall' }],
  ])('is known %s and never written, under no authenticator', async (_, settings) => {
    const tools = fakeTools([{ body: tokens() }]);
    const connection = await connect(config({ ...settings, authenticators: ['portal', 'sso'] }), tools);
    const before = tools.requests.length;
    for (const userId of ['portal/svc.rollcall', 'sso/svc.rollcall']) {
      const [outcome] = await connection.write([{ ...item('disable', 'svc.rollcall'), userId }]);
      expect(outcome).toMatchObject({ result: 'failed', errorCode: 'OWN_ACCOUNT' });
    }
    expect(tools.requests).toHaveLength(before);
    expect(connection.ownId?.toLowerCase()).toBe('portal/svc.rollcall');
  });
});
