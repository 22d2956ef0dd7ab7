import { createReadStream } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { RunMode } from '../contracts/ledger.ts';
import type { Change } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { withOtherFeeds } from '../job/other-feed.ts';
import { readJob } from '../job/read-job.ts';
import { selectTargets } from '../job/select-targets.ts';
import { providers } from '../providers/registry.ts';
import type { Report } from '../report/report.ts';
import { rejectsName } from '../report/rejects-csv.ts';
import { verdict } from '../report/verdict.ts';
import type { RunEnd } from '../run/run-job.ts';
import {
  exitCodeOf,
  runTargets,
  type TargetEnd,
  type TargetsOptions,
  worstExit,
} from '../run/run-targets.ts';
import type { StateSource } from '../run/take-state.ts';
import type { World } from '../run/world.ts';
import { close, commandName, print, printFailure, printJson } from './output.ts';
import { describeChange, describeFeed, describeRun } from './print-run.ts';
import { nextAfterTargets, targetHeading, targetJson, targetsVerdict } from './print-targets.ts';
import { openWorld } from './terminal.ts';
import { number } from './text.ts';

/** Options that `plan` and `apply` share. */
export interface RunFlags {
  readonly env?: string;
  /** Files that are read in place of the job's feeds. */
  readonly feed?: readonly string[];
  /** Names of the targets to run; all when absent. */
  readonly target?: readonly string[];
  readonly asOf?: string;
  /** Why a change of the job is let pass. */
  readonly acceptJobChange?: string;
  readonly state?: StateSource;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: string;
}

export interface PlanFlags extends RunFlags {
  readonly out?: string;
  readonly show: 'people' | 'summary';
  readonly limit: number;
  readonly detailedExitcode?: boolean;
}

const changesExitCode = 6;
/** The run itself has done its work, so that only a remainder is left for people. */
const leftBehindExitCode = 2;

export async function planCommand(jobFile: string, flags: PlanFlags): Promise<number> {
  const asked = await ask(jobFile, 'plan', flags);
  if (flags.out !== undefined && asked.jobs.length > 1) throw severalPlans();
  const { exitCode, ends } = await run(asked, async (end) => {
    if (flags.out !== undefined) await saveAs(end.planFile, flags.out);
    if (flags.json !== true && flags.show === 'people') await printChanges(end, flags.limit);
  });
  const hasChanges = ends.some(({ report }) => report.changes.planned > 0);
  return flags.detailedExitcode === true && exitCode === 0 && hasChanges ? changesExitCode : exitCode;
}

export async function applyCommand(jobFile: string, flags: RunFlags): Promise<number> {
  return (await run(await ask(jobFile, 'apply', flags), async () => undefined)).exitCode;
}

/** What a command line asks for. */
interface Asked {
  readonly jobFile: string;
  readonly mode: RunMode;
  readonly flags: RunFlags;
  /** One for each target that is to be run. */
  readonly jobs: readonly Job[];
  /** One for each target of the job. */
  readonly all: readonly Job[];
  readonly isList: boolean;
}

async function ask(jobFile: string, mode: RunMode, flags: RunFlags): Promise<Asked> {
  const environment = flags.env === undefined ? {} : { environment: flags.env };
  const { jobs: known, isList, warnings } = await readJob(jobFile, { providers, ...environment });
  const jobs = known.map((job) => withOtherFeeds(job, flags.feed ?? []));
  for (const warning of warnings) {
    process.stderr.write(`${warning.file}:${warning.line}:${warning.column}  warning  ${warning.message}\n`);
  }
  return { jobFile, mode, flags, jobs: selectTargets(jobs, flags.target ?? []), all: jobs, isList };
}

interface Ended {
  readonly exitCode: number;
  /** The runs that left a report. */
  readonly ends: readonly RunEnd[];
}

/** @param show prints what stands before the summary of a run */
async function run(asked: Asked, show: (end: RunEnd) => Promise<void>): Promise<Ended> {
  const { flags } = asked;
  const world = openWorld({ logLevel: flags.logLevel ?? null, quiet: flags.quiet === true });
  try {
    const several = asked.isList || isSeries(asked);
    return several ? await runList(asked, show, world) : await runOne(asked, show, world);
  } finally {
    world.close();
  }
}

/** Whether each of several files may be a run of its own. */
function isSeries({ jobs }: Asked): boolean {
  const [job] = jobs;
  return job?.feeds.some(({ source }) => source.kind === 'pattern' && source.pick === 'all') ?? false;
}

async function runOne(asked: Asked, show: (end: RunEnd) => Promise<void>, world: World): Promise<Ended> {
  const isJson = asked.flags.json === true;
  const options = optionsOf(asked);
  for await (const { end, failure } of runTargets(asked.jobs, options, world)) {
    if (failure !== null) throw failure.code === 'BUG' ? (failure.cause ?? failure) : failure;
    if (end === null) {
      if (isJson) printJson({ exitCode: 0, nothingToDo: true });
      else print(nothingNew);
      continue;
    }
    options.ends.push(end);
    await show(end);
    if (isJson) printJson(end.report);
    else print(describeRun(end.report, end.directory));
    if (end.stopped !== null) process.stderr.write(`stopped  ${end.stopped.message}\n`);
  }
  const [end] = options.ends;
  if (end === undefined) {
    close('Nothing was written: there is nothing to do until the next feed. It is safe to run again.');
    return { exitCode: worstExit(options.leftBehind), ends: [] };
  }
  const next = asked.mode === 'plan' ? nextAfterPlan(end.report, asked) : nextAfterApply(end, asked);
  close(`${verdict(end.report)} It is safe to run again. ${next}`);
  return { exitCode: worstExit([end.report.exitCode, ...options.leftBehind]), ends: options.ends };
}

const nothingNew = 'feed    nothing new: what it asks for was done by an earlier run';

/** One block for each run as soon as it has ended, and one sentence about all at the end. */
async function runList(asked: Asked, show: (end: RunEnd) => Promise<void>, world: World): Promise<Ended> {
  const isJson = asked.flags.json === true;
  const options = optionsOf(asked);
  const targets: TargetEnd[] = [];
  for await (const target of runTargets(asked.jobs, options, world)) {
    targets.push(target);
    const { end, failure, job } = target;
    if (!isJson) printHead(target, asked);
    if (failure !== null) printFailure(failure, job.target.name);
    if (end === null) continue;
    options.ends.push(end);
    await show(end);
    if (!isJson) print(describeRun(end.report, end.directory));
    if (end.stopped !== null) process.stderr.write(`stopped  ${job.target.name}: ${end.stopped.message}\n`);
  }
  const exitCode = worstExit([...targets.map(exitCodeOf), ...options.leftBehind]);
  if (isJson) printJson({ exitCode, targets: targets.map(targetJson) });
  const commands = { again: commandLine(asked.mode, asked), apply: commandLine('apply', asked) };
  close(`${targetsVerdict(targets)} ${nextAfterTargets(targets, commands)}`);
  return { exitCode, ends: options.ends };
}

/** What stands above the block of a run: whose it is, and which of several files was read. */
function printHead(target: TargetEnd, asked: Asked): void {
  if (asked.isList) print(targetHeading(target, asked.jobs.indexOf(target.job) + 1, asked.jobs.length));
  if (target.end === null) {
    if (target.failure === null) print(nothingNew);
  } else if (isSeries(asked)) {
    print(describeFeed(target.end.report, target.end.waiting));
  }
}

/** What the runs are told, and what gathers while they go on. */
interface Gathering extends TargetsOptions {
  /** The runs that left a report. */
  readonly ends: RunEnd[];
  /** An exit code for each feed that could not be put away. */
  readonly leftBehind: number[];
}

function optionsOf({ mode, flags, all }: Asked): Gathering {
  const leftBehind: number[] = [];
  const onLeftBehind = (failure: Failure): void => {
    printFailure(failure, null);
    leftBehind.push(leftBehindExitCode);
  };
  return {
    mode,
    asOf: flags.asOf ?? null,
    ...(flags.acceptJobChange === undefined ? {} : { acceptJobChange: flags.acceptJobChange }),
    state: flags.state ?? null,
    all,
    onLeftBehind,
    leftBehind,
    ends: [],
  };
}

function severalPlans(): Failure {
  return new Failure({
    code: 'SEVERAL_PLANS',
    message: 'Each target has a plan of its own, and --out saves one file.',
    hint: 'Name the target: --target NAME --out FILE. All plans lie in the folders of their runs.',
    exit: 1,
  });
}

async function saveAs(planFile: string, out: string): Promise<void> {
  try {
    await copyFile(planFile, out);
    await chmod(out, 0o600);
  } catch (cause) {
    throw new Failure({
      code: 'PLAN_NOT_SAVED',
      message: `The plan could not be saved as ${out}.`,
      hint: `It was made, and lies in ${planFile}.`,
      exit: 1,
      cause,
    });
  }
}

/** The first changes of the plan, attribute by attribute. */
async function printChanges({ planFile, report }: RunEnd, limit: number): Promise<void> {
  if (report.changes.total === 0 || limit === 0) return;
  let shown = 0;
  for await (const line of createInterface({ input: createReadStream(planFile) })) {
    const entry = JSON.parse(line) as Partial<Change>;
    if (entry.operation === undefined) continue;
    if (shown === limit) break;
    shown += 1;
    print(describeChange(entry as Change));
  }
  const rest = report.changes.total - shown;
  if (rest > 0)
    print(
      `… and ${number(rest)} more: --limit ${report.changes.total} shows all, ${relative(planFile)} has them`,
    );
  print('');
}

function nextAfterPlan(report: Report, asked: Asked): string {
  if (report.exitCode === 3) return 'Next: read what the guards say above.';
  if (report.changes.planned === 0) return 'Next: nothing to do.';
  return `Next: ${commandLine('apply', asked)}`;
}

function nextAfterApply(end: RunEnd, asked: Asked): string {
  switch (end.report.exitCode) {
    case 0:
      return 'Next: nothing to do until the next feed.';
    case 2:
      return nextWithRejects(end, asked);
    case 3:
      return 'Next: read what the guards say above.';
    default:
      return `Next: ${commandLine('apply', asked)}`;
  }
}

/** The command that takes what was mended; of several feeds, people know which they mend. */
function nextWithRejects({ directory, report }: RunEnd, asked: Asked): string {
  const several = Array.isArray(report.feed);
  const rejects = several
    ? `${relative(directory)}/rejects-NAME.csv`
    : relative(path.join(directory, rejectsName('')));
  const feed = [several ? `NAME=${rejects}` : rejects];
  const again = commandLine('apply', { ...asked, flags: { ...asked.flags, feed } });
  return `Next: mend the rows in ${rejects} (or at their source), then: ${again}`;
}

/** A command for the same job, environment and files. */
function commandLine(mode: RunMode, { jobFile, flags }: Asked): string {
  const environment = flags.env === undefined ? '' : ` --env ${flags.env}`;
  const feeds = (flags.feed ?? []).map((file) => ` --feed ${file}`).join('');
  return `${commandName()} ${mode} ${jobFile}${environment}${feeds}`;
}

function relative(file: string): string {
  return path.relative(process.cwd(), file);
}
