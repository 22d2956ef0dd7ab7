import { describe, expect, it } from 'vitest';
import type { Report, ReportWithoutFailures } from '../../src/report/report.ts';
import { verdict } from '../../src/report/verdict.ts';
import { buildReport } from './build.ts';

interface Difference {
  readonly mode?: 'plan' | 'apply';
  readonly exitCode?: number;
  readonly quarantined?: number;
  readonly changes?: Partial<Report['changes']>;
  readonly guards?: Report['guards'];
}

function build(difference: Difference): ReportWithoutFailures {
  const report = buildReport([], difference.quarantined ?? 0, { mode: difference.mode ?? 'apply' });
  return {
    ...report,
    exitCode: difference.exitCode ?? 0,
    changes: { ...report.changes, ...difference.changes },
    guards: difference.guards ?? [],
  };
}

describe('verdict', () => {
  it.each([
    [{}, 'Finished: the target already matched the feed, nothing was written.'],
    [{ changes: { total: 1, succeeded: 1 } }, 'Finished: the one change succeeded.'],
    [{ changes: { total: 1204, succeeded: 1204 } }, 'Finished: all 1,204 changes succeeded.'],
    [
      { exitCode: 2, changes: { total: 100, succeeded: 80, failed: 20 } },
      'Finished: 80 changes succeeded, with 20 failures.',
    ],
    [{ exitCode: 2, quarantined: 1 }, 'Finished: nothing to change, with 1 quarantined row.'],
    [
      { exitCode: 2, quarantined: 3, changes: { total: 9, failed: 1, conflict: 2, held: 4 } },
      'Finished: no change succeeded, with 1 failure, 2 conflicts, 3 quarantined rows and 4 held changes.',
    ],
    [
      { exitCode: 3, guards: [{ name: 'disables', limit: 3, actual: 9, tripped: true, advice: null }] },
      'Held by the guard “disables”. Nothing was written.',
    ],
    [
      { exitCode: 4, changes: { total: 9, succeeded: 1, notSent: 5, unknown: 1, failed: 2 } },
      'Stopped midway: 1 change succeeded, with 5 changes not sent, 2 failures and 1 unknown result.',
    ],
    [
      { exitCode: 4, changes: { total: 9, succeeded: 7, unknown: 2 } },
      'Finished: 7 changes succeeded, with 2 unknown results.',
    ],
    [
      { exitCode: 75, changes: { total: 2, notSent: 2 } },
      'Stopped before the first write: 2 changes not sent. Nothing was written.',
    ],
    [{ mode: 'plan' }, 'Plan made: nothing to change. Nothing was written.'],
    [
      { mode: 'plan', exitCode: 2, quarantined: 1, changes: { total: 2, planned: 2 } },
      'Plan made: 2 changes to write, with 1 quarantined row. Nothing was written.',
    ],
    [
      {
        mode: 'plan',
        exitCode: 3,
        guards: [{ name: 'first load', limit: null, actual: 9, tripped: true, advice: null }],
      },
      'The plan is held by the guard “first load”. Nothing was written.',
    ],
  ] as const satisfies readonly (readonly [Difference, string])[])(
    'for %j says: %s',
    (difference, sentence) => {
      expect(verdict(build(difference as Difference))).toBe(sentence);
    },
  );
});
