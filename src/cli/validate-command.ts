import { Failure } from '../domain/failure.ts';
import { checkFeed } from '../feed/read-feed.ts';
import { formatProblems } from '../job/format-problems.ts';
import type { Job } from '../job/job.ts';
import { JobFailure, type Problem } from '../job/problem.ts';
import { readJob } from '../job/read-job.ts';
import { providers } from '../providers/registry.ts';
import { close, commandName, print, printJson } from './output.ts';

export interface ValidateFlags {
  readonly env?: string;
  readonly json?: boolean;
}

/** Checks the job file, and the feed's header when the feed is there; talks to no target. */
export async function validateCommand(jobFile: string, flags: ValidateFlags): Promise<number> {
  const problems: Problem[] = [];
  try {
    const environment = flags.env === undefined ? {} : { environment: flags.env };
    const { jobs, warnings } = await readJob(jobFile, { providers, ...environment });
    problems.push(...warnings, ...(await feedProblems(jobFile, jobs)));
  } catch (error) {
    if (error instanceof JobFailure) problems.push(...error.problems);
    else if (error instanceof Failure)
      problems.push(feedProblem(jobFile, 'error', error.message, error.hint));
    else throw error;
  }
  const valid = problems.every((problem) => problem.severity !== 'error');
  if (flags.json === true) printJson({ valid, problems });
  else if (problems.length > 0) print(formatProblems(problems));
  if (valid) {
    if (flags.json !== true) print(`${jobFile} is valid`);
    close(`Nothing was written. Next: ${commandName()} plan ${jobFile}`);
    return 0;
  }
  close('Nothing was written. Mend this first; then it is safe to run the same command again.');
  return 1;
}

/** What the feed lacks for any of the targets; what several of them miss stands there once. */
async function feedProblems(jobFile: string, jobs: readonly Job[]): Promise<readonly Problem[]> {
  const problems = new Map<string, Problem>();
  const add = (problem: Problem): unknown => problems.set(problem.message, problem);
  const read = jobs.flatMap(({ feeds, match, target }) => feeds.map((feed) => ({ feed, match, target })));
  for (const { feed, match, target } of read) {
    const { attributes: rules, headerAliases } = target.provider;
    try {
      const { warnings } = await checkFeed(feed, { match, rules, headerAliases });
      for (const warning of warnings) add(feedProblem(jobFile, 'warning', warning));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const severity = feed.optional && error.code === 'FEED_MISSING' ? 'warning' : 'error';
      add(feedProblem(jobFile, severity, error.message, error.hint));
    }
  }
  return [...problems.values()];
}

function feedProblem(
  file: string,
  severity: Problem['severity'],
  message: string,
  hint: string | null = null,
): Problem {
  return { severity, file, line: 1, column: 1, path: 'feed', message, ...(hint === null ? {} : { hint }) };
}
