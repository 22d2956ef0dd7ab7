import type { Clock } from '../../src/domain/settings.ts';

export interface VirtualClock extends Clock {
  /** Lets this much time pass, waking sleepers one after the other and letting each go on before the next. */
  advance(ms: number): Promise<void>;
  /** Lets time pass from sleeper to sleeper until the promise is settled; fails when nobody sleeps any more. */
  runUntil<T>(promise: Promise<T>): Promise<T>;
  /** Waits, in real time, until somebody sleeps for this long; for code that also waits for the network. */
  untilAsleepFor(ms: number): Promise<void>;
  /** How long each sleeper still has to sleep, in milliseconds. */
  readonly sleeping: readonly number[];
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** A clock that stands still until it is told to go on. `lateMs` makes its timers fire late, as real ones do. */
export function virtualClock(options: { startMs?: number; lateMs?: () => number } = {}): VirtualClock {
  let nowMs = options.startMs ?? Date.UTC(2026, 0, 1);
  const sleepers = new Set<Sleeper>();

  function next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) if (first === undefined || sleeper.dueMs < first.dueMs) first = sleeper;
    return first;
  }

  async function wake(sleeper: Sleeper): Promise<void> {
    nowMs = Math.max(nowMs, sleeper.dueMs);
    sleeper.wake();
    await oneTurn();
  }

  return {
    now: () => nowMs,
    get sleeping() {
      return [...sleepers].map((sleeper) => sleeper.dueMs - nowMs);
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (ms <= 0) return resolve();
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + ms + (options.lateMs?.() ?? 0),
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(ms) {
      await oneTurn();
      const untilMs = nowMs + ms;
      for (let sleeper = next(); sleeper !== undefined && sleeper.dueMs <= untilMs; sleeper = next()) {
        await wake(sleeper);
      }
      nowMs = untilMs;
    },
    async runUntil(promise) {
      let settled = false;
      const settle = () => {
        settled = true;
      };
      promise.then(settle, settle);
      await oneTurn();
      while (!settled) {
        const sleeper = next();
        if (sleeper === undefined) throw new Error('Nobody sleeps, and the promise is not settled.');
        await wake(sleeper);
      }
      return promise;
    },
    async untilAsleepFor(ms) {
      while (![...sleepers].some((sleeper) => sleeper.dueMs - nowMs === ms)) await oneTurn();
    },
  };
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
