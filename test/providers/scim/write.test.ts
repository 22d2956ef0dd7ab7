import { describe, expect, it } from 'vitest';
import type { Item } from '../../../src/contracts/provider.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import { connect } from '../../../src/providers/scim/connection.ts';
import { type Canned, errorOf } from '../fake-tools.ts';
import {
  able,
  config,
  item,
  list,
  membership,
  none,
  outcomes,
  resource,
  SandboxWorld,
  scimError,
  secrets,
  service,
} from './world.ts';

const update = item('update', 'u1', { title: 'New' });
const create = item('create', null, { userName: 'ada@example.com', externalId: 'E1' });
const remove = item('remove', 'u1', { active: true });

/** Connects to a service that shows every user and answers writes so. */
async function answering(
  write: Canned | ((path: string) => Canned),
  settings = {},
  read?: Record<string, unknown>,
) {
  const tools = service({
    provider: able('patch', 'filter', 'etag'),
    handler: ({ safe, path }, url) => {
      if (!safe) return typeof write === 'function' ? write(path) : write;
      if (url.searchParams.has('filter')) return { body: list(read === undefined ? [] : [read]) };
      return { body: read ?? resource('u1', { meta: { version: 'W/"3"' } }) };
    },
  });
  return { tools, connection: await connect(config(settings), tools) };
}

async function outcomeOf(write: Canned, what: Item, read?: Record<string, unknown>) {
  const { connection } = await answering(write, {}, read);
  return outcomes(await connection.write([what]))[0];
}

describe('what became of a write', () => {
  it.each([
    ['invalidValue', scimError(400, 'invalidValue'), 'failed', 'REFUSED', 'invalidValue'],
    ['mutability', scimError(400, 'mutability'), 'failed', 'REFUSED', 'mutability'],
    ['a status without a scimType', scimError(422), 'failed', 'REFUSED', '422'],
    ['a rename to a login that is taken', scimError(409, 'uniqueness'), 'failed', 'REFUSED', 'uniqueness'],
    ['403 about this user', scimError(403, undefined, 'protected'), 'failed', 'REFUSED', '403'],
    ['412', scimError(412), 'conflict', 'CHANGED_SINCE_PLAN', '412'],
    ['no content', { status: 204 }, 'succeeded', null, null],
    ['the user', { body: resource('u1', { title: 'New' }) }, 'succeeded', null, null],
    ['success with the old value', { body: resource('u1', { title: 'Old' }) }, 'failed', 'NOT_APPLIED', null],
  ])('is told by %s', async (_, answer, result, errorCode, providerCode) => {
    const read = resource('u1', { title: 'Old' });
    expect(await outcomeOf(answer, update, read)).toMatchObject({ result, errorCode, providerCode });
  });

  it('is a failure when somebody shall be disabled and the service shows them active', async () => {
    const disable = item('disable', 'u1', { active: false });
    expect(await outcomeOf({ body: resource('u1', { active: true }) }, disable)).toMatchObject({
      result: 'failed',
      errorCode: 'NOT_APPLIED',
    });
  });

  it.each([
    [403, 'unauthorised'],
    [401, 'unauthorised'],
    [405, 'misconfigured'],
    [501, 'misconfigured'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [408, 'unavailable'],
    [429, 'throttled'],
  ])('is a broken world with HTTP %i and no error of SCIM', async (status, trouble) => {
    const { connection } = await answering({ status, body: '<html>no</html>' });
    await expect(connection.write([update])).rejects.toMatchObject({ trouble });
  });

  it.each(['<html>Sign in</html>', 'ok', '"text'])('is in doubt when success is said by %s', async (body) => {
    for (const one of [update, create]) {
      const { connection } = await answering({ status: 200, body });
      await expect(connection.write([one])).rejects.toMatchObject({ trouble: 'unreadable' });
    }
  });

  it('is success for a user who is gone already and shall be removed', async () => {
    expect(await outcomeOf(scimError(404), remove)).toMatchObject({
      result: 'succeeded',
      errorCode: 'ALREADY_SO',
    });
  });

  it('is a failure for a user who is gone and shall be updated', async () => {
    const tools = service({ provider: able('patch'), handler: () => scimError(404) });
    const [outcome] = outcomes(await (await connect(config(), tools)).write([update]));
    expect(outcome).toMatchObject({ result: 'failed', providerCode: '404' });
    expect(tools.writes).toEqual([]);
  });

  it('sends nothing for values that are there already', async () => {
    const { tools, connection } = await answering({ status: 204 }, {}, resource('u1', { title: 'New' }));
    expect(await connection.write([update])).toMatchObject([
      { result: 'succeeded', errorCode: 'ALREADY_SO' },
    ]);
    expect(tools.writes).toEqual([]);
  });
});

describe('a create', () => {
  it('takes the id from the body, or else from the Location header', async () => {
    const body = resource('u 7');
    expect(await outcomeOf({ status: 201, body }, create)).toMatchObject({ userId: 'u 7' });
    const headers = { location: 'https://other.example.com/v2/Users/u%207' };
    expect(await outcomeOf({ status: 201, headers }, create)).toMatchObject({ userId: 'u 7' });
  });

  it('says that the user is active and what extensions it has', async () => {
    const { tools, connection } = await answering({ status: 201, body: resource('u7') });
    await connection.write([item('create', null, { userName: 'ada', department: 'HR', roles: ['Reader'] })]);
    expect(JSON.parse(tools.writes[0]?.body ?? '')).toEqual({
      schemas: [
        'urn:ietf:params:scim:schemas:core:2.0:User',
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
      ],
      userName: 'ada',
      active: true,
      roles: [{ value: 'Reader' }],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'HR' },
    });
  });

  const exists = scimError(409, 'uniqueness');

  it.each([exists, { status: 409, body: '' }, scimError(400, 'uniqueness')])(
    'of somebody who exists gives the id by which core can link them',
    async (answer) => {
      const read = resource('u4', { userName: 'ADA@example.com' });
      expect(await outcomeOf(answer, create, read)).toMatchObject({
        result: 'conflict',
        errorCode: 'ALREADY_EXISTS',
        userId: 'u4',
      });
    },
  );

  it('of a login that belongs to another lasting id is a conflict that core never links', async () => {
    const read = resource('u4', { userName: 'ada@example.com', externalId: 'E2' });
    expect(await outcomeOf(exists, create, read)).toMatchObject({
      result: 'conflict',
      errorCode: 'LOGIN_TAKEN',
    });
  });

  it('whose other unique value is taken is refused, and linked to nobody', async () => {
    expect(await outcomeOf(exists, create)).toMatchObject({
      result: 'failed',
      errorCode: 'REFUSED',
      providerCode: 'uniqueness',
    });
  });

  it('of several with one in trouble keeps the others and leaves that one in doubt', async () => {
    const { connection } = await answering(() => ({ status: 201, body: resource('u7') }));
    const tools = service({
      handler: ({ safe, body }) => {
        if (safe) return none;
        if (body?.includes('bea') === true)
          throw new TargetFailure({ trouble: 'unanswered', message: 'lost' });
        return { status: 201, body: resource('u7') };
      },
    });
    const mixed = await connect(config(), tools);
    const bea = item('create', null, { userName: 'bea' });
    expect(await mixed.write([create, bea])).toMatchObject([{ result: 'succeeded' }, { result: 'unknown' }]);
    await expect(mixed.write([bea, item('create', null, { userName: 'bea2' })])).rejects.toMatchObject({
      trouble: 'unanswered',
    });
    expect(await connection.write([create])).toMatchObject([{ result: 'succeeded' }]);
  });
});

describe('ETags', () => {
  const elsewhere = JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'nickName', value: 'A' }],
  });

  it.each([true, false])(
    'make a conflict of what somebody else changed meanwhile (PATCH: %s)',
    async (patch) => {
      const users = [{ id: 'u1', userName: 'ada' }];
      await using world = await SandboxWorld.open({ users, service: { bulk: false } });
      const connection = await world.connect({ use: { patch } });
      world.beforeSend = async ({ safe }) => {
        if (!safe) await world.fetch('/Users/u1', { method: 'PATCH', body: elsewhere });
      };
      expect(await connection.write([update])).toMatchObject([
        { result: 'conflict', errorCode: 'CHANGED_SINCE_PLAN', providerCode: '412' },
      ]);
      expect(world.last()).toMatchObject({ nickName: 'A' });
      expect(world.last()).not.toHaveProperty('title');
    },
  );

  it('are not sent where the job says so', async () => {
    const { tools, connection } = await answering({ status: 204 }, { use: { etag: false } });
    await connection.write([update]);
    expect(tools.writes[0]?.headers?.['if-match']).toBeUndefined();
  });

  it('are taken from the header where the resource has none', async () => {
    const tools = service({
      provider: able('patch', 'etag'),
      handler: ({ safe }) => (safe ? { body: resource('u1'), headers: { etag: 'W/"h"' } } : { status: 204 }),
    });
    await (await connect(config(), tools)).write([update]);
    expect(tools.writes[0]?.headers?.['if-match']).toBe('W/"h"');
  });
});

describe('removing', () => {
  it('deletes, or only deactivates where the job says so', async () => {
    const deleting = await answering({ status: 204 });
    await deleting.connection.write([remove]);
    expect(deleting.tools.writes.map(({ method }) => method)).toEqual(['DELETE']);
    const deactivating = await answering({ status: 204 }, { removal: 'deactivate' });
    await deactivating.connection.write([remove]);
    expect(deactivating.tools.writes.map(({ method }) => method)).toEqual(['PATCH']);
    expect(deactivating.tools.writes[0]?.body).toContain('"path":"active","value":false');
  });

  it('sends nothing for somebody who is inactive already and is only deactivated', async () => {
    const read = resource('u1', { active: 'False' });
    const { tools, connection } = await answering({ status: 204 }, { removal: 'deactivate' }, read);
    expect(await connection.write([remove])).toMatchObject([{ errorCode: 'ALREADY_SO' }]);
    expect(tools.writes).toEqual([]);
  });
});

describe('the account that signs in', () => {
  it('is never written, alone or among others', async () => {
    const read = resource('u1', { userName: 'Svc' });
    const { tools, connection } = await answering({ status: 204 }, { ownLogin: 'svc' }, read);
    expect(connection.ownId).toBe('u1');
    const other = item('remove', 'u2', { active: true });
    expect(await connection.write([remove, other])).toMatchObject([
      { errorCode: 'OWN_ACCOUNT' },
      { result: 'succeeded' },
    ]);
    expect(await connection.write([membership('add-to-group', 'u1', 'Sales')])).toMatchObject([
      { errorCode: 'OWN_ACCOUNT' },
    ]);
    expect(tools.writes.map(({ path }) => path)).toEqual(['/Users/u2']);
  });
});

describe('a write', () => {
  it.each([
    ['a user who comes twice', [update, update]],
    ['two actions', [update, remove]],
    ['two groups', [membership('add-to-group', 'u1', 'A'), membership('add-to-group', 'u2', 'B')]],
    ['more users than fit', Array.from({ length: 51 }, (_, n) => item('update', `u${n}`, {}))],
  ])('refuses %s before any call', async (_, items) => {
    const { tools, connection } = await answering({ status: 204 });
    const before = tools.requests.length;
    await expect(connection.write(items)).rejects.toThrow(Error);
    expect(tools.requests).toHaveLength(before);
  });

  it('is marked as one that core must not repeat, and reads as ones that it may', async () => {
    const { tools, connection } = await answering({ status: 204 });
    await connection.write([update]);
    expect(tools.requests.map(({ method, safe }) => `${method} ${safe}`)).toEqual([
      'GET true',
      'GET true',
      'GET true',
      'GET true',
      'PATCH false',
    ]);
  });
});

describe('what outcomes and errors show', () => {
  const echo = `Bad value "Moreau" of ada@example.com (E1), ${secrets['env:TOKEN']}, Bearer abc.def`;

  it.each([400, 403, 409, 412, 500])('is neither a secret nor a personal value (HTTP %i)', async (status) => {
    const person = { userName: 'ada@example.com', externalId: 'E1', 'name.familyName': 'Moreau' };
    const { connection } = await answering(scimError(status, undefined, echo));
    for (const one of [item('create', null, person), item('update', 'moreau', person)]) {
      const shown = JSON.stringify(
        await connection.write([one]).catch((error: Error) => [error.message, Object.values(error)]),
      );
      expect(shown).not.toMatch(/moreau|ada@|E1\b|hunter2|abc\.def/i);
    }
  });

  it('is no id and no filter of an address', async () => {
    const tools = service({ provider: able('filter'), handler: () => ({ status: 500, body: '' }) });
    const connection = await connect(config(), tools);
    const attributes = { userName: 'ada@example.com' };
    for (const userId of ['ada@example.com', null]) {
      const error = await errorOf(connection.lookUp([{ userId, attributes }]));
      expect(error.message).not.toContain('ada');
    }
  });
});
