import type { Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { providers } from '../providers/registry.ts';
import type { RunFacts } from '../run/facts.ts';

/**
 * The jobs of the file that a run was made with, read anew, and the one of them that is the run's.
 * @throws Failure `NO_SUCH_TARGET` (exit 1) when the file no longer has it; what `readJob` throws
 */
export async function jobOfRun(
  { scope }: Pick<Run, 'scope'>,
  { jobFile, environment }: Pick<RunFacts, 'jobFile' | 'environment'>,
): Promise<{ readonly jobs: readonly Job[]; readonly job: Job }> {
  const named = environment === null ? {} : { environment };
  const { jobs } = await readJob(jobFile, { providers, ...named });
  const job = jobs.find(({ name, target }) => name === scope.job && target.origin === scope.origin);
  if (job !== undefined) return { jobs, job };
  throw new Failure({
    code: 'NO_SUCH_TARGET',
    message: `The job ${jobFile} no longer has the target ${scope.origin}, which the run wrote to.`,
    hint: 'Put the target back into the job, or do in the target itself what is left to do.',
    exit: 1,
  });
}
