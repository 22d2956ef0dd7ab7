import { hash } from 'node:crypto';
import { Pool } from 'undici';
import type { Ledger, Run } from '../../src/contracts/ledger.ts';
import { dispatch } from '../../src/dispatch/dispatch.ts';
import type { Change } from '../../src/domain/change.ts';
import type { Limits } from '../../src/domain/settings.ts';
import { systemClock } from '../../src/http/clock.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { openHttp } from '../../src/http/request.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { tellAccounts } from '../../src/run/tell-accounts.ts';
import { connectionOver, loopback, outcomesOf, requestOf } from './loopback.ts';

// A process of the bench: sends the plan that a ledger holds, and prints what it took, on the clock and of processors.
// node send-plan.ts ledger|bare LEDGER BASE_URL USERS_PER_REQUEST CONCURRENCY

const [way, file = '', baseUrl = '', size, many] = process.argv.slice(2);
const limits: Limits = {
  // Far more than the loopback takes, so that nothing waits for the rate.
  rates: [{ requests: 1_000_000, perMs: 1_000 }],
  concurrency: Number(many),
  batchSize: Number(size),
  batchBytes: 10 * 1_048_576,
  requestTimeoutMs: 120_000,
};

const ledger = await openLedger(file, { ownThread: true });
const [run] = await ledger.runs({ limit: 1 });
if (run === undefined) throw new Error('The ledger holds no plan.');
// A run does so while it reads the plan for the first time.
await ledger.prepareToSend();
const started = performance.now();
const used = process.cpuUsage();
if (way === 'bare') await sendBare(ledger, run);
else await sendThroughLedger(ledger, run);
const ms = performance.now() - started;
const { user, system } = process.cpuUsage(used);
if (way === 'ledger')
  await tellAccounts(run, { ledger, provider: loopback, signal: new AbortController().signal });
const tellingMs = performance.now() - started - ms;
process.stdout.write(`${JSON.stringify({ ms, sendingCpuMs: (user + system) / 1_000, tellingMs })}\n`);
await ledger.close();

/** As a run does it. */
async function sendThroughLedger(memory: Ledger, { id }: Run): Promise<void> {
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
  let batches = 0;
  const connection = connectionOver(async (request) => (await http.request(request)).text());
  const stopped = await dispatch(memory.sendable(id, limits.batchSize), {
    provider: loopback,
    connection,
    limits,
    bodyBytes: (item) => connection.bodyBytes(item),
    mayLink: () => false,
    keyOf: ({ seq }, step) => hash('sha256', JSON.stringify([id, seq, step])).slice(0, 32),
    clock: systemClock,
    signal: new AbortController().signal,
    backoffMs: () => 0,
    nextBatch: () => ++batches,
    onProgress: () => undefined,
    ledger: {
      recordIntents: (intents) => memory.recordIntents(id, intents),
      recordOutcomes: (outcomes) => memory.recordOutcomes(id, outcomes),
    },
  });
  await http.close();
  if (stopped !== null) throw stopped;
}

/** The same plan, bodies and answers with nothing around them. */
async function sendBare(memory: Ledger, { id }: Run): Promise<void> {
  const pool = new Pool(baseUrl, { connections: limits.concurrency });
  const waiting = batchesOf(memory.changes(id));
  const sendInTurn = async (): Promise<void> => {
    for await (const changes of waiting) {
      const items = changes.flatMap(({ userId, steps }) => steps.map((step) => ({ userId, step })));
      const { method, path, headers = {}, body } = requestOf(items);
      const answer = await pool.request({ method, path, headers, body });
      outcomesOf(items, await answer.body.text());
    }
  };
  await Promise.all(Array.from({ length: limits.concurrency }, sendInTurn));
  await pool.close();
}

async function* batchesOf(pages: AsyncIterable<readonly Change[]>): AsyncGenerator<readonly Change[]> {
  for await (const page of pages) {
    for (let start = 0; start < page.length; start += limits.batchSize) {
      yield page.slice(start, start + limits.batchSize);
    }
  }
}
