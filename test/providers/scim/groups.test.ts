import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/scim/connection.ts';
import {
  able,
  config,
  list,
  membership,
  readAll,
  resource,
  SandboxWorld,
  scimError,
  service,
} from './world.ts';

const users = ['u1', 'u2', 'u3'].map((id) => ({ id, userName: `${id}@example.com` }));
const add = (id: string, group = 'Sales') => membership('add-to-group', id, group);
const take = (id: string, group = 'Sales') => membership('remove-from-group', id, group);

async function groupsOf(world: SandboxWorld, settings = {}) {
  const all = await readAll(await world.connect(settings));
  return Object.fromEntries(all.map(({ id, attributes }) => [id, attributes.groups]));
}

describe.each([
  ['PATCH', {}, {}],
  ['PATCH as Entra ID sends it', { dialect: 'entra' }, { patchDialect: 'entra' }],
  ['PUT', { patch: false }, {}],
  ['PATCH, with groups that only groups show', { groupsInUsers: false }, {}],
])('memberships by %s', (_, serviceSettings, settings) => {
  it('come and go for many users in one write, and others stay', async () => {
    const held = users.map((user) => ({
      ...user,
      groups: user.id === 'u3' ? ['Sales', 'Finance'] : ['Finance'],
    }));
    await using world = await SandboxWorld.open({ users: held, service: serviceSettings });
    const connection = await world.connect(settings);
    expect(await connection.write([add('u1'), add('u2')])).toMatchObject([
      { result: 'succeeded' },
      { result: 'succeeded' },
    ]);
    const all = ['Finance', 'Sales'];
    expect(await groupsOf(world, settings)).toEqual({ u1: all, u2: all, u3: all });
    await connection.write([take('u1'), take('u3')]);
    expect(await groupsOf(world, settings)).toEqual({ u1: ['Finance'], u2: all, u3: ['Finance'] });
    expect(world.requests.filter(({ safe }) => !safe)).toHaveLength(2);
  });
});

describe('a group', () => {
  it('is asked for once in a run, by its name, quoted as a JSON string', async () => {
    const name = 'Sales "EU" \\ north';
    await using world = await SandboxWorld.open({ users, groups: [name] });
    const connection = await world.connect();
    await connection.write([add('u1', name)]);
    await connection.write([add('u2', name)]);
    const asked = world.requests.filter(({ path }) => path.startsWith('/Groups?'));
    expect(asked).toHaveLength(1);
    expect(decodeURIComponent(asked[0]?.path ?? '')).toContain('displayName eq "Sales \\"EU\\" \\\\ north"');
  });

  it('that nobody has, or that is there several times, is a refusal of its members alone', async () => {
    const groups = [
      { id: 'g1', displayName: 'Twice' },
      { id: 'g2', displayName: 'twice' },
      { id: 'g3', displayName: 'TWICE' },
    ];
    const tools = service({ provider: able('patch'), handler: () => ({ body: list(groups) }) });
    const connection = await connect(config(), tools);
    for (const name of ['None', 'tWICE']) {
      expect(await connection.write([add('u1', name), add('u2', name)])).toMatchObject([
        { result: 'failed', errorCode: 'REFUSED' },
        { result: 'failed', errorCode: 'REFUSED' },
      ]);
    }
    expect(tools.writes).toEqual([]);
    await connection.write([add('u1', 'twice')]).catch(() => undefined);
    expect(tools.writes.map(({ path }) => path)).toEqual(['/Groups/g2']);
  });

  it('is found by a name in another case when there is only one', async () => {
    await using world = await SandboxWorld.open({ users, groups: ['Sales'] });
    const connection = await world.connect();
    expect(await connection.write([add('u1', 'SALES')])).toMatchObject([{ result: 'succeeded' }]);
    expect((await groupsOf(world)).u1).toEqual(['Sales']);
  });

  it('whose write is refused for one of many is tried in halves by core', async () => {
    await using world = await SandboxWorld.open({
      users,
      groups: ['Sales'],
      faults: [
        { match: { user: 'u2@example.com' }, do: { refuse: { errorcode: '403', errormessage: 'No.' } } },
      ],
    });
    const connection = await world.connect();
    await expect(connection.write([add('u1'), add('u2')])).rejects.toMatchObject({ trouble: 'refused' });
    expect(await connection.write([add('u1')])).toMatchObject([{ result: 'succeeded' }]);
    expect(await connection.write([add('u2')])).toMatchObject([{ result: 'failed', providerCode: '403' }]);
  });

  it('that the user has left already is success', async () => {
    const tools = service({
      provider: able('patch'),
      handler: ({ safe }) =>
        safe ? { body: list([{ id: 'g1', displayName: 'Sales' }]) } : scimError(400, 'noTarget'),
    });
    expect(await (await connect(config(), tools)).write([take('u1')])).toMatchObject([
      { result: 'succeeded', errorCode: 'ALREADY_SO' },
    ]);
  });

  it('is not emptied by a PUT when the service does not show its members', async () => {
    const tools = service({
      handler: (_, url) => {
        const group = { id: 'g1', displayName: 'Sales' };
        return { body: url.pathname === '/Groups' ? list([group]) : group };
      },
    });
    const connection = await connect(config(), tools);
    await expect(connection.write([add('u1')])).rejects.toMatchObject({ trouble: 'unreadable' });
    expect(tools.writes).toEqual([]);
  });

  it('is written by one PUT after the other, so that none undoes the other', async () => {
    await using world = await SandboxWorld.open({
      users,
      groups: ['Sales'],
      service: { patch: false, etag: false },
    });
    const connection = await world.connect();
    await Promise.all(['u1', 'u2', 'u3'].map((id) => connection.write([add(id)])));
    expect(await groupsOf(world)).toEqual({ u1: ['Sales'], u2: ['Sales'], u3: ['Sales'] });
  });

  it('that is only inherited is not among those of a user', async () => {
    const groups = [
      { value: 'g1', display: 'Direct' },
      { value: 'g2', display: 'Inherited', type: 'indirect' },
      { value: 'g3', type: 'direct' },
    ];
    const tools = service({
      handler: (_, url) => ({
        body: list(
          url.pathname === '/Groups' ? [{ id: 'g3', displayName: 'Named' }] : [resource('u1', { groups })],
        ),
      }),
    });
    const [user] = await readAll(await connect(config(), tools));
    expect(user?.attributes.groups).toEqual(['Direct', 'Named']);
  });
});
