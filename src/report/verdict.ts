import type { ReportWithoutFailures } from './report.ts';

/** How a run ended, in one sentence that an administrator understands. */
export function verdict(report: ReportWithoutFailures): string {
  return report.run.mode === 'plan' ? planVerdict(report) : applyVerdict(report);
}

function planVerdict(report: ReportWithoutFailures): string {
  const { changes, exitCode } = report;
  if (exitCode === 3) return `The plan is held${trippedGuards(report)}. Nothing was written.`;
  if (exitCode === 4) return 'The plan stopped before its end. Nothing was written.';
  const planned =
    changes.planned === 0 ? 'nothing to change' : `${plural(changes.planned, 'change')} to write`;
  const troubles = listTroubles(report);
  return `Plan made: ${planned}${troubles === '' ? '' : `, with ${troubles}`}. Nothing was written.`;
}

function applyVerdict(report: ReportWithoutFailures): string {
  const { changes, exitCode } = report;
  if (exitCode === 3) return `Held${trippedGuards(report)}. Nothing was written.`;
  if (exitCode === 4) return stoppedVerdict(report);
  if (exitCode === 1 || exitCode === 75) {
    return `Stopped before the first write: ${plural(changes.notSent, 'change')} not sent. Nothing was written.`;
  }
  const troubles = listTroubles(report);
  if (troubles !== '') return `Finished: ${written(report)}, with ${troubles}.`;
  if (changes.total === 0) return 'Finished: the target already matched the feed, nothing was written.';
  return changes.total === 1
    ? 'Finished: the one change succeeded.'
    : `Finished: all ${number(changes.total)} changes succeeded.`;
}

function stoppedVerdict(report: ReportWithoutFailures): string {
  const { notSent } = report.changes;
  const troubles = listTroubles(report);
  if (troubles === '') return `Stopped before the end of the run: ${written(report)}.`;
  return `${notSent === 0 ? 'Finished' : 'Stopped midway'}: ${written(report)}, with ${troubles}.`;
}

/** Whether anything was written; a change that is not whole counts as what became of its last step. */
function written({ changes }: ReportWithoutFailures): string {
  if (changes.total === 0) return 'nothing to change';
  return changes.succeeded === 0 ? 'no change succeeded' : `${plural(changes.succeeded, 'change')} succeeded`;
}

/** What to do next, in one sentence; null when there is nothing to do. */
export function nextStep(report: ReportWithoutFailures): string | null {
  switch (report.exitCode) {
    case 2:
      return 'The rows concerned are in rejects.csv with their reasons: mend them there or at their source, then run the job again; --feed names a mended file.';
    case 3:
      return 'Look at the guards below. If the changes are wanted, raise the limit in the job; if not, mend the feed.';
    case 4:
      return 'Run apply again: it looks up what is in doubt and goes on from there.';
    default:
      return null;
  }
}

function trippedGuards(report: ReportWithoutFailures): string {
  const tripped = report.guards.filter((guard) => guard.tripped);
  const names = [...new Set(tripped.map((guard) => `“${guard.name}”`))];
  return names.length === 0
    ? ' until a person has approved it'
    : ` by ${names.length === 1 ? 'the guard' : 'the guards'} ${inWords(names)}`;
}

function listTroubles({ rows, changes }: ReportWithoutFailures): string {
  return inWords(
    [
      changes.notSent === 0 ? null : `${plural(changes.notSent, 'change')} not sent`,
      changes.failed === 0 ? null : plural(changes.failed, 'failure'),
      changes.unknown === 0 ? null : plural(changes.unknown, 'unknown result'),
      changes.conflict === 0 ? null : plural(changes.conflict, 'conflict'),
      rows.quarantined === 0 ? null : plural(rows.quarantined, 'quarantined row'),
      changes.held === 0 ? null : plural(changes.held, 'held change'),
    ].filter((part) => part !== null),
  );
}

function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

/** `1,204` */
export function number(value: number): string {
  return value.toLocaleString('en-GB');
}

function plural(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}
