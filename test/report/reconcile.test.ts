import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeResult, RunMode } from '../../src/contracts/ledger.ts';
import { operations, type Result } from '../../src/domain/change.ts';
import { changeResult, checkSums, exitCodeOf, tally } from '../../src/report/reconcile.ts';
import { buildChange, buildOutcome, buildReport, buildStep } from './build.ts';

const results = ['succeeded', 'failed', 'conflict', 'unknown', 'notSent'] as const satisfies Result[];

const anyResult: fc.Arbitrary<ChangeResult> = fc
  .record({
    operation: fc.constantFrom(...operations),
    disposition: fc.constantFrom('planned', 'held', 'conflict'),
    cause: fc.constantFrom('feed', 'status', 'absence'),
    rows: fc.nat(3),
    steps: fc.nat(3),
    outcomes: fc.array(fc.constantFrom(...results), { maxLength: 3 }),
  })
  .map(({ operation, disposition, cause, rows, steps, outcomes }) => ({
    change: buildChange({
      operation,
      disposition,
      cause,
      rows: Array.from({ length: cause === 'absence' ? 0 : rows }, (_, line) => ({ line, cells: [] })),
      steps: Array.from({ length: steps }, () => buildStep()),
    }),
    outcomes: outcomes.slice(0, steps).map((result, step) => buildOutcome({ step, result })),
  }));

function ofSteps(...outcomes: readonly (Result | null)[]): ReturnType<typeof changeResult> {
  const change = buildChange({ steps: outcomes.map(() => buildStep()) });
  const known = outcomes.flatMap((result, step) => (result === null ? [] : [buildOutcome({ step, result })]));
  return changeResult(change, known, 'apply');
}

describe('changeResult', () => {
  it('takes the worst step of an applied change', () => {
    expect(ofSteps('succeeded', 'succeeded')).toBe('succeeded');
    expect(ofSteps('succeeded', 'conflict')).toBe('conflict');
    expect(ofSteps('conflict', 'failed')).toBe('failed');
    expect(ofSteps('failed', 'unknown', 'succeeded')).toBe('unknown');
  });

  it('calls a change not sent when a step was never reached and nothing went wrong', () => {
    expect(ofSteps('succeeded', 'notSent')).toBe('notSent');
    expect(ofSteps('succeeded', null)).toBe('notSent');
    expect(ofSteps(null)).toBe('notSent');
  });

  it('does not call a change not sent when its later steps were held back by a failure', () => {
    expect(ofSteps('failed', 'notSent')).toBe('failed');
    expect(ofSteps('unknown', null)).toBe('unknown');
  });

  it('never calls a planned change without steps a success', () => {
    expect(ofSteps()).toBe('notSent');
  });

  it('keeps the disposition of a change that was held or in conflict', () => {
    expect(changeResult(buildChange({ disposition: 'held' }), [], 'apply')).toBe('held');
    expect(changeResult(buildChange({ disposition: 'conflict', steps: [] }), [], 'apply')).toBe('conflict');
  });

  it('tells only the disposition in a plan', () => {
    expect(changeResult(buildChange(), [], 'plan')).toBe('planned');
  });
});

describe('tally', () => {
  it('makes sums that hold, whatever became of the changes', () => {
    fc.assert(
      fc.property(
        fc.array(anyResult, { maxLength: 60 }),
        fc.constantFrom<RunMode>('plan', 'apply'),
        (all, mode) => {
          const report = buildReport(all, 3, { mode });
          expect(checkSums(report)).toEqual([]);
          expect(report.changes.total).toBe(all.length);
        },
      ),
    );
  });

  it('counts each change under its own operation and end', () => {
    const counted = tally('apply');
    counted.add(buildChange({ operation: 'create' }), [buildOutcome()]);
    counted.add(buildChange({ operation: 'disable', cause: 'absence', rows: [] }), [
      buildOutcome({ result: 'failed' }),
    ]);
    counted.add(buildChange({ operation: 'disable', disposition: 'held' }), []);
    const { changes, byOperation } = counted.counts();
    expect(changes).toEqual({
      total: 3,
      planned: 0,
      held: 1,
      conflict: 0,
      notSent: 0,
      processed: 2,
      succeeded: 1,
      failed: 1,
      unknown: 0,
      fromAbsence: 1,
    });
    expect(byOperation.create).toMatchObject({ succeeded: 1, processed: 1, held: 0 });
    expect(byOperation.disable).toMatchObject({ failed: 1, held: 1, processed: 1 });
    expect(byOperation.update.processed).toBe(0);
  });
});

describe('checkSums', () => {
  const good = buildReport([{ change: buildChange(), outcomes: [buildOutcome()] }], 1);

  it('names the sum over the rows that does not hold', () => {
    const wrong = checkSums({ ...good, rows: { ...good.rows, unchanged: 5 } });
    expect(wrong).toEqual([
      'rows.total = quarantined + duplicates + excluded + unchanged + changed: 2 is not 7',
    ]);
  });

  it('finds a change that was lost between the buckets', () => {
    const wrong = checkSums({ ...good, changes: { ...good.changes, total: 2 } });
    expect(wrong).toEqual(['apply: changes.total = held + conflict + notSent + processed: 2 is not 1']);
  });

  it('finds an operation that does not add up to the total', () => {
    const update = { ...good.byOperation.update, succeeded: 0 };
    const wrong = checkSums({ ...good, byOperation: { ...good.byOperation, update } });
    expect(wrong).toEqual(['changes.succeeded = the sum over byOperation: 1 is not 0']);
  });

  it('finds results in a plan, which has none', () => {
    const wrong = checkSums({ ...good, run: { ...good.run, mode: 'plan' } });
    expect(wrong).toContain('plan: changes.succeeded = 0: 1 is not 0');
  });
});

describe('exitCodeOf', () => {
  const done = {
    wholeRunHeld: false,
    stopped: false,
    rows: { quarantined: 0 },
    changes: { held: 0, conflict: 0, notSent: 0, failed: 0, unknown: 0 },
  };
  const everything = { held: 1, conflict: 1, notSent: 1, failed: 1, unknown: 1 };

  it('is 0 when everything is done', () => {
    expect(exitCodeOf(done)).toBe(0);
  });

  it('is 3 when the whole run is held, whatever else there is', () => {
    expect(
      exitCodeOf({ wholeRunHeld: true, stopped: true, rows: { quarantined: 1 }, changes: everything }),
    ).toBe(3);
  });

  it.each([
    { stopped: true },
    { changes: { ...done.changes, unknown: 1, failed: 3 } },
    { changes: { ...done.changes, notSent: 1, failed: 3 } },
  ])('is 4 when the run stopped or something is open: %j', (difference) => {
    expect(exitCodeOf({ ...done, ...difference })).toBe(4);
  });

  it.each([
    { rows: { quarantined: 1 } },
    { changes: { ...done.changes, conflict: 1 } },
    { changes: { ...done.changes, failed: 1 } },
    { changes: { ...done.changes, held: 1 } },
  ])('is 2 when the run finished and something is left: %j', (difference) => {
    expect(exitCodeOf({ ...done, ...difference })).toBe(2);
  });
});
