import type { ChangeResult } from '../contracts/ledger.ts';
import type { Change } from '../domain/change.ts';
import type { Value } from '../domain/user.ts';
import { neutralise } from './csv.ts';
import { describeSteps, explainChange, linesOf } from './explain-change.ts';
import type { ReportWithoutFailures } from './report.ts';

/** Header of `results.csv`: one line per change, the codes those of the step that decided it. */
export const resultsHeader = [
  'run',
  'line',
  'feed',
  'key',
  'operation',
  'cause',
  'result',
  'step',
  'errorCode',
  'providerCode',
  'message',
  'attempts',
  'changes',
  'steps',
] as const;

/** One line of `results.csv`. */
export function resultsRecord(result: ChangeResult, run: ReportWithoutFailures['run']): readonly string[] {
  const { change } = result;
  const why = explainChange(result, run.mode);
  return [
    run.id,
    linesOf(change),
    change.feed ?? '',
    change.key,
    change.operation,
    change.cause,
    why.end,
    why.step ?? '',
    why.errorCode ?? '',
    why.providerCode ?? '',
    why.message ?? '',
    String(why.attempts),
    describeAttributes(change),
    describeSteps(result, run.mode),
  ].map(neutralise);
}

/** Attribute by attribute, for people: `title: Clerk -> Manager; roles: (none) -> Viewer, Planner`. */
export function describeAttributes(change: Change): string {
  const names = new Set([...Object.keys(change.before), ...Object.keys(change.after)]);
  return [...names]
    .map((name) => {
      // A password has no place in a file that people hand around.
      if (name === 'password') return 'password: (not shown)';
      return `${name}: ${describeValue(change.before[name])} -> ${describeValue(change.after[name])}`;
    })
    .join('; ');
}

function describeValue(value: Value | null | undefined): string {
  if (value === null || value === undefined || value === '') return '(none)';
  if (typeof value !== 'object') return String(value);
  return value.length === 0 ? '(none)' : value.join(', ');
}
