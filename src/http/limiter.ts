import type { Clock, RateLimit } from '../domain/settings.ts';

/**
 * Grants are spaced by this much more than the rate asks for. A share of it pays for the delays between here and
 * the target, the other lets a grant that our own timer made late be caught up with.
 */
const headroom = 0.015;

/** Lets requests leave at the pace of the limits. */
export interface Limiter {
  /** Resolves when the next request may leave, in the order of the calls; rejects with the signal's reason. */
  acquire(signal?: AbortSignal): Promise<void>;
  /** Holds everybody until then, in Unix milliseconds; never shortens an earlier pause. */
  pauseUntil(atMs: number): void;
  /** Wall time, in milliseconds, during which the limits or a pause held somebody. */
  readonly waitedMs: number;
}

interface Spacing {
  readonly intervalMs: number;
  readonly toleranceMs: number;
  nextMs: number;
}

/**
 * All rates hold at once. Each is a bucket of one token: grants are spread evenly instead of going in a burst,
 * because targets that count in a sliding window would refuse the burst.
 *
 * In any window of `perMs` there are at most `requests` grants: N + 1 of them span at least
 * N intervals less the tolerance, which is `perMs * (1 + headroom - headroom / 2)`.
 */
export function createLimiter(rates: readonly RateLimit[], clock: Clock): Limiter {
  const spacings = rates.map(spacingOf);
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let waitedMs = 0;
  let lastTurn: Promise<void> = Promise.resolve();

  function dueMs(nowMs: number): number {
    let due = pausedUntilMs;
    for (const spacing of spacings) {
      // Only a clock that was set back can leave more than one interval to wait.
      spacing.nextMs = Math.min(spacing.nextMs, nowMs + spacing.intervalMs);
      due = Math.max(due, spacing.nextMs);
    }
    return due;
  }

  async function untilDue(signal: AbortSignal | undefined): Promise<number> {
    for (;;) {
      const nowMs = clock.now();
      const due = dueMs(nowMs);
      if (due <= nowMs) return nowMs;
      try {
        await clock.sleep(due - nowMs, signal);
      } finally {
        waitedMs += Math.max(0, clock.now() - nowMs);
      }
    }
  }

  function grant(nowMs: number, sinceMs: number): void {
    // Time in which nobody asked, or nobody was let go, is not caught up with.
    const readyMs = Math.max(sinceMs, pausedUntilMs);
    for (const spacing of spacings) {
      const fromMs = Math.max(spacing.nextMs, readyMs, nowMs - spacing.toleranceMs);
      spacing.nextMs = fromMs + spacing.intervalMs;
    }
  }

  return {
    async acquire(signal) {
      signal?.throwIfAborted();
      const sinceMs = clock.now();
      const before = lastTurn;
      const turn = Promise.withResolvers<void>();
      lastTurn = turn.promise;
      try {
        await unlessAborted(before, signal);
        grant(await untilDue(signal), sinceMs);
      } finally {
        void before.then(turn.resolve);
      }
    },
    pauseUntil(atMs) {
      pausedUntilMs = Math.max(pausedUntilMs, atMs);
    },
    get waitedMs() {
      return waitedMs;
    },
  };
}

function spacingOf(rate: RateLimit): Spacing {
  return {
    intervalMs: (rate.perMs / rate.requests) * (1 + headroom),
    toleranceMs: (rate.perMs * headroom) / 2,
    nextMs: Number.NEGATIVE_INFINITY,
  };
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
