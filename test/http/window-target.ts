import type { HttpAnswer } from '../../src/contracts/provider.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Clock, Limits } from '../../src/domain/settings.ts';
import { createLimiter, type LimiterOptions } from '../../src/http/limiter.ts';
import { createPatience, type Errand, type Patience } from '../../src/http/patience.ts';

// A target that counts in sliding windows, or in those of the clock, on a virtual clock: no network, and the code that waits and repeats is real.

export interface Window {
  /** Requests or records. */
  readonly amount: number;
  readonly perMs: number;
  readonly of?: 'requests' | 'records';
  /** Counts from the clock's seconds or minutes instead of in any such time. */
  readonly byTheClock?: true;
}

export type Mood = 'well' | '503' | 'refused' | 'hanging';

export interface WindowTarget {
  /** May be changed while it runs. */
  windows: readonly Window[];
  mood: Mood;
  /** What is said beside a 429. */
  headers: Readonly<Record<string, string>>;
  latencyMs: (requestsUnderWay: number) => number;
  /** How long it takes until a request has a connection to leave on. */
  connectMs: () => number;
  /** Whether the next request is answered by 503 although the target is well. */
  failing: () => boolean;
  /** Every request that arrived or tried to: when it left, and its status; null without an answer. */
  readonly log: { readonly atMs: number; readonly status: number | null; readonly safe: boolean }[];
  send(request: Errand['request'], timeoutMs: number): Promise<HttpAnswer>;
}

export function windowTarget(clock: Clock, windows: readonly Window[]): WindowTarget {
  const accepted: { readonly atMs: number; readonly records: number }[] = [];
  let underWay = 0;

  function admits(records: number): boolean {
    return target.windows.every(({ amount, perMs, of = 'requests', byTheClock }) => {
      const nowMs = clock.now();
      const afterMs = byTheClock ? Math.floor(nowMs / perMs) * perMs - 1e-6 : nowMs - perMs;
      let sum = of === 'records' ? records : 1;
      for (let index = accepted.length - 1; index >= 0; index -= 1) {
        const entry = accepted[index];
        if (entry === undefined || entry.atMs <= afterMs) break;
        sum += of === 'records' ? entry.records : 1;
      }
      return sum <= amount;
    });
  }

  const target: WindowTarget = {
    windows,
    mood: 'well',
    headers: { 'retry-after': '1' },
    latencyMs: () => 40,
    connectMs: () => 0,
    failing: () => false,
    log: [],
    async send({ safe, records = 1 }, timeoutMs) {
      const atMs = clock.now();
      const note = (status: number | null) => void target.log.push({ atMs, status, safe });
      if (target.mood === 'refused') {
        note(null);
        throw new TargetFailure({ trouble: 'unsent', message: 'The connection was refused.' });
      }
      if (target.mood === 'hanging') {
        note(null);
        await clock.sleep(timeoutMs);
        throw new TargetFailure({ trouble: 'unanswered', message: 'No answer in time.' });
      }
      underWay += 1;
      const halfMs = target.latencyMs(underWay) / 2;
      await clock.sleep(halfMs);
      const status = statusOf(records);
      note(status);
      await clock.sleep(halfMs);
      underWay -= 1;
      return answer(status, status === 429 ? target.headers : {});
    },
  };

  function statusOf(records: number): number {
    if (target.mood === '503' || target.failing()) return 503;
    if (!admits(records)) return 429;
    accepted.push({ atMs: clock.now(), records });
    return 200;
  }

  return target;
}

export function answer(status: number, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers, body: (async function* () {})(), text: () => Promise.resolve('') };
}

export const roomy: Limits = {
  rates: [],
  concurrency: 64,
  batchSize: 1,
  batchBytes: 1000,
  requestTimeoutMs: 60_000,
};

export interface Client {
  readonly patience: Patience;
  request(request?: Partial<Errand['request']>): Promise<HttpAnswer>;
}

/** The real way of requests, with the target in place of the network. */
export function clientOf(
  target: WindowTarget,
  clock: Clock,
  limits: Limits,
  options: LimiterOptions = {},
  random: () => number = Math.random,
): Client {
  const patience = createPatience({
    limits,
    limiter: createLimiter(limits.rates, clock, { ...limits, ...options }),
    clock,
    random,
    stop: undefined,
    origin: 'https://target.example.com',
  });
  return {
    patience,
    request(difference = {}) {
      const asked: Errand['request'] = { method: 'POST', safe: false, ...difference };
      return patience.carry(
        { request: asked, what: 'POST /users' },
        async ({ timeoutMs, onLeft, onOver }) => {
          try {
            await clock.sleep(target.connectMs());
            onLeft();
            return await target.send(asked, timeoutMs);
          } finally {
            onOver();
          }
        },
      );
    },
  };
}

/** Asks on and on, so that the client always has something to send, until the clock has gone on for so long. */
export async function keepBusy(client: Client, clock: Clock, forMs: number, workers: number): Promise<void> {
  const untilMs = clock.now() + forMs;
  const all = Array.from({ length: workers }, async () => {
    while (clock.now() < untilMs) await client.request();
  });
  await Promise.all(all);
}

/** A generator of numbers from 0 up to 1 that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Requests in the log that left within `fromMs` to `toMs`, by status. */
export function countWithin(target: WindowTarget, fromMs: number, toMs: number, status?: number): number {
  return target.log.filter(
    (entry) => entry.atMs >= fromMs && entry.atMs < toMs && (status === undefined || entry.status === status),
  ).length;
}
