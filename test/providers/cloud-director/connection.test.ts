import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/contracts/provider.ts';
import { connect } from '../../../src/providers/cloud-director/connection.ts';
import { rolesAdded } from '../../../src/providers/cloud-director/users.ts';
import {
  type Canned,
  config,
  errorOf,
  fakeTools,
  item,
  readAll,
  roleA,
  secrets,
  settled,
  shown,
  urnA,
  urnB,
} from './world.ts';

/* What the sandbox does not do: answers that are broken, odd or of another shape. */

const fixed = { apiVersion: '39.1' };
const person = { id: urnA, active: true, attributes: { userName: 'jane' } };
const page = (values: readonly unknown[], more: object = {}): Canned => ({ body: { values, ...more } });

function pageNumber({ path }: HttpRequest): number {
  return Number(new URL(path, 'https://x').searchParams.get('page'));
}

async function connected(answer: (request: HttpRequest) => Canned, differences: object = {}) {
  const tools = fakeTools(answer);
  return { tools, connection: await connect(config({ ...fixed, ...differences }), tools) };
}

describe('pages', () => {
  const full = (from: number) =>
    Array.from({ length: 128 }, (_, index) => {
      const digits = String(from + index).padStart(12, '0');
      return shown(`urn:vcloud:user:522d756c-ad00-3b4f-ae6a-${digits}`, `u${from + index}`);
    });

  it('end with a page that is not full when no numbers are given at all', async () => {
    const { connection, tools } = await connected((request) =>
      page(pageNumber(request) === 1 ? full(0) : [shown(urnA, 'jane')]),
    );
    expect(await readAll(connection)).toHaveLength(129);
    expect(tools.requests.filter(({ path }) => path.includes('/users'))).toHaveLength(2);
  });

  it('follow a nextPage that shares its link with lastPage, and keep its cursor', async () => {
    const link =
      '<https://cell.example.net/cloudapi/1.0.0/users?page=1&x=a,b>;rel="firstPage";type="application/json", ' +
      '<https://cell.example.net/cloudapi/1.0.0/users?page=2&cursor=abc>;rel="lastPage nextPage"';
    const { connection, tools } = await connected((request) =>
      request.path.includes('cursor=abc')
        ? page([shown(urnB, 'june')])
        : { ...page([shown(urnA, 'jane')]), headers: { link } },
    );
    expect(await readAll(connection)).toHaveLength(2);
    expect(tools.requests.at(-1)?.path).toBe('/cloudapi/1.0.0/users?page=2&cursor=abc');
  });

  it('that lead in a circle are no list', async () => {
    const link = '<https://h/cloudapi/1.0.0/users?page=9>;rel="nextPage"';
    const { connection } = await connected((request) => ({
      ...page([shown(pageNumber(request) === 1 ? urnA : urnB, 'jane')]),
      headers: { link },
    }));
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unreadable' });
  });

  it.each([
    'https://h/cloudapi/1.0.0/roles?page=2',
    'https://h/elsewhere?page=2',
    'https://h/cloudapi/1.0.0/users/urn:x/groups?page=2',
    'https://h/cloudapi/1.0.0/users/../sessions?page=2',
    'https://h/cloudapi/1.0.0/users%2f..%2fsessions?page=2',
  ])('are not followed to %s', async (address) => {
    const { connection, tools } = await connected(() => ({
      ...page([shown(urnA, 'jane')]),
      headers: { link: `<${address}>;rel="nextPage"` },
    }));
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unreadable' });
    expect(tools.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('that end before as many came as were promised are a list that changed', async () => {
    const { connection } = await connected((request) =>
      page(pageNumber(request) === 1 ? full(0) : [], { resultTotal: 130, page: 1, pageSize: 128 }),
    );
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unavailable' });
  });

  it('that show a user again have shifted while they were read', async () => {
    const { connection } = await connected((request) =>
      page(pageNumber(request) === 1 ? full(0) : full(127), { resultTotal: 256, page: 1, pageSize: 128 }),
    );
    expect(await errorOf(readAll(connection))).toMatchObject({ trouble: 'unavailable' });
  });
});

describe('answers to reads', () => {
  it.each<[string, Canned, string]>([
    ['a sign-in page', { body: '<html>jane@example.com</html>' }, 'unreadable'],
    ['nothing', { body: '' }, 'unreadable'],
    ['a page without values', { body: { resultTotal: 1 } }, 'unreadable'],
    ['a user without an id', page([{ username: 'jane@example.com' }]), 'unreadable'],
    ['an id of another kind', page([shown('urn:vcloud:org:1', 'jane@example.com')]), 'unreadable'],
    ['a wrong version', { status: 406 }, 'misconfigured'],
    ['a wrong address', { status: 404 }, 'misconfigured'],
    [
      'a failing server',
      { status: 500, body: { minorErrorCode: 'INTERNAL', message: 'jane@example.com' } },
      'unavailable',
    ],
    ['a broken filter', { status: 400, body: { minorErrorCode: 'BAD_REQUEST', message: 'x' } }, 'refused'],
  ])('that are %s are told without what they hold', async (_, canned, trouble) => {
    const { connection } = await connected(() => canned);
    const error = await errorOf(readAll(connection));
    expect(error).toMatchObject({ trouble });
    expect(error.message).not.toMatch(/@|html/);
  });

  it('take a URN whose UUID is not of version 4', async () => {
    const { connection } = await connected(() =>
      page([shown(urnA.toUpperCase().replace('URN:VCLOUD:USER', 'urn:vcloud:user'), 'jane')]),
    );
    expect((await readAll(connection))[0]?.id).toBe(urnA);
  });

  it('name roles by the organisation where a user has only their ids', async () => {
    const { connection } = await connected(({ path }) =>
      path.includes('/roles')
        ? page([roleA])
        : page([shown(urnA, 'jane', { roleEntityRefs: [{ id: roleA.id }] })]),
    );
    expect((await readAll(connection))[0]?.attributes.roles).toEqual(['vApp User']);
  });
});

describe('an update', () => {
  const answering =
    (user: object, put: Canned = {}) =>
    ({ method, path, body }: HttpRequest): Canned => {
      if (path.includes('/roles')) return page([roleA]);
      if (method === 'PUT') return { body: { ...user, ...JSON.parse(body ?? '{}') }, ...put };
      return { body: user };
    };
  const change = item('update', person, { displayName: 'J' });

  it('writes back a field that this provider does not know', async () => {
    const { connection, tools } = await connected(answering(shown(urnA, 'jane', { newField: { a: 1 } })));
    expect(await settled(connection, change)).toMatchObject({ result: 'succeeded' });
    expect(JSON.parse(tools.requests.at(-1)?.body ?? '')).toMatchObject({ newField: { a: 1 } });
  });

  it.each(['enabled', 'providerType', 'roleEntityRefs'])(
    'is not sent when the read does not show %s',
    async (field) => {
      const { [field]: _, ...user } = shown(urnA, 'jane') as Record<string, unknown>;
      const { connection, tools } = await connected(answering(user));
      expect(await settled(connection, change)).toMatchObject({
        result: 'failed',
        errorCode: 'REFUSED',
        message: expect.stringContaining(field),
      });
      expect(tools.requests.some(({ method }) => method === 'PUT')).toBe(false);
    },
  );

  it('is in doubt when the answer does not show what was written', async () => {
    const user = shown(urnA, 'jane');
    const { connection } = await connected(answering(user, { body: user }));
    expect(await settled(connection, change)).toMatchObject({
      result: 'unknown',
      errorCode: 'CONTRADICTORY_ANSWER',
    });
  });

  it.each<[string, Canned, string]>([
    ['a page of HTML', { body: '<html>' }, 'unreadable'],
    ['a failing server', { status: 503 }, 'unavailable'],
    ['a task without an address', { status: 202, body: '' }, 'unreadable'],
    [
      'a task elsewhere',
      { status: 202, body: '', headers: { location: 'https://evil.example.net/x' } },
      'unreadable',
    ],
  ])('answered by %s is left to a look-up', async (_, put, trouble) => {
    const { connection } = await connected(answering(shown(urnA, 'jane'), put));
    expect(await errorOf(settled(connection, change))).toMatchObject({ trouble });
  });

  it('keeps no part of a secret or a session in what it says', async () => {
    const message = `[ 19-2024-08-05-15-02-04-250--9e6beec5-1111-4111-8111-111111111111 ] Bearer s3ssion-token ${secrets['env:PW']}`;
    const put = { status: 400, body: { minorErrorCode: 'BAD_REQUEST', message, stackTrace: 'x' } };
    const { connection } = await connected(answering(shown(urnA, 'jane'), put));
    const outcome = await settled(connection, change);
    expect(outcome).toMatchObject({ providerCode: 'BAD_REQUEST' });
    expect(outcome.message).not.toMatch(/s3ssion|hunter2|9e6beec5|\[/);
  });

  it('says so when it is refused without a word', async () => {
    const { connection } = await connected(answering(shown(urnA, 'jane'), { status: 400, body: '' }));
    expect(await settled(connection, change)).toMatchObject({ providerCode: null, message: /HTTP 400/ });
  });

  it('adds a role to those of a user who has none', async () => {
    const { connection, tools } = await connected(answering(shown(urnA, 'jane', { roleEntityRefs: null })));
    await settled(connection, item('update', person, { [rolesAdded]: ['vApp User'] }));
    expect(JSON.parse(tools.requests.at(-1)?.body ?? '').roleEntityRefs).toEqual([roleA]);
  });
});

describe('a task', () => {
  const task = (status: string, inner = '') => `<Task xmlns="v" status="${status}" id="t">${inner}</Task>`;

  async function removal(...states: readonly string[]) {
    const rest = [...states];
    const { connection, tools } = await connected(({ method }) =>
      method === 'DELETE'
        ? { status: 202, headers: { location: 'https://cell.example.net/api/task/123' } }
        : { body: rest.shift() ?? '' },
    );
    return { tools, outcome: settled(connection, item('delete', person)) };
  }

  it('is asked after on the configured address, in the older media type, until it is done', async () => {
    const { tools, outcome } = await removal(
      task('queued'),
      task('preRunning'),
      task('running'),
      task('success'),
    );
    expect(await outcome).toMatchObject({ result: 'succeeded' });
    const asked = tools.requests.filter(({ path }) => path === '/api/task/123');
    expect(asked).toHaveLength(4);
    expect(asked[0]?.headers?.accept).toBe('application/*+xml;version=39.1');
  });

  it('that fails keeps its code and its words', async () => {
    const error =
      '<Error majorErrorCode="400" minorErrorCode="BUSY_ENTITY" message="[ 27e7eea1-0f65-4147-93e6-b6ecc7ecc61f ] jane &amp; co are busy"/>';
    const { outcome } = await removal(task('error', error));
    expect(await outcome).toMatchObject({
      result: 'failed',
      providerCode: 'BUSY_ENTITY',
      message: 'Cloud Director refused this user: … & co are busy',
    });
  });

  it.each(['aborted', 'canceled'])('that was %s leaves the write in doubt', async (status) => {
    expect(await (await removal(task(status))).outcome).toMatchObject({ result: 'unknown' });
  });

  it('may come as JSON', async () => {
    expect(await (await removal('{"status":"success"}')).outcome).toMatchObject({ result: 'succeeded' });
  });

  it.each(['', '<html>', '{"status":"odd"}', '{'])('that is %s cannot be read', async (text) => {
    expect(await errorOf((await removal(text)).outcome)).toMatchObject({ trouble: 'unreadable' });
  });
});

describe('write', () => {
  it('refuses more than one user before any call', async () => {
    const { connection, tools } = await connected(() => ({}));
    const before = tools.requests.length;
    const items = [item('disable', person), item('disable', { ...person, id: urnB })];
    await expect(connection.write(items)).rejects.toThrow('A request takes one user.');
    expect(tools.requests).toHaveLength(before);
  });

  it('marks a write as one that core must not repeat', async () => {
    const { connection, tools } = await connected(() => ({ status: 204 }));
    await settled(connection, item('delete', person));
    expect(tools.requests.at(-1)).toMatchObject({ method: 'DELETE', safe: false });
  });

  it('finds a created user by name when the answer is empty', async () => {
    const { connection } = await connected(({ method, path }) => {
      if (path.includes('/roles')) return page([roleA]);
      return method === 'POST' ? { status: 201 } : page([shown(urnA, 'ada')]);
    });
    const outcome = await settled(
      connection,
      item('create', null, { userName: 'Ada', roles: ['vApp User'] }),
    );
    expect(outcome).toMatchObject({ result: 'succeeded', userId: urnA });
  });
});
