import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';

/* The contract of CloudAPI, asked for with plain fetch: no line of the provider is used. */

let folder: string;
let sandbox: RunningSandbox | null;
let token: string;
let version: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-vcd-sandbox-'));
  sandbox = null;
});
afterEach(async () => {
  await sandbox?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(users: object = [], faults: readonly object[] = []): Promise<void> {
  await sandbox?.close();
  const file = (name: string, content: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  sandbox = await startSandbox({
    provider: 'cloud-director',
    port: 0,
    users: file('users.json', users),
    journal: join(folder, 'journal.ndjson'),
    faults: file('faults.json', { rules: faults }),
    ratePerSecond: null,
  });
  version = 'flavour' in users && users.flavour === 'vcfa' ? '40.0' : '39.1';
  token = await signIn('acme');
}

function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Response> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${sandbox?.baseUrl}${path}`, {
    method,
    headers: {
      Accept: `application/json;version=${version}`,
      'Content-Type': 'application/json',
      ...headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
}

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return raw(method, `/cloudapi/1.0.0${path}`, { Authorization: `Bearer ${token}`, ...headers }, body);
}

const basic = (login: string) => ({ Authorization: `Basic ${Buffer.from(login).toString('base64')}` });

async function signIn(organisation: string): Promise<string> {
  const path = `/cloudapi/1.0.0/sessions${organisation === 'System' ? '/provider' : ''}`;
  const answer = await raw('POST', path, basic(`admin@${organisation}:sandbox`));
  return answer.headers.get('X-VMWARE-VCLOUD-ACCESS-TOKEN') ?? '';
}

/** Whatever of it an answer has. */
interface Answered {
  readonly id: string;
  readonly message: string;
  readonly access_token: string;
  readonly resultTotal: number;
  readonly values: readonly (Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly name: string;
  })[];
}

async function json(answer: Response | Promise<Response>): Promise<Answered> {
  return (await (await answer).json()) as Answered;
}

const list = (query = '', headers: Record<string, string> = {}) =>
  json(call('GET', `/users?page=1&pageSize=128${query}`, undefined, headers));

async function role(name = 'vApp User', headers: Record<string, string> = {}): Promise<object> {
  const { values } = await json(call('GET', `/roles?page=1&pageSize=128`, undefined, headers));
  return values.find((one) => one.name === name) ?? {};
}

const jane = { username: 'jane', fullName: 'Jane', description: 'd', email: 'jane@example.com', phone: '1' };

async function current(): Promise<Record<string, unknown>> {
  const { values } = await list();
  return values[0] ?? {};
}

/** A body that the server takes: what was read without what is read-only. */
async function writable(more: object = {}): Promise<Record<string, unknown>> {
  const {
    orgEntityRef: _o,
    isGroupRole: _g,
    stranded: _s,
    locked: _l,
    password: _p,
    ...rest
  } = await current();
  return { ...rest, ...more };
}

function put(body: Record<string, unknown>): Promise<Response> {
  return call('PUT', `/users/${String(body.id)}`, body);
}

function lines(): readonly Record<string, unknown>[] {
  return readFileSync(join(folder, 'journal.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('sessions and versions', () => {
  it('lists its versions as XML to anybody', async () => {
    await start();
    const answer = await fetch(`${sandbox?.baseUrl}/api/versions`);
    expect(await answer.text()).toMatch(/<VersionInfo deprecated="false"><Version>39\.1</);
  });

  it.each([
    ['admin@acme:wrong', ''],
    ['admin@nowhere:sandbox', ''],
    ['admin:sandbox', ''],
    ['admin@System:sandbox', ''],
    ['admin@acme:sandbox', '/provider'],
  ])('refuses %s at sessions%s', async (login, path) => {
    await start();
    expect((await raw('POST', `/cloudapi/1.0.0/sessions${path}`, basic(login))).status).toBe(401);
  });

  it('takes the provider in any case, and says who signed in', async () => {
    await start();
    const answer = await raw('POST', '/cloudapi/1.0.0/sessions/provider', basic('admin@SYSTEM:sandbox'));
    expect(await json(answer)).toMatchObject({ user: { name: 'admin' }, org: { name: 'System' } });
  });

  it('answers 401 without a session and after its end', async () => {
    await start();
    expect((await raw('GET', '/cloudapi/1.0.0/users?page=1', {})).status).toBe(401);
    expect((await call('DELETE', '/sessions/current')).status).toBe(204);
    expect((await call('GET', '/users?page=1')).status).toBe(401);
  });

  it.each(['application/json', 'application/json;version=40.0', 'application/json;version=1'])(
    'answers 406 to Accept: %s',
    async (accept) => {
      await start();
      expect((await call('GET', '/users?page=1', undefined, { Accept: accept })).status).toBe(406);
    },
  );

  it('lets an API token look at users and not touch them', async () => {
    await start([jane]);
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const asked = 'grant_type=refresh_token&refresh_token=sandbox';
    token = (await json(raw('POST', '/oauth/tenant/acme/token', form, asked))).access_token;
    const user = await writable();
    expect((await put(user)).status).toBe(403);
    expect((await raw('POST', '/oauth/tenant/acme/token', form, `${asked}x`)).status).toBe(400);
  });
});

describe('tenants', () => {
  it('shows a System session the organisation that the header names by its bare UUID', async () => {
    await start({
      organisations: ['acme', 'other'],
      users: [jane, { username: 'john', organisation: 'other' }],
    });
    token = await signIn('System');
    const { values } = await json(call('GET', '/orgs?page=1'));
    const other = String(values.find(({ name }) => name === 'other')?.id);
    const named = async (context: string) =>
      (await list('', { 'X-VMWARE-VCLOUD-TENANT-CONTEXT': context })).values;
    expect(await named(other.slice(other.lastIndexOf(':') + 1))).toMatchObject([{ username: 'john' }]);
    expect((await list()).values).toEqual([]);
    const headers = { 'X-VMWARE-VCLOUD-TENANT-CONTEXT': other };
    expect((await call('GET', '/users?page=1', undefined, headers)).status).toBe(401);
  });

  it('gives roles of one name another id in each organisation', async () => {
    await start({ organisations: ['acme', 'other'], users: [] });
    const mine = await role();
    token = await signIn('other');
    expect(await role()).not.toEqual(mine);
  });
});

describe('lists', () => {
  const many = Array.from({ length: 300 }, (_, number) => ({ username: `user${number}` }));

  it('links pages under its own host, relations of one page in one link', async () => {
    await start(many);
    const answer = await call('GET', '/users?page=2&pageSize=128');
    expect(answer.headers.get('Link')).toContain('rel="firstPage previousPage"');
    expect(answer.headers.get('Link')).toMatch(/<https:\/\/cell-1\S*page=3\S*>;rel="lastPage nextPage"/);
    expect(await json(answer)).toMatchObject({ resultTotal: 300, pageCount: 3, page: 2, associations: null });
  });

  it.each([
    'page=0&pageSize=10',
    'page=1&pageSize=129',
    'page=1&sortAsc=id',
    'page=1&filter=roleEntityRefs==x',
  ])('refuses %s', async (query) => {
    await start(many);
    expect((await call('GET', `/users?${query}`)).status).toBe(400);
  });

  it.each([
    ['username==user7', 1],
    ['username==USER7', 0],
    ['username==user29*', 11],
    ['(username==user1,username==user2)', 2],
    ['username==user1;username!=user1', 0],
  ])('filters by %s', async (filter, total) => {
    await start(many);
    expect((await list(`&filter=${encodeURIComponent(filter)}`)).resultTotal).toBe(total);
  });

  it.each(['a%20b', 'a%2Bb', 'a%40b'])('cannot parse the filter value %s', async (value) => {
    await start(many);
    const body = await list(`&filter=username%3D%3D${value}`);
    expect(body.message).toMatch(/QueryParseException/);
  });

  it('takes an encoded value where filterEncoded says so', async () => {
    await start([{ username: 'a@b.example.com' }]);
    const body = await list('&filterEncoded=true&filter=username%3D%3Da%2540b.example.com');
    expect(body.resultTotal).toBe(1);
  });
});

describe('creating', () => {
  const create = (body: object) => call('POST', '/users', body);
  const minimal = async (more: object = {}) => ({
    username: 'ada',
    roleEntityRefs: [await role()],
    providerType: 'SAML',
    ...more,
  });

  it('answers 201 with the user, and 403 for a user who is not there', async () => {
    await start();
    const answer = await create(await minimal());
    expect(answer.status).toBe(201);
    const { id } = await json(answer);
    expect(id).toMatch(/^urn:vcloud:user:/);
    expect((await call('GET', `/users/${id}`)).status).toBe(200);
    const missing = await call('GET', '/users/urn:vcloud:user:00000000-0000-4000-8000-000000000000');
    expect(missing.status).toBe(403);
    expect(await json(missing)).toMatchObject({
      minorErrorCode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN',
      message: expect.stringMatching(/^\[ [0-9a-f-]{36} \] /),
      stackTrace: null,
    });
  });

  it.each([
    ['an upper-case name', { username: 'Ada' }],
    ['a name that is taken', { username: 'jane' }],
    ['a password of an external user', { password: 'Some-Passw0rd' }],
    ['a local user without a password', { providerType: 'LOCAL' }],
    ['a short password', { providerType: 'LOCAL', password: '12345' }],
    ['a broken address', { email: 'ada' }],
    ['an id', { id: 'urn:vcloud:user:00000000-0000-4000-8000-000000000000' }],
    [
      'a role of nobody',
      { roleEntityRefs: [{ id: 'urn:vcloud:role:00000000-0000-4000-8000-000000000000' }] },
    ],
    ['an unknown field', { givenName: 'Ada' }],
    ['a locked user', { locked: true }],
  ])('refuses %s', async (_, difference) => {
    await start([jane]);
    expect((await create(await minimal(difference))).status).toBe(400);
    expect(lines().at(-1)).toMatchObject({ op: 'create', status: 'BAD_REQUEST', after: null });
  });

  it('wants roles before 39.0', async () => {
    await start();
    const { roleEntityRefs: _, ...body } = await minimal();
    expect((await create(body)).status).toBe(201);
    version = '38.0';
    expect((await create({ ...body, username: 'bob' })).status).toBe(400);
  });

  it('takes one local user per organisation as VCF Automation, with a long password', async () => {
    await start({ flavour: 'vcfa', users: [] });
    const local = { providerType: 'LOCAL', password: 'Short-1' };
    expect((await create(await minimal(local))).status).toBe(400);
    const long = { ...local, password: 'Long-enough-Passw0rd' };
    expect((await create(await minimal(long))).status).toBe(201);
    expect((await json(create(await minimal({ ...long, username: 'bob' })))).message).toContain(
      'maximum of 1',
    );
  });
});

describe('updating', () => {
  it('replaces the whole user: what is left out gets its default', async () => {
    await start([{ ...jane, enabled: false }]);
    const { fullName: _f, description: _d, email: _e, phone: _p, enabled: _n, ...body } = await writable();
    expect((await put(body)).status).toBe(200);
    expect(await current()).toMatchObject({
      fullName: '',
      description: '',
      email: null,
      phone: null,
      enabled: true,
    });
  });

  it.each([
    ['no id', { id: undefined }],
    ['another name in source', { nameInSource: 'other' }],
    ['no name in source', { nameInSource: undefined }],
    ['another provider type', { providerType: 'LDAP' }],
    ['a read-only field', { isGroupRole: false }],
    ['its organisation', { orgEntityRef: { id: 'urn:vcloud:org:1', name: 'acme' } }],
    ['a lock', { locked: true }],
    ['a password of an external user', { password: '******' }],
  ])('refuses a body with %s', async (_, difference) => {
    await start([jane]);
    const body = await writable();
    expect((await call('PUT', `/users/${String(body.id)}`, { ...body, ...difference })).status).toBe(400);
  });

  it('keeps the password of a local user for asterisks, and wants them', async () => {
    await start([{ ...jane, providerType: 'LOCAL' }]);
    expect((await put(await writable())).status).toBe(400);
    expect((await put(await writable({ password: '******' }))).status).toBe(200);
    expect(lines().at(-1)).toMatchObject({ after: { passwords: 1 } });
    await put(await writable({ password: 'Another-1' }));
    expect(lines().at(-1)).toMatchObject({ after: { passwords: 2 } });
  });

  it('does not rename before 37.0', async () => {
    await start([jane]);
    version = '36.3';
    expect((await put(await writable({ username: 'june' }))).status).toBe(400);
    version = '37.0';
    expect((await put(await writable({ username: 'june' }))).status).toBe(200);
  });

  it('hides the restricted fields from an account without the right to view users', async () => {
    await start({ viewRight: false, users: [jane] });
    expect(Object.keys(await current()).sort()).toEqual([
      'description',
      'fullName',
      'id',
      'isGroupRole',
      'orgEntityRef',
      'phone',
      'roleEntityRefs',
      'username',
    ]);
  });
});

describe('groups', () => {
  const world = {
    flavour: 'vcfa',
    organisations: ['acme', 'other'],
    groups: ['Staff', 'Admins'],
    users: [{ ...jane, groups: ['Staff'] }],
  };
  const group = async (name: string, headers: Record<string, string> = {}) => {
    const { values } = await json(call('GET', '/groups?page=1&pageSize=128', undefined, headers));
    return values.find((one) => one.name === name) ?? {};
  };
  const pathOf = async () => `/users/${String((await current()).id)}/groups`;

  it('are shown per user, and replaced by a write, which answers with a page', async () => {
    await start(world);
    const path = await pathOf();
    expect(await json(call('GET', `${path}?page=1&pageSize=128`))).toMatchObject({
      resultTotal: 1,
      values: [{ name: 'Staff', id: expect.stringMatching(/^urn:vcloud:group:/) }],
    });
    const answer = await call('PUT', path, { values: [await group('Admins')] });
    expect(answer.status).toBe(200);
    expect(await json(answer)).toMatchObject({ resultTotal: 1, pageSize: 25, values: [{ name: 'Admins' }] });
    expect(lines()).toMatchObject([{ op: 'set-groups', key: 'jane', after: { groups: ['Admins'] } }]);
  });

  it('have another id in each organisation, and only the own can be named', async () => {
    await start(world);
    const path = await pathOf();
    const mine = token;
    token = await signIn('other');
    const theirs = await group('Staff');
    token = mine;
    expect(theirs).not.toEqual(await group('Staff'));
    expect((await call('PUT', path, { values: [theirs] })).status).toBe(400);
    expect((await call('PUT', path, { groups: [] })).status).toBe(400);
  });

  it('are shown by every version, and written by 40.0 only', async () => {
    await start(world);
    const path = await pathOf();
    version = '9.1.0';
    expect((await call('PUT', path, { values: [] })).status).toBe(404);
    await start({ ...world, flavour: 'vcd' });
    const older = await pathOf();
    expect(await json(call('GET', older))).toMatchObject({ values: [{ name: 'Staff' }] });
    expect((await call('PUT', older, { values: [] })).status).toBe(404);
    version = '40.0';
    expect((await call('PUT', older, { values: [] })).status).toBe(406);
    expect(lines()).toEqual([]);
  });

  it('are remembered by the journal', async () => {
    await start(world);
    await call('PUT', await pathOf(), { values: [] });
    await start(world);
    expect(await json(call('GET', await pathOf()))).toMatchObject({ resultTotal: 0 });
  });

  it('answer 403 for a user who is not there', async () => {
    await start(world);
    const path = '/users/urn:vcloud:user:00000000-0000-4000-8000-000000000000/groups';
    expect((await call('GET', path)).status).toBe(403);
    expect((await call('PUT', path, { values: [] })).status).toBe(403);
  });
});

describe('removing', () => {
  it('wants ownership taken over first, then answers 202 with a task of the older interface', async () => {
    await start([{ ...jane, owns: 1 }]);
    const { id } = await current();
    expect((await call('DELETE', `/users/${String(id)}`)).status).toBe(400);
    expect((await call('POST', `/users/${String(id)}/takeOwnership`)).status).toBe(204);
    const answer = await call('DELETE', `/users/${String(id)}`);
    expect(answer.status).toBe(202);
    const path = new URL(answer.headers.get('Location') ?? '').pathname;
    const headers = { Authorization: `Bearer ${token}`, Accept: 'application/*+xml;version=39.1' };
    const looks = [await raw('GET', path, headers), await raw('GET', path, headers)];
    expect(await looks[0]?.text()).toContain('status="running"');
    expect(await looks[1]?.text()).toContain('status="success"');
    expect((await list()).values).toEqual([]);
  });
});

describe('faults and memory', () => {
  it('refuses a user by name whatever the call', async () => {
    const refuse = { errorcode: 'BUSY_ENTITY', errormessage: 'Busy.' };
    await start([jane], [{ match: { op: 'delete', user: 'jane' }, do: { refuse } }]);
    const { id } = await current();
    expect(await json(call('DELETE', `/users/${String(id)}`))).toMatchObject({
      minorErrorCode: 'BUSY_ENTITY',
    });
    expect(lines()).toMatchObject([{ op: 'delete', key: 'jane', status: 'BUSY_ENTITY' }]);
  });

  it('remembers what its journal says, removals and renames too', async () => {
    await start([jane, { username: 'john' }]);
    await put(await writable({ username: 'june' }));
    const { values } = await list('&filter=username%3D%3Djohn');
    await call('DELETE', `/users/${values[0]?.id}`);
    await start([jane, { username: 'john' }]);
    expect((await list()).values).toMatchObject([{ username: 'june' }]);
  });

  it('names the user of the file that it cannot take', async () => {
    await expect(start([{ username: 'a', roles: ['Emperor'] }])).rejects.toThrow(/users\[0\].*Emperor/);
    await expect(start([{ username: 'a', groups: ['Emperors'] }])).rejects.toThrow(/users\[0\].*Emperors/);
    await expect(start([jane, { username: 'JANE' }])).rejects.toThrow(/users\[1\].*same name/);
  });
});
