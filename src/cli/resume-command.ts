import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Ledger, Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { selectTargets } from '../job/select-targets.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { providers } from '../providers/registry.ts';
import { verdict } from '../report/verdict.ts';
import type { RunFacts } from '../run/facts.ts';
import type { RunEnd } from '../run/finish-run.ts';
import { unknownRun } from '../run/report-run.ts';
import { resumeRun } from '../run/resume-run.ts';
import { worstExit } from '../run/run-targets.ts';
import { settleByHand } from '../run/settle-by-hand.ts';
import { jobOfRun } from './job-of-run.ts';
import { type LedgerFlags, ledgerFileOf } from './ledger-commands.ts';
import { close, commandName, print, printFailure, printJson } from './output.ts';
import { describeRun } from './print-run.ts';
import { openWorld } from './terminal.ts';
import { plural, printable } from './text.ts';

export interface ResumeFlags extends LedgerFlags {
  readonly env?: string;
  readonly target?: readonly string[];
  /** Milliseconds. */
  readonly maxAge: number;
  readonly quiet?: boolean;
  readonly logLevel?: string;
}

/** What is to be gone on with: a run's id is known where one was named. */
interface Meant {
  readonly jobs: readonly Job[];
  readonly runId: string | null;
}

/** Goes on with a run that stopped: the one named, or that of each target of a job. */
export async function resumeCommand(what: string | undefined, flags: ResumeFlags): Promise<number> {
  const { jobs, runId } = await meant(what, flags);
  const world = openWorld({ logLevel: flags.logLevel ?? null, quiet: flags.quiet === true });
  const ends: RunEnd[] = [];
  const failures: Failure[] = [];
  try {
    for (const job of jobs) {
      try {
        const end = existsSync(job.ledger)
          ? await resumeRun(job, { runId, maxAgeMs: flags.maxAge }, world)
          : null;
        if (end !== null) ends.push(end);
      } catch (error) {
        if (jobs.length === 1 || !(error instanceof Failure)) throw error;
        failures.push(error);
        printFailure(error, job.target.name);
      }
    }
  } finally {
    world.close();
  }
  if (flags.json === true) printJson(ends.map(({ report }) => report));
  else for (const end of ends) print(describeRun(end));
  for (const { stopped } of ends) {
    if (stopped !== null) process.stderr.write(`stopped  ${stopped.message}\n`);
  }
  close(closing(ends, failures));
  return worstExit([...ends.map(({ report }) => report.exitCode), ...failures.map(({ exit }) => exit)]);
}

async function meant(what: string | undefined, flags: ResumeFlags): Promise<Meant> {
  if (what !== undefined && existsSync(what)) {
    const environment = flags.env === undefined ? {} : { environment: flags.env };
    const { jobs } = await readJob(what, { providers, ...environment });
    return { jobs: selectTargets(jobs, flags.target ?? []), runId: null };
  }
  const ledger = await openLedger(await ledgerFileOf(flags), { readOnly: true });
  try {
    const run = what === undefined ? await lastStopped(ledger) : await ledger.run(what);
    if (run === null) {
      if (what !== undefined) throw unknownRun(what);
      return { jobs: [], runId: null };
    }
    if (run.facts === null) throw nothingSent(run.id);
    const { job } = await jobOfRun(run, run.facts as RunFacts);
    return { jobs: [job], runId: run.id };
  } finally {
    await ledger.close();
  }
}

async function lastStopped(ledger: Ledger): Promise<Run | null> {
  const runs = await ledger.runs({ limit: 100 });
  const isStopped = ({ mode, state }: Run): boolean =>
    mode === 'apply' && (state === 'stopped' || state === 'running');
  return runs.find(isStopped) ?? null;
}

function closing(ends: readonly RunEnd[], failures: readonly Failure[]): string {
  const [first] = ends;
  if (first === undefined) {
    return failures.length === 0
      ? 'Nothing was written: no run is waiting to be gone on with.'
      : 'Nothing was written. Next: what stands above each target.';
  }
  const verdicts = ends.map(({ report }) => verdict(report)).join(' ');
  const isOver = ends.every(({ report }) => report.exitCode !== 4);
  const next = isOver ? 'Next: nothing to do until the next feed.' : `Next: ${commandName()} apply JOB`;
  return `${verdicts} It is safe to run again. ${next}`;
}

export interface SettleFlags {
  readonly env?: string;
  readonly target?: readonly string[];
  readonly by?: string;
  readonly reason: string;
  readonly json?: boolean;
}

/** Settles by a person's word what nobody can look up. */
export async function settleCommand(
  jobFile: string,
  key: string,
  said: string,
  flags: SettleFlags,
): Promise<number> {
  const environment = flags.env === undefined ? {} : { environment: flags.env };
  const { jobs } = await readJob(jobFile, { providers, ...environment });
  const chosen = selectTargets(jobs, flags.target ?? []);
  const [job] = chosen;
  if (job === undefined || chosen.length > 1) throw severalTargets();
  const world = openWorld({ logLevel: null, quiet: true });
  try {
    const outcome = said === 'applied' ? ('applied' as const) : ('notApplied' as const);
    const by = flags.by ?? world.operator;
    const settled = await settleByHand(job, { key, verdict: outcome, by, reason: flags.reason }, world);
    if (flags.json === true) printJson({ key, verdict: said, by, reason: flags.reason, ...settled });
    else
      print(
        `settled  ${printable(key)}: ${said}, ${plural(settled.steps, 'step')} of ${settled.runs.join(', ')}`,
      );
    close(
      `Nothing was written to a target. Next: ${commandName()} apply ${path.relative(process.cwd(), job.file)}`,
    );
    return 0;
  } finally {
    world.close();
  }
}

function nothingSent(runId: string): Failure {
  return new Failure({
    code: 'RUN_WITHOUT_PLAN',
    message: `Run ${runId} ended before it wrote anything.`,
    hint: 'Run apply: it plans anew.',
    exit: 1,
  });
}

function severalTargets(): Failure {
  return new Failure({
    code: 'SEVERAL_TARGETS',
    message: 'A person is settled in one target at a time.',
    hint: 'Name it: --target NAME',
    exit: 1,
  });
}
