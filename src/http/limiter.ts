import { TargetFailure } from '../domain/failure.ts';
import type { Clock, Limits, RateLimit } from '../domain/settings.ts';
import { createAdaptiveRate } from './adaptive-rate.ts';
import { type GrantBook, memoryBook } from './grant-book.ts';
import { paceOf } from './pace.ts';

/** Lets requests leave at the pace of the limits. */
export interface Limiter {
  /** Takes a grant that is due when nobody is in line; whoever gets none waits by `acquire`. */
  tryAcquire(records?: number): boolean;
  /**
   * Resolves when the next request may leave, in the order of the calls. Rejects with the signal's reason, and with a
   * `TargetFailure` `throttled` that is given up when the target asked for a longer pause than is waited for.
   * @param records how many records the request carries; 1 when absent
   */
  acquire(signal?: AbortSignal, records?: number): Promise<void>;
  /** The request that was granted then leaves only now. */
  left(grantedMs: number, records?: number): void;
  /** Holds everybody until then, in Unix milliseconds; never shortens an earlier pause. */
  pauseUntil(atMs: number): void;
  /** The request that left at `grantedMs` was answered, so long after; `kind` tells slow kinds from quick ones. */
  taken(grantedMs: number, latencyMs: number, kind: string): void;
  /** The request that left then was refused for coming too soon. */
  refused(grantedMs: number): void;
  /** Wall time, in milliseconds, during which the limits or a pause held somebody. */
  readonly waitedMs: number;
}

/** Less than that is no delay: timers are as late. */
const lateMs = 3;

export interface LimiterOptions extends Pick<Limits, 'recordRates' | 'adaptiveFrom' | 'waitMaxMs'> {
  /** Who else is bound by the same limits writes into the same book; one of its own when absent. */
  readonly book?: GrantBook;
}

/** A limiter that holds all rates at once, and an adaptive one beside them when it is told where to begin. */
export function createLimiter(
  rates: readonly RateLimit[],
  clock: Clock,
  options: LimiterOptions = {},
): Limiter {
  const { book = memoryBook(), recordRates = [], waitMaxMs = Number.POSITIVE_INFINITY } = options;
  const lowest = Math.min(...rates.map(({ requests, perMs }) => (requests / perMs) * 1_000));
  const adaptive =
    options.adaptiveFrom === undefined ? null : createAdaptiveRate(options.adaptiveFrom, lowest);
  const pace = paceOf(rates, recordRates);
  let waitedMs = 0;
  let lastTurn: Promise<void> = Promise.resolve();
  let inLine = 0;

  /** Takes the grant, or gives the moment to try again. */
  function tryNow(nowMs: number, sinceMs: number, records: number): number {
    const adaptedMs = adaptive?.dueMs() ?? 0;
    if (adaptedMs > nowMs) return adaptedMs;
    const dueMs = book.take(pace, { nowMs, sinceMs, records });
    if (dueMs === 0) adaptive?.granted(nowMs, Math.max(sinceMs, book.pausedUntilMs()), sinceMs < nowMs);
    return dueMs;
  }

  async function untilGranted(signal: AbortSignal | undefined, sinceMs: number, records: number) {
    for (;;) {
      const nowMs = clock.now();
      const pausedUntilMs = book.pausedUntilMs();
      if (pausedUntilMs - nowMs > waitMaxMs) throw parked(pausedUntilMs, nowMs, waitMaxMs);
      const dueMs = tryNow(nowMs, sinceMs, records);
      if (dueMs === 0) return;
      try {
        await clock.sleep(dueMs - nowMs, signal);
      } finally {
        waitedMs += Math.max(0, clock.now() - nowMs);
      }
    }
  }

  return {
    tryAcquire(records = 1) {
      if (inLine > 0) return false;
      const nowMs = clock.now();
      return tryNow(nowMs, nowMs, records) === 0;
    },
    async acquire(signal, records = 1) {
      signal?.throwIfAborted();
      const sinceMs = clock.now();
      const before = lastTurn;
      const turn = Promise.withResolvers<void>();
      lastTurn = turn.promise;
      inLine += 1;
      try {
        await unlessAborted(before, signal);
        await untilGranted(signal, sinceMs, records);
      } finally {
        void before.then(turn.resolve);
        inLine -= 1;
      }
    },
    left(grantedMs, records = 1) {
      const nowMs = clock.now();
      if (nowMs - grantedMs > lateMs) book.late(pace, grantedMs, { nowMs, sinceMs: nowMs, records });
    },
    pauseUntil: (atMs) => book.pauseUntil(atMs),
    taken: (grantedMs, latencyMs, kind) => adaptive?.taken(grantedMs, latencyMs, kind),
    refused: (grantedMs) => adaptive?.refused(grantedMs, clock.now()),
    get waitedMs() {
      return waitedMs;
    },
  };
}

/** The run is parked: what it has not written yet waits for the next one. */
function parked(untilMs: number, nowMs: number, waitMaxMs: number): TargetFailure {
  const until = new Date(untilMs).toISOString();
  return new TargetFailure({
    trouble: 'throttled',
    message: `The target asked for a pause until ${until}, which is longer than is waited for (${waitMaxMs / 1000} s).`,
    hint: `Run again after ${until}, or allow a longer wait: limits.waitMax.`,
    retryAfterMs: untilMs - nowMs,
    givenUp: true,
  });
}

function unlessAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return turn;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void turn.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}
