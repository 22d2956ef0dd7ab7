import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScimWorld, urns } from './world.ts';

const ada = { id: 'u1', userName: 'Ada@example.com', title: 'Clerk', groups: ['Sales'] };

describe('the SCIM sandbox refuses what a strict service would refuse', () => {
  it.each<[string, object, number, string | undefined]>([
    ['a login that is taken, in any case', { userName: 'ADA@example.com' }, 409, 'uniqueness'],
    ['no login', { userName: undefined }, 400, 'invalidValue'],
    ['an attribute that nobody knows', { shoeSize: '7' }, 400, 'invalidSyntax'],
    ['a boolean as a word', { active: 'false' }, 400, 'invalidValue'],
    ['one value where a list is wanted', { emails: { value: 'x@example.com' } }, 400, 'invalidValue'],
    [
      'two primary entries',
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      400,
      'invalidValue',
    ],
    [
      'an extension that schemas does not name',
      { [urns.enterprise]: { department: 'HR' } },
      400,
      'invalidSyntax',
    ],
    ['no schemas', { schemas: [] }, 400, 'invalidSyntax'],
    [
      'a manager whom nobody knows',
      { schemas: [urns.user, urns.enterprise], [urns.enterprise]: { manager: { value: 'nobody' } } },
      400,
      'invalidValue',
    ],
  ])('%s', async (_, more, status, scimType) => {
    await using world = await ScimWorld.open({ users: [ada] });
    const answer = await world.create('bea@example.com', more);
    expect(answer).toMatchObject({ status, body: { status: String(status), scimType } });
    expect(world.journal()).toMatchObject([{ op: 'create', status: scimType }]);
  });

  it.each<[string, object, string]>([
    ['op in capitals', { op: 'Replace', path: 'title', value: 'x' }, 'invalidSyntax'],
    ['a boolean as a word', { op: 'replace', path: 'active', value: 'False' }, 'invalidValue'],
    ['a remove without a path', { op: 'remove' }, 'noTarget'],
    [
      'a filter that matches nothing',
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'x' },
      'noTarget',
    ],
    ['a path that nobody knows', { op: 'replace', path: 'shoeSize', value: 'x' }, 'invalidPath'],
    ['a read-only attribute', { op: 'add', path: 'groups', value: [{ value: 'g' }] }, 'mutability'],
    ['a removed login', { op: 'remove', path: 'userName' }, 'invalidValue'],
  ])('a PATCH with %s, and does none of its operations', async (_, operation, scimType) => {
    await using world = await ScimWorld.open({ users: [ada] });
    const answer = await world.patch('/Users/u1', { op: 'replace', path: 'title', value: 'New' }, operation);
    expect(answer).toMatchObject({ status: 400, body: { scimType } });
    expect((await world.call('GET', '/Users/u1')).body.title).toBe('Clerk');
  });

  it('no credentials, another media type, no JSON, and what it does not have', async () => {
    await using world = await ScimWorld.open({ users: [ada] });
    expect((await world.call('GET', '/Users', undefined, { authorization: 'Bearer wrong' })).status).toBe(
      401,
    );
    expect((await world.call('POST', '/Users', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await world.call('POST', '/Users', '{')).status).toBe(400);
    expect((await world.call('GET', '/Users/nobody')).status).toBe(404);
    expect((await world.call('GET', '/Elsewhere')).status).toBe(404);
    expect((await world.call('GET', '/Me')).status).toBe(501);
  });

  it('what the users file says that the service lacks', async () => {
    const service = { patch: false, bulk: false, filter: false };
    await using world = await ScimWorld.open({ users: { users: [ada], service } });
    expect((await world.patch('/Users/u1', { op: 'replace', path: 'title', value: 'x' })).status).toBe(501);
    expect((await world.call('POST', '/Bulk', { schemas: [urns.bulk], Operations: [] })).status).toBe(501);
    expect((await world.call('GET', '/Users?filter=title%20pr')).body.scimType).toBe('invalidFilter');
    expect((await world.call('GET', '/ServiceProviderConfig')).body).toMatchObject({
      patch: { supported: false },
      bulk: { supported: false },
    });
  });

  it('a write of another version', async () => {
    await using world = await ScimWorld.open({ users: [ada] });
    const body = { schemas: [urns.user], userName: 'ada@example.com' };
    const stale = await world.call('PUT', '/Users/u1', body, { 'if-match': 'W/"7"' });
    expect(stale.status).toBe(412);
    const { headers } = await world.call('GET', '/Users/u1');
    const fresh = await world.call('PUT', '/Users/u1', body, { 'if-match': headers.get('etag') ?? '' });
    expect(fresh.status).toBe(200);
  });
});

describe('the SCIM sandbox does what RFC 7644 says', () => {
  it('clears what a PUT leaves out, but for memberships', async () => {
    await using world = await ScimWorld.open({ users: [ada] });
    await world.call('PUT', '/scim/v2/Users/u1', { schemas: [urns.user], userName: 'ada@example.com' });
    const { body } = await world.call('GET', '/Users/u1');
    expect(body).not.toHaveProperty('title');
    expect(body.groups).toMatchObject([{ display: 'Sales' }]);
  });

  it('filters, sorts and pages', async () => {
    const users = Array.from({ length: 25 }, (_, n) => ({
      userName: `u${String(n).padStart(2, '0')}`,
      title: `t${n % 2}`,
    }));
    await using world = await ScimWorld.open({ users: { users, service: { maxResults: 10 } } });
    const page = async (query: string) => (await world.call('GET', `/Users?${query}`)).body;
    expect(await page('startIndex=21&count=100')).toMatchObject({
      totalResults: 25,
      itemsPerPage: 5,
      startIndex: 21,
    });
    expect(await page('startIndex=26')).not.toHaveProperty('Resources');
    const filter = encodeURIComponent('userName eq "U03" or title eq "t0" and userName sw "u2"');
    const found = await page(`filter=${filter}&sortBy=userName`);
    expect(found.Resources.map(({ userName }) => userName)).toEqual(['u03', 'u20', 'u22', 'u24']);
    for (const bad of ['title', 'title eq', 'title eq x', 'title eq "a" and', '(title pr)', 'title zz "a"']) {
      expect((await page(`filter=${encodeURIComponent(bad)}`)).scimType).toBe('invalidFilter');
    }
  });

  it('keeps its place by cursor while users come and go', async () => {
    const users = Array.from({ length: 5 }, (_, n) => ({ id: `i${n}`, userName: `u${n}` }));
    await using world = await ScimWorld.open({ users: { users, service: { cursor: true, maxResults: 2 } } });
    const first = await world.call('GET', '/Users?cursor=');
    await world.call('DELETE', '/Users/i0');
    const second = await world.call('GET', `/Users?cursor=${first.body.nextCursor}`);
    expect(second.body.Resources.map(({ id }: { id: string }) => id)).toEqual(['i2', 'i3']);
    const last = await world.call('GET', `/Users?cursor=${second.body.nextCursor}`);
    expect(last.body).not.toHaveProperty('nextCursor');
    expect((await world.call('GET', '/Users?cursor=zzz')).body.scimType).toBe('invalidCursor');
  });

  it('goes on after a refused operation of a bulk request, unless failOnErrors says otherwise', async () => {
    await using world = await ScimWorld.open({ users: { users: [ada], service: { maxOperations: 3 } } });
    const post = (bulkId: string, userName: string) => {
      return { method: 'POST', path: '/Users', bulkId, data: { schemas: [urns.user], userName } };
    };
    const operations = [
      post('a', 'ada@example.com'),
      post('b', 'bea'),
      { method: 'DELETE', path: '/Users/u1' },
    ];
    const send = (more: object = {}, Operations: readonly object[] = operations) =>
      world.call('POST', '/Bulk', { schemas: [urns.bulk], Operations, ...more });
    expect((await send({ failOnErrors: 1 })).body.Operations).toHaveLength(1);
    const { body } = await send();
    expect(body.Operations.map(({ status, bulkId }) => [status, bulkId])).toEqual([
      ['409', 'a'],
      ['201', 'b'],
      ['204', undefined],
    ]);
    expect((await send({}, [...operations, post('c', 'cea')])).status).toBe(413);
  });

  it('gives a token for client credentials and takes it', async () => {
    await using world = await ScimWorld.open({});
    const form = 'grant_type=client_credentials&client_id=admin&client_secret=sandbox';
    const type = { 'content-type': 'application/x-www-form-urlencoded', authorization: '' };
    const { body } = await world.call('POST', '/oauth/token', form, type);
    const authorization = `Bearer ${body.access_token}`;
    expect((await world.call('GET', '/Users', undefined, { authorization })).status).toBe(200);
    expect((await world.call('POST', '/oauth/token', form.replace('sandbox', 'wrong'), type)).status).toBe(
      401,
    );
  });

  it('shows an attribute that is returned on request only then', async () => {
    const badge = 'urn:example:params:scim:schemas:extension:badge:2.0:User';
    await using world = await ScimWorld.open({ users: [{ ...ada, [badge]: { number: '7', remark: 'x' } }] });
    expect((await world.call('GET', '/Users/u1')).body[badge]).toEqual({ number: '7' });
    const asked = await world.call('GET', `/Users/u1?attributes=${badge}:remark`);
    expect(asked.body[badge]).toEqual({ remark: 'x' });
    expect(asked.body).not.toHaveProperty('userName');
  });
});

describe('the journal of the SCIM sandbox', () => {
  it('holds every write with its words, and brings users back after a restart', async () => {
    await using world = await ScimWorld.open({ users: { users: [ada], groups: ['Sales', 'Finance'] } });
    const { body: bea } = await world.create('bea', { active: true });
    await world.patch(`/Users/${bea.id}`, { op: 'replace', value: { active: false } });
    await world.patch(`/Users/${bea.id}`, { op: 'replace', path: 'active', value: true });
    await world.patch(`/Users/${bea.id}`, { op: 'add', path: 'title', value: 'Boss' });
    const { body: groups } = await world.call(
      'GET',
      `/Groups?filter=${encodeURIComponent('displayName eq "FINANCE"')}`,
    );
    const group = `/Groups/${groups.Resources[0]?.id}`;
    await world.patch(group, { op: 'add', path: 'members', value: [{ value: bea.id }, { value: 'u1' }] });
    await world.patch(group, { op: 'remove', path: 'members[value eq "u1"]' });
    await world.call('DELETE', '/Users/u1');
    expect(world.journal().map(({ op, key, subject, status }) => [op, key, subject, status])).toEqual([
      ['create', 'bea', null, 'accepted'],
      ['disable', 'bea', null, 'accepted'],
      ['enable', 'bea', null, 'accepted'],
      ['update', 'bea', null, 'accepted'],
      ['add-to-group', 'bea', 'Finance', 'accepted'],
      ['add-to-group', 'Ada@example.com', 'Finance', 'accepted'],
      ['remove-from-group', 'Ada@example.com', 'Finance', 'accepted'],
      ['remove', 'Ada@example.com', null, 'accepted'],
    ]);
    await world.start({ users: { users: [ada], groups: ['Sales', 'Finance'] } });
    const { body } = await world.call('GET', '/Users');
    expect(body.Resources).toMatchObject([
      { id: bea.id, userName: 'bea', active: true, title: 'Boss', groups: [{ display: 'Finance' }] },
    ]);
    expect((await world.call('GET', group)).body.members).toMatchObject([{ value: bea.id }]);
  });

  it('holds no password', async () => {
    await using world = await ScimWorld.open({});
    const { body } = await world.create('bea', { password: 'hunter2-secret' });
    await world.patch(`/Users/${body.id}`, { op: 'replace', path: 'password', value: 'hunter2-secret' });
    expect(JSON.stringify(world.journal())).not.toContain('hunter2');
    expect(world.journal()).toHaveLength(2);
  });
});

describe('faults of the SCIM sandbox', () => {
  it('refuse single users, by login, whatever the form of the request', async () => {
    const faults = [
      { match: { user: 'ada*' }, do: { refuse: { errorcode: 'invalidValue', errormessage: 'No.' } } },
    ];
    await using world = await ScimWorld.open({ users: [ada, { id: 'u2', userName: 'bea' }], faults });
    const title = { op: 'replace', path: 'title', value: 'x' };
    expect((await world.patch('/Users/u1', title)).body.scimType).toBe('invalidValue');
    expect((await world.patch('/Users/u2', title)).status).toBe(200);
    const operations = ['u1', 'u2'].map((id) => ({ method: 'DELETE', path: `/Users/${id}` }));
    const { body } = await world.call('POST', '/Bulk', { schemas: [urns.bulk], Operations: operations });
    expect(body.Operations.map(({ status }) => status)).toEqual(['400', '204']);
    expect(world.journal().map(({ key, status }) => `${key} ${status}`)).toEqual([
      'Ada@example.com invalidValue',
      'bea accepted',
      'Ada@example.com invalidValue',
      'bea accepted',
    ]);
  });

  it.each([
    ['disable', { op: 'replace', value: { active: false } }],
    ['disable', { op: 'replace', path: 'active', value: false }],
    ['enable', { op: 'replace', path: 'active', value: true }],
    ['update', { op: 'replace', path: 'title', value: 'x' }],
  ])('know a PATCH as %s', async (op, operation) => {
    await using world = await ScimWorld.open({
      users: [ada],
      faults: [{ match: { op }, do: { status: 503 } }],
    });
    expect((await world.patch('/Users/u1', operation)).status).toBe(503);
  });

  it('refuse a whole request, and make answers lie', async () => {
    const faults = [
      {
        match: { op: 'list-users' },
        times: 1,
        do: { refuseBatch: { errorcode: '403', errormessage: 'No.' } },
      },
      { match: { op: 'list-users' }, do: { contradict: 'counts' } },
      { match: { op: 'bulk' }, do: { contradict: 'counts' } },
    ];
    await using world = await ScimWorld.open({ users: [ada], faults });
    expect((await world.call('GET', '/Users')).status).toBe(403);
    expect((await world.call('GET', '/Users')).body.totalResults).toBe(8);
    const operations = [{ method: 'DELETE', path: '/Users/u1' }];
    const { body } = await world.call('POST', '/Bulk', { schemas: [urns.bulk], Operations: operations });
    expect(body.Operations).toEqual([]);
  });
});

describe('a users file of the SCIM sandbox', () => {
  it('may be a CSV file', async () => {
    await using world = new ScimWorld();
    const users = world.file(
      'users.csv',
      'userName,givenName,familyName,email\nada,Ada,Moreau,ada@example.com\n',
    );
    await world.start({ options: { users } });
    const { body } = await world.call('GET', '/Users');
    expect(body.Resources).toMatchObject([
      { userName: 'ada', name: { givenName: 'Ada' }, emails: [{ value: 'ada@example.com', type: 'work' }] },
    ]);
  });

  it.each([
    [[{ title: 'no login' }], 'users[0]: userName is required.'],
    [[ada, { userName: 'ADA@example.com' }], 'users[1]'],
    [{ users: [], service: { speed: 1 } }, 'service'],
  ])('that cannot be used is refused with its place', async (users, said) => {
    await using world = new ScimWorld();
    await expect(world.start({ users })).rejects.toThrow(said);
  });
});

describe('a key that the SCIM sandbox has seen', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const keyed = { 'idempotency-key': '"k-1"' };
  const bea = { schemas: [urns.user], userName: 'bea@example.com' };

  it('gets its first answer again, and another request with it is refused', async () => {
    await using world = await ScimWorld.open();
    const first = await world.call('POST', '/Users', bea, keyed);
    const second = await world.call('POST', '/Users', bea, keyed);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(world.journal()).toHaveLength(1);
    const other = await world.call('POST', '/Users', { ...bea, userName: 'cy@example.com' }, keyed);
    expect(other).toMatchObject({ status: 422, body: { title: 'Idempotency-Key is already used' } });
    expect((await world.call('POST', '/Users', bea)).status).toBe(409);
    expect((await world.call('POST', '/Users', bea, { 'idempotency-key': 'bare' })).status).toBe(400);
  });

  it('is forgotten when its time is over, or where keys are not looked at', async () => {
    await using world = await ScimWorld.open({ users: { users: [], service: { keyLifetimeS: 60 } } });
    vi.useFakeTimers({ toFake: ['Date'] });
    expect((await world.call('POST', '/Users', bea, keyed)).status).toBe(201);
    vi.setSystemTime(Date.now() + 59_000);
    expect((await world.call('POST', '/Users', bea, keyed)).status).toBe(201);
    vi.setSystemTime(Date.now() + 1_000);
    expect((await world.call('POST', '/Users', bea, keyed)).status).toBe(409);
    await world.start({ users: { users: [], service: { keyLifetimeS: 0 } } });
    const cy = { ...bea, userName: 'cy@example.com' };
    expect((await world.call('POST', '/Users', cy, keyed)).status).toBe(201);
    expect((await world.call('POST', '/Users', cy, keyed)).status).toBe(409);
  });
});
