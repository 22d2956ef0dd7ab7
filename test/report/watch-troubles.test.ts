import { describe, expect, it } from 'vitest';
import type { FailureNow } from '../../src/report/explain-change.ts';
import { watchTroubles } from '../../src/report/watch-troubles.ts';
import { buildQuarantined } from './build.ts';

function buildFailure(difference: Partial<FailureNow> = {}): FailureNow {
  return {
    line: 2,
    key: 'E1',
    operation: 'update',
    step: 'update',
    result: 'failed',
    errorCode: 'REFUSED',
    providerCode: null,
    message: null,
    attempts: 1,
    ...difference,
  };
}

describe('watchTroubles', () => {
  it('keeps the first 1,000 failures and counts all', () => {
    const watch = watchTroubles();
    for (let line = 1; line <= 1500; line += 1) watch.failed(buildFailure({ line }));
    const { failures, failureCounts } = watch.troubles();
    expect(failures).toHaveLength(1000);
    expect(failures.at(-1)?.line).toBe(1000);
    expect(failureCounts).toEqual([{ result: 'failed', errorCode: 'REFUSED', count: 1500 }]);
  });

  it('lists conflicts and unknown results before failures, accounts disabled elsewhere first of all', () => {
    const watch = watchTroubles();
    for (let line = 1; line <= 1500; line += 1) watch.failed(buildFailure({ line }));
    watch.failed(buildFailure({ key: 'unknown', result: 'unknown', errorCode: 'UNANSWERED' }));
    watch.failed(buildFailure({ key: 'taken', result: 'conflict', errorCode: 'LOGIN_TAKEN' }));
    watch.failed(buildFailure({ key: 'disabled', result: 'conflict', errorCode: 'DISABLED_ELSEWHERE' }));
    const { failures } = watch.troubles();
    expect(failures).toHaveLength(1000);
    expect(failures.slice(0, 4).map((failure) => failure.key)).toEqual([
      'disabled',
      'taken',
      'unknown',
      'E1',
    ]);
  });

  it('keeps the first 200 quarantined rows and counts all by code', () => {
    const watch = watchTroubles();
    watch.quarantined(buildQuarantined({ code: 'BAD_VALUE' }));
    for (let line = 1; line <= 300; line += 1) watch.quarantined(buildQuarantined());
    const { quarantined, quarantineCounts } = watch.troubles();
    expect(quarantined).toHaveLength(200);
    expect(quarantineCounts).toEqual([
      { code: 'RAGGED_ROW', count: 300 },
      { code: 'BAD_VALUE', count: 1 },
    ]);
  });
});
