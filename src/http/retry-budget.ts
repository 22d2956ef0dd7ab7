import type { Clock } from '../domain/settings.ts';

/** One more request for so many that are sent the first time. */
const requestsPerRetry = 10;
/** Retries at once after a quiet time, and the most that is saved up. */
const savedMax = 10;
/** Without requests that earn retries there is one in so long, in milliseconds, so that a small run ends. */
const retryEveryMs = 5_000;

/** Tenths do not add up to a whole in binary. */
const almostOne = 1 - 1e-9;

/**
 * Keeps repeats of failed requests below a tenth of the load, so that a target in trouble does not get more of it. What
 * is beyond the budget waits; it is not given up. Pauses that a target asks for are no matter of the budget.
 */
export interface RetryBudget {
  /** A request is sent for the first time. */
  earn(): void;
  /** Resolves when one may be repeated, in the order of the calls; rejects with the signal's reason. */
  spend(signal?: AbortSignal): Promise<void>;
}

export function createRetryBudget(clock: Clock): RetryBudget {
  let saved = savedMax;
  let countedMs = clock.now();
  let lastTurn: Promise<void> = Promise.resolve();

  function count(): number {
    const nowMs = clock.now();
    saved = Math.min(savedMax, saved + Math.max(0, nowMs - countedMs) / retryEveryMs);
    countedMs = nowMs;
    return saved;
  }

  async function takeOne(signal: AbortSignal | undefined): Promise<void> {
    // Others may earn a retry meanwhile, so it is looked at every second.
    while (count() < almostOne)
      await clock.sleep(Math.min(1_000, Math.ceil((1 - saved) * retryEveryMs)), signal);
    saved -= 1;
  }

  return {
    earn() {
      saved = Math.min(savedMax, count() + 1 / requestsPerRetry);
    },
    spend(signal) {
      const mine = lastTurn.then(() => takeOne(signal));
      lastTurn = mine.catch(() => undefined);
      return mine;
    },
  };
}
