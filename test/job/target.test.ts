import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aJob, messagesOf, read, withTarget } from './job-world.ts';

describe('the address of a target', () => {
  it.each([
    ['https://acme.example.com', 'https://acme.example.com'],
    ['https://ACME.example.com:443///', 'https://acme.example.com'],
    ['https://acme.example.com:8443/a/b/', 'https://acme.example.com:8443/a/b'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%s is kept as %s', async (baseUrl, kept) => {
    const { job } = await read(withTarget({ baseUrl }));
    expect(job.target).toMatchObject({ baseUrl: kept, origin: kept, sandbox: null });
  });

  it.each([
    ['http://acme.example.com', 'must be https'],
    ['http://127.0.0.1.example.com', 'must be https'],
    ['ftp://acme.example.com', 'must be a whole address'],
    ['acme.example.com', 'must be a whole address'],
    ['https:acme.example.com', 'must be a whole address'],
    ['https://user@acme.example.com', 'must not hold credentials'],
    ['https://acme.example.com?', 'must not hold a query or a fragment'],
    ['https://acme.example.com/#a', 'must not hold a query or a fragment'],
  ])('%s is refused', async (baseUrl, fault) => {
    expect(await messagesOf(withTarget({ baseUrl }))).toEqual([`\`target.baseUrl\` ${fault}`]);
  });
});

describe('the sandbox', () => {
  it('needs neither address nor credentials', async () => {
    const { job } = await read(aJob({ target: { provider: 'acme', sandbox: true } }));
    expect(job.target).toMatchObject({
      baseUrl: null,
      origin: 'sandbox:acme',
      sandbox: { users: null, journal: null, faults: null, ratePerSecond: null },
      config: {
        auth: {
          type: 'basic',
          username: 'env:ROLLCALL_SANDBOX_USER',
          password: 'env:ROLLCALL_SANDBOX_PASSWORD',
        },
      },
    });
  });

  it('takes files beside the job, a rate, and credentials of its own', async () => {
    const sandbox = { users: 'users.json', journal: '../journal', faults: 'f.json', rate: '20/s' };
    const auth = { type: 'bearer', token: 'env:TOKEN' };
    const { job, directory } = await read(aJob({ target: { provider: 'acme', sandbox, auth } }));
    expect(job.target).toMatchObject({
      config: { auth },
      sandbox: {
        users: join(directory, 'users.json'),
        journal: join(directory, '../journal'),
        faults: join(directory, 'f.json'),
        ratePerSecond: 20,
      },
    });
  });

  it('that is switched off leaves the job as it is without one', async () => {
    const { job, warnings } = await read(withTarget({ sandbox: false }));
    expect(job.target).toMatchObject({ sandbox: null, baseUrl: 'https://acme.example.com/gateway' });
    expect(warnings).toEqual([]);
  });

  it.each([[{ rate: '20' }], [{ rate: '0/s' }], [{ user: 'x' }], ['yes'], [null]])(
    'refuses %j',
    async (sandbox) => {
      expect(await messagesOf(aJob({ target: { provider: 'acme', sandbox } }))).toHaveLength(1);
    },
  );
});

describe('limits', () => {
  it.each([
    [{ requestsPerSecond: 5 }, { rates: [{ requests: 5, perMs: 1000 }], batchSize: 100 }],
    [
      { requestsPerSecond: 5, requestsPerMinute: 90 },
      {
        rates: [
          { requests: 5, perMs: 1000 },
          { requests: 90, perMs: 60_000 },
        ],
      },
    ],
    [
      ['5/s', '300/min', '1000/h'],
      {
        rates: [
          { requests: 5, perMs: 1000 },
          { requests: 300, perMs: 60_000 },
          { requests: 1000, perMs: 3_600_000 },
        ],
        concurrency: 2,
      },
    ],
    [
      ['5/s', '60 records/min'],
      {
        rates: [{ requests: 5, perMs: 1000 }],
        recordRates: [{ records: 60, perMs: 60_000 }],
        batchSize: 60,
      },
    ],
    [
      { requestsPerHour: 900, recordsPerMinute: 50, recordsPerHour: 2000 },
      {
        rates: [{ requests: 900, perMs: 3_600_000 }],
        recordRates: [
          { records: 50, perMs: 60_000 },
          { records: 2000, perMs: 3_600_000 },
        ],
        batchSize: 50,
      },
    ],
    ['adaptive', { rates: [], adaptiveFrom: { requests: 10, perMs: 1000 }, concurrency: 2 }],
    [
      { adaptive: true, requestsPerMinute: 90 },
      { rates: [{ requests: 90, perMs: 60_000 }], adaptiveFrom: { requests: 90, perMs: 60_000 } },
    ],
    [
      { waitMax: '2h', outageMax: '45m' },
      { waitMaxMs: 7_200_000, outageMaxMs: 2_700_000 },
    ],
    [
      { batchSize: 100, concurrency: 8, batchBytes: 5000 },
      { batchSize: 100, concurrency: 8, batchBytes: 5000, rates: [{ requests: 10, perMs: 1000 }] },
    ],
    [{ requestTimeout: '30s' }, { requestTimeoutMs: 30_000 }],
    [{ requestTimeout: '60m' }, { requestTimeoutMs: 3_600_000 }],
    [{ requestTimeout: 2.5 }, { requestTimeoutMs: 2500 }],
  ])('%j stand in for those of the provider', async (limits, expected) => {
    const { job } = await read(withTarget({ limits }));
    expect(job.target.limits).toMatchObject(expected);
  });

  it.each([
    [{ batchSize: 101 }],
    [{ batchSize: 0 }],
    [{ concurrency: -1 }],
    [{ requestsPerSecond: 1.5 }],
    [{ requestsPerSecond: '5' }],
    [{ requestTimeout: '90' }],
    [{ requestTimeout: '61m' }],
    [{ requestTimeout: '3601s' }],
    [{ requestTimeout: 0 }],
    [['5/sec']],
    [['0/s']],
    [[]],
    [5],
  ])('%j is refused', async (limits) => {
    expect(await messagesOf(withTarget({ limits }))).toHaveLength(1);
  });
});

describe('proxy and certificates', () => {
  it.each([
    [
      { proxy: 'env:HTTPS_PROXY', ca: 'file:ca.pem' },
      { proxy: 'env:HTTPS_PROXY', ca: 'file:ca.pem' },
    ],
    [{ proxy: 'http://proxy.example.com:3128' }, { proxy: 'http://proxy.example.com:3128', ca: null }],
  ])('%j are taken', async (http, expected) => {
    expect((await read(withTarget({ http }))).job.target.http).toMatchObject(expected);
  });

  it.each([[{ proxy: 'socks5://proxy.example.com' }], [{ proxy: 'proxy.example.com' }], [{ ca: 'ca.pem' }]])(
    '%j is refused',
    async (http) => {
      expect(await messagesOf(withTarget({ http }))).toHaveLength(1);
    },
  );
});

describe('a client certificate', () => {
  it('is kept as references to its parts', async () => {
    const http = { cert: 'file:client.pem', key: 'file:client.key', passphrase: 'env:KEY_PASSPHRASE' };
    const { job } = await read(withTarget({ http }));
    expect(job.target.http).toEqual({ proxy: null, ca: null, clientCertificate: http });
  });

  it.each([
    [{ cert: 'file:client.pem' }, '`target.http.cert` says nothing without `key`'],
    [{ key: 'file:client.key' }, '`target.http.key` says nothing without `cert`'],
    [{ passphrase: 'env:KEY_PASSPHRASE' }, '`target.http.passphrase` says nothing without `key`'],
  ])('of which only %j is given is refused', async (http, message) => {
    expect(await messagesOf(withTarget({ http }))).toEqual([message]);
  });
});
