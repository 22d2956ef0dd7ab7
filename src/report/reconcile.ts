import type { RunMode, StepOutcome } from '../contracts/ledger.ts';
import { type Change, operations, type Result } from '../domain/change.ts';
import type { Report } from './report.ts';

/** Where a change ends: in exactly one of these. */
export type ChangeEnd = Change['disposition'] | Result;

/**
 * From worst to best. A change takes the worst of its steps, so that nothing is called better than it is:
 * - `unknown` comes first: as long as nobody knows what the target did, no other word is true of the change;
 * - `failed` before `conflict`: something was sent and refused;
 * - `conflict` before `notSent`: a person has to look, sending the rest later would not help;
 * - `notSent` after the three: a step that was held back because an earlier one went wrong says nothing new,
 *   while a step that was never reached (the run stopped) must keep the change from being called a success.
 */
const worstFirst: readonly Result[] = ['unknown', 'failed', 'conflict', 'notSent', 'succeeded'];

/**
 * Where a change ends. A plan tells only how it was disposed. In an apply a held or conflicting change was
 * never sent, and any other takes its worst step, a step without an outcome being `notSent`. A planned change
 * without any step is `notSent` too: nothing was sent, so nothing may be called done.
 */
export function changeResult(change: Change, outcomes: readonly StepOutcome[], mode: RunMode): ChangeEnd {
  if (mode === 'plan' || change.disposition !== 'planned') return change.disposition;
  const seen = new Set<Result>(outcomes.map((outcome) => outcome.result));
  const settled = new Set(outcomes.map((outcome) => outcome.step));
  if (change.steps.length === 0 || change.steps.some((_, step) => !settled.has(step))) seen.add('notSent');
  return worstFirst.find((result) => seen.has(result)) ?? 'notSent';
}

const bucketNames = [
  'planned',
  'held',
  'conflict',
  'notSent',
  'processed',
  'succeeded',
  'failed',
  'unknown',
] as const;
type Buckets = Record<(typeof bucketNames)[number], number>;

const processed: ReadonlySet<ChangeEnd> = new Set(['succeeded', 'failed', 'unknown']);

/** Counts the changes of a run one by one; `counts` has the form of the report's sections. */
export interface Tally {
  add(change: Change, outcomes: readonly StepOutcome[]): void;
  counts(): Pick<Report, 'changes' | 'byOperation'>;
}

/**
 * A tally in which every change lands in exactly one bucket, so that the sums hold by construction:
 * plan: total = planned + held + conflict, the rest 0; apply: total = held + conflict + notSent + processed,
 * processed = succeeded + failed + unknown, planned = 0.
 */
export function tally(mode: RunMode): Tally {
  const all = noneYet();
  const byOperation = {
    create: noneYet(),
    update: noneYet(),
    enable: noneYet(),
    disable: noneYet(),
    remove: noneYet(),
  };
  let total = 0;
  let fromAbsence = 0;
  return {
    add(change, outcomes) {
      const end = changeResult(change, outcomes, mode);
      total += 1;
      if (change.cause === 'absence') fromAbsence += 1;
      for (const buckets of [all, byOperation[change.operation]]) {
        buckets[end] += 1;
        if (processed.has(end)) buckets.processed += 1;
      }
    },
    counts: () => ({
      changes: { total, ...all, fromAbsence },
      byOperation: {
        create: { ...byOperation.create },
        update: { ...byOperation.update },
        enable: { ...byOperation.enable },
        disable: { ...byOperation.disable },
        remove: { ...byOperation.remove },
      },
    }),
  };
}

/** The sums that always hold; each one that does not, in words. Empty when the report adds up. */
export function checkSums(report: Omit<Report, 'failures'>): readonly string[] {
  const { rows, changes, run } = report;
  const wrong: string[] = [];
  const expect = (what: string, actual: number, wanted: number): void => {
    if (actual !== wanted) wrong.push(`${what}: ${actual} is not ${wanted}`);
  };

  expect(
    'rows.total = quarantined + duplicates + excluded + unchanged + changed',
    rows.total,
    rows.quarantined + rows.duplicates + rows.excluded + rows.unchanged + rows.changed,
  );
  if (run.mode === 'plan') {
    expect(
      'plan: changes.total = planned + held + conflict',
      changes.total,
      changes.planned + changes.held + changes.conflict,
    );
    for (const name of ['notSent', 'processed', 'succeeded', 'failed', 'unknown'] as const) {
      expect(`plan: changes.${name} = 0`, changes[name], 0);
    }
  } else {
    expect(
      'apply: changes.total = held + conflict + notSent + processed',
      changes.total,
      changes.held + changes.conflict + changes.notSent + changes.processed,
    );
    expect('apply: changes.planned = 0', changes.planned, 0);
  }
  expect(
    'changes.processed = succeeded + failed + unknown',
    changes.processed,
    changes.succeeded + changes.failed + changes.unknown,
  );
  for (const name of bucketNames) {
    const sum = operations.reduce((before, operation) => before + report.byOperation[operation][name], 0);
    expect(`changes.${name} = the sum over byOperation`, changes[name], sum);
  }
  if (changes.fromAbsence > changes.total) {
    wrong.push(`changes.fromAbsence (${changes.fromAbsence}) is more than changes.total (${changes.total})`);
  }
  return wrong;
}

/** What the exit code of a run that came as far as a report depends on. */
export interface ExitFacts {
  /** A guard or a missing approval holds the whole run; nothing was written. */
  readonly wholeRunHeld: boolean;
  /** The run ended before its end, for whatever reason, or its sums do not hold. */
  readonly stopped: boolean;
  readonly rows: Pick<Report['rows'], 'quarantined'>;
  readonly changes: Pick<Report['changes'], 'held' | 'conflict' | 'notSent' | 'failed' | 'unknown'>;
}

/** The exit code of a run that came as far as a report: the first that holds of 3, 4, 2 and 0. */
export function exitCodeOf(facts: ExitFacts): 0 | 2 | 3 | 4 {
  const { rows, changes } = facts;
  if (facts.wholeRunHeld) return 3;
  if (facts.stopped || changes.unknown > 0 || changes.notSent > 0) return 4;
  if (rows.quarantined > 0 || changes.conflict > 0 || changes.failed > 0 || changes.held > 0) return 2;
  return 0;
}

function noneYet(): Buckets {
  return {
    planned: 0,
    held: 0,
    conflict: 0,
    notSent: 0,
    processed: 0,
    succeeded: 0,
    failed: 0,
    unknown: 0,
  };
}
