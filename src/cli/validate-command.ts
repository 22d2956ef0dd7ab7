import { checkFeed } from '../feed/read-feed.ts';
import { Failure } from '../domain/failure.ts';
import { formatProblems } from '../job/format-problems.ts';
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
    const { job, warnings } = await readJob(jobFile, { providers, ...environment });
    problems.push(...warnings);
    if (job.feed.path !== '-') {
      await checkFeed(job.feed, { match: job.match, rules: job.target.provider.attributes });
    }
  } catch (error) {
    if (error instanceof JobFailure) problems.push(...error.problems);
    else if (error instanceof Failure) problems.push(feedProblem(jobFile, error));
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

function feedProblem(file: string, failure: Failure): Problem {
  const hint = failure.hint === null ? {} : { hint: failure.hint };
  return { severity: 'error', file, line: 1, column: 1, path: 'feed', message: failure.message, ...hint };
}
