import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/oracle-epm/connection.ts';
import { errorOf, readAll } from '../fake-tools.ts';
import { config, fakeTools, item, listed, secrets, written } from './world.ts';

const list = (details: unknown, more = {}) => ({ links: [], status: 0, error: null, details, ...more });

describe('signing in', () => {
  it('sends basic credentials unasked, in base64 over UTF-8', async () => {
    const tools = fakeTools([{ body: written(1) }]);
    const connection = await connect(config(), tools);
    await connection.write([item('update', 'jdoe', { 'name.givenName': 'J' })]);
    const header = tools.requests[0]?.headers?.authorization ?? '';
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString('utf8')).toBe('svc:pa:ßword-hunter2');
  });

  it('takes a user name by reference and guards the login behind its identity domain', async () => {
    const auth = { type: 'basic', username: 'env:USER', password: 'env:PW' };
    const connection = await connect(config({ auth }), fakeTools([]));
    expect(connection.ownId).toBe('svc');
  });

  it('takes an e-mail address as user name for the login itself', async () => {
    const auth = { type: 'basic', username: 'Svc.Rollcall@example.com', password: 'env:PW' };
    const connection = await connect(config({ auth }), fakeTools([]));
    expect(connection.ownId).toBe('svc.rollcall@example.com');
  });

  it('refuses a user name with a colon, which would shift into the password', async () => {
    const auth = { type: 'basic', username: 'a:b', password: 'env:PW' };
    await expect(connect(config({ auth }), fakeTools([]))).rejects.toMatchObject({ code: 'BAD_USERNAME' });
  });

  it('does not know whose a token is unless it is told', async () => {
    const auth = { type: 'bearer', token: 'env:TOKEN' };
    const tools = () => fakeTools([], () => 't0ken\n');
    expect((await connect(config({ auth }), tools())).ownId).toBeNull();
    expect((await connect(config({ auth, ownLogin: 'SVC' }), tools())).ownId).toBe('svc');
  });

  it('takes up a renewed token after a 401 and sends once more', async () => {
    const tokens = ['old', 'new'];
    const tools = fakeTools([{ status: 401, body: '' }, { body: written(1) }], () => tokens.shift() ?? 'new');
    const connection = await connect(config({ auth: { type: 'bearer', token: 'env:TOKEN' } }), tools);
    const [outcome] = await connection.write([item('update', 'jdoe', { 'name.givenName': 'J' })]);
    expect(outcome?.result).toBe('succeeded');
    expect(tools.requests.map((request) => request.headers?.authorization)).toEqual([
      'Bearer old',
      'Bearer new',
    ]);
  });

  it('does not try the same credentials twice, which would lock the account', async () => {
    const tools = fakeTools([{ status: 401, body: '' }]);
    const connection = await connect(config(), tools);
    await expect(connection.write([item('update', 'jdoe')])).rejects.toMatchObject({
      trouble: 'unauthorised',
    });
    expect(tools.requests).toHaveLength(1);
  });
});

describe('write', () => {
  it('marks a write as one that core must not repeat', async () => {
    const tools = fakeTools([{ body: written(1) }]);
    await (await connect(config(), tools)).write([item('update', 'jdoe')]);
    expect(tools.requests[0]?.safe).toBe(false);
  });

  it('never sends the account that signs in, and keeps the outcomes in order', async () => {
    const tools = fakeTools([{ body: written(2, [{ userlogin: 'alex', errorcode: 'EPMCSS-21143' }]) }]);
    const connection = await connect(config({ ownLogin: 'SVC' }), tools);
    const outcomes = await connection.write(['jdoe', 'Svc', 'alex'].map((login) => item('update', login)));
    expect(outcomes).toMatchObject([
      { errorCode: null },
      { errorCode: 'OWN_ACCOUNT' },
      { errorCode: 'REFUSED' },
    ]);
    expect(tools.requests[0]?.body).not.toMatch(/svc/i);
  });

  it.each(['doe', 'jane.doe'])('guards %s when the user name may carry an identity domain', async (login) => {
    const auth = { type: 'basic', username: 'jane.doe', password: 'env:PW' };
    const tools = fakeTools([]);
    const [outcome] = await (await connect(config({ auth }), tools)).write([item('remove', login)]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'OWN_ACCOUNT' });
    expect(tools.requests).toHaveLength(0);
  });

  it.each([
    ['a login that comes twice', [item('update', 'jdoe'), item('update', 'JDoe')]],
    ['two actions', [item('update', 'jdoe'), item('remove', 'chris')]],
    ['two roles', [item('assign-role', 'jdoe', {}, 'User'), item('assign-role', 'chris', {}, 'Viewer')]],
    ['more users than fit', Array.from({ length: 1_001 }, (_, n) => item('update', `u${n}`))],
  ])('refuses %s before any call', async (_, items) => {
    const tools = fakeTools([{ body: written(2) }]);
    const connection = await connect(config(), tools);
    await expect(connection.write(items)).rejects.toThrow(Error);
    expect(tools.requests).toHaveLength(0);
  });
});

describe('readUsers', () => {
  it('reads the list as a request that core may repeat, with room for all users in one answer', async () => {
    const tools = fakeTools([{ body: list([listed('Jane.Doe'), listed('chris')]) }]);
    const users = await readAll((await connect(config(), tools)).readUsers());
    expect(users.map(({ id }) => id)).toEqual(['jane.doe', 'chris']);
    expect(tools.requests[0]).toMatchObject({
      method: 'POST',
      path: '/interop/rest/security/v1/users/list',
      safe: true,
      answerBytesMax: 1024 ** 3,
      timeoutMs: 600_000,
    });
  });

  it('hands on pages of bounded size and loses nobody, however the answer is cut', async () => {
    const details = Array.from({ length: 2_500 }, (_, n) => listed(`ü${n}`));
    const tools = fakeTools([{ body: list(details), chunkBytes: 777 }]);
    const sizes: number[] = [];
    for await (const page of (await connect(config(), tools)).readUsers()) sizes.push(page.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2_500);
    expect(Math.max(...sizes)).toBeLessThan(1_100);
  });

  it('takes a numeral for the status, wherever it stands', async () => {
    const text = JSON.stringify({ details: [listed('jdoe')], error: null, status: '0' });
    const users = await readAll((await connect(config(), fakeTools([{ body: `${text}\n` }]))).readUsers());
    expect(users).toHaveLength(1);
  });

  it('reads an empty environment as nobody', async () => {
    expect(await readAll((await connect(config(), fakeTools([{ body: list([]) }]))).readUsers())).toEqual([]);
  });

  it.each([
    ['a status other than 0 after the users', list([listed('jdoe')], { status: '1' }), 'refused'],
    ['no status', { details: [listed('jdoe')] }, 'unreadable'],
    ['details null', list(null), 'unreadable'],
    ['no details', { status: 0, error: null }, 'unreadable'],
    ['details that are no list', list({ details: [] }), 'unreadable'],
    ['a cut answer', JSON.stringify(list([listed('jdoe')])).slice(0, -2), 'unreadable'],
    ['a sign-in page', '<html>jane.doe@example.com</html>', 'unreadable'],
    ['nothing', '', 'unreadable'],
    ['a user without a login', list([listed('jdoe'), { firstname: 'Jane' }]), 'unreadable'],
    ['users and not one role', list([listed('jdoe', { applicationroles: undefined })]), 'misconfigured'],
  ])('fails on a list with %s', async (_, body, trouble) => {
    const connection = await connect(config(), fakeTools([{ body }]));
    await expect(readAll(connection.readUsers())).rejects.toMatchObject({ trouble });
  });

  it.each([
    [401, 'unauthorised'],
    [403, 'unauthorised'],
    [404, 'misconfigured'],
    [503, 'unavailable'],
  ])('fails on HTTP %i as %s', async (status, trouble) => {
    const connection = await connect(config(), fakeTools([{ status, body: 'no' }]));
    await expect(readAll(connection.readUsers())).rejects.toMatchObject({ trouble });
  });

  it('takes a list without roles where the older build is declared', async () => {
    const body = list([listed('jdoe', { applicationroles: undefined })]);
    const connection = await connect(config({ listGeneration: 'memberof' }), fakeTools([{ body }]));
    expect(await readAll(connection.readUsers())).toHaveLength(1);
  });
});

const sought = (...ids: readonly string[]) => ids.map((userId) => ({ userId, attributes: {} }));

describe('lookUp', () => {
  it('asks for each of a few logins and keeps only who has exactly that login', async () => {
    const others = [listed('other', { firstname: 'jdoe' }), listed('JDoe')];
    const tools = fakeTools([{ body: list(others) }, { body: list([]) }]);
    const found = await (await connect(config(), tools)).lookUp(sought('jdoe', 'chris'));
    expect(found.map((user) => user?.id)).toEqual(['jdoe', undefined]);
    expect(tools.requests.map(({ body }) => JSON.parse(body ?? '').userattribute)).toEqual(['jdoe', 'chris']);
  });

  it('picks many logins from one list', async () => {
    const ids = Array.from({ length: 11 }, (_, n) => `u${n}`);
    const tools = fakeTools([{ body: list([listed('U3'), listed('else'), listed('u10')]) }]);
    const found = await (await connect(config(), tools)).lookUp(sought(...ids));
    expect(found.flatMap((user) => user?.id ?? [])).toEqual(['u3', 'u10']);
    expect(tools.requests).toHaveLength(1);
  });
});

describe('what errors show', () => {
  const echo =
    'Failed for jane.doe@example.com (login Jdoe), pa:ßword-hunter2, Basic c3ZjOnBhOsOfd29yZC1odW50ZXIy';

  it.each([
    [200, { status: 1, error: { errorcode: 'EPMCSS-29997', errormessage: echo }, details: null }],
    [200, `<html>${echo}</html>`],
    [400, echo],
    [401, echo],
    [404, echo],
    [500, { status: 1, error: { errorcode: echo, errormessage: echo }, details: null }],
  ])('is neither a secret nor a personal value (HTTP %i)', async (status, body) => {
    const connection = await connect(config(), fakeTools([{ status, body }]));
    const writing = await errorOf(connection.write([item('update', 'jdoe', { 'name.givenName': 'Jane' })]));
    const reading = await errorOf(readAll(connection.readUsers()));
    const lookingUp = await errorOf(connection.lookUp(sought('jdoe')));
    const shown = (error: Error) => JSON.stringify([error.message, error.cause, Object.values(error)]);
    for (const error of [writing, lookingUp]) expect(shown(error)).not.toMatch(/jane|jdoe|example\.com/i);
    expect(shown(reading)).not.toMatch(/example\.com/i);
    for (const error of [writing, reading, lookingUp]) {
      expect(shown(error)).not.toContain(secrets['env:PW']);
      expect(shown(error)).not.toContain('hunter2');
      expect(shown(error)).not.toContain('c3ZjOnBh');
    }
  });
});
