import { Failure } from '../domain/failure.ts';
import type { Job } from './job.ts';
import { didYouMean } from './nearest.ts';

/** Those of a job's targets that are named, in the order of the job; all when no name is given. */
export function selectTargets(jobs: readonly Job[], names: readonly string[]): readonly Job[] {
  const known = jobs.map(({ target }) => target.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Failure({
      code: 'TARGET_UNKNOWN',
      message: `The job has no target \`${unknown}\`${didYouMean(unknown, known)}`,
      hint: `Known here: ${known.join(', ')}`,
      exit: 1,
    });
  }
  return names.length === 0 ? jobs : jobs.filter(({ target }) => names.includes(target.name));
}
