import { describe, expect, it } from 'vitest';
import type { Need } from '../../../src/domain/change.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { connect } from '../../../src/providers/vikingcloud/connection.ts';
import { vikingcloud } from '../../../src/providers/vikingcloud/index.ts';
import { readAll } from '../fake-tools.ts';
import {
  config,
  failureOf,
  fakeTools,
  item,
  messageOf,
  need,
  problem,
  roles,
  sent,
  tokenAuth,
  user,
  wire,
} from './world.ts';

/** Why the plan already says no to what a person needs, under these settings. */
const objectionOf = (asked: Need, settings: Record<string, unknown> = {}) =>
  vikingcloud.under?.(config(settings)).objection?.(asked) ?? null;

const post = { updateMethod: 'post', omittedSecrets: 'kept' };

describe('the verbs are swapped against habit', () => {
  it('creates by PUT with the key nested', async () => {
    const tools = fakeTools([{ body: wire('jdoe') }]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item('create', 'jdoe', { 'name.givenName': 'Jane' })]);
    expect(outcome).toMatchObject({ result: 'succeeded', userId: 'portal/jdoe' });
    expect(tools.requests[0]).toMatchObject({ method: 'PUT', path: '/user-service/v1/user', safe: false });
    expect(sent(tools.requests[0])).toMatchObject({
      userKey: { username: 'jdoe', authenticator: 'portal' },
      enabled: true,
      firstName: 'Jane',
    });
  });

  it('changes attributes by PATCH with the key flat, and sends only what changes', async () => {
    const tools = fakeTools([{ body: wire('jdoe', { lastName: 'Roe' }) }]);
    const connection = await connect(config(), tools);
    await connection.write([item('update', 'jdoe', { 'name.familyName': 'Roe' })]);
    expect(tools.requests).toHaveLength(1);
    expect(tools.requests[0]).toMatchObject({ method: 'PATCH', path: '/user-service/v1/user', safe: false });
    expect(sent(tools.requests[0])).toEqual({
      username: 'jdoe',
      authenticator: 'portal',
      updates: { lastName: 'Roe' },
    });
  });

  it('updates by POST where the job says so', async () => {
    const tools = fakeTools([{ body: [wire('jdoe')] }, { body: wire('jdoe', { lastName: 'Roe' }) }]);
    const connection = await connect(config(post), tools);
    const [outcome] = await connection.write([item('update', 'jdoe', { 'name.familyName': 'Roe' })]);
    expect(outcome?.result).toBe('succeeded');
    expect(tools.requests[1]).toMatchObject({ method: 'POST', path: '/user-service/v1/user', safe: false });
  });

  it('takes a repeated create for harmless, since a user who exists is refused and not overwritten', () => {
    expect(vikingcloud.createOnly({ action: 'create', subject: '', values: {} })).toBe(true);
    expect(vikingcloud.createOnly({ action: 'update', subject: '', values: {} })).toBe(false);
  });
});

describe('an update never strips access by omission', () => {
  it('sends no list along when attributes change by PATCH', async () => {
    const tools = fakeTools([{ body: wire('jdoe', { firstName: 'Joan' }) }]);
    await (await connect(config(), tools)).write([item('update', 'jdoe', { 'name.givenName': 'Joan' })]);
    expect(Object.keys(sent(tools.requests[0]).updates as object)).toEqual(['firstName']);
  });

  it('sends every list back as it was read when attributes change by POST', async () => {
    const tools = fakeTools([{ body: [wire('jdoe')] }, { body: wire('jdoe', { firstName: 'Joan' }) }]);
    await (await connect(config(post), tools)).write([item('update', 'jdoe', { 'name.givenName': 'Joan' })]);
    const { roles: held, privileges, allRoles, allPrivileges } = wire('jdoe');
    expect(sent(tools.requests[1])).toMatchObject({ roles: held, privileges, allRoles, allPrivileges });
  });

  it('sends back everything else that was read, what the schema does not know included', async () => {
    const tools = fakeTools([{ body: [wire('jdoe')] }, { body: wire('jdoe', { firstName: 'Joan' }) }]);
    await (await connect(config(post), tools)).write([item('update', 'jdoe', { 'name.givenName': 'Joan' })]);
    const { password: _, mfaSecret: _1, sharedSecret: _2, ...read } = wire('jdoe');
    expect(sent(tools.requests[1])).toEqual({ ...read, firstName: 'Joan' });
  });

  it.each(['roles', 'privileges', 'allRoles', 'allPrivileges', 'enabled', 'usingMfa'])(
    'does not send a user back whose %s the service does not show',
    async (property) => {
      const tools = fakeTools([{ body: [wire('jdoe', { [property]: undefined })] }]);
      const connection = await connect(config(post), tools);
      const [outcome] = await connection.write([item('update', 'jdoe', { 'name.givenName': 'Joan' })]);
      expect(outcome).toMatchObject({ result: 'failed', message: expect.stringContaining(property) });
      expect(tools.requests).toHaveLength(1);
    },
  );

  it('gives and takes roles by what the user has now, not by what the plan saw', async () => {
    const now = wire('jdoe', { roles: [roles.viewer, roles.auditor] });
    const tools = fakeTools([
      { body: [now] },
      { body: wire('jdoe', { roles: [roles.auditor, roles.admin] }) },
    ]);
    const connection = await connect(config({ roles: [{ ...roles.admin }] }), tools);
    const values = { 'roles.added': ['Merchant Admin'], 'roles.taken': ['Report Viewer'] };
    const [outcome] = await connection.write([item('access', 'jdoe', values)]);
    expect(outcome?.result).toBe('succeeded');
    expect(sent(tools.requests[1]).updates).toEqual({ roles: [roles.auditor, roles.admin] });
  });

  it('does not write roles of a user whose roles it cannot see', async () => {
    const tools = fakeTools([{ body: [wire('jdoe', { roles: null })] }]);
    const connection = await connect(config({ roles: [roles.admin] }), tools);
    const [outcome] = await connection.write([item('access', 'jdoe', { 'roles.added': ['Merchant Admin'] })]);
    expect(outcome).toMatchObject({ result: 'failed', message: expect.stringContaining('roles') });
    expect(tools.requests).toHaveLength(1);
  });

  it('sends nothing when the user has the roles already', async () => {
    const tools = fakeTools([{ body: [wire('jdoe')] }]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item('access', 'jdoe', { 'roles.added': ['Report Viewer'] })]);
    expect(outcome).toMatchObject({ result: 'succeeded', errorCode: 'ALREADY_SO' });
    expect(tools.requests).toHaveLength(1);
  });
});

describe('derived lists are sent back as read, or left out', () => {
  it('leaves them out of POST where the job says so', async () => {
    const tools = fakeTools([{ body: [wire('jdoe')] }, { body: wire('jdoe', { firstName: 'Joan' }) }]);
    const connection = await connect(config({ ...post, derivedLists: 'omit' }), tools);
    await connection.write([item('update', 'jdoe', { 'name.givenName': 'Joan' })]);
    const body = sent(tools.requests[1]);
    expect(body).not.toHaveProperty('allRoles');
    expect(body).not.toHaveProperty('allPrivileges');
    expect(body).toHaveProperty('roles');
  });

  it('sends them empty for a new user, because the schema requires them', async () => {
    const tools = fakeTools([{ body: wire('jdoe') }]);
    await (await connect(config(), tools)).write([item('create', 'jdoe')]);
    expect(sent(tools.requests[0])).toMatchObject({
      allRoles: [],
      allPrivileges: [],
      roles: [],
      privileges: [],
    });
  });
});

describe('roles are objects on a user and text in criteria', () => {
  it('learns what a role consists of from users who hold it', async () => {
    const tools = fakeTools([
      { body: [wire('other', { roles: [roles.admin] })] },
      { body: [wire('jdoe')] },
      { body: wire('jdoe', { roles: [roles.viewer, roles.admin] }) },
    ]);
    const connection = await connect(config(), tools);
    await readAll(connection.readUsers());
    await connection.write([item('access', 'jdoe', { 'roles.added': ['Merchant Admin'] })]);
    expect(sent(tools.requests[2]).updates).toEqual({ roles: [roles.viewer, roles.admin] });
  });

  it('asks once for somebody who holds it when nobody was read, by its name', async () => {
    const holder = wire('other', { roles: [roles.admin] });
    const made = wire('jdoe', { roles: [roles.admin] });
    const tools = fakeTools([
      { body: [holder] },
      { body: made },
      { body: { ...made, userKey: { username: 'roe', authenticator: 'portal' } } },
    ]);
    const connection = await connect(config(), tools);
    await connection.write([item('create', 'jdoe', { roles: ['Merchant Admin'] })]);
    await connection.write([item('create', 'roe', { roles: ['Merchant Admin'] })]);
    expect(tools.requests.map(({ method }) => method)).toEqual(['POST', 'PUT', 'PUT']);
    expect(sent(tools.requests[0])).toMatchObject({ roles: ['Merchant Admin'] });
    expect(sent(tools.requests[1])).toMatchObject({ roles: [roles.admin] });
  });

  it('never sends a role of which only the name is known', async () => {
    const tools = fakeTools([{ body: [] }]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item('create', 'jdoe', { roles: ['Ghost'] })]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'UNACCEPTABLE' });
    expect(messageOf(outcome)).toContain('“Ghost”');
    expect(tools.requests.map(({ path }) => path)).toEqual(['/user-service/v1/user/search']);
  });
});

describe('identity is the pair of user name and authenticator', () => {
  const twins = [
    wire('jdoe', { userKey: { username: 'jdoe', authenticator: 'sso' }, lastName: 'Wrong' }),
    wire('jdoe', { lastName: 'Right' }),
  ];

  it('keeps two users of one name apart', async () => {
    const settings = config({ authenticators: ['portal', 'sso'] });
    const users = await readAll((await connect(settings, fakeTools([{ body: twins }]))).readUsers());
    expect(users.map(({ id }) => id)).toEqual(['sso/jdoe', 'portal/jdoe']);
  });

  it('does not read users of an authenticator that is not the job’s, whatever the search shows', async () => {
    const users = await readAll((await connect(config(), fakeTools([{ body: twins }]))).readUsers());
    expect(users.map(({ id }) => id)).toEqual(['portal/jdoe']);
  });

  it('writes the user whom the id names, not the one of the default authenticator', async () => {
    const tools = fakeTools([
      { body: wire('jdoe', { userKey: { username: 'jdoe', authenticator: 'sso' }, enabled: false }) },
    ]);
    const connection = await connect(config({ authenticators: ['portal', 'sso'] }), tools);
    await connection.write([{ ...item('disable', 'jdoe'), userId: 'sso/jdoe' }]);
    expect(sent(tools.requests[0])).toMatchObject({ username: 'jdoe', authenticator: 'sso' });
  });

  it('creates under the authenticator of the row, else under that of the job', async () => {
    const tools = fakeTools([
      { body: wire('jdoe', { userKey: { username: 'jdoe', authenticator: 'sso' } }) },
    ]);
    const connection = await connect(config({ authenticators: ['portal', 'sso'] }), tools);
    const [outcome] = await connection.write([
      item('create', 'jdoe', { 'vikingcloud.authenticator': 'sso' }),
    ]);
    expect(outcome).toMatchObject({ result: 'succeeded', userId: 'sso/jdoe' });
    expect(sent(tools.requests[0])).toMatchObject({ userKey: { authenticator: 'sso' } });
  });

  it('does not create under an authenticator whose users it does not read', async () => {
    const tools = fakeTools([]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([
      item('create', 'jdoe', { 'vikingcloud.authenticator': 'sso' }),
    ]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'UNACCEPTABLE' });
    expect(tools.requests).toHaveLength(0);
  });

  it('can tell the parts of an id apart whatever they hold', () => {
    const ids = [
      ['a/b', 'c'],
      ['a', 'b/c'],
    ].map(([authenticator = '', userName = '']) =>
      vikingcloud.idOf({ userName, 'vikingcloud.authenticator': authenticator }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('is known of people whose row names no authenticator, by the one that the job sets for them', () => {
    const { idOf } = vikingcloud;
    const under = vikingcloud.under?.(config({ authenticator: 'sso', authenticators: ['sso', 'portal'] }));
    expect(idOf({ userName: 'jdoe' })).toBeNull();
    expect(under?.idOf?.({ userName: 'jdoe' })).toBe('sso/jdoe');
    expect(under?.idOf?.({ userName: 'jdoe', 'vikingcloud.authenticator': 'portal' })).toBe('portal/jdoe');
    expect(under?.idOf?.({ 'vikingcloud.authenticator': 'portal' })).toBeNull();
  });

  it('is refused when the plan is made, for a new user whom the next run would not find', () => {
    const objection = (after: Attributes, settings: Record<string, unknown>) =>
      objectionOf(need('create', {}, { userName: 'jdoe', ...after }), settings)?.code ?? null;
    const authenticator = 'vikingcloud.authenticator';
    const org = 'vikingcloud.orgId';
    expect(objection({ [authenticator]: 'sso' }, {})).toBe('UNACCEPTABLE');
    expect(objection({ [authenticator]: 'sso' }, { authenticators: ['portal', 'sso'] })).toBeNull();
    expect(objection({ [org]: 'other' }, { orgIds: ['acme'] })).toBe('UNACCEPTABLE');
    expect(objection({ [org]: 'acme' }, { orgIds: ['acme'] })).toBeNull();
    expect(objection({}, { orgIds: ['acme', 'other'] })).toBe('UNACCEPTABLE');
    expect(objection({}, { orgIds: ['acme'] })).toBeNull();
  });
});

describe('a search shows more than was asked for', () => {
  it('takes only the exact pair', async () => {
    const near = ['jdoe2', 'JDOE', 'xjdoe'].map((name) => wire(name));
    const tools = fakeTools([
      {
        body: [...near, wire('jdoe'), wire('jdoe', { userKey: { username: 'jdoe', authenticator: 'sso' } })],
      },
    ]);
    const connection = await connect(config({ authenticators: ['portal', 'sso'] }), tools);
    const found = await connection.lookUp([{ userId: 'portal/jdoe', attributes: {} }]);
    expect(found.map((one) => one?.id)).toEqual(['portal/jdoe']);
  });

  it('finds nobody when only near names are shown', async () => {
    const connection = await connect(config(), fakeTools([{ body: [wire('jdoe2'), wire('JDOE')] }]));
    expect(await connection.lookUp([{ userId: 'portal/jdoe', attributes: {} }])).toEqual([undefined]);
  });

  it('sends every criterion that is required, and says that authenticators are those to include', async () => {
    const tools = fakeTools([{ body: [] }]);
    await (await connect(config(), tools)).lookUp([{ userId: 'portal/jdoe', attributes: {} }]);
    expect(tools.requests[0]).toMatchObject({ path: '/user-service/v1/user/search', safe: true });
    expect(sent(tools.requests[0])).toEqual({
      orgIds: [],
      roles: [],
      privileges: [],
      privilegeRoles: [],
      authenticators: ['portal'],
      authenticatorInclude: true,
      username: 'jdoe',
    });
  });
});

describe('a search has no pages', () => {
  it('asks for one organisation after the other, and keeps to each', async () => {
    const tools = fakeTools([
      { body: [wire('a'), wire('below', { orgId: 'acme-branch' })] },
      { body: [wire('b', { orgId: 'beta' })] },
    ]);
    const users = await readAll((await connect(config({ orgIds: ['acme', 'beta'] }), tools)).readUsers());
    expect(users.map(({ id }) => id)).toEqual(['portal/a', 'portal/b']);
    expect(tools.requests.map((request) => sent(request).orgId)).toEqual(['acme', 'beta']);
  });

  it('takes an answer with as many users as the job knows to be the most for cut off', async () => {
    const connection = await connect(
      config({ answerUsersMax: 2 }),
      fakeTools([{ body: [wire('a'), wire('b')] }]),
    );
    expect(await failureOf(readAll(connection.readUsers()))).toMatchObject({ trouble: 'misconfigured' });
  });
});

describe('PATCH ignores what it does not know', () => {
  it('fails a change that the answered user does not show', async () => {
    const connection = await connect(config(), fakeTools([{ body: wire('jdoe') }]));
    const values = { 'name.givenName': 'Joan', 'vikingcloud.notes': 'Keeps the keys.' };
    const [outcome] = await connection.write([item('update', 'jdoe', values)]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'NOT_APPLIED' });
    expect(messageOf(outcome)).toContain('name.givenName');
    expect(messageOf(outcome)).not.toContain('notes');
    expect(messageOf(outcome)).not.toContain('Joan');
  });

  it.each([
    ['disable', { enabled: true }],
    ['enable', { enabled: false }],
  ])('fails a %s after which the user is as before', async (action, shown) => {
    const connection = await connect(config(), fakeTools([{ body: wire('jdoe', shown) }]));
    const [outcome] = await connection.write([item(action, 'jdoe')]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'NOT_APPLIED' });
  });

  it('fails roles that the answered user does not have', async () => {
    const tools = fakeTools([{ body: [wire('jdoe')] }, { body: wire('jdoe') }]);
    const connection = await connect(config({ roles: [roles.admin] }), tools);
    const [outcome] = await connection.write([item('access', 'jdoe', { 'roles.added': ['Merchant Admin'] })]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'NOT_APPLIED' });
  });

  it('does not count a success without a user to show for it', async () => {
    const connection = await connect(config(), fakeTools([{ body: '' }]));
    expect(await failureOf(connection.write([item('disable', 'jdoe')]))).toMatchObject({
      trouble: 'unreadable',
    });
  });

  it('does not count a success that shows somebody else', async () => {
    const connection = await connect(config(), fakeTools([{ body: wire('roe', { enabled: false }) }]));
    expect(await failureOf(connection.write([item('disable', 'jdoe')]))).toMatchObject({
      trouble: 'unreadable',
    });
  });
});

describe('a phone needs its country code', () => {
  const code = 'vikingcloud.primaryPhoneCountryCode';

  it('is refused with the job when no country code is mapped', () => {
    const policy = { create: true, update: true, leavers: [] };
    const findings = (attributes: readonly string[]) =>
      vikingcloud.review(config({ initialPassword: 'none', orgIds: ['acme'], ownUsername: 'svc' }), {
        policy,
        attributes,
      });
    expect(findings(['userName', 'phoneNumbers.work'])).toMatchObject([
      { severity: 'error', path: ['feed', 'columns', 'phoneNumbers.work'] },
    ]);
    expect(findings(['userName', 'phoneNumbers.work', code])).toEqual([]);
  });

  it.each(['create', 'update'])('does not send a %s with a phone alone', async (action) => {
    const tools = fakeTools([]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item(action, 'jdoe', { 'phoneNumbers.work': '5550101' })]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'UNACCEPTABLE' });
    expect(tools.requests).toHaveLength(0);
  });

  it('does not take the code from a user who keeps the phone', async () => {
    const tools = fakeTools([]);
    const connection = await connect(config(), tools);
    const known = { 'phoneNumbers.work': '5550101', [code]: '+33' };
    const [outcome] = await connection.write([item('update', 'jdoe', { [code]: null }, known)]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'UNACCEPTABLE' });
    expect(tools.requests).toHaveLength(0);
  });

  it('is told when the plan is made, for a person who has the one without the other', () => {
    const known = user('jdoe', { 'phoneNumbers.work': '5550100', [code]: '+33' });
    const objection = (after: Attributes, now: User | null) =>
      objectionOf({ ...need(now === null ? 'create' : 'update', {}, after), user: now })?.code ?? null;
    expect(objection({ userName: 'jdoe', 'phoneNumbers.work': '5550101' }, null)).toBe('UNACCEPTABLE');
    expect(objection({ 'phoneNumbers.work': '5550101' }, user('jdoe'))).toBe('UNACCEPTABLE');
    expect(objection({ [code]: null }, known)).toBe('UNACCEPTABLE');
    expect(objection({ 'phoneNumbers.work': '5550101' }, known)).toBeNull();
    expect(objection({ 'phoneNumbers.work': null, [code]: null }, known)).toBeNull();
    expect(objection({ 'name.givenName': 'Joan' }, user('jdoe', { 'phoneNumbers.work': '1' }))).toBeNull();
  });

  it('sends the code that the user has along with a new phone', () => {
    const change = vikingcloud.steps(
      need('update', { 'phoneNumbers.work': '5550100' }, { 'phoneNumbers.work': '5550101' }),
      user('jdoe', { [code]: '+33' }),
      null,
      {},
    );
    expect(change).toEqual([
      { action: 'update', subject: '', values: { 'phoneNumbers.work': '5550101', [code]: '+33' } },
    ]);
  });

  it('clears a phone without asking for a code', async () => {
    const tools = fakeTools([{ body: wire('jdoe') }]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item('update', 'jdoe', { 'phoneNumbers.work': null })]);
    expect(outcome?.result).toBe('succeeded');
    expect(sent(tools.requests[0]).updates).toEqual({ primaryPhone: null });
  });
});

describe('a user name becomes a segment of a path', () => {
  it.each(['a/b', 'a%2Fb', 'a%2fb'])('does not send %s', async (username) => {
    const tools = fakeTools([]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item('create', username)]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'UNACCEPTABLE' });
    expect(tools.requests).toHaveLength(0);
  });

  it('is told when the plan is made', () => {
    expect(objectionOf(need('create', {}, { userName: 'a%2fb' }))).toMatchObject({
      code: 'UNACCEPTABLE',
    });
    expect(objectionOf(need('create', {}, { userName: 'a.b' }))).toBeNull();
  });

  it('sends other marks as they are', async () => {
    const tools = fakeTools([{ body: wire('jane doe+1@example.com') }]);
    const connection = await connect(config(), tools);
    const [outcome] = await connection.write([item('create', 'jane doe+1@example.com')]);
    expect(outcome).toMatchObject({ result: 'succeeded', userId: 'portal/jane%20doe%2B1%40example.com' });
  });
});

describe('password, mfaSecret and sharedSecret', () => {
  it('are not among what is known of a user', async () => {
    const connection = await connect(config(), fakeTools([{ body: [wire('jdoe')] }]));
    const users = await readAll(connection.readUsers());
    expect(users).toHaveLength(1);
    expect(JSON.stringify(users)).not.toMatch(/shown-|bcrypt/);
  });

  it('never go back, by PATCH or by POST', async () => {
    for (const settings of [{}, post]) {
      const made = wire('jdoe', { firstName: 'Joan', roles: [roles.auditor] });
      const tools = fakeTools([{ body: [wire('jdoe')] }, { body: made }]);
      const connection = await connect(config({ roles: [roles.auditor], ...settings }), tools);
      const values = { 'roles.added': ['Auditor'], 'roles.taken': ['Report Viewer'] };
      const [outcome] = await connection.write([item('access', 'jdoe', values)]);
      expect(outcome?.result).toBe('succeeded');
      expect(tools.requests[1]?.body).not.toMatch(/shown-|bcrypt|mfaSecret|sharedSecret|password"/);
    }
  });

  it('make POST wait for the statement that they survive it', () => {
    const asked = { policy: { create: false, update: true, leavers: [] }, attributes: [] };
    const errors = (settings: object) =>
      vikingcloud.review(config({ ...settings }), asked).filter(({ severity }) => severity === 'error');
    expect(errors({ updateMethod: 'post' })).toMatchObject([{ path: ['target', 'updateMethod'] }]);
    expect(errors(post)).toEqual([]);
    expect(errors({})).toEqual([]);
  });

  it('of a new user is random, new each time, and in no outcome', async () => {
    const refusing = (request: { body?: string }) => String(JSON.parse(request.body ?? '').password);
    const passwords = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      const tools = fakeTools([]);
      tools.request = async (request) => {
        tools.requests.push(request);
        const { body } = problem(400, `Password ${refusing(request)} is not valid`);
        const text = JSON.stringify(body);
        return { status: 400, headers: {}, body: (async function* () {})(), text: async () => text };
      };
      const connection = await connect(config({ initialPassword: 'unknown' }), tools);
      const [outcome] = await connection.write([item('create', 'jdoe')]);
      const [password = ''] = tools.requests.map(refusing);
      expect(password.length).toBeGreaterThan(20);
      expect(JSON.stringify(outcome)).not.toContain(password);
      passwords.add(password);
    }
    expect(passwords.size).toBe(3);
  });
});

describe('409 on a create and 404 on a change', () => {
  it('is a conflict that names the user who exists', async () => {
    const tools = fakeTools([problem(409, 'exists', 'Conflict'), { body: [wire('jdoe')] }]);
    const [outcome] = await (await connect(config(), tools)).write([item('create', 'jdoe')]);
    expect(outcome).toMatchObject({
      result: 'conflict',
      errorCode: 'ALREADY_EXISTS',
      providerCode: 'Conflict',
      userId: 'portal/jdoe',
    });
  });

  it('is a conflict that core cannot take for this person when the user is not to be seen', async () => {
    const tools = fakeTools([problem(409, 'exists', 'Conflict'), { body: [] }]);
    const [outcome] = await (await connect(config(), tools)).write([item('create', 'jdoe')]);
    expect(outcome).toMatchObject({ result: 'conflict', errorCode: 'REFUSED', userId: null });
  });

  it('says that the user is gone', async () => {
    const tools = fakeTools([problem(404, 'User not found', 'Not Found')]);
    const [outcome] = await (await connect(config(), tools)).write([item('disable', 'jdoe')]);
    expect(outcome).toMatchObject({ result: 'failed', providerCode: 'Not Found' });
    expect(messageOf(outcome)).toContain('gone');
  });
});

describe('enabled, locked, expired and credentialsExpired are independent', () => {
  it('takes only enabled for active', async () => {
    const locked = { locked: true, expired: true, credentialsExpired: true };
    const body = [wire('a', locked), wire('b', { enabled: false })];
    const users = await readAll((await connect(config(), fakeTools([{ body }]))).readUsers());
    expect(users.map(({ active }) => active)).toEqual([true, false]);
  });

  it.each([
    ['disable', false],
    ['enable', true],
  ])('changes nothing else by %s', async (action, enabled) => {
    const tools = fakeTools([{ body: wire('jdoe', { enabled }) }]);
    const [outcome] = await (await connect(config(), tools)).write([item(action, 'jdoe')]);
    expect(outcome?.result).toBe('succeeded');
    expect(sent(tools.requests[0]).updates).toEqual({ enabled });
  });
});

describe('what VikingCloud does not document', () => {
  it('is not asked for: there is no removal', () => {
    expect(vikingcloud.supports.operations).toEqual(['create', 'update', 'enable', 'disable']);
  });

  it('is not called: internal paths are for the vendor’s own services', async () => {
    const tools = fakeTools([{ body: { idToken: 'id' } }, { body: [wire('jdoe')] }]);
    const connection = await connect(config({ auth: tokenAuth }), tools);
    await readAll(connection.readUsers());
    await connection.lookUp([{ userId: 'portal/jdoe', attributes: {} }]);
    expect(tools.requests.map(({ path }) => path)).toEqual([
      '/auth/token',
      '/user-service/v1/user/search',
      '/user-service/v1/user/search',
    ]);
  });
});

describe('errors in the form of Spring Boot', () => {
  it('are read whatever their time looks like', async () => {
    const tools = fakeTools([problem(400, 'Field "name" cannot be null')]);
    const [outcome] = await (await connect(config(), tools)).write([item('disable', 'roe')]);
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED', providerCode: 'Bad Request' });
    expect(messageOf(outcome)).toContain('Field "name" cannot be null');
  });

  it('say the status when they name no error', async () => {
    const tools = fakeTools([{ status: 400, body: '<html>jane.doe@example.com</html>' }]);
    const [outcome] = await (await connect(config(), tools)).write([item('disable', 'jdoe')]);
    expect(outcome).toMatchObject({ result: 'failed', providerCode: 'HTTP 400' });
    expect(messageOf(outcome)).not.toContain('jane');
  });
});
