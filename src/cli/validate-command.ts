import { readFileSync } from 'node:fs';
import { Failure } from '../domain/failure.ts';
import { checkFeed } from '../feed/read-feed.ts';
import { formatProblems } from '../job/format-problems.ts';
import type { Job } from '../job/job.ts';
import { JobFailure, type Problem } from '../job/problem.ts';
import { withOtherFeeds } from '../job/other-feed.ts';
import { readJob } from '../job/read-job.ts';
import { readYaml } from '../job/yaml-source.ts';
import { providers } from '../providers/registry.ts';
import { close, commandName, print, printJson } from './output.ts';
import { describeSamples } from './print-sample.ts';
import { type Sample, takeSamples } from './sample.ts';

export interface ValidateFlags {
  readonly env?: string;
  readonly json?: boolean;
  /** Files that are read in place of the job's feeds. */
  readonly feed?: readonly string[];
  /** How many rows to show before and after they are mapped; true: the usual number. */
  readonly sample?: number | true;
}

const usualSample = 5;

/** Checks the job file, and the feed's header when the feed is there, and shows rows of it; talks to no target. */
export async function validateCommand(jobFile: string, flags: ValidateFlags): Promise<number> {
  const { problems, samples, isList } = await check(jobFile, flags);
  const valid = !hasErrors(problems);
  if (flags.json === true) {
    const sample = samples === null ? {} : { sample: samples.flatMap(({ rows }) => rows) };
    printJson({ valid, problems, ...sample });
  } else {
    if (samples !== null) print(`${describeSamples(samples, isList)}\n`);
    if (problems.length > 0) print(formatProblems(problems));
  }
  if (valid) {
    if (flags.json !== true) print(`${jobFile} is valid`);
    close(`Nothing was written. Next: ${commandName()} plan ${jobFile}`);
    return 0;
  }
  close('Nothing was written. Mend this first; then it is safe to run the same command again.');
  return 1;
}

interface Checked {
  readonly problems: readonly Problem[];
  /** Null when none were asked for, or the job cannot be used. */
  readonly samples: readonly Sample[] | null;
  readonly isList: boolean;
}

async function check(jobFile: string, { env, sample, feed = [] }: ValidateFlags): Promise<Checked> {
  const problems: Problem[] = [];
  try {
    const environment = env === undefined ? {} : { environment: env };
    const { jobs: known, isList, warnings } = await readJob(jobFile, { providers, ...environment });
    const jobs = known.map((job) => withOtherFeeds(job, feed));
    problems.push(...warnings, ...(await feedProblems(jobFile, jobs)));
    if (sample === undefined || hasErrors(problems)) return { problems, samples: null, isList };
    const rowsMax = sample === true ? usualSample : sample;
    return { problems, samples: await takeSamples(jobs, rowsMax, new Date().toISOString()), isList };
  } catch (error) {
    if (error instanceof JobFailure) problems.push(...error.problems);
    else if (error instanceof Failure)
      problems.push(feedProblem(jobFile, 'error', error.message, error.hint));
    else throw error;
    return { problems, samples: null, isList: false };
  }
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
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
  const place = { ...feedPlace(file), path: 'feed' };
  return { severity, file, ...place, message, ...(hint === null ? {} : { hint }) };
}

/** Where the job speaks of its feed; its beginning where it cannot be read, which is then what the problem says. */
function feedPlace(file: string): Pick<Problem, 'line' | 'column'> {
  try {
    const source = readYaml(readFileSync(file, 'utf8'));
    const [one, several] = [source.place(['feed'], 'key'), source.place(['feeds'], 'key')];
    const { line, column } = one.depth > 0 ? one : several;
    return { line, column };
  } catch {
    return { line: 1, column: 1 };
  }
}
