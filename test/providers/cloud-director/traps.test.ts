import { afterEach, describe, expect, it } from 'vitest';
import type { Attributes } from '../../../src/domain/user.ts';
import { rolesAdded, rolesRemoved } from '../../../src/providers/cloud-director/users.ts';
import { DirectorWorld, errorOf, item, readAll, settled, system, userNamed } from './world.ts';

/* Each trap of the interface, against a sandbox that springs it. */

let world: DirectorWorld;
afterEach(() => world[Symbol.asyncDispose]());

async function open(...parts: Parameters<typeof DirectorWorld.open>): Promise<void> {
  world = await DirectorWorld.open(...parts);
}

const jane = { username: 'jane', fullName: 'Jane Doe', email: 'jane@example.com', roles: ['vApp User'] };
const newcomer: Attributes = { userName: 'Ada.Moreau', displayName: 'Ada Moreau', roles: ['vApp User'] };

describe('signing in', () => {
  it('logs in once with user@organisation and takes the token from the response header', async () => {
    await open([jane]);
    await readAll(await world.connect());
    const [login] = world.sent('POST', '/sessions');
    expect(Buffer.from(login?.headers?.authorization?.slice(6) ?? '', 'base64').toString()).toBe(
      'admin@acme:pa:ßword-hunter2',
    );
    expect(world.sent('POST', '/sessions')).toHaveLength(1);
    expect(world.sent('GET', '/users')[0]?.headers?.authorization).toMatch(/^Bearer \S{20,}$/);
  });

  it('acts on a tenant from a System session by its bare UUID and its name', async () => {
    await open({ organisations: ['other', 'acme'], users: [jane] });
    const connection = await world.connect(system);
    const outcome = await settled(connection, item('create', null, newcomer));
    expect(outcome.result).toBe('succeeded');
    expect(world.sent('POST', '/sessions/provider')).toHaveLength(1);
    expect(world.sent('POST', '/users')[0]?.headers).toMatchObject({
      'x-vmware-vcloud-tenant-context': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
      'x-vmware-vcloud-auth-context': 'acme',
    });
    expect(world.journal()[0]?.after?.organisation).toBe('acme');
  });

  it.each(['a.c-m_e', "ac'me(1),$!"])(
    'finds the organisation %s although its name may break a filter',
    async (name) => {
      await open({ organisations: ['other', name], users: [{ ...jane, organisation: name }] });
      const users = await readAll(await world.connect({ ...system, organisation: name }));
      expect(users).toHaveLength(1);
    },
  );

  it('says when the account does not see the organisation', async () => {
    await open([]);
    const error = await errorOf(world.connect({ ...system, organisation: 'elsewhere' }));
    expect(error).toMatchObject({ trouble: 'misconfigured' });
  });

  it('logs in again once when the session is over, for all requests that meet its end', async () => {
    await open([jane, { ...jane, username: 'john' }, { ...jane, username: 'june' }], {
      faults: [{ match: { op: 'get-user' }, times: 3, do: { status: 401 } }],
    });
    const connection = await world.connect();
    const users = await readAll(connection);
    const outcomes = await Promise.all(
      users.map((user) => settled(connection, item('update', user, { displayName: 'New' }))),
    );
    expect(outcomes.map(({ result }) => result)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(world.sent('POST', '/sessions')).toHaveLength(2);
  });

  it('gives up as unauthorised when a new session is refused too', async () => {
    await open([jane], { faults: [{ match: { op: 'list-users' }, do: { status: 401 } }] });
    const connection = await world.connect();
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unauthorised' });
    expect(world.sent('POST', '/sessions')).toHaveLength(2);
  });

  it('never tries a refused log-in again, which would lock the account', async () => {
    await open([jane], {
      faults: [
        { match: { op: 'login' }, skip: 1, do: { status: 401 } },
        { match: { op: 'list-users' }, do: { status: 401 } },
      ],
    });
    const connection = await world.connect();
    for (const _ of [1, 2, 3]) {
      expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unauthorised' });
    }
    expect(world.sent('POST', '/sessions')).toHaveLength(2);
    expect(world.sent('POST', '/sessions').every(({ safe }) => !safe)).toBe(true);
  });

  it('ends its session when it closes', async () => {
    await open([jane]);
    const connection = await world.connect();
    await connection.close();
    expect(world.sent('DELETE', '/sessions/current')).toHaveLength(1);
    // The token is worth nothing any more: whoever uses it on has to sign in anew.
    await readAll(connection);
    expect(world.sent('POST', '/sessions')).toHaveLength(2);
  });

  it('reads with an API token', async () => {
    await open([jane]);
    const users = await readAll(await world.connect({ auth: { type: 'apiToken', token: 'env:TOKEN' } }));
    expect(users.map(({ attributes }) => attributes.userName)).toEqual(['jane']);
    expect(world.sent('POST', '/oauth/tenant/acme/token')).toHaveLength(1);
  });

  it('takes another path for API tokens, as VCF Automation may want it', async () => {
    await open({ flavour: 'vcfa', users: [jane] });
    const auth = { type: 'apiToken', token: 'env:TOKEN', tokenPath: '/tm/oauth/tenant/acme/token' };
    expect(await readAll(await world.connect({ auth }))).toHaveLength(1);
    expect(world.sent('POST', '/tm/oauth/tenant/acme/token')).toHaveLength(1);
  });
});

describe('versions', () => {
  it.each([
    ['vcd', '39.1'],
    ['vcfa', '40.0'],
  ])('speaks with %s in version %s, told by its own list', async (flavour, version) => {
    await open({ flavour, users: [jane] });
    await readAll(await world.connect());
    expect(world.requests[0]).toMatchObject({ path: '/api/versions' });
    expect(world.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(world.sent('GET', '/users')[0]?.headers?.accept).toBe(`application/json;version=${version}`);
  });

  it('speaks the version that the job prescribes, without asking', async () => {
    await open({ flavour: 'vcfa', users: [jane] });
    await readAll(await world.connect({ apiVersion: '9.1.0' }));
    expect(world.sent('GET', '/api/versions')).toEqual([]);
    expect(world.sent('GET', '/users')[0]?.headers?.accept).toBe('application/json;version=9.1.0');
  });

  it('names the version when the target does not serve it', async () => {
    await open([jane]);
    const error = await errorOf(world.connect({ apiVersion: '39.7' }));
    expect(error).toMatchObject({ trouble: 'misconfigured', hint: expect.stringContaining('apiVersion') });
  });
});

describe('lists', () => {
  const many = Array.from({ length: 300 }, (_, number) => ({ ...jane, username: `user${number}` }));

  it.each(['links', 'numbers'])(
    'reads all pages of 128 from page 1 when they lead on by %s',
    async (paging) => {
      await open({ paging, users: many });
      const users = await readAll(await world.connect());
      expect(new Set(users.map(({ id }) => id)).size).toBe(300);
      const queries = world.sent('GET', '/users').map(({ path }) => new URL(path, 'http://x').searchParams);
      expect(queries.map((query) => query.get('page'))).toEqual(['1', '2', '3']);
      expect(queries.every((query) => query.get('pageSize') === '128')).toBe(true);
      expect(queries.every((query) => query.get('sortAsc') === 'username')).toBe(true);
    },
  );

  it('stays on the configured address and below its prefix, whatever host the links name', async () => {
    await open({ users: many }, { prefix: '/gateway' });
    expect(await readAll(await world.connect())).toHaveLength(300);
    expect(world.requests.every(({ path, baseUrl }) => path.startsWith('/') && baseUrl === undefined)).toBe(
      true,
    );
    expect(world.sent('GET', '/gateway')).toEqual([]);
  });

  it('stops when users come without the fields that tell who is active', async () => {
    await open({ viewRight: false, users: [jane] });
    expect(await errorOf(readAll(await world.connect()))).toMatchObject({ trouble: 'unauthorised' });
  });
});

describe('look-ups', () => {
  it.each(['a,b', 'a;b', 'a*b', 'bob+test@x.example.com', 'a b', "o'neill", '(x)'])(
    'finds the name %s, which breaks a filter, in the whole list',
    async (username) => {
      await open([jane, { ...jane, username }]);
      expect(await userNamed(await world.connect(), username)).toMatchObject({
        attributes: { userName: username },
      });
    },
  );

  it('finds an address by a filter whose value is encoded once more', async () => {
    await open([jane, { ...jane, username: 'bob@x.example.com' }]);
    const connection = await world.connect();
    expect((await userNamed(connection, 'bob@x.example.com')).attributes.userName).toBe('bob@x.example.com');
    expect(world.sent('GET', 'filterEncoded=true')).toHaveLength(1);
    expect(world.sent('GET', 'bob%2540x.example.com')).toHaveLength(1);
  });

  it.each(['Jane.Doe', 'Jane+Doe'])(
    'finds %s, whom an older version let have upper case',
    async (username) => {
      await open([{ ...jane, username }]);
      const connection = await world.connect();
      expect(await userNamed(connection, username)).toMatchObject({ attributes: { userName: username } });
    },
  );

  it('gives nothing for whom the target does not show, in the order asked', async () => {
    await open([jane]);
    const connection = await world.connect();
    const found = await connection.lookUp([
      { userId: null, attributes: { userName: 'nobody' } },
      { userId: null, attributes: { userName: 'JANE' } },
      { userId: 'urn:vcloud:user:00000000-0000-4000-8000-000000000000', attributes: {} },
      { userId: null, attributes: {} },
    ]);
    expect(found.map((user) => user?.attributes.userName)).toEqual([undefined, 'jane', undefined, undefined]);
  });

  it('picks many from the whole list instead of asking for each', async () => {
    const users = Array.from({ length: 40 }, (_, number) => ({ ...jane, username: `user${number}` }));
    await open(users);
    const connection = await world.connect();
    const sought = users.map(({ username }) => ({ userId: null, attributes: { userName: username } }));
    const found = await connection.lookUp(sought);
    expect(found.every((user) => user !== undefined)).toBe(true);
    expect(world.sent('GET', '/users')).toHaveLength(1);
  });
});

describe('updating', () => {
  const local = { ...jane, providerType: 'LOCAL', description: 'kept', phone: '+1 555 0100' };

  async function update(values: Attributes, settings: object = {}, name = 'jane') {
    const connection = await world.connect(settings as Record<string, unknown>);
    return settled(connection, item('update', await userNamed(connection, name), values));
  }

  const body = () => JSON.parse(world.sent('PUT', '/users/')[0]?.body ?? 'null') as Record<string, unknown>;

  it('keeps every attribute that it was not asked to change, a disabled account disabled', async () => {
    await open([{ ...local, enabled: false }]);
    expect(await update({ displayName: 'Jane Okafor' })).toMatchObject({ result: 'succeeded' });
    const [line] = world.journal();
    expect(line?.after).toEqual({ ...line?.before, fullName: 'Jane Okafor' });
    expect(line?.after?.enabled).toBe(false);
  });

  it('keeps the quotas of older versions', async () => {
    await open([{ ...local, deployedVmQuota: 7, storedVmQuota: 9, phone: null }]);
    expect(await update({ displayName: 'J' }, { apiVersion: '36.3' })).toMatchObject({ result: 'succeeded' });
    expect(world.journal()[0]?.after).toMatchObject({ deployedVmQuota: 7, storedVmQuota: 9 });
  });

  it('sends six asterisks for the password of a local user, so that it stays', async () => {
    await open([local]);
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(body().password).toBe('******');
    expect(world.journal()[0]?.after?.passwords).toBe(1);
  });

  it('leaves the password of a local user out where the job says so', async () => {
    await open([local]);
    await update({ displayName: 'J' }, { unchangedPassword: 'omitted' });
    expect(body()).not.toHaveProperty('password');
  });

  it('sends no password for an external user', async () => {
    await open([jane]);
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(body().password ?? null).toBeNull();
  });

  it('names the previous user name as the name in source, and the id in the body, on every update', async () => {
    await open([local]);
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(body()).toMatchObject({ nameInSource: 'jane', username: 'jane' });
    expect(world.sent('PUT', '/users/')[0]?.path).toContain(String(body().id));
  });

  it('keeps the name in source of an external user', async () => {
    await open([{ ...jane, providerType: 'LDAP', nameInSource: 'cn=jane' }]);
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(world.journal()[0]?.after?.nameInSource).toBe('cn=jane');
  });

  it('renames with VCF Automation, under the previous name as the name in source', async () => {
    await open({ flavour: 'vcfa', users: [local] });
    expect(await update({ userName: 'Jane.Okafor' })).toMatchObject({ result: 'succeeded' });
    expect(body()).toMatchObject({ username: 'jane.okafor', nameInSource: 'jane' });
  });

  it('does not rename with Cloud Director unless the job says that this one does', async () => {
    await open([local]);
    const outcome = await update({ userName: 'jane.okafor' });
    expect(outcome).toMatchObject({ result: 'conflict', errorCode: 'NOT_WRITABLE' });
    expect(world.sent('PUT', '/users/')).toEqual([]);
    expect(await update({ userName: 'jane.okafor' }, { renames: true })).toMatchObject({
      result: 'succeeded',
    });
  });

  it('never copies `locked: true` back, nor unlocks by accident', async () => {
    await open([{ ...local, locked: true }]);
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(body()).not.toHaveProperty('locked');
    expect(world.journal()[0]?.after?.locked).toBe(true);
  });

  it('drops what is read-only', async () => {
    await open([local]);
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    for (const field of ['orgEntityRef', 'isGroupRole', 'stranded', 'effectiveRoleEntityRefs']) {
      expect(body()).not.toHaveProperty(field);
    }
  });

  it('keeps what only VCF Automation has', async () => {
    await open({
      flavour: 'vcfa',
      users: [{ ...local, givenName: 'Jane', domain: 'd', inheritGroupRoles: true }],
    });
    expect(await update({ 'name.familyName': 'Okafor' })).toMatchObject({ result: 'succeeded' });
    expect(world.journal()[0]?.after).toMatchObject({
      givenName: 'Jane',
      familyName: 'Okafor',
      domain: 'd',
      inheritGroupRoles: true,
    });
  });

  it('refuses to write a field that this version does not have', async () => {
    await open([jane]);
    const outcome = await update({ 'phoneNumbers.work': '+1' }, { apiVersion: '37.0' });
    expect(outcome).toMatchObject({
      result: 'failed',
      errorCode: 'REFUSED',
      message: expect.stringMatching(/37\.0/),
    });
    expect(world.sent('PUT', '/users/')).toEqual([]);
  });

  it('clears an e-mail address', async () => {
    await open([jane]);
    expect(await update({ 'emails.work': null })).toMatchObject({ result: 'succeeded' });
    expect(world.journal()[0]?.after?.email).toBeNull();
  });

  it('keeps a role that somebody gave since the plan was made', async () => {
    await open([jane]);
    const connection = await world.connect();
    const user = await userNamed(connection, 'jane');
    await settled(connection, item('update', user, { [rolesAdded]: ['Catalog Author'] }));
    await settled(
      connection,
      item('update', user, { [rolesAdded]: ['vApp Author'], [rolesRemoved]: ['vApp User'] }),
    );
    expect(world.journal().at(-1)?.after?.roles).toEqual(['Catalog Author', 'vApp Author']);
  });

  it('takes the id of a role from the very organisation that is written', async () => {
    await open({
      organisations: ['acme', 'other'],
      users: [jane, { ...jane, organisation: 'other' }],
    });
    for (const organisation of ['acme', 'other']) {
      const outcome = await update({ [rolesAdded]: ['vApp Author'] }, { ...system, organisation });
      expect(outcome.result).toBe('succeeded');
    }
    const [first, second] = world
      .sent('PUT', '/users/')
      .map((request) => JSON.parse(request.body ?? '') as { roleEntityRefs: { id: string; name: string }[] });
    expect(first?.roleEntityRefs[1]?.name).toBe(second?.roleEntityRefs[1]?.name);
    expect(first?.roleEntityRefs[1]?.id).not.toBe(second?.roleEntityRefs[1]?.id);
  });

  it('names a role that the organisation does not have', async () => {
    await open([jane]);
    expect(await update({ [rolesAdded]: ['Emperor'] })).toMatchObject({
      result: 'failed',
      message: 'There is no role Emperor in the organisation acme.',
    });
    expect(world.sent('PUT', '/users/')).toEqual([]);
  });

  it('compares with directly given roles only, not with those that groups add', async () => {
    await open({ flavour: 'vcfa', users: [{ ...jane, inheritGroupRoles: true }] });
    const user = await userNamed(await world.connect(), 'jane');
    expect(user.attributes.roles).toEqual(['vApp User']);
  });

  it('leaves roles alone that are a picture of what groups give', async () => {
    await open([{ ...jane, isGroupRole: true }]);
    expect(await update({ [rolesAdded]: ['vApp Author'] })).toMatchObject({
      result: 'conflict',
      errorCode: 'NOT_WRITABLE',
    });
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(world.journal().at(-1)?.after).toMatchObject({ isGroupRole: true, roles: ['vApp User'] });
  });

  it.each([
    ['disable', false],
    ['enable', true],
  ])('%ss by the same whole-object write', async (action, enabled) => {
    await open([{ ...local, enabled: !enabled }]);
    const connection = await world.connect();
    const outcome = await settled(connection, item(action, await userNamed(connection, 'jane')));
    expect(outcome).toMatchObject({ result: 'succeeded' });
    const [line] = world.journal();
    expect(line?.after).toEqual({ ...line?.before, enabled });
  });

  it('takes a task for an answer and reads the user again at its end', async () => {
    await open({ tasks: 'all', users: [jane] });
    expect(await update({ displayName: 'J' })).toMatchObject({ result: 'succeeded' });
    expect(world.sent('GET', '/api/task/')).toHaveLength(2);
    expect(world.requests.at(-1)).toMatchObject({
      method: 'GET',
      path: expect.stringContaining('/users/urn'),
    });
  });
});

describe('403', () => {
  it('means that the user is gone when the list does not show it', async () => {
    await open([jane]);
    const connection = await world.connect();
    const user = await userNamed(connection, 'jane');
    await settled(connection, item('delete', user));
    expect(await settled(connection, item('update', user, { displayName: 'J' }))).toMatchObject({
      result: 'failed',
      providerCode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN',
      message: 'The organisation has no user of this id any more.',
    });
    expect(await settled(connection, item('delete', user))).toMatchObject({
      result: 'succeeded',
      errorCode: 'ALREADY_SO',
    });
    expect(await settled(connection, item('take-ownership', user))).toMatchObject({
      errorCode: 'ALREADY_SO',
    });
  });

  it('means a missing right when the list shows the user', async () => {
    const refusal = { status: 403, errorcode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN', errormessage: 'No.' };
    await open([jane], { faults: [{ match: { op: 'delete' }, do: { refuseBatch: refusal } }] });
    const connection = await world.connect();
    expect(await settled(connection, item('delete', await userNamed(connection, 'jane')))).toMatchObject({
      result: 'failed',
      errorCode: 'REFUSED',
      providerCode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN',
    });
  });

  it('of the list itself stops the run', async () => {
    const refusal = { status: 403, errorcode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN', errormessage: 'No.' };
    await open([jane], { faults: [{ match: { op: 'list-users' }, do: { refuseBatch: refusal } }] });
    expect(await errorOf(readAll(await world.connect()))).toMatchObject({ trouble: 'unauthorised' });
  });
});

describe('creating', () => {
  async function create(settings: Record<string, unknown> = {}, values: Attributes = newcomer) {
    return settled(await world.connect(settings), item('create', null, values));
  }

  const body = () => JSON.parse(world.sent('POST', '/users')[0]?.body ?? 'null') as Record<string, unknown>;

  it('lowers the user name and gives the id that the target gave', async () => {
    await open([]);
    const outcome = await create();
    expect(body().username).toBe('ada.moreau');
    expect(outcome).toMatchObject({ result: 'succeeded', userId: world.journal()[0]?.after?.id });
  });

  it('sends no password for an external user', async () => {
    await open([]);
    expect(await create()).toMatchObject({ result: 'succeeded' });
    expect(body()).not.toHaveProperty('password');
  });

  it.each(['vcd', 'vcfa'])('gives a local user of %s a random password', async (flavour) => {
    await open({ flavour, users: [] });
    const outcome = await create({ providerType: 'LOCAL' });
    expect(outcome).toMatchObject({ result: 'succeeded' });
    expect(body().password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^A-Za-z0-9]).{32}$/);
    expect(JSON.stringify([outcome, world.journal()])).not.toContain(body().password);
  });

  it('takes the first password from where the job says', async () => {
    await open([]);
    await create({ providerType: 'LOCAL', onCreate: { password: 'env:FIRST' } });
    expect(body().password).toBe('Initial-Passw0rd-1');
  });

  it('finds by the list that the name is taken, for no code says so', async () => {
    await open([{ ...jane, username: 'ada.moreau' }]);
    const connection = await world.connect();
    const { id } = await userNamed(connection, 'ada.moreau');
    expect(await settled(connection, item('create', null, newcomer))).toMatchObject({
      result: 'conflict',
      errorCode: 'ALREADY_EXISTS',
      userId: id,
    });
  });

  it('hands on that VCF Automation takes one local user per organisation', async () => {
    await open({ flavour: 'vcfa', users: [{ ...jane, providerType: 'LOCAL' }] });
    expect(await create({ providerType: 'LOCAL' })).toMatchObject({
      result: 'failed',
      providerCode: 'BAD_REQUEST',
      message: expect.stringContaining('A maximum of 1 local users'),
    });
  });

  it('takes the id from the task when the target answers with one', async () => {
    await open({ tasks: 'all', users: [] });
    const outcome = await create();
    expect(outcome).toMatchObject({ result: 'succeeded', userId: world.journal()[0]?.after?.id });
  });
});

describe('removing', () => {
  const owner = { ...jane, owns: 3 };

  it('takes over what the user owns, then deletes, and waits for the task', async () => {
    await open([owner]);
    const connection = await world.connect();
    const user = await userNamed(connection, 'jane');
    expect(await settled(connection, item('delete', user))).toMatchObject({ result: 'failed' });
    expect(await settled(connection, item('take-ownership', user))).toMatchObject({ result: 'succeeded' });
    const [first] = await connection.write([item('delete', user)]);
    expect(first).toMatchObject({ result: 'pending', checkAfterMs: 250 });
    if (first?.result !== 'pending') throw new Error('it is not pending');
    const second = await first.check();
    expect(second).toMatchObject({ result: 'pending', checkAfterMs: 500 });
    if (second.result !== 'pending') throw new Error('it is not pending');
    expect(await second.check()).toMatchObject({ result: 'succeeded' });
    expect(world.sent('GET', '/api/task/')).toHaveLength(2);
    expect(await readAll(connection)).toEqual([]);
  });

  it('does not remove what it cannot take over first', async () => {
    await open([owner]);
    const connection = await world.connect({ apiVersion: '37.0' });
    const outcome = await settled(connection, item('take-ownership', await userNamed(connection, 'jane')));
    expect(outcome).toMatchObject({ result: 'failed', message: expect.stringMatching(/37\.1/) });
  });
});

describe('what is refused', () => {
  it('keeps the minorErrorCode, and loses request id and personal values', async () => {
    const errormessage = 'The user jane (jane@example.com) of Jane Doe is busy.';
    await open([jane], {
      faults: [{ match: { op: 'update' }, do: { refuse: { errorcode: 'BUSY_ENTITY', errormessage } } }],
    });
    const connection = await world.connect();
    const user = await userNamed(connection, 'jane');
    const outcome = await settled(connection, item('update', user, { displayName: 'J' }));
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED', providerCode: 'BUSY_ENTITY' });
    expect(outcome.message).toMatch(/^Cloud Director refused this user: The user …/);
    expect(outcome.message).not.toMatch(/jane|doe|@|\[/i);
  });

  it('never writes the account that signs in', async () => {
    await open([{ ...jane, username: 'admin' }]);
    const connection = await world.connect();
    const outcome = await settled(connection, item('disable', await userNamed(connection, 'admin')));
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'OWN_ACCOUNT' });
    expect(world.sent('PUT', '/users/')).toEqual([]);
  });
});
