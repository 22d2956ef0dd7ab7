import { describe, expect, it } from 'vitest';
import { estimateDuration } from '../../src/dispatch/estimate-duration.ts';

const limits = { rates: [], concurrency: 4, batchSize: 100 };

describe('the estimate of how long a plan takes', () => {
  it('counts a request for each full or begun batch of one kind of step', () => {
    expect(estimateDuration([250, 1, 100], limits)).toMatchObject({ steps: 351, requests: 5 });
  });

  it('goes by the strictest rate', () => {
    const rates = [
      { requests: 5, perMs: 1_000 },
      { requests: 60, perMs: 60_000 },
    ];
    const estimate = estimateDuration([1_000], { ...limits, rates, batchSize: 10 });
    expect(estimate).toEqual({ steps: 1_000, requests: 100, durationMs: 100_000, by: 'rate' });
  });

  it('goes by the records where they are limited', () => {
    const recordRates = [{ records: 10, perMs: 1_000 }];
    expect(estimateDuration([1_000], { ...limits, recordRates })).toMatchObject({
      durationMs: 100_000,
      by: 'records',
    });
  });

  it('goes by the requests at a time where nothing else is known', () => {
    expect(estimateDuration([800], { ...limits, batchSize: 1 })).toMatchObject({
      durationMs: 100_000,
      by: 'concurrency',
    });
  });

  it('begins where a limit is looked for', () => {
    const adaptiveFrom = { requests: 1, perMs: 1_000 };
    expect(estimateDuration([10], { ...limits, batchSize: 1, adaptiveFrom })).toMatchObject({
      durationMs: 10_000,
      by: 'rate',
    });
  });
});
