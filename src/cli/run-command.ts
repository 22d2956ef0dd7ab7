import { createReadStream } from 'node:fs';
import { copyFile, chmod } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { RunMode } from '../contracts/ledger.ts';
import type { Change } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import { readJob } from '../job/read-job.ts';
import { providers } from '../providers/registry.ts';
import type { Report } from '../report/report.ts';
import { verdict } from '../report/verdict.ts';
import { type RunEnd, runJob } from '../run/run-job.ts';
import type { StateSource } from '../run/take-state.ts';
import { close, commandName, print, printJson } from './output.ts';
import { describeChange, describeRun } from './print-run.ts';
import { openWorld } from './terminal.ts';
import { number } from './text.ts';

/** Options that `plan` and `apply` share. */
export interface RunFlags {
  readonly env?: string;
  readonly asOf?: string;
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

export async function planCommand(jobFile: string, flags: PlanFlags): Promise<number> {
  const end = await run(jobFile, 'plan', flags);
  if (flags.out !== undefined) await saveAs(end.planFile, flags.out);
  if (flags.json === true) printJson(end.report);
  else {
    if (flags.show === 'people') await printChanges(end, flags.limit);
    print(describeRun(end.report, end.directory));
  }
  close(`${verdict(end.report)} It is safe to run again. ${nextAfterPlan(end.report, jobFile)}`);
  const { exitCode, changes } = end.report;
  return flags.detailedExitcode === true && exitCode === 0 && changes.planned > 0
    ? changesExitCode
    : exitCode;
}

export async function applyCommand(jobFile: string, flags: RunFlags): Promise<number> {
  const end = await run(jobFile, 'apply', flags);
  if (flags.json === true) printJson(end.report);
  else print(describeRun(end.report, end.directory));
  if (end.stopped !== null) process.stderr.write(`stopped  ${end.stopped.message}\n`);
  close(`${verdict(end.report)} It is safe to run again. ${nextAfterApply(end, jobFile)}`);
  return end.report.exitCode;
}

async function run(jobFile: string, mode: RunMode, flags: RunFlags): Promise<RunEnd> {
  const { job, warnings } = await readJob(jobFile, {
    providers,
    ...(flags.env === undefined ? {} : { environment: flags.env }),
  });
  const world = openWorld({ logLevel: flags.logLevel ?? null, quiet: flags.quiet === true });
  for (const warning of warnings) {
    process.stderr.write(`${warning.file}:${warning.line}:${warning.column}  warning  ${warning.message}\n`);
  }
  try {
    return await runJob(job, { mode, asOf: flags.asOf ?? null, state: flags.state ?? null }, world);
  } finally {
    world.close();
  }
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

function nextAfterPlan(report: Report, jobFile: string): string {
  if (report.exitCode === 3) return 'Next: read what the guards say above.';
  if (report.changes.planned === 0) return 'Next: nothing to do.';
  return `Next: ${commandName()} apply ${jobFile}`;
}

function nextAfterApply(end: RunEnd, jobFile: string): string {
  switch (end.report.exitCode) {
    case 0:
      return 'Next: nothing to do until the next feed.';
    case 2:
      return `Next: mend the rows in ${relative(path.join(end.directory, 'rejects.csv'))} (or at their source), lay it where the feed lies, and apply again.`;
    case 3:
      return 'Next: read what the guards say above.';
    default:
      return `Next: ${commandName()} apply ${jobFile}`;
  }
}

function relative(file: string): string {
  return path.relative(process.cwd(), file);
}
