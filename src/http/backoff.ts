export interface BackoffLimits {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * How long to wait after the given attempt, counted from 1: anything between nothing and `baseMs` doubled with
 * every attempt, `capMs` at most. The whole range is drawn from (full jitter), so that those who failed together
 * do not come back together. `random` gives a number from 0 up to 1.
 */
export function backoffMs(attempt: number, random: () => number, limits: BackoffLimits): number {
  return Math.round(random() * Math.min(limits.capMs, limits.baseMs * 2 ** (attempt - 1)));
}
