import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/http/clock.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { openHttp } from '../../src/http/request.ts';
import { count, print, printTable } from './print.ts';

const perSecond = 100;
const forMs = 10_000;
/** The first second fills the window. */
const steadyFromMs = 1_000;
const usedMin = 0.95;

/** A server that counts in a sliding second, in real time; a client that keeps to the limit; no answer may be 429. */
export async function benchLimiter(): Promise<boolean> {
  const taken: number[] = [];
  let refused = 0;
  const server = createServer((request, response) => {
    request.resume();
    const nowMs = performance.now();
    const within = taken.filter((at) => at > nowMs - 1_000).length;
    if (within >= perSecond) {
      refused += 1;
      response.writeHead(429, { 'retry-after': '1' }).end();
    } else {
      taken.push(nowMs);
      response.end('{}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const limits = {
    rates: [{ requests: perSecond, perMs: 1_000 }],
    concurrency: 16,
    batchSize: 1,
    batchBytes: 1_000,
    requestTimeoutMs: 10_000,
  };
  const http = openHttp({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    limits,
    limiter: createLimiter(limits.rates, systemClock),
    clock: systemClock,
    random: Math.random,
    proxy: null,
    ca: null,
    clientCertificate: null,
    userAgent: 'rollcall/bench',
  });
  const beganMs = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - beganMs < forMs) {
      const answer = await http.request({ method: 'POST', path: '/users', body: '{}', safe: false });
      await answer.text();
    }
  };
  await Promise.all(Array.from({ length: limits.concurrency }, worker));
  await http.close();
  server.close();
  const steady = taken.filter((at) => at >= beganMs + steadyFromMs && at < beganMs + forMs).length;
  const used = steady / ((perSecond * (forMs - steadyFromMs)) / 1_000);
  const passed = refused === 0 && used >= usedMin;
  printTable(
    ['limit', 'requests', 'used', '429', `≥ ${usedMin * 100} % and no 429`],
    [
      [
        `${perSecond}/s`,
        count(taken.length),
        `${(used * 100).toFixed(1)} %`,
        count(refused),
        passed ? 'yes' : 'no',
      ],
    ],
  );
  if (!passed) print('The limiter does not meet its bar.');
  return passed;
}
