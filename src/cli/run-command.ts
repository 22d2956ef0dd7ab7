import { chmod, copyFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bar, RunMode } from '../contracts/ledger.ts';
import type { Operation } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { withOtherFeeds } from '../job/other-feed.ts';
import { readJob } from '../job/read-job.ts';
import { selectTargets } from '../job/select-targets.ts';
import { providers } from '../providers/registry.ts';
import { feedsOf, type Report } from '../report/report.ts';
import { rejectsName } from '../report/rejects-csv.ts';
import { verdict } from '../report/verdict.ts';
import { releaseBarred, type UrgentDisable } from '../run/barred.ts';
import type { Revert } from '../run/compare-revert.ts';
import type { ReviewedPlan } from '../run/reviewed-plan.ts';
import type { RunEnd } from '../run/finish-run.ts';
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
import { describeFeed, describeRun } from './print-run.ts';
import { nextAfterTargets, targetHeading, targetJson, targetsVerdict } from './print-targets.ts';
import { readPlanWithJob, refuseBesidePlan } from './saved-plan.ts';
import { type ShowFlags, showPlanOf } from './show-plan.ts';
import { openWorld } from './terminal.ts';
import { printable, shellWord } from './text.ts';

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
  /** The operations that the run is about; all when absent. */
  readonly only?: readonly Operation[];
  /** Lasting ids of the people whom the run is about; everybody when absent. */
  readonly person?: readonly string[];
}

export interface ApplyFlags extends RunFlags {
  /** A plan to be applied as it is. */
  readonly plan?: string;
  /** Milliseconds for which it may be applied. */
  readonly maxAge: number;
  /** Lasting id of somebody to be disabled now, or to be left to the feed again. */
  readonly disable?: string;
  readonly release?: string;
  readonly reason?: string;
}

export interface PlanFlags extends RunFlags, ShowFlags {
  readonly out?: string;
  /** Whether an absence counts that nothing proves, for a person to approve. */
  readonly trustAbsences?: boolean;
  readonly detailedExitcode?: boolean;
}

/** What the command line calls the operations, as the guards do. */
export const guardOf: Readonly<Record<Operation, string>> = {
  create: 'creates',
  update: 'updates',
  enable: 'enables',
  disable: 'disables',
  remove: 'removals',
};

const changesExitCode = 6;
const heldExitCode = 3;
/** The run itself has done its work, so that only a remainder is left for people. */
const leftBehindExitCode = 2;

export async function planCommand(jobFile: string, flags: PlanFlags): Promise<number> {
  const asked = await ask(jobFile, 'plan', flags);
  if (flags.out !== undefined && asked.jobs.length > 1) throw severalPlans();
  return planAndShow(asked, flags);
}

/** Makes a plan, saves it where that is asked for, and prints it. */
export async function planAndShow(
  asked: Asked,
  flags: ShowFlags & Pick<PlanFlags, 'out' | 'json' | 'detailedExitcode'>,
): Promise<number> {
  const { exitCode, ends } = await run(asked, async (end) => {
    if (flags.out !== undefined) await saveAs(end.planFile, flags.out);
    if (flags.json !== true) showPlanOf(end, asked.jobs, flags);
  });
  const hasChanges = ends.some(({ report }) => report.changes.planned > 0);
  return flags.detailedExitcode === true && exitCode === 0 && hasChanges ? changesExitCode : exitCode;
}

export async function applyCommand(jobFile: string | undefined, flags: ApplyFlags): Promise<number> {
  if (flags.plan !== undefined) return applyPlan(flags.plan, jobFile, flags);
  if (jobFile === undefined) throw noJob();
  const asked = await ask(jobFile, 'apply', flags);
  if (flags.release !== undefined) return release(flags.release, asked);
  if (flags.disable === undefined) return (await run(asked, noShow)).exitCode;
  if (flags.reason === undefined) throw noReason();
  const disable = { key: flags.disable, reason: flags.reason };
  return (await run({ ...asked, disable }, noShow)).exitCode;
}

const noShow = async (): Promise<void> => undefined;

/** Applies a plan that somebody has looked at, or refuses it. */
async function applyPlan(file: string, jobFile: string | undefined, flags: ApplyFlags): Promise<number> {
  const { env, target, asOf, only, person, disable, release: released } = flags;
  refuseBesidePlan({ env, target, 'as-of': asOf, only, person, disable, release: released });
  const feeds = flags.feed ?? [];
  const { plan, job, all } = await readPlanWithJob(file, { jobFile: jobFile ?? null, feeds });
  const { environment, asOf: moment } = plan.header;
  const asked: Asked = {
    jobFile: path.relative(process.cwd(), job.file),
    mode: 'apply',
    flags: { ...flags, asOf: moment, ...(environment === null ? {} : { env: environment }) },
    jobs: [job],
    all,
    isList: false,
    reviewed: { plan, maxAgeMs: flags.maxAge },
  };
  return (await run(asked, noShow)).exitCode;
}

/** Leaves somebody to the feed again who was disabled by key. */
async function release(key: string, asked: Asked): Promise<number> {
  const world = openWorld({ logLevel: asked.flags.logLevel ?? null, quiet: true });
  try {
    const bars: Bar[] = [];
    for (const job of asked.jobs) bars.push(await releaseBarred(job, key, world));
    if (asked.flags.json === true) printJson(bars);
    else
      for (const { by, at, reason } of bars)
        print(`released  barred by ${printable(by)} at ${at}: ${printable(reason)}`);
    const again = commandLine('apply', { ...asked, flags: { ...asked.flags, person: [key] } });
    close(
      `Nothing was written to the target: the next apply does what the feed says of this person. Now: ${again}`,
    );
    return 0;
  } finally {
    world.close();
  }
}

/** What a command line asks for. */
export interface Asked {
  readonly jobFile: string;
  readonly mode: RunMode;
  readonly flags: RunFlags;
  /** One for each target that is to be run. */
  readonly jobs: readonly Job[];
  /** One for each target of the job. */
  readonly all: readonly Job[];
  readonly isList: boolean;
  /** A plan to be applied as it is; absent for one of today. */
  readonly reviewed?: ReviewedPlan;
  readonly disable?: UrgentDisable;
  /** A run that the plan undoes. */
  readonly revert?: Revert;
}

async function ask(jobFile: string, mode: RunMode, flags: RunFlags): Promise<Asked> {
  const environment = flags.env === undefined ? {} : { environment: flags.env };
  const { jobs: known, isList, warnings } = await readJob(jobFile, { providers, ...environment });
  const all = known.map((job) => withOtherFeeds(job, flags.feed ?? []));
  const jobs = selectTargets(all, flags.target ?? []);
  const names = jobs.map(({ target }) => target.name);
  for (const warning of warnings) {
    if (warning.targets?.some((name) => names.includes(name)) === false) continue;
    process.stderr.write(`${warning.file}:${warning.line}:${warning.column}  warning  ${warning.message}\n`);
  }
  return { jobFile, mode, flags, jobs, all, isList };
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
    else print(describeRun(end));
    if (end.stopped !== null) process.stderr.write(`stopped  ${end.stopped.message}\n`);
  }
  const [end] = options.ends;
  if (end === undefined) {
    close('Nothing was written: there is nothing to do until the next feed. It is safe to run again.');
    return { exitCode: worstExit(options.leftBehind), ends: [] };
  }
  const next = asked.mode === 'plan' ? nextAfterPlan(end, asked) : nextAfterApply(end, asked);
  close(`${verdict(end.report)}${partNote(end.report, asked)} It is safe to run again. ${next}`);
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
    if (!isJson) print(describeRun(end));
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

function optionsOf({ mode, flags, all, reviewed, disable, revert }: Asked): Gathering {
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
    selection: {
      only: flags.only ?? null,
      people: flags.person ?? null,
      trustsAbsences: (flags as Partial<PlanFlags>).trustAbsences === true,
    },
    ...(reviewed === undefined ? {} : { reviewed }),
    ...(disable === undefined ? {} : { disable }),
    ...(revert === undefined ? {} : { revert }),
    all,
    onLeftBehind,
    leftBehind,
    ends: [],
  };
}

/** What a run about a part leaves undone. */
function partNote({ exitCode }: Report, { flags, disable, mode, reviewed }: Asked): string {
  if (exitCode === heldExitCode) return '';
  if (disable !== undefined) {
    return ` ${printable(disable.key)} is barred, whatever the feed says, until the feed has them leave too, or --release ${printable(disable.key)}.`;
  }
  const only = reviewed?.plan.header.only ?? flags.only ?? null;
  const people = reviewed?.plan.header.people ?? flags.person ?? null;
  if (only === null && people === null) return '';
  return mode === 'plan' ? '' : ' The feed was not accepted by this part: the next full run does the rest.';
}

function noJob(): Failure {
  return new Failure({
    code: 'NO_JOB',
    message: 'Neither a job nor a plan was named.',
    hint: 'rollcall apply JOB, or rollcall apply --plan FILE',
    exit: 1,
  });
}

function noReason(): Failure {
  return new Failure({
    code: 'NO_REASON',
    message: '--disable needs a reason, which the report and the ledger keep.',
    hint: 'Say why: --reason "dismissed on the spot, HR-4711"',
    exit: 1,
  });
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

function nextAfterPlan(end: RunEnd, asked: Asked): string {
  const { report, planFile, directory } = end;
  if (report.exitCode === 3) return nextWhenHeld(report, asked);
  if (report.changes.planned === 0) {
    if (report.exitCode === 0) return 'Next: nothing to do.';
    return `Next: look at what is in the way: ${relative(path.join(directory, 'report.html'))}`;
  }
  const { out } = asked.flags as Partial<PlanFlags>;
  if (asked.revert !== undefined) {
    return `Next: ${commandName()} apply --plan ${shellWord(out ?? relative(planFile))}   (the next feed asks for the same changes again, unless the feed or the job is mended, or \`protect\` keeps these people as they are)`;
  }
  if (out !== undefined) return `Next: ${commandName()} apply --plan ${shellWord(out)}`;
  return `Next: ${commandLine('apply', asked)}`;
}

function nextWhenHeld({ run: { id } }: Report, { jobFile }: Asked): string {
  return `Next: read what the guards say above; if the plan is right: ${commandName()} approve ${id} --job ${shellWord(jobFile)} --reason TEXT`;
}

function nextAfterApply(end: RunEnd, asked: Asked): string {
  switch (end.report.exitCode) {
    case 0:
      return 'Next: nothing to do until the next feed.';
    case 2:
      return nextWithRejects(end, asked);
    case 3:
      return nextWhenHeld(end.report, asked);
    default:
      return `Next: ${commandLine('apply', asked)}`;
  }
}

/** The command that takes what was mended; of several feeds, people know which they mend. */
function nextWithRejects({ directory, report }: RunEnd, asked: Asked): string {
  if (feedsOf(report).length === 0) {
    return `Next: look at what failed or is in conflict: ${relative(path.join(directory, 'results.csv'))}`;
  }
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
  const environment = flags.env === undefined ? '' : ` --env ${shellWord(flags.env)}`;
  const targets = (flags.target ?? []).map((name) => ` --target ${shellWord(name)}`).join('');
  const feeds = (flags.feed ?? []).map((file) => ` --feed ${shellWord(file)}`).join('');
  const only = (flags.only ?? []).map((operation) => ` --only ${guardOf[operation]}`).join('');
  const people = (flags.person ?? []).map((key) => ` --person ${shellWord(key)}`).join('');
  return `${commandName()} ${mode} ${shellWord(jobFile)}${environment}${targets}${feeds}${only}${people}`;
}

function relative(file: string): string {
  return path.relative(process.cwd(), file);
}
