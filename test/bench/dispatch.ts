import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Pool } from 'undici';
import type { Ledger, Run } from '../../src/contracts/ledger.ts';
import type { HttpRequest } from '../../src/contracts/provider.ts';
import type { Limits } from '../../src/domain/settings.ts';
import { dispatch } from '../../src/dispatch/dispatch.ts';
import { systemClock } from '../../src/http/clock.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { openHttp } from '../../src/http/request.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { providers } from '../../src/providers/registry.ts';
import { linkedAccounts, renames, sandboxUsers } from './people.ts';
import { count, print, printTable, ratio } from './print.ts';
import { startSandbox } from './sandbox.ts';
import { withTemporaryFolder } from './world.ts';

const people = 20_000;
const rounds = 3;
const scope = { job: 'bench', origin: 'https://epm.example.com' };
const limits: Limits = {
  // Far more than the loopback takes, so that nothing waits for the rate.
  rates: [{ requests: 100_000, perMs: 1_000 }],
  concurrency: 4,
  batchSize: 500,
  batchBytes: 10 * 1_048_576,
  requestTimeoutMs: 120_000,
};

/**
 * Updates per second through the durable ledger, beside a bare undici loop that sends the same bodies to the same
 * sandbox and parses the answers. No bar: the ratio is for people to read.
 */
export async function benchDispatch(): Promise<boolean> {
  return withTemporaryFolder(async (folder) => {
    const users = path.join(folder, 'users.ndjson');
    await writeFile(users, [...sandboxUsers(people)].join(''));
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      print(`round ${round} of ${rounds} …`);
      const sent: HttpRequest[] = [];
      const { updates, ms } = await dispatchAll(path.join(folder, `ledger-${round}.db`), users, sent);
      ours.push((updates / ms) * 1_000);
      bare.push((updates / (await sendBare(users, sent))) * 1_000);
    }
    const [one, other] = [median(ours), median(bare)];
    printTable(
      ['', 'updates/s'],
      [
        ['with the durable ledger', count(Math.round(one))],
        ['bare undici loop', count(Math.round(other))],
        ['ratio', ratio(one, other)],
      ],
    );
    return true;
  });
}

/** Sends the renames of everybody; notes the requests that it took. */
async function dispatchAll(
  ledgerFile: string,
  users: string,
  sent: HttpRequest[],
): Promise<{ readonly updates: number; readonly ms: number }> {
  const ledger = await openLedger(ledgerFile);
  const sandbox = await startSandbox(users);
  try {
    const updates = await storePlan(ledger);
    const started = performance.now();
    await sendPlan(ledger, sandbox.baseUrl, sent);
    const ms = performance.now() - started;
    await requireSuccess(ledger, updates);
    return { updates, ms };
  } finally {
    await sandbox.close();
    await ledger.close();
  }
}

async function storePlan(ledger: Ledger): Promise<number> {
  for (const page of linkedAccounts(people)) await ledger.saveAccounts(scope, page);
  await ledger.startRun(run);
  const changes = [...renames(people)];
  await ledger.storeChanges(run.id, changes);
  return changes.length;
}

async function sendPlan(ledger: Ledger, baseUrl: string, sent: HttpRequest[]): Promise<void> {
  const provider = providers['oracle-epm'];
  if (provider === undefined) throw new Error('The provider oracle-epm is gone.');
  const http = openHttp({
    baseUrl,
    limits,
    proxy: null,
    ca: null,
    clientCertificate: null,
    limiter: createLimiter(limits.rates, systemClock),
    clock: systemClock,
    random: Math.random,
    userAgent: 'bench',
  });
  const config = provider.config.parse({
    auth: { type: 'basic', username: 'admin', password: 'env:BENCH_PASSWORD' },
  });
  const connection = await provider.connect(config, {
    baseUrl,
    request: (request) => {
      sent.push(request);
      return http.request(request);
    },
    secret: async () => 'sandbox',
    now: () => systemClock.now(),
  });
  let batches = 0;
  const stopped = await dispatch(ledger.changes(run.id), {
    provider,
    connection,
    limits,
    bodyBytes: (item) => connection.bodyBytes(item),
    applied: (step, user, userId) => provider.applied(step, user, userId),
    mayLink: () => false,
    asOf: run.asOf,
    clock: systemClock,
    signal: new AbortController().signal,
    backoffMs: () => 0,
    nextBatch: () => {
      batches += 1;
      return batches;
    },
    onProgress: () => undefined,
    ledger: {
      recordIntents: (intents) => ledger.recordIntents(run.id, intents),
      settle: (settlement) => ledger.settle(run.id, scope, settlement),
      accountsById: (ids) => ledger.accountsById(scope, ids),
    },
  });
  await connection.close();
  await http.close();
  if (stopped !== null) throw stopped;
}

async function requireSuccess(ledger: Ledger, updates: number): Promise<void> {
  let succeeded = 0;
  for await (const page of ledger.results(run.id)) {
    succeeded += page.filter(({ outcomes }) => outcomes[0]?.result === 'succeeded').length;
  }
  if (succeeded !== updates) throw new Error(`${succeeded} of ${updates} updates succeeded.`);
}

/** The same requests without anything around them; gives the milliseconds that they took. */
async function sendBare(users: string, requests: readonly HttpRequest[]): Promise<number> {
  const sandbox = await startSandbox(users);
  const pool = new Pool(sandbox.baseUrl, { connections: limits.concurrency });
  try {
    const waiting = requests.values();
    const sendInTurn = async (): Promise<void> => {
      for (const { method, path: target, headers = {}, body = '' } of waiting) {
        const answer = await pool.request({ method, path: target, headers, body });
        await answer.body.json();
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: limits.concurrency }, sendInTurn));
    return performance.now() - started;
  } finally {
    await pool.close();
    await sandbox.close();
  }
}

function median(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0;
}

const run: Run = {
  id: 'bench',
  scope,
  mode: 'apply',
  state: 'running',
  startedAt: '2026-11-21T02:15:00.000Z',
  finishedAt: null,
  asOf: '2026-11-21T02:15:00.000Z',
  pid: process.pid,
  host: 'bench.example.com',
  operator: 'bench',
  exitCode: null,
  facts: null,
};
