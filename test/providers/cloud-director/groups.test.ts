import { afterEach, describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/contracts/provider.ts';
import type { User } from '../../../src/domain/user.ts';
import { connect } from '../../../src/providers/cloud-director/connection.ts';
import { groupReadsAtOnce } from '../../../src/providers/cloud-director/limits.ts';
import { groupsAdded, groupsRemoved } from '../../../src/providers/cloud-director/users.ts';
import {
  type Canned,
  config,
  DirectorWorld,
  errorOf,
  fakeTools,
  item,
  readAll,
  settled,
  shown,
  system,
  urnA,
  userNamed,
} from './world.ts';

/* Groups, which VCF Automation shows per user and takes as a whole since API 40.0. */

let world: DirectorWorld;
afterEach(() => world?.[Symbol.asyncDispose]());

const on = { groups: true };
const staff = ['Staff', 'Auditors', 'Admins'];
const jane = { username: 'jane', groups: ['Staff'] };

async function open(users: readonly object[], more: object = {}, faults: readonly object[] = []) {
  world = await DirectorWorld.open({ flavour: 'vcfa', groups: staff, users, ...more }, { faults });
}

const groupsOf = ({ attributes }: User) => attributes.groups;
const add = (...groups: readonly string[]) => ({ [groupsAdded]: groups });

async function setGroups(values: Parameters<typeof item>[2], settings: object = {}) {
  const connection = await world.connect({ ...on, ...settings });
  return settled(connection, item('set-groups', await userNamed(connection, 'jane'), values));
}

const body = (): { readonly values: readonly { readonly id: string; readonly name: string }[] } =>
  JSON.parse(world.sent('PUT', '/groups')[0]?.body ?? 'null');

describe('reading groups', () => {
  it('asks for those of each user, whoever is listed or looked up', async () => {
    const users = Array.from({ length: 150 }, (_, number) => ({
      username: `user${number}`,
      groups: number % 2 === 0 ? ['Staff', 'Admins'] : [],
    }));
    await open(users);
    const connection = await world.connect(on);
    const read = await readAll(connection);
    expect(read).toHaveLength(150);
    for (const user of read) {
      const number = Number(String(user.attributes.userName).slice(4));
      expect(groupsOf(user)).toEqual(number % 2 === 0 ? ['Admins', 'Staff'] : []);
    }
    expect(groupsOf(await userNamed(connection, 'user4'))).toEqual(['Admins', 'Staff']);
  });

  it('costs nothing where the job does not ask for it', async () => {
    await open([jane]);
    const connection = await world.connect();
    const [user] = await readAll(connection);
    expect(user?.attributes).not.toHaveProperty('groups');
    expect((await userNamed(connection, 'jane')).attributes).not.toHaveProperty('groups');
    expect(world.sent('GET', '/groups')).toEqual([]);
  });

  it('asks only for those of the users sought, though they are picked from the whole list', async () => {
    await open([{ ...jane, username: 'jane doe' }, { username: 'john' }, { username: 'june' }]);
    const connection = await world.connect(on);
    expect(groupsOf(await userNamed(connection, 'jane doe'))).toEqual(['Staff']);
    expect(world.sent('GET', '/groups')).toHaveLength(1);
  });

  it('has a bounded number of requests under way', async () => {
    await open(Array.from({ length: 100 }, (_, number) => ({ username: `user${number}` })));
    let underWay = 0;
    let most = 0;
    const { tools } = world;
    const counted = {
      ...tools,
      request: async (request: HttpRequest) => {
        underWay += 1;
        most = Math.max(most, underWay);
        try {
          return await tools.request(request);
        } finally {
          underWay -= 1;
        }
      },
    };
    await readAll(await connect(config(on), counted));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(groupReadsAtOnce);
  });

  it('reads all pages of one user', async () => {
    const many = Array.from({ length: 300 }, (_, number) => `G${String(number).padStart(3, '0')}`);
    await open([{ username: 'jane', groups: many }], { groups: many });
    expect(groupsOf(await userNamed(await world.connect(on), 'jane'))).toEqual(many);
  });

  it('calls nobody gone for a 403 while the list shows the user', async () => {
    const refusal = { status: 403, errorcode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN', errormessage: 'No.' };
    await open([{ username: 'user1' }], {}, [{ match: { op: 'get-groups' }, do: { refuseBatch: refusal } }]);
    const connection = await world.connect(on);
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unauthorised' });
    expect(await errorOf(userNamed(connection, 'user1'))).toMatchObject({ trouble: 'unauthorised' });
  });

  it('takes a list for changed when somebody on it is gone by the time of the groups', async () => {
    await open([jane, { username: 'john' }]);
    const other = await world.connect();
    const john = await userNamed(other, 'john');
    const connection = await world.connect(on);
    world.onRequest = async ({ method, path }) => {
      if (method !== 'GET' || !path.includes(`${john.id}/groups`)) return;
      world.onRequest = () => undefined;
      await settled(other, item('delete', john));
    };
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unavailable' });
  });

  it('shows nobody who is gone between the look-up and the groups', async () => {
    await open([jane]);
    const other = await world.connect();
    const user = await userNamed(other, 'jane');
    const connection = await world.connect(on);
    world.onRequest = async ({ path }) => {
      if (!path.includes('/groups')) return;
      world.onRequest = () => undefined;
      await settled(other, item('delete', user));
    };
    expect(await connection.lookUp([{ userId: user.id, attributes: {} }])).toEqual([undefined]);
  });
});

describe('versions before 40.0', () => {
  it.each([
    ['vcd', {}],
    ['vcfa', { apiVersion: '9.1.0' }],
  ])('of %s have no groups, which is told before anybody signs in', async (flavour, settings) => {
    await open([{ username: 'jane' }], { flavour });
    const error = await errorOf(world.connect({ ...on, ...settings }));
    expect(error).toMatchObject({ trouble: 'misconfigured', message: expect.stringContaining('40.0') });
    expect(world.sent('POST', '/sessions')).toEqual([]);
  });
});

describe('writing groups', () => {
  it('puts back those that somebody gave since the plan was made', async () => {
    await open([jane]);
    expect(await setGroups(add('Admins'))).toMatchObject({ result: 'succeeded', errorCode: null });
    const outcome = await setGroups({ [groupsAdded]: ['Auditors'], [groupsRemoved]: ['Staff'] });
    expect(outcome).toMatchObject({ result: 'succeeded' });
    expect(world.journal().at(-1)?.after?.groups).toEqual(['Admins', 'Auditors']);
  });

  it('sends each with its name and its id, and keeps all else of the user', async () => {
    await open([{ ...jane, description: 'kept', enabled: false, locked: true }]);
    await setGroups(add('Admins'));
    expect(body().values).toEqual([
      { name: 'Staff', id: expect.stringMatching(/^urn:vcloud:group:/) },
      { name: 'Admins', id: expect.stringMatching(/^urn:vcloud:group:/) },
    ]);
    const [line] = world.journal();
    expect(line?.after).toEqual({ ...line?.before, groups: ['Staff', 'Admins'] });
  });

  it('reads all pages of what the user has before it writes all of it back', async () => {
    const many = Array.from({ length: 200 }, (_, number) => `G${String(number).padStart(3, '0')}`);
    await open([{ username: 'jane', groups: many }], { groups: [...many, 'Staff'] });
    // The answer is a page of 25, which shows neither.
    expect(await setGroups(add('Staff'))).toMatchObject({ result: 'succeeded' });
    expect(world.journal()[0]?.after?.groups).toEqual([...many, 'Staff']);
  });

  it('takes ids from the very organisation that is written', async () => {
    await open([jane, { ...jane, organisation: 'other' }], { organisations: ['acme', 'other'] });
    for (const organisation of ['acme', 'other']) {
      const outcome = await setGroups(add('Admins'), { ...system, organisation });
      expect(outcome).toMatchObject({ result: 'succeeded' });
    }
    const [first, second] = world
      .sent('PUT', '/groups')
      .map((request) => JSON.parse(request.body ?? '').values.at(-1));
    expect(first.name).toBe(second.name);
    expect(first.id).not.toBe(second.id);
  });

  it('names a group that the organisation does not have, and sends nothing', async () => {
    await open([jane]);
    expect(await setGroups(add('Emperors', 'Admins'))).toMatchObject({
      result: 'failed',
      errorCode: 'REFUSED',
      message: 'There is no group Emperors in the organisation acme.',
    });
    expect(world.sent('PUT', '/groups')).toEqual([]);
  });

  it('sends nothing when the groups are so already', async () => {
    await open([jane]);
    const outcome = await setGroups({ ...add('Staff'), [groupsRemoved]: ['Admins'] });
    expect(outcome).toMatchObject({ result: 'succeeded', errorCode: 'ALREADY_SO' });
    expect(world.sent('PUT', '/groups')).toEqual([]);
  });

  it('takes a task for an answer and reads the groups again at its end', async () => {
    await open([jane], { tasks: 'all' });
    expect(await setGroups(add('Admins'))).toMatchObject({ result: 'succeeded' });
    expect(world.sent('GET', '/api/task/')).toHaveLength(2);
    expect(world.requests.at(-1)).toMatchObject({ method: 'GET', path: expect.stringContaining('/groups') });
  });

  it('tells a user who is gone from a right that is missing', async () => {
    await open([jane]);
    const connection = await world.connect(on);
    const user = await userNamed(connection, 'jane');
    await settled(connection, item('delete', user));
    expect(await settled(connection, item('set-groups', user, add('Admins')))).toMatchObject({
      result: 'failed',
      message: 'The organisation has no user of this id any more.',
    });
  });

  it('calls a user gone who vanished between the read and the write', async () => {
    await open([jane]);
    const other = await world.connect();
    const user = await userNamed(other, 'jane');
    const connection = await world.connect(on);
    world.onRequest = async ({ method }) => {
      if (method !== 'PUT') return;
      world.onRequest = () => undefined;
      await settled(other, item('delete', user));
    };
    expect(await settled(connection, item('set-groups', user, add('Admins')))).toMatchObject({
      result: 'failed',
      providerCode: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN',
      message: 'The organisation has no user of this id any more.',
    });
  });

  it('keeps the code of a refusal, and neither request id nor personal values', async () => {
    const refuse = { errorcode: 'BUSY_ENTITY', errormessage: 'The user jane is busy.' };
    await open([jane], {}, [{ match: { op: 'set-groups' }, do: { refuse } }]);
    const outcome = await setGroups(add('Admins'));
    expect(outcome).toMatchObject({ result: 'failed', providerCode: 'BUSY_ENTITY' });
    expect(outcome.message).not.toMatch(/jane|\[/);
  });

  it('leaves them alone when the user is written or disabled', async () => {
    await open([jane]);
    const connection = await world.connect(on);
    const user = await userNamed(connection, 'jane');
    for (const action of ['update', 'disable', 'enable']) {
      expect(await settled(connection, item(action, user, {}))).toMatchObject({ result: 'succeeded' });
    }
    expect(world.journal().map(({ after }) => after?.groups)).toEqual([['Staff'], ['Staff'], ['Staff']]);
    expect(world.sent('PUT', '/groups')).toEqual([]);
  });
});

describe('odd answers about groups', () => {
  const group = (name: string, digit: number) => ({
    name,
    id: `urn:vcloud:group:${digit}22d756c-ad00-4b4f-ae6a-6d241437b471`,
  });
  const person = { id: urnA, active: true, attributes: { userName: 'jane' } };
  const page = (values: readonly object[], more: object = {}): Canned => ({ body: { values, ...more } });
  const whole = (...values: readonly object[]): Canned => page(values, { resultTotal: values.length });

  interface World {
    readonly known?: readonly object[];
    readonly held?: Canned | readonly Canned[];
    readonly put?: Canned;
  }

  async function connected({ known = [group('A', 1), group('B', 2)], held = whole(), put = {} }: World) {
    const reads = [held].flat();
    const tools = fakeTools(({ method, path }) => {
      if (method === 'PUT') return put;
      if (/\/1\.0\.0\/groups\?/.test(path)) return page(known);
      if (path.includes('/groups?')) return (reads.length > 1 ? reads.shift() : reads[0]) ?? {};
      return page([shown(urnA, 'jane')]);
    });
    return { tools, connection: await connect(config({ ...on, apiVersion: '40.0' }), tools) };
  }

  const join = item('set-groups', person, add('B'));

  it('are no reason to guess between two groups of one name', async () => {
    const { connection, tools } = await connected({ known: [group('B', 1), group('B', 2)] });
    expect(await settled(connection, join)).toMatchObject({
      result: 'failed',
      errorCode: 'REFUSED',
      message: expect.stringContaining('several groups B'),
    });
    expect(tools.requests.some(({ method }) => method === 'PUT')).toBe(false);
  });

  it('that show groups without names are named by the organisation', async () => {
    const { name: _, ...nameless } = group('A', 1);
    const { connection } = await connected({ held: whole(nameless) });
    expect((await readAll(connection))[0]?.attributes.groups).toEqual(['A']);
  });

  it('that show a group twice have shifted, and would lose the one that is missing', async () => {
    const { connection, tools } = await connected({ held: whole(group('A', 1), group('A', 1)) });
    expect(await errorOf(settled(connection, join))).toMatchObject({ trouble: 'unavailable' });
    expect(tools.requests.some(({ method }) => method === 'PUT')).toBe(false);
  });

  it('of a failing server are not asked for on and on', async () => {
    const users = Array.from({ length: 100 }, (_, index) =>
      shown(`urn:vcloud:user:522d756c-ad00-3b4f-ae6a-${String(index).padStart(12, '0')}`, `u${index}`),
    );
    const tools = fakeTools(({ path }) => (path.includes('/groups') ? { status: 500 } : page(users)));
    const connection = await connect(config({ ...on, apiVersion: '40.0' }), tools);
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unavailable' });
    // Whatever still goes on is over by then: these answers take no time.
    await new Promise((resolve) => setImmediate(resolve));
    const asked = tools.requests.filter(({ path }) => path.includes('/groups'));
    expect(asked.length).toBeLessThanOrEqual(2 * groupReadsAtOnce);
  });

  it('that show something else than a group are not written back', async () => {
    const { connection } = await connected({ held: whole({ id: urnA, name: 'x' }) });
    expect(await errorOf(settled(connection, join))).toMatchObject({ trouble: 'unreadable' });
  });

  it('that lack what was written leave the write in doubt', async () => {
    const { connection } = await connected({ put: whole() });
    expect(await settled(connection, join)).toMatchObject({
      result: 'unknown',
      errorCode: 'CONTRADICTORY_ANSWER',
    });
  });

  it('that are empty are settled by reading again', async () => {
    const { connection } = await connected({ put: {}, held: [whole(), whole(group('B', 2))] });
    expect(await settled(connection, join)).toMatchObject({ result: 'succeeded', errorCode: null });
  });

  it.each<[string, Canned, string]>([
    ['a page of HTML', { body: '<html>' }, 'unreadable'],
    ['a failing server', { status: 503 }, 'unavailable'],
    ['a method that is not there', { status: 405 }, 'misconfigured'],
    ['a path that is not there', { status: 404 }, 'misconfigured'],
  ])('such as %s are told as what they are', async (_, put, trouble) => {
    const { connection } = await connected({ put });
    const error = await errorOf(settled(connection, join));
    expect(error).toMatchObject({ trouble });
    if (trouble === 'misconfigured') {
      expect(error).toMatchObject({ hint: expect.stringContaining('target.groups') });
    }
  });

  it('of 403 to a write are a refusal while the user is listed', async () => {
    const { connection } = await connected({ put: { status: 403 } });
    expect(await settled(connection, join)).toMatchObject({ result: 'failed', errorCode: 'REFUSED' });
  });

  it('cost no second request where a write is answered with all groups', async () => {
    const { connection, tools } = await connected({ put: whole(group('B', 2)) });
    expect(await settled(connection, join)).toMatchObject({ result: 'succeeded' });
    expect(tools.requests.at(-1)?.method).toBe('PUT');
    expect(tools.requests.at(-1)).toMatchObject({ safe: false });
  });
});
