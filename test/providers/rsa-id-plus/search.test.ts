import { describe, expect, it } from 'vitest';
import type { Connection, HttpRequest } from '../../../src/contracts/provider.ts';
import type { User } from '../../../src/domain/user.ts';
import { connect } from '../../../src/providers/rsa-id-plus/connection.ts';
import { rsaIdPlus } from '../../../src/providers/rsa-id-plus/index.ts';
import { listed } from '../../../src/providers/rsa-id-plus/users.ts';
import { type Canned, config, errorOf, fakeTools, person, SandboxWorld, shown, user } from './world.ts';

const entry = (n: number, more: Record<string, unknown> = {}) =>
  shown({ id: `id-${n}`, principalUsername: `u${n}`, emailAddress: `u${n}@example.com`, ...more });
const entries = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => entry(from + n));

async function all(connection: Connection): Promise<User[]> {
  const users: User[] = [];
  for await (const page of connection.readUsers()) users.push(...page);
  return users;
}

/** Reads everybody from canned answers; the last one comes again and again. */
async function read(answers: readonly unknown[], settings: Record<string, unknown> = {}) {
  const canned: readonly Canned[] = answers.map((body) => ({ body }));
  const tools = fakeTools({ answers: canned });
  const request = (asked: HttpRequest) => {
    if (tools.requests.length > answers.length + 50) throw new Error('The search never ends.');
    return tools.request(asked);
  };
  const users = await all(await connect(config({ list: 'search', ...settings }), { ...tools, request }));
  return { ids: users.map(({ id }) => id), users, tools };
}

const failureOf = (answer: unknown) => errorOf(read([answer]));

describe('a search', () => {
  it('asks for pages of 25 from page 0 on, in the way that changes nothing', async () => {
    const { tools, ids } = await read([{ users: entries(0, 25) }, { users: entries(25, 30) }]);
    expect(ids).toHaveLength(30);
    expect(tools.requests.map(({ method, path, body, safe }) => [method, path, body, safe])).toEqual(
      [0, 1].map((page) => [
        'POST',
        `/AdminInterface/restapi/v2/users/search?pageSize=25&pageNumber=${page}`,
        '{"emailLike":"@"}',
        true,
      ]),
    );
  });

  it('looks for what the job says', async () => {
    const { tools } = await read([[]], { emailLike: '@example.com' });
    expect(tools.requests.map(({ body }) => body)).toEqual(['{"emailLike":"@example.com"}']);
  });

  it.each([
    ['an array', (page: unknown) => page],
    ['a property of any name', (page: unknown) => ({ results: page, total: 26 })],
    ['a property beside page info', (page: unknown) => ({ content: page, page: { number: 0 } })],
  ])('finds the users in %s', async (_, wrap) => {
    const { ids } = await read([wrap(entries(0, 25)), wrap(entries(25, 26))]);
    expect(ids).toHaveLength(26);
  });

  it('ends with an empty page', async () => {
    const { ids, tools } = await read([entries(0, 25), entries(25, 50), []]);
    expect([ids.length, tools.requests.length]).toEqual([50, 3]);
  });

  it('ends with a short page', async () => {
    const { tools } = await read([entries(0, 24), entries(24, 48)]);
    expect(tools.requests).toHaveLength(1);
  });

  it.each([
    ['last', (last: boolean) => ({ last })],
    ['totalPages', (last: boolean) => ({ totalPages: last ? 1 : 2 })],
    ['page info', (last: boolean) => ({ pageInfo: { totalPages: last ? 1 : 2 } })],
  ])('ends where %s says so, and not before', async (_, info) => {
    const full = await read([{ users: entries(0, 25), ...info(true) }, entries(25, 30)]);
    expect(full.ids).toHaveLength(25);
    const short = await read([{ users: entries(0, 20), ...info(false) }, { users: entries(20, 22) }]);
    expect(short.ids).toHaveLength(22);
  });

  it('ends with a failure when the service gives the same page forever', async () => {
    expect(await failureOf(entries(0, 25))).toMatchObject({
      trouble: 'unreadable',
      hint: expect.stringContaining('lookUp'),
    });
    expect(await failureOf({ users: entries(0, 3), last: false })).toMatchObject({ trouble: 'unreadable' });
  });

  it('ends with a failure when pages come round again', async () => {
    const round = [0, 25, 0, 25, 0].map((from) => entries(from, from + 25));
    expect(await errorOf(read(round))).toMatchObject({ trouble: 'unreadable' });
  });

  it('shows somebody once whom a newcomer moved on to the next page', async () => {
    const { ids } = await read([entries(0, 25), entries(24, 40)]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(40);
  });

  it.each([
    ['a page of HTML', '<html>Sign in</html>'],
    ['an empty answer', ''],
    ['an object without a list', { total: 0 }],
    ['a list that is null', { users: null }],
    ['two lists', { users: entries(0, 2), groups: [] }],
    ['entries that are no users', { users: ['u1', 'u2'] }],
    ['an entry without an id', [entry(1), entry(2, { id: undefined })]],
    ['an entry without a status', [entry(1), entry(2, { userStatus: undefined })]],
    ['an entry without a user name', [entry(1), entry(2, { principalUsername: undefined })]],
    ['an entry without an address', [entry(1), entry(2, { emailAddress: undefined })]],
  ])('refuses %s, for half a list looks like a smaller tenant', async (_, answer) => {
    expect(await failureOf(answer)).toMatchObject({ trouble: 'unreadable' });
  });

  it.each([
    [{ status: 500, body: { code: '500 INTERNAL_SERVER_ERROR', description: 'x' } }, 'unavailable'],
    [{ status: 403, body: { status: 403, message: 'Access is denied' } }, 'unauthorised'],
    [{ status: 404, body: { code: '404 NOT_FOUND', description: 'x' } }, 'misconfigured'],
    [{ status: 400, body: { code: '400 BAD_REQUEST', description: 'ada@example.com' } }, 'refused'],
  ])('never takes an error for an empty list (%#)', async (answer, trouble) => {
    const connection = await connect(config({ list: 'search' }), fakeTools({ answers: [answer] }));
    const error = await errorOf(all(connection));
    expect(error).toMatchObject({ trouble });
    expect(error.message).not.toContain('ada@');
  });

  it('reads the entries as a look-up is read, under either name of a field', async () => {
    const looked = await (await connect(config(), fakeTools({ answers: [{ body: shown() }] }))).lookUp([
      { userId: null, attributes: person },
    ]);
    const { emailAddress: email, principalUsername: userName, ...same } = shown();
    const { users } = await read([[shown(), { ...same, id: 'id-2', email, userName }]]);
    expect(users).toEqual([looked[0], { ...looked[0], id: 'id-2' }]);
  });

  it('knows who is disabled, or marked deleted', async () => {
    const { users } = await read([
      [
        entry(1),
        entry(2, { userStatus: 'Disabled' }),
        entry(3, { markDeleted: true, userStatus: 'Disabled' }),
      ],
    ]);
    expect(users.map(({ active }) => active)).toEqual([true, false, false]);
    expect(users[2]?.attributes['rsa-id-plus.markDeleted']).toBe(true);
  });

  it('leaves unsaid what an entry does not show, so that the ledger can say it', async () => {
    const bare = {
      id: 'id-1',
      userStatus: 'Enabled',
      userName: 'ada.moreau',
      email: 'ada.moreau@example.com',
    };
    const { users } = await read([[bare]]);
    const [found] = users;
    if (found === undefined) throw new Error('A user was expected.');
    expect(found.attributes).not.toHaveProperty('name.givenName');
    expect(listed(found, user({ groups: ['VPN'], userName: 'old' })).attributes).toMatchObject({
      ...person,
      groups: ['VPN'],
    });
  });

  it('finds everybody of a tenant', async () => {
    const users = Array.from({ length: 130 }, (_, n) => ({ userName: `u${n}`, email: `u${n}@example.com` }));
    await using world = await SandboxWorld.open({ users });
    const found = await all(await world.connect({ list: 'search' }));
    expect(new Set(found.map(({ attributes }) => attributes.userName)).size).toBe(130);
  });
});

describe('a job with list: search', () => {
  it('lists, but knows that the list may leave users out', () => {
    expect(rsaIdPlus.under?.(config({ list: 'search' })).supports).toMatchObject({
      listAll: true,
      listIsComplete: false,
      lookUpUnlisted: true,
    });
  });

  it('is not the default', async () => {
    expect(rsaIdPlus.under?.(config())).toEqual({});
    const connection = await connect(config(), fakeTools());
    expect(() => connection.readUsers()).toThrow('no list');
  });
});
