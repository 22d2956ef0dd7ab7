import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/vikingcloud/connection.ts';
import { readAll } from '../fake-tools.ts';
import { config, failureOf, fakeTools, item, problem, sent, wire } from './world.ts';

describe('readUsers', () => {
  it('reads a bare array as a request that core may repeat, with room for all users in one answer', async () => {
    const tools = fakeTools([{ body: [wire('a'), wire('b')] }]);
    const users = await readAll((await connect(config(), tools)).readUsers());
    expect(users.map(({ id }) => id)).toEqual(['portal/a', 'portal/b']);
    expect(tools.requests[0]).toMatchObject({ safe: true, answerBytesMax: 1024 ** 3, timeoutMs: 600_000 });
  });

  it('hands on pages of bounded size and loses nobody, however the answer is cut', async () => {
    const body = Array.from({ length: 2_500 }, (_, n) => wire(`ü${n}`));
    const sizes: number[] = [];
    const connection = await connect(config(), fakeTools([{ body, chunkBytes: 4_777 }]));
    for await (const page of connection.readUsers()) sizes.push(page.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2_500);
    expect(Math.max(...sizes)).toBeLessThan(1_100);
  });

  it('reads every attribute under its SCIM name', async () => {
    const shown = wire('jdoe', {
      primaryPhone: '5550101',
      primaryPhoneCountryCode: '+33',
      primaryPhoneExtension: '7',
      timeZone: 'Europe/Paris',
      locale: 'fr_FR',
      isSsoUser: true,
      privileges: [{ name: 'AUDIT_READ', description: '' }],
      notes: '',
    });
    const [user] = await readAll((await connect(config(), fakeTools([{ body: [shown] }]))).readUsers());
    expect(user).toEqual({
      id: 'portal/jdoe',
      active: true,
      attributes: {
        userName: 'jdoe',
        'vikingcloud.authenticator': 'portal',
        'name.givenName': 'Jane',
        'name.familyName': 'Doe',
        'emails.work': 'jdoe@example.com',
        'phoneNumbers.work': '5550101',
        'vikingcloud.primaryPhoneCountryCode': '+33',
        'vikingcloud.primaryPhoneExtension': '7',
        'vikingcloud.orgId': 'acme',
        'vikingcloud.notes': null,
        'vikingcloud.isSsoUser': true,
        'vikingcloud.privileges': ['AUDIT_READ'],
        timezone: 'Europe/Paris',
        locale: 'fr_FR',
        roles: ['Report Viewer'],
      },
    });
  });

  it('reads an empty list as nobody', async () => {
    expect(await readAll((await connect(config(), fakeTools([{ body: [] }]))).readUsers())).toEqual([]);
  });

  it.each([
    ['an object', { users: [wire('jdoe')] }],
    ['a cut answer', JSON.stringify([wire('jdoe')]).slice(0, -2)],
    ['a sign-in page', '<html>jane.doe@example.com</html>'],
    ['nothing', ''],
    ['a user without a key', [wire('jdoe'), { firstName: 'Jane' }]],
    ['a user without an authenticator', [wire('jdoe', { userKey: { username: 'jdoe' } })]],
    ['roles that are text', [wire('jdoe', { roles: ['Report Viewer'] })]],
  ])('fails on a list with %s', async (_, body) => {
    const connection = await connect(config(), fakeTools([{ body }]));
    const failure = await failureOf(readAll(connection.readUsers()));
    expect(failure.trouble).toBe('unreadable');
    expect(failure.message).not.toContain('example.com');
  });

  it.each([
    [400, 'refused'],
    [401, 'unauthorised'],
    [403, 'unauthorised'],
    [404, 'misconfigured'],
    [503, 'unavailable'],
  ])('fails on HTTP %i as %s', async (status, trouble) => {
    const connection = await connect(config(), fakeTools([problem(status, 'no')]));
    expect(await failureOf(readAll(connection.readUsers()))).toMatchObject({ trouble });
  });
});

describe('lookUp', () => {
  const sought = (...names: readonly string[]) =>
    names.map((name) => ({ userId: `portal/${name}`, attributes: {} }));

  it('asks for each of a few users, in the order asked', async () => {
    const tools = fakeTools([{ body: [wire('b')] }, { body: [wire('a')] }]);
    const found = await (await connect(config(), tools)).lookUp(sought('b', 'a'));
    expect(found.map((user) => user?.id)).toEqual(['portal/b', 'portal/a']);
    expect(tools.requests.map((request) => sent(request).username)).toEqual(['b', 'a']);
  });

  it('picks many users from one list', async () => {
    const names = Array.from({ length: 21 }, (_, n) => `u${n}`);
    const tools = fakeTools([{ body: [wire('u20'), wire('else'), wire('u3')] }]);
    const found = await (await connect(config(), tools)).lookUp(sought(...names));
    expect(found.flatMap((user) => user?.id ?? [])).toEqual(['portal/u3', 'portal/u20']);
    expect(tools.requests).toHaveLength(1);
  });

  it('finds a user without an id by name, under the authenticator of the job', async () => {
    const connection = await connect(config(), fakeTools([{ body: [wire('jdoe')] }]));
    const [found] = await connection.lookUp([{ userId: null, attributes: { userName: 'jdoe' } }]);
    expect(found?.id).toBe('portal/jdoe');
  });

  it('does not find a user of an organisation that is not the job’s', async () => {
    const connection = await connect(
      config({ orgIds: ['acme'] }),
      fakeTools([{ body: [wire('jdoe', { orgId: 'beta' })] }]),
    );
    expect(await connection.lookUp(sought('jdoe'))).toEqual([undefined]);
  });

  it('does not choose when one user is shown twice', async () => {
    const connection = await connect(config(), fakeTools([{ body: [wire('jdoe'), wire('jdoe')] }]));
    expect(await failureOf(connection.lookUp(sought('jdoe')))).toMatchObject({ trouble: 'unreadable' });
  });
});

describe('write', () => {
  it('refuses two users before any call', async () => {
    const tools = fakeTools([]);
    const connection = await connect(config(), tools);
    await expect(connection.write([item('disable', 'a'), item('disable', 'b')])).rejects.toThrow(Error);
    expect(tools.requests).toHaveLength(0);
  });

  it('puts a new user into the one organisation of the job', async () => {
    const tools = fakeTools([{ body: wire('jdoe') }]);
    await (await connect(config({ orgIds: ['acme'] }), tools)).write([item('create', 'jdoe')]);
    expect(sent(tools.requests[0]).orgId).toBe('acme');
  });

  it.each([
    ['into an organisation that is not the job’s', 'create', { 'vikingcloud.orgId': 'gamma' }],
    ['out of the job’s organisations', 'update', { 'vikingcloud.orgId': 'gamma' }],
    ['into none', 'update', { 'vikingcloud.orgId': null }],
    ['without saying into which', 'create', {}],
  ])('does not send a user %s', async (_, action, values) => {
    const tools = fakeTools([]);
    const connection = await connect(config({ orgIds: ['acme', 'beta'] }), tools);
    const [outcome] = await connection.write([item(action, 'jdoe', values)]);
    expect(outcome?.result).toBe('failed');
    expect(tools.requests).toHaveLength(0);
  });

  it('says that a user is gone who is not there to be read before a change of roles', async () => {
    const tools = fakeTools([{ body: [] }]);
    const [outcome] = await (await connect(config(), tools)).write([
      item('access', 'jdoe', { 'roles.added': ['x'] }),
    ]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED' });
    expect(tools.requests).toHaveLength(1);
  });

  it('clears by an empty text where the job says so', async () => {
    const tools = fakeTools([{ body: wire('jdoe', { notes: '' }) }]);
    const connection = await connect(config({ clearWith: 'emptyText' }), tools);
    const [outcome] = await connection.write([item('update', 'jdoe', { 'vikingcloud.notes': null })]);
    expect(outcome?.result).toBe('succeeded');
    expect(sent(tools.requests[0]).updates).toEqual({ notes: '' });
  });

  it('stops the run on 403, or fails the user where the job says that 403 is about users', async () => {
    const forbidden = problem(403, 'no', 'Forbidden');
    const stopping = await connect(config(), fakeTools([forbidden]));
    expect(await failureOf(stopping.write([item('disable', 'jdoe')]))).toMatchObject({
      trouble: 'unauthorised',
    });
    const going = await connect(config({ forbidden: 'item' }), fakeTools([forbidden]));
    expect(await going.write([item('disable', 'jdoe')])).toMatchObject([
      { result: 'failed', providerCode: 'Forbidden' },
    ]);
  });

  it.each([
    [500, 'unavailable'],
    [503, 'unavailable'],
    [405, 'misconfigured'],
  ])('leaves HTTP %i to core as %s', async (status, trouble) => {
    const connection = await connect(config(), fakeTools([problem(status, 'no')]));
    expect(await failureOf(connection.write([item('disable', 'jdoe')]))).toMatchObject({ trouble });
  });
});

describe('what errors and outcomes show', () => {
  const echo = 'Failed for jane.doe@example.com (login Jdoe, phone 5550101), key-hunter2';
  const values = {
    'name.givenName': 'Jane',
    'phoneNumbers.work': '5550101',
    'vikingcloud.primaryPhoneCountryCode': '+1',
  };

  it.each([200, 400, 401, 403, 404, 409, 500])(
    'is neither a secret nor a personal value (HTTP %i)',
    async (status) => {
      for (const body of [echo, problem(status, echo, echo).body]) {
        const connection = await connect(config(), fakeTools([{ status, body }]));
        const shown = await connection
          .write([item('update', 'jdoe', values)])
          .catch((error: unknown) => error);
        const text =
          shown instanceof Error
            ? JSON.stringify([shown.message, shown.cause, Object.values(shown)])
            : JSON.stringify(shown);
        expect(text).not.toMatch(/jane|jdoe|5550101|example\.com|hunter2/i);
      }
    },
  );
});
