import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basic, EpmWorld, person } from '../epm-world.ts';

let epm: EpmWorld;
beforeEach(() => {
  epm = new EpmWorld();
});
afterEach(() => epm.close());

describe('authentication', () => {
  const status = async (authorization: string): Promise<number> =>
    (await epm.fetch('POST', '/v1/users/list', {}, { Authorization: authorization })).status;

  beforeEach(() => epm.start({ options: { username: 'Zoë', password: 'pass:word' } }));

  it.each([
    ['Basic in UTF-8, with a colon in the password', basic('zoë', 'pass:word')],
    ['Basic with the identity domain before the name', basic('sandbox.Zoë', 'pass:word')],
    ['a Bearer token that equals the password', 'Bearer pass:word'],
  ])('accepts %s', async (_name, authorization) => {
    expect(await status(authorization)).toBe(200);
  });

  it.each([
    ['a wrong password', basic('Zoë', 'wrong')],
    ['a password in other case', basic('Zoë', 'PASS:WORD')],
    ['a wrong user', basic('admin', 'pass:word')],
    ['another identity domain', basic('other.Zoë', 'pass:word')],
    ['a wrong token', 'Bearer wrong'],
    ['another scheme', 'Digest x'],
    ['nothing', ''],
  ])('answers 401 to %s', async (_name, authorization) => {
    expect(await status(authorization)).toBe(401);
  });

  it('goes before everything else, and names its scheme', async () => {
    const response = await epm.fetch('PUT', '/v2/nowhere', 'not json', { Authorization: '' });
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toContain('Basic');
  });
});

it('has the account admin with the password sandbox when told no other', async () => {
  await epm.start();
  expect((await epm.fetch('POST', '/v1/users/list', {})).status).toBe(200);
});

it('answers 404 to unknown paths and to a known path with another method', async () => {
  await epm.start();
  for (const [method, path] of [
    ['GET', '/v2/users/update'],
    ['PUT', '/v2/users/add'],
    ['DELETE', '/v2/users/remove'],
    ['POST', '/v2/users/list'],
    ['POST', '/v1/internal/users/list'],
  ] as const) {
    expect([path, (await epm.fetch(method, path)).status]).toEqual([path, 404]);
  }
});

it('stands below any prefix of a gateway, which its links repeat, but not below the context epmcloud', async () => {
  await epm.start({ users: [person('jdoe')] });
  const remove = (prefix: string): Promise<Response> =>
    fetch(`${epm.baseUrl}${prefix}/interop/rest/security/v2/users/remove?x=1`, {
      method: 'POST',
      headers: { Authorization: basic('admin', 'sandbox'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ users: [{ userlogin: 'jdoe' }] }),
    });
  expect((await remove('/epmcloud')).status).toBe(404);
  expect(await (await remove('/gateway/epm')).json()).toMatchObject({
    links: { href: `${epm.baseUrl}/gateway/epm/interop/rest/security/v2/users/remove`, action: 'POST' },
    details: { succeeded: 1 },
  });
});

it('answers 415 to a body that is not declared as JSON, with or without a charset', async () => {
  await epm.start({ users: [person('jdoe')] });
  const update = { users: [{ userlogin: 'jdoe', firstname: 'Jane' }] };
  const type = async (contentType: string): Promise<number> =>
    (await epm.fetch('PUT', '/v2/users/update', update, { 'Content-Type': contentType })).status;
  expect(await type('text/plain')).toBe(415);
  expect(await type('application/x-www-form-urlencoded')).toBe(415);
  expect(await type('Application/JSON; charset=UTF-8')).toBe(200);
});

it('answers 400 to a body that is not JSON, such as the sample of the seed page', async () => {
  await epm.start({ users: [person('jdoe')] });
  const sample = '{"users":[{"userlogin":"jdoe","email": jane.doe@example.com,},]}';
  expect((await epm.fetch('PUT', '/v2/users/update', sample)).status).toBe(400);
  expect((await epm.fetch('POST', '/v1/users/list')).status).toBe(400);
});

it('answers 413 to a body beyond 64 MiB', async () => {
  await epm.start();
  const response = await epm.fetch('POST', '/v1/users/list', ' '.repeat(64 * 1024 * 1024 + 1));
  expect(response.status).toBe(413);
});
