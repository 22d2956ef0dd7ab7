import { Failure } from '../domain/failure.ts';
import { formatProblems } from './format-problems.ts';

/** Where something stands in the job file, from its root. */
export type FieldPath = readonly (string | number)[];

/** One thing that is wrong, or risky, in a job file. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** The job file, as it was asked for. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Names of the targets that it is about, of a job that lists some; absent where it is about all of the job. */
  readonly targets?: readonly string[];
  /** Dotted, such as `policy.leavers.0`; empty for the whole file. */
  readonly path: string;
  /** Never holds a secret. */
  readonly message: string;
  readonly hint?: string;
}

/** A problem that still has to be given its line and column. */
export interface Trouble {
  readonly path: FieldPath;
  /** Where it stands when `path` must not tell: a name in which a secret may hide. */
  readonly place?: FieldPath;
  /** Whether the field's name or its value is at fault; the value when absent. */
  readonly at?: 'key' | 'value';
  readonly severity?: 'error' | 'warning';
  /** Name of the target for which it was found; absent where it was found for the job. */
  readonly target?: string;
  readonly message: string;
  readonly hint?: string;
}

export type Report = (trouble: Trouble) => void;

/** The job file cannot be used. `problems` holds every problem that was found, warnings included. */
export class JobFailure extends Failure {
  override readonly name = 'JobFailure';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super({
      code: 'JOB_INVALID',
      message: formatProblems(problems),
      hint: 'Mend the job file and check it with `rollcall validate`.',
      exit: 1,
    });
    this.problems = problems;
  }
}

/** The field's name as messages give it: the path as it would be without an environment. */
export function fieldName(path: FieldPath): string {
  const own = path[0] === 'environments' && path.length > 2 ? path.slice(2) : path;
  return own.join('.');
}
