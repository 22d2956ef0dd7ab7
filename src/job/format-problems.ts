import type { Problem } from './problem.ts';

/** More than this many problems do not fit on one screen with their hints. */
const shownMax = 20;

/**
 * The problems of a job file as plain text for a terminal, one screen at most:
 * `file:line:column  error  message`, a hint on a line of its own, and a count of what was found.
 */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = mostUrgent(problems).flatMap(formatProblem);
  const rest = problems.length - shownMax;
  if (rest > 0) lines.push(`… and ${rest} more`);
  lines.push(countProblems(problems));
  return lines.join('\n');
}

/** In the file's order; where they are too many, warnings give way to errors. */
function mostUrgent(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= shownMax) return problems;
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  const errors = problems.filter((problem) => problem.severity === 'error');
  return [...errors, ...warnings].slice(0, shownMax);
}

function formatProblem(problem: Problem): readonly string[] {
  const head = `${problem.file}:${problem.line}:${problem.column}  ${problem.severity}  ${problem.message}`;
  return problem.hint === undefined ? [head] : [head, `    ${problem.hint}`];
}

function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  return [counted(errors, 'error'), counted(warnings, 'warning')].filter((text) => text !== '').join(', ');
}

function counted(count: number, word: string): string {
  if (count === 0) return '';
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
