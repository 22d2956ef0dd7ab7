import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'vitest';
import { passphrase } from '../http/certificates.ts';
import { password, patient, people, userOf, World, wholeFeed } from './world.ts';

function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

interface Gate extends AsyncDisposable {
  readonly url: string;
  /** The `authorization` of every request that came, in order. */
  readonly shown: string[];
  /** The password that is right now. */
  password: string;
}

/** Stands before the sandbox, counts those who show credentials, and lets the right ones through to it. */
async function openGate(world: World): Promise<Gate> {
  const shown: string[] = [];
  const server = createServer((asked, answer) => {
    const { authorization = '' } = asked.headers;
    shown.push(authorization);
    if (authorization !== basic('admin', gate.password)) {
      asked.resume();
      // A while, so that whoever does not wait for the first answer is seen.
      setTimeout(() => answer.writeHead(401).end(), 100);
      return;
    }
    const headers = { ...asked.headers, authorization: basic('admin', password) };
    const onward = forward(
      `${world.baseUrl}${asked.url ?? ''}`,
      { method: asked.method ?? 'GET', headers },
      (given) => {
        answer.writeHead(given.statusCode ?? 500, given.headers);
        given.pipe(answer);
      },
    );
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shown,
    password,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gate;
}

const wrong = { EPM_PASSWORD: 'not-the-password' };

describe.concurrent('a wrong password', patient, () => {
  it('is shown once by plan and once by apply, so that the account is not locked', async ({ expect }) => {
    await using world = await World.open({ feed: wholeFeed(people(30)) });
    await using gate = await openGate(world);
    world.writeJob({ target: { baseUrl: gate.url } });
    for (const command of ['plan', 'apply']) {
      const ran = await world.runWith(wrong, command, 'job.yaml');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('Nothing was written');
    }
    expect(gate.shown).toEqual([basic('admin', 'not-the-password'), basic('admin', 'not-the-password')]);
  });

  it('is shown once even when the writes come first, because the state is the ledger', async ({ expect }) => {
    const before = people(60);
    await using world = await World.open({ users: before.map(userOf), feed: wholeFeed(before) });
    await using gate = await openGate(world);
    const limits = { requestsPerSecond: 2_000, concurrency: 4, batchSize: 5 };
    const target = { baseUrl: gate.url, limits };
    const guards = { attributes: '50%', jobChanged: '50%' };
    world.writeJob({ target, guards });
    expect((await world.apply()).code).toBe(0);
    const now = before.map((row, index) => (index < 25 ? { ...row, first: 'New' } : row));
    world.writeFeed(wholeFeed(now));
    world.writeJob({ target, guards, state: { from: 'ledger' } });
    gate.shown.length = 0;
    const ran = await world.runWith(wrong, 'apply', 'job.yaml');
    expect(gate.shown).toHaveLength(1);
    expect(ran.report.changes).toMatchObject({ total: 25, notSent: 25, succeeded: 0, unknown: 0 });
    expect(world.journal()).toEqual([]);

    const next = await world.apply();
    expect(next.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
  });
});

describe.concurrent('a password in a file', patient, () => {
  it('is read anew by each run', async ({ expect }) => {
    await using world = await World.open({ feed: wholeFeed(people(3)) });
    await using gate = await openGate(world);
    const auth = { type: 'basic', username: 'env:EPM_USER', password: 'file:password.txt' };
    world.writeJob({ target: { baseUrl: gate.url, auth } });
    world.write('password.txt', password);
    expect((await world.apply()).code).toBe(0);
    gate.password = 'Sesame-7392-open';
    world.write('password.txt', 'Sesame-7392-open\n');
    const next = await world.apply();
    expect([next.code, next.report.changes.total]).toEqual([0, 0]);
    expect(next.stderr).not.toContain('Sesame-7392-open');
  });
});

describe.concurrent('a client certificate', patient, () => {
  it('whose file is missing stops the run before anything is asked, and names the file', async ({
    expect,
  }) => {
    await using world = await World.open({ feed: wholeFeed(people(3)) });
    await using gate = await openGate(world);
    const http = { cert: 'file:client.pem', key: 'file:client.key', passphrase: 'env:EPM_KEY_PASSPHRASE' };
    world.writeJob({ target: { baseUrl: gate.url, http } });
    const ran = await world.runWith({ EPM_KEY_PASSPHRASE: passphrase }, 'plan', 'job.yaml');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(world.path('client.pem'));
    expect(gate.shown).toEqual([]);
  });
});
