import type { Limits } from '../domain/settings.ts';

export interface Estimate {
  readonly steps: number;
  /** As few as the limits allow: a target that is written user by user takes one for each step. */
  readonly requests: number;
  readonly durationMs: number;
  /** What makes it take so long. */
  readonly by: 'rate' | 'records' | 'concurrency';
}

/** How long an answer is taken to need, in milliseconds; nothing is known of the target before it is asked. */
const answerMs = 500;

/**
 * How long the writes of a plan take at the least, from the limits alone: reads, retries and pauses that the target asks
 * for come on top.
 * @param steps how many there are of each kind; those of one kind share requests
 */
export function estimateDuration(
  steps: readonly number[],
  limits: Pick<Limits, 'rates' | 'recordRates' | 'adaptiveFrom' | 'concurrency' | 'batchSize'>,
): Estimate {
  const all = steps.reduce((sum, count) => sum + count, 0);
  const requests = steps.reduce((sum, count) => sum + Math.ceil(count / limits.batchSize), 0);
  const { rates, adaptiveFrom, recordRates = [] } = limits;
  const allRates = adaptiveFrom === undefined ? rates : [...rates, adaptiveFrom];
  const longest = (times: readonly number[]): number => Math.max(0, ...times);
  const byRate = longest(allRates.map((rate) => (requests * rate.perMs) / rate.requests));
  const byRecords = longest(recordRates.map((rate) => (all * rate.perMs) / rate.records));
  const byConcurrency = Math.ceil(requests / limits.concurrency) * answerMs;
  const durationMs = Math.round(longest([byRate, byRecords, byConcurrency]));
  const by =
    byRate >= byRecords && byRate >= byConcurrency
      ? 'rate'
      : byRecords >= byConcurrency
        ? 'records'
        : 'concurrency';
  return { steps: all, requests, durationMs, by };
}
