import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { withOtherFeeds } from '../job/other-feed.ts';
import { hashJobFile, readJob } from '../job/read-job.ts';
import { readPlan, type SavedPlan } from '../plan/read-plan.ts';
import { providers } from '../providers/registry.ts';
import { otherJob, requireKeptFeeds, withFeedsOfPlan } from '../run/reviewed-plan.ts';

/** A plan file, and the job that it was made from as it is now. */
export interface PlanWithJob {
  readonly plan: SavedPlan;
  readonly job: Job;
  /** One for each target of the job. */
  readonly all: readonly Job[];
}

/**
 * Reads a plan, and finds the job that it names.
 * @param jobFile the job that the command line names beside the plan; null when it names none
 * @param feeds files with the bytes of the plan's feeds, where they lie elsewhere by now
 * @throws Failure (exit 1) as `readPlan` and `readJob` do: `PLAN_OTHER_JOB`, `PLAN_FEED_NOT_KEPT`
 */
export async function readPlanWithJob(
  file: string,
  { jobFile, feeds }: { readonly jobFile: string | null; readonly feeds: readonly string[] },
): Promise<PlanWithJob> {
  const plan = readPlan(file);
  const { header } = plan;
  if (jobFile !== null && path.resolve(jobFile) !== header.jobFile) throw otherJob(jobFile);
  // Whatever is wrong with a changed job, that it was changed is what has to be told.
  if ((await hashJobFile(header.jobFile, header.environment)) !== header.jobSha256) {
    throw otherJob(header.jobFile);
  }
  requireKeptFeeds(plan, feeds);
  const environment = header.environment === null ? {} : { environment: header.environment };
  const { jobs } = await readJob(header.jobFile, { providers, ...environment });
  const all = jobs.map((job) => withOtherFeeds(withFeedsOfPlan(job, plan), feeds));
  const job = all.find(({ target }) => target.origin === header.target.baseUrl);
  if (job === undefined) throw otherJob(header.jobFile);
  return { plan, job, all };
}

/** Options that say what a plan of today is about have no say in one that was reviewed. */
export function refuseBesidePlan(options: Readonly<Record<string, unknown>>): void {
  const [given] = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given === undefined) return;
  throw new Failure({
    code: 'OPTIONS_CONTRADICT',
    message: `--${given} and --plan do not go together: the plan says itself what it is about.`,
    hint: 'Make a plan with that option, or apply without --plan.',
    exit: 1,
  });
}
