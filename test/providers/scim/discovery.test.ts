import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/scim/connection.ts';
import {
  able,
  config,
  item,
  list,
  outcomes,
  readAll,
  resource,
  type Service,
  service,
  urns,
} from './world.ts';

const found = (body: unknown = resource('u1')): NonNullable<Service['handler']> => {
  return ({ method }) => (method === 'GET' ? { body } : { status: 204 });
};

const update = item('update', 'u1', { title: 'New' });

async function writtenBy(parts: Service, settings = {}, items = [update]): Promise<readonly string[]> {
  const tools = service({ handler: found(), ...parts });
  const connection = await connect(config(settings), tools);
  await connection.write(items);
  return tools.writes.map(({ method, path }) => `${method} ${path}`);
}

const schema = (id: string, attributes: readonly object[]) => ({ id, attributes });

describe('discovery', () => {
  it('lets a service without any documents be written by PUT alone', async () => {
    expect(await writtenBy({})).toEqual(['PUT /Users/u1']);
  });

  it('uses PATCH where ServiceProviderConfig offers it', async () => {
    expect(await writtenBy({ provider: able('patch') })).toEqual(['PATCH /Users/u1']);
  });

  it('goes by the job where the service is wrong about itself', async () => {
    expect(await writtenBy({ provider: able('patch') }, { use: { patch: false } })).toEqual([
      'PUT /Users/u1',
    ]);
    expect(await writtenBy({}, { use: { patch: true } })).toEqual(['PATCH /Users/u1']);
    const two = [update, item('update', 'u2', { title: 'New' })];
    expect(await writtenBy({ provider: able('patch', 'bulk') }, { use: { bulk: false } }, two)).toEqual([
      'PATCH /Users/u1',
      'PATCH /Users/u2',
    ]);
  });

  it('takes the endpoint of users from ResourceTypes, and never an address of another place', async () => {
    const type = (endpoint: string) => [{ name: 'User', endpoint, schema: urns.user }];
    expect(await writtenBy({ types: type('/People') })).toEqual(['PUT /People/u1']);
    for (const endpoint of ['https://evil.example.com/Users', '//evil.example.com', '/../admin', '']) {
      expect(await writtenBy({ types: type(endpoint) })).toEqual(['PUT /Users/u1']);
    }
  });

  it('sends no request for an attribute that the schema lacks or calls read-only', async () => {
    const schemas = [
      schema(urns.user, [
        { name: 'userName' },
        { name: 'title', mutability: 'readOnly' },
        { name: 'name', subAttributes: [{ name: 'givenName' }] },
      ]),
    ];
    const tools = service({ schemas, types: [{ name: 'User', endpoint: '/Users', schema: urns.user }] });
    const connection = await connect(config(), tools);
    const refused = [
      { title: 'New' },
      { timezone: 'UTC' },
      { 'name.familyName': 'Moreau' },
      { roles: ['Reader'] },
      { department: 'Sales' },
    ];
    for (const values of refused) {
      const [outcome] = outcomes(await connection.write([item('update', 'u1', values)]));
      expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED' });
      expect(outcome?.message).toContain(Object.keys(values)[0]);
    }
    expect(tools.writes).toEqual([]);
  });

  it('reads memberships from the groups when the schema of users has none', async () => {
    const types = ['User', 'Group'].map((name) => ({ name, endpoint: `/${name}s`, schema: name }));
    const tools = service({
      types,
      schemas: [schema(urns.user, [{ name: 'userName' }])],
      handler: (_, url) => ({
        body: list(
          url.pathname === '/Groups'
            ? [
                { id: 'g1', displayName: 'Sales', members: [{ value: 'u1' }] },
                { id: 'g2', displayName: 'Empty' },
              ]
            : [resource('u1'), resource('u2')],
        ),
      }),
    });
    const users = await readAll(await connect(config(), tools));
    expect(users.map(({ attributes }) => attributes.groups)).toEqual([['Sales'], []]);
  });

  it('takes a sign-in page for no document', async () => {
    const tools = service({});
    const asked = tools.request;
    tools.request = async (request) => {
      const answer = await asked(request);
      return { ...answer, status: 200, text: async () => '<html>Sign in</html>' };
    };
    await expect(connect(config(), tools)).rejects.toMatchObject({ trouble: 'unreadable' });
  });

  it.each([
    [401, 'unauthorised'],
    [500, 'unavailable'],
  ])('fails on HTTP %i as %s', async (status, trouble) => {
    const tools = service({ provider: {} });
    const asked = tools.request;
    tools.request = async (request) => ({ ...(await asked(request)), status });
    await expect(connect(config(), tools)).rejects.toMatchObject({ trouble });
  });
});

describe('a PUT', () => {
  const extension = 'urn:example:ext';
  const types = [
    { name: 'User', endpoint: '/Users', schema: urns.user, schemaExtensions: [{ schema: extension }] },
  ];
  const withHidden = (hidden: object) => [
    schema(urns.user, [{ name: 'userName' }, { name: 'title' }, { name: 'password', returned: 'never' }]),
    schema(extension, [hidden]),
  ];

  it('is not sent when the service never shows what it would clear', async () => {
    const schemas = withHidden({ name: 'pin', returned: 'never', mutability: 'writeOnly' });
    const tools = service({ types, schemas, handler: found() });
    const [outcome] = outcomes(await (await connect(config(), tools)).write([update]));
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED' });
    expect(outcome?.message).toContain('urn:example:ext:pin');
    expect(tools.writes).toEqual([]);
  });

  it('is sent when the job says that it survives', async () => {
    const schemas = withHidden({ name: 'pin', returned: 'never' });
    const unseen = ['password', 'urn:example:ext:pin'];
    expect(await writtenBy({ types, schemas }, { unseen })).toEqual(['PUT /Users/u1']);
  });

  it('holds what the service shows only when asked, so it asks', async () => {
    const tools = service({
      types,
      schemas: withHidden({ name: 'note', returned: 'request' }),
      handler: ({ method }, url) => {
        if (method !== 'GET') return { status: 204 };
        const note = url.searchParams.get('attributes') === 'urn:example:ext:note' ? { note: 'kept' } : {};
        return { body: resource('u1', { [extension]: { badge: 'B1', ...note } }) };
      },
    });
    await (await connect(config(), tools)).write([update]);
    const body = JSON.parse(tools.writes[0]?.body ?? '');
    expect(body[extension]).toEqual({ badge: 'B1', note: 'kept' });
  });
});
