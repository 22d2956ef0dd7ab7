import { describe, expect, it } from 'vitest';
import type { Item } from '../../../src/contracts/provider.ts';
import { type BatchEnd, sendBatch } from '../../../src/dispatch/send-batch.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import { connect } from '../../../src/providers/scim/connection.ts';
import { scim } from '../../../src/providers/scim/index.ts';
import type { Canned } from '../fake-tools.ts';
import { people, Runs, tally } from './runs.ts';
import { able, config, item, list, membership, outcomes, resource, SandboxWorld, service } from './world.ts';

const idempotency = { header: 'Idempotency-Key', lifetime: '24h' };
const count = 200;
const login = (number: number) => `ada${number}@example.com`;

function creates(): readonly Item[] {
  return Array.from({ length: count }, (_, number) => ({
    ...item('create', null, { userName: login(number), externalId: `E${number}` }),
    key: `key-${number}`,
  }));
}

/** Sends creates one by one to a sandbox that drops the first answer to each, and cannot be searched. */
async function sendAll(settings: object, waitMs = 0) {
  const faults = creates().map((_, number) => ({
    match: { op: 'create', user: login(number) },
    times: 1,
    do: { drop: 'after' },
  }));
  await using world = await SandboxWorld.open({ service: { filter: false }, faults });
  const asked = { lookUp: 'none', ...settings };
  const connection = await world.connect(asked);
  world.requests.length = 0;
  const provider = { ...scim, ...scim.under?.(config(asked)) };
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    sleep: async () => {
      nowMs += waitMs;
    },
  };
  const signal = new AbortController().signal;
  const tools = { provider, connection, clock, signal, backoffMs: () => 0, mayLink: () => false };
  const ends: BatchEnd[] = [];
  for (const one of creates()) ends.push(await sendBatch([one], tools));
  const results = ends.map(({ sent }) => sent[0]?.outcome.result);
  const ids = new Set(ends.flatMap(({ sent }) => sent[0]?.outcome.userId ?? []));
  return { results, ids, requests: world.requests, journal: tally(world.journal()) };
}

describe('when the answers to 200 creates are lost at a service that cannot be searched', () => {
  it('all succeed with keys, and nobody is created twice', async () => {
    const { results, ids, requests, journal } = await sendAll({ idempotency });
    expect(results).toEqual(Array(count).fill('succeeded'));
    expect(journal).toEqual({ create: count });
    expect(ids.size).toBe(count);
    expect(requests).toHaveLength(2 * count);
    expect(new Set(requests.map(({ headers }) => headers?.['idempotency-key'])).size).toBe(count);
  });

  it('all are unknown without keys, and nothing is sent again', async () => {
    const { results, requests, journal } = await sendAll({});
    expect(results).toEqual(Array(count).fill('unknown'));
    expect(journal).toEqual({ create: count });
    expect(requests).toHaveLength(count);
    expect(requests.filter(({ headers }) => headers?.['idempotency-key'] !== undefined)).toEqual([]);
  });

  it('all are unknown once the lifetime of the keys is over, and nothing is sent again', async () => {
    const { results, requests, journal } = await sendAll({ idempotency }, 86_400_000);
    expect(results).toEqual(Array(count).fill('unknown'));
    expect(journal).toEqual({ create: count });
    expect(requests).toHaveLength(count);
  });
});

describe('a run of the program with keys', () => {
  it('ends with 0 although the first answer to every create is lost, and creates nobody twice', async () => {
    using runs = new Runs();
    const rows = people(12).map((row) => ({ ...row, groups: '' }));
    const rules = rows.map(({ login: user }) => ({
      match: { op: 'create', user },
      times: 1,
      do: { drop: 'after' },
    }));
    runs.write('users.json', JSON.stringify({ users: [], groups: ['Sales', 'Finance'] }));
    runs.write('faults.json', JSON.stringify({ rules }));
    const limits = { requestsPerSecond: 5_000, concurrency: 4, batchSize: 1 };
    runs.writeJob({ target: { lookUp: 'none', idempotency, limits } });
    runs.writeFeed(rows);
    const { code, report } = await runs.apply();
    expect(code).toBe(0);
    expect(report.byOperation.create).toMatchObject({ succeeded: 12, unknown: 0 });
    expect(tally(runs.journal())).toEqual({ create: 12 });
  });
});

const problem = (status: number, title: string) => ({
  status,
  body: { type: 'https://developer.example.com/problems', title },
});

const create = item('create', null, { userName: 'ada@example.com' });

async function answering(answer: Canned, settings: Record<string, unknown> = { idempotency }) {
  const tools = service({
    provider: able('patch', 'filter', 'bulk'),
    handler: ({ safe }, url) => {
      if (!safe) return answer;
      return { body: url.searchParams.has('filter') ? list([]) : resource('u1') };
    },
  });
  return { tools, connection: await connect(config(settings), tools) };
}

describe('the key of a write', () => {
  it('stands in quotes in the header that the job names, on every method, with the time until which it may leave', async () => {
    const { tools, connection } = await answering(
      { status: 200, body: resource('u1') },
      { idempotency: { header: 'X-Request-Key', lifetime: '10m' }, use: { patch: true } },
    );
    const update = item('update', 'u1', { title: 'New' });
    await connection.write([{ ...create, leaveBefore: 5_000 }]);
    await connection.write([update]);
    await connection.write([item('remove', 'u1', { active: true })]);
    expect(tools.writes.map(({ method, leaveBefore }) => [method, leaveBefore])).toEqual([
      ['POST', 5_000],
      ['PATCH', undefined],
      ['DELETE', undefined],
    ]);
    expect(tools.writes.map(({ headers }) => headers?.['x-request-key'])).toEqual(Array(3).fill('"k1"'));
  });

  it('is not sent on reads and groups, and keeps users out of bulk requests', async () => {
    const { tools, connection } = await answering({ status: 201, body: resource('u1') });
    await connection.write([create, { ...create, key: 'k2' }]);
    expect(tools.writes.map(({ path, headers }) => [path, headers?.['idempotency-key']])).toEqual([
      ['/Users', '"k1"'],
      ['/Users', '"k2"'],
    ]);
    const reads = tools.requests.filter(({ safe }) => safe);
    expect(reads.filter(({ headers }) => headers?.['idempotency-key'] !== undefined)).toEqual([]);
    const { keyLifetimeMs } = scim.under?.(config({ idempotency })) ?? {};
    expect(keyLifetimeMs?.(create.step)).toBe(86_400_000);
    expect(keyLifetimeMs?.(membership('add-to-group', 'u1', 'Sales').step)).toBe(0);
  });

  it('cannot take the place of another header', () => {
    expect(() => config({ idempotency: { header: 'Authorization', lifetime: '24h' } })).toThrow();
    expect(() => config({ idempotency: { lifetime: 'a day' } })).toThrow();
    expect(() => config({ idempotency: {} })).toThrow();
  });
});

describe('an answer about a key', () => {
  it.each([
    [
      'is in doubt while the first request is worked on',
      409,
      'A request is outstanding for this Idempotency-Key',
    ],
    ['is in doubt where the key came with another request', 422, 'Idempotency-Key is already used'],
  ])('%s', async (_, status, title) => {
    const { connection } = await answering(problem(status, title));
    expect(outcomes(await connection.write([create]))).toMatchObject([
      { result: 'unknown', providerCode: String(status) },
    ]);
  });

  it('stops the run where keys are asked for and none is sent', async () => {
    const { connection } = await answering(problem(400, 'Idempotency-Key is missing'), {});
    const write = connection.write([create]);
    await expect(write).rejects.toThrow(TargetFailure);
    await expect(write).rejects.toMatchObject({ trouble: 'misconfigured' });
  });

  it.each([
    [409, 'conflict'],
    [422, 'failed'],
  ])('is none when %i says nothing of keys', async (status, result) => {
    const { connection } = await answering(problem(status, 'Conflict'), { idempotency, lookUp: 'none' });
    expect(outcomes(await connection.write([create]))).toMatchObject([{ result }]);
  });
});
