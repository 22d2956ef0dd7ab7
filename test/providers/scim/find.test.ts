import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/scim/connection.ts';
import { able, config, list, resource, SandboxWorld, service, urns } from './world.ts';

const byLogin = (userName: string, more = {}) => ({ userId: null, attributes: { userName, ...more } });

describe('lookUp', () => {
  it('reads by id, and gives undefined for whom the service does not have', async () => {
    await using world = await SandboxWorld.open({ users: [{ id: 'u1', userName: 'ada' }] });
    const sought = ['u1', 'no/body'].map((userId) => ({ userId, attributes: {} }));
    const found = await (await world.connect()).lookUp(sought);
    expect(found.map((user) => user?.id)).toEqual(['u1', undefined]);
  });

  it.each(['o"neil@example.com', 'a\\b', 'x" or userName pr or userName eq "', 'tab\there'])(
    'quotes a login for the filter (%s)',
    async (login) => {
      await using world = await SandboxWorld.open({
        users: [
          { id: 'u0', userName: 'other' },
          { id: 'u1', userName: login },
        ],
      });
      const [found] = await (await world.connect()).lookUp([byLogin(login.toUpperCase())]);
      expect(found?.id).toBe('u1');
      expect(world.requests.at(-1)?.path).toContain('filter=userName%20eq%20');
    },
  );

  it('finds by the lasting id, with case, whom the login does not find', async () => {
    await using world = await SandboxWorld.open({ users: [{ id: 'u1', userName: 'old', externalId: 'e1' }] });
    const connection = await world.connect();
    expect((await connection.lookUp([byLogin('new', { externalId: 'e1' })]))[0]?.id).toBe('u1');
    expect((await connection.lookUp([byLogin('new', { externalId: 'E1' })]))[0]).toBeUndefined();
  });

  it('takes only whoever has exactly this login, when the service ignores the filter', async () => {
    const everybody = list(['u1', 'u2', 'u3'].map((id) => resource(id)));
    const tools = service({ provider: able('filter'), handler: () => ({ body: everybody }) });
    const connection = await connect(config(), tools);
    const found = await connection.lookUp([byLogin('u2@example.com'), byLogin('u9@example.com')]);
    expect(found.map((user) => user?.id)).toEqual(['u2', undefined]);
  });

  it('compares logins with case where the schema says so', async () => {
    const schemas = [{ id: urns.user, attributes: [{ name: 'userName', caseExact: true }] }];
    const tools = service({
      schemas,
      provider: able('filter'),
      handler: () => ({ body: list([resource('u1', { userName: 'Ada' })]) }),
    });
    const connection = await connect(config(), tools);
    const found = await connection.lookUp([byLogin('ada'), byLogin('Ada')]);
    expect(found.map((user) => user?.id)).toEqual([undefined, 'u1']);
  });

  it('goes through the list where there are no filters', async () => {
    const users = Array.from({ length: 450 }, (_, n) => ({ id: `u${n}`, userName: `ada${n}` }));
    await using world = await SandboxWorld.open({ users, service: { filter: false } });
    const [found] = await (await world.connect()).lookUp([byLogin('ada449')]);
    expect(found?.id).toBe('u449');
  });

  it('keeps logins out of addresses where the job asks for searches', async () => {
    await using world = await SandboxWorld.open({ users: [{ id: 'u1', userName: 'ada@example.com' }] });
    const connection = await world.connect({ lookUp: 'search' });
    expect((await connection.lookUp([byLogin('ada@example.com')]))[0]?.id).toBe('u1');
    expect(world.requests.at(-1)).toMatchObject({ method: 'POST', path: '/Users/.search', safe: true });
  });
});

describe('a user as it is read', () => {
  it('has the entry of type work, another spelling of names, and activity as a word', async () => {
    const odd = {
      schemas: [urns.user],
      ID: 'u1',
      username: 'ada',
      active: 'False',
      Emails: [
        { value: 'h@example.com', type: 'home', primary: true },
        { Value: 'w@example.com', type: 'WORK' },
      ],
      phoneNumbers: [{ value: '+1', type: 'mobile' }],
      roles: ['plain', { value: 'Complex' }],
      [urns.enterprise.toUpperCase()]: { manager: { value: 'u9' }, department: 'HR' },
    };
    const tools = service({ handler: () => ({ body: odd }) });
    const [user] = await (await connect(config(), tools)).lookUp([{ userId: 'u1', attributes: {} }]);
    expect(user).toMatchObject({
      id: 'u1',
      active: false,
      attributes: {
        userName: 'ada',
        'emails.work': 'w@example.com',
        'phoneNumbers.work': null,
        'phoneNumbers.mobile': '+1',
        roles: ['Complex', 'plain'],
        manager: 'u9',
        department: 'HR',
      },
    });
  });

  it('without an id or a login is an answer that cannot be read', async () => {
    const tools = service({ handler: () => ({ body: { userName: 'ada' } }) });
    const looking = (await connect(config(), tools)).lookUp([{ userId: 'u1', attributes: {} }]);
    await expect(looking).rejects.toMatchObject({ trouble: 'unreadable' });
  });
});
