import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/scim/connection.ts';
import type { Canned } from '../fake-tools.ts';
import { config, item, outcomes, resource, SandboxWorld, scimError, service } from './world.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly bulkId: string;
}

const creates = (count: number) =>
  Array.from({ length: count }, (_, n) => item('create', null, { userName: `ada${n}@example.com` }));

/** A service whose bulk endpoint answers each request so. */
async function bulking(answer: (operations: readonly Operation[]) => Canned, bulk: object = {}) {
  const tools = service({
    provider: { patch: { supported: true }, bulk: { supported: true, ...bulk } },
    handler: ({ safe, path, body }) => {
      if (safe) return { body: resource(path.split('/')[2] ?? '') };
      if (path === '/Bulk') return answer(JSON.parse(body ?? '').Operations);
      return { status: 201, body: resource('single') };
    },
  });
  return { tools, connection: await connect(config(), tools) };
}

const created = ({ bulkId, method }: Operation) => ({
  method,
  bulkId,
  status: '201',
  location: `https://scim.example.com/v2/Users/id-${bulkId}`,
});

describe('a bulk request', () => {
  it('gives every operation its own outcome by bulkId, in whatever order they come', async () => {
    const { connection } = await bulking((operations) => ({
      body: {
        Operations: operations
          .map((one, index) =>
            index === 1
              ? {
                  method: 'POST',
                  bulkId: one.bulkId,
                  status: '400',
                  response: scimError(400, 'invalidValue').body,
                }
              : created(one),
          )
          .toReversed(),
      },
    }));
    expect(await connection.write(creates(3))).toMatchObject([
      { result: 'succeeded', userId: 'id-r0' },
      { result: 'failed', providerCode: 'invalidValue' },
      { result: 'succeeded', userId: 'id-r2' },
    ]);
  });

  it('has no failOnErrors, so that one refusal does not stop the others', async () => {
    const { tools, connection } = await bulking((operations) => ({
      body: { Operations: operations.map(created) },
    }));
    await connection.write(creates(2));
    expect(JSON.parse(tools.writes[0]?.body ?? '')).not.toHaveProperty('failOnErrors');
  });

  it('knows what was not created by its method and address, since only a POST must name its bulkId', async () => {
    const { connection } = await bulking((operations) => ({
      body: {
        Operations: operations
          .map(({ method, path }, index) => ({
            method,
            location: `/v2${path}`,
            status: index === 0 ? 200 : 412,
          }))
          .toReversed(),
      },
    }));
    const updates = ['u1', 'u2'].map((id) => item('update', id, { title: 'New' }));
    expect(await connection.write(updates)).toMatchObject([
      { result: 'succeeded' },
      { result: 'conflict', errorCode: 'CHANGED_SINCE_PLAN' },
    ]);
  });

  it('leaves in doubt what the answer does not speak of, or speaks of twice', async () => {
    const { connection } = await bulking(([one, two, three]) => ({
      body: {
        Operations: [one, two, two].flatMap((operation) => (operation ? [created(operation)] : [])),
        three,
      },
    }));
    const written = outcomes(await connection.write(creates(3)));
    expect(written.map(({ result }) => result)).toEqual(['succeeded', 'unknown', 'unknown']);
  });

  it('takes a status that is wrapped as a code', async () => {
    const { connection } = await bulking((operations) => ({
      body: { Operations: operations.map((one) => ({ ...created(one), status: { code: '201' } })) },
    }));
    expect(await connection.write(creates(2))).toMatchObject([{ userId: 'id-r0' }, { userId: 'id-r1' }]);
  });

  it('keeps maxOperations and maxPayloadSize', async () => {
    const answer = (operations: readonly Operation[]) => ({ body: { Operations: operations.map(created) } });
    const few = await bulking(answer, { maxOperations: 2 });
    await few.connection.write(creates(5));
    expect(few.tools.writes.map(({ body }) => JSON.parse(body ?? '').Operations?.length ?? 1)).toEqual([
      2, 2, 1,
    ]);
    const small = await bulking(answer, { maxPayloadSize: 700 });
    await small.connection.write(creates(9));
    for (const { path, body } of small.tools.writes) {
      if (path === '/Bulk') expect(Buffer.byteLength(body ?? '')).toBeLessThanOrEqual(700);
    }
    expect(small.tools.writes.length).toBeGreaterThan(2);
  });

  it('that is too large in spite of that is refused whole, so that core halves it', async () => {
    const { connection } = await bulking(() => scimError(413));
    await expect(connection.write(creates(4))).rejects.toMatchObject({ trouble: 'refused' });
  });

  it.each([
    [{ status: 500, body: 'no' }, 'unavailable'],
    [{ body: '<html>' }, 'unreadable'],
    [{ body: { Operations: 7 } }, 'unreadable'],
    [{ status: 401 }, 'unauthorised'],
  ])('that got no answer about its operations is a broken world (%o)', async (answer, trouble) => {
    const { connection } = await bulking(() => answer);
    await expect(connection.write(creates(2))).rejects.toMatchObject({ trouble });
  });

  it('leaves an operation in doubt that met trouble beside others that did not', async () => {
    const { connection } = await bulking((operations) => ({
      body: {
        Operations: operations.map((one, index) => ({
          ...created(one),
          status: index === 0 ? '201' : '503',
        })),
      },
    }));
    expect(await connection.write(creates(2))).toMatchObject([
      { result: 'succeeded' },
      { result: 'unknown' },
    ]);
  });

  it('carries versions, so that a change by somebody else is a conflict of that user alone', async () => {
    const users = ['u1', 'u2'].map((id) => ({ id, userName: id }));
    await using world = await SandboxWorld.open({ users });
    const connection = await world.connect();
    const writes = world.requests;
    await connection.write(['u1', 'u2'].map((id) => item('update', id, { title: 'New' })));
    const sent = JSON.parse(writes.at(-1)?.body ?? '').Operations;
    expect(sent.map(({ version }: { version: string }) => version)).toEqual(['W/"1"', 'W/"1"']);
    sent[1].version = 'W/"2"';
    const again = await world.fetch('/Bulk', {
      method: 'POST',
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: sent,
      }),
    });
    const answers = again.body.Operations as readonly { readonly status: string }[];
    expect(answers.map(({ status }) => status)).toEqual(['412', '200']);
  });
});
