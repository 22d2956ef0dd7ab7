import colours from 'picocolors';
import { exitCodeOf, type TargetEnd, worstExit } from '../run/run-targets.ts';
import { lines } from './output.ts';
import { plural, printable } from './text.ts';

const colour = colours.createColors(process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '');

/** What stands above a target's block; where there is no report, it is the whole block. */
export function targetHeading({ job, failure }: TargetEnd, position: number, total: number): string {
  const { name, provider, origin } = job.target;
  const apart = position === 1 ? '' : '\n';
  const heading = `${apart}${colour.bold(`target ${printable(name)}`)} (${position} of ${total})`;
  if (failure === null) return heading;
  const place = `${printable(job.name)}  ${provider.id} ${printable(origin)}`;
  return `${heading}\n${place}\n\n${colour.red('no report')}  exit ${failure.exit}: ${lines(failure.message)}`;
}

/** A target's entry of the JSON output: `report` as it is for a job with one target, or null and why. */
export function targetJson(target: TargetEnd): object {
  const { job, end, failure } = target;
  return {
    name: job.target.name,
    provider: job.target.provider.id,
    origin: job.target.origin,
    exitCode: exitCodeOf(target),
    report: end === null ? null : end.report,
    nothingToDo: end === null && failure === null,
    error: failure === null ? null : { code: failure.code, message: failure.message, hint: failure.hint },
  };
}

/** How all targets ended, in one sentence: each by name and its last run, and whether anything was written. */
export function targetsVerdict(targets: readonly TargetEnd[]): string {
  const last = [...new Map(targets.map((target) => [target.job, target])).values()];
  const ends = last.map((target) => `${printable(target.job.target.name)} ${howItEnded(target)}`);
  return `Of ${plural(last.length, 'target')}, ${inWords(ends)}; ${whatWasWritten(targets)}.`;
}

function howItEnded(target: TargetEnd): string {
  const { end, failure } = target;
  switch (exitCodeOf(target)) {
    case 0:
      if (end === null) return 'has nothing new to do';
      return end.report.run.mode === 'plan' ? 'has a plan' : 'matches the feed';
    case 1:
      return 'could not be run';
    case 2:
      return end?.report.run.mode === 'plan' ? 'has a plan with troubles' : 'finished with troubles';
    case 3:
      return 'is held';
    case 5:
      return 'is being run by another command';
    case 75:
      return 'could not be run for now';
    default:
      return failure === null ? 'stopped midway' : 'stopped without a report';
  }
}

function whatWasWritten(targets: readonly TargetEnd[]): string {
  const isOpen = targets.some((target) => target.failure !== null && exitCodeOf(target) === 4);
  if (isOpen) return 'changes were written, or may have been';
  const sent = targets.reduce((sum, { end }) => sum + (end?.report.changes.processed ?? 0), 0);
  if (sent === 0) return 'nothing was written';
  return `${plural(sent, 'change')} ${sent === 1 ? 'was' : 'were'} sent`;
}

/**
 * What to do next: targets whose runs did not come to their end can be run alone.
 * @param again the command that was given, without its targets
 * @param apply the apply that belongs to it
 */
export function nextAfterTargets(
  targets: readonly TargetEnd[],
  { again, apply }: { readonly again: string; readonly apply: string },
): string {
  switch (worstExit(targets.map(exitCodeOf))) {
    case 0:
      return `It is safe to run again. ${nextWhenWell(targets, apply)}`;
    case 1:
      return `Mend what is said above; then it is safe to run again: ${again}${unfinished(targets)}`;
    case 2:
      return `It is safe to run again. Next: mend the rows in each rejects.csv (or at their source), then for each: ${apply} --target NAME --feed FILE`;
    case 3:
      return 'It is safe to run again. Next: read what the guards say above.';
    case 5:
      return 'It is safe to run again when the other run has ended.';
    default:
      return `It is safe to run again. Next: ${again}${unfinished(targets)}`;
  }
}

function nextWhenWell(targets: readonly TargetEnd[], apply: string): string {
  const hasPlan = targets.some(({ end }) => end?.report.run.mode === 'plan');
  if (!hasPlan) return 'Next: nothing to do until the next feed.';
  const hasChanges = targets.some(({ end }) => (end?.report.changes.planned ?? 0) > 0);
  return hasChanges ? `Next: ${apply}` : 'Next: nothing to do.';
}

const unfinishedCodes: readonly number[] = [1, 4, 5, 75];

/** The flags that name the targets still to be run; none when it is all of them. */
function unfinished(targets: readonly TargetEnd[]): string {
  const left = targets.filter((target) => unfinishedCodes.includes(exitCodeOf(target)));
  if (left.length === targets.length) return '';
  return left.map(({ job }) => ` --target ${job.target.name}`).join('');
}

function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
