import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Ledger, Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import { readJob } from '../job/read-job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { providers } from '../providers/registry.ts';
import { verdict } from '../report/verdict.ts';
import type { RunFacts } from '../run/facts.ts';
import { firstSetAside } from '../run/first-set-aside.ts';
import { rebuildReport } from '../run/report-run.ts';
import { bareTable } from './bare-table.ts';
import { close, commandName, print, printJson } from './output.ts';
import { describeRun } from './print-run.ts';
import { printable } from './text.ts';

export interface LedgerFlags {
  readonly job?: string;
  readonly ledger?: string;
  readonly json?: boolean;
}

const defaultLedger = path.join('.rollcall', 'ledger.db');

/** Lists runs, newest first. */
export async function runsCommand(flags: LedgerFlags & { readonly limit: number }): Promise<number> {
  const { ledger, job } = await ledgerOf(flags);
  try {
    const known = await ledger.runs({ ...(job === null ? {} : { job }), limit: flags.limit });
    const runs: JudgedRun[] = [];
    for (const run of known) runs.push({ ...run, approval: await approvalState(run, ledger) });
    if (flags.json === true) printJson(runs.map(({ facts: _, ...run }) => run));
    else if (runs.length === 0) print('no runs yet');
    else print(runTable(runs));
    const where = flags.job === undefined ? '' : ` --job ${flags.job}`;
    close(`Nothing was written. Next: ${commandName()} report RUN${where} shows what one of them did`);
    return 0;
  } finally {
    await ledger.close();
  }
}

/** Rebuilds the report of a run from the ledger alone. */
export async function reportCommand(
  runId: string,
  flags: LedgerFlags & { readonly out?: string },
): Promise<number> {
  const { ledger } = await ledgerOf(flags);
  try {
    const { report, directory, violations } = await rebuildReport(ledger, runId, flags.out ?? null);
    if (flags.json === true) printJson(report);
    else print(describeRun({ report, directory, setAside: await firstSetAside(ledger, runId) }));
    for (const violation of violations) process.stderr.write(`the report does not add up: ${violation}\n`);
    close(
      `${verdict(report)} The report was written anew to ${path.relative(process.cwd(), directory) || '.'}.`,
    );
    return violations.length === 0 ? 0 : 4;
  } finally {
    await ledger.close();
  }
}

/** A run with what became of it when a guard held it; null when none did, or when it is past. */
interface JudgedRun extends Run {
  readonly approval: 'waiting' | 'approved' | 'rejected' | null;
}

async function approvalState(run: Run, ledger: Ledger): Promise<JudgedRun['approval']> {
  if (run.exitCode !== heldExit || run.facts === null) return null;
  const { planHash } = run.facts as RunFacts;
  const decision = (await ledger.decisions(run.scope)).find((one) => one.planHash === planHash);
  if (decision !== undefined) return decision.kind;
  const { lastAppliedRun } = await ledger.scope(run.scope);
  const isPast = lastAppliedRun !== null && (await ledger.isLater(lastAppliedRun, run.id));
  return isPast ? null : 'waiting';
}

const heldExit = 3;
const approvalTexts = { waiting: 'waits for approval', approved: 'approved', rejected: 'rejected' };

/** The ledger's file that the flags name. */
export async function ledgerFileOf(flags: LedgerFlags): Promise<string> {
  const named =
    flags.job === undefined
      ? path.resolve(flags.ledger ?? defaultLedger)
      : (await readJob(flags.job, { providers })).job.ledger;
  return existingLedger(named);
}

async function ledgerOf(
  flags: LedgerFlags,
): Promise<{ readonly ledger: Ledger; readonly job: string | null }> {
  if (flags.job !== undefined) {
    const { job } = await readJob(flags.job, { providers });
    return { ledger: await openExisting(job.ledger), job: job.name };
  }
  return { ledger: await openExisting(flags.ledger ?? defaultLedger), job: null };
}

async function openExisting(file: string): Promise<Ledger> {
  return openLedger(path.resolve(existingLedger(file)), { readOnly: true });
}

function existingLedger(file: string): string {
  if (existsSync(file)) return file;
  throw new Failure({
    code: 'NO_LEDGER',
    message: `There is no ledger at ${file}.`,
    hint: 'Name the job whose runs you mean (--job jobs/NAME.yaml), or the ledger itself (--ledger FILE).',
    exit: 1,
  });
}

function runTable(runs: readonly JudgedRun[]): string {
  // When a run started is in its id.
  const rows = runs.map((run) => [
    run.id,
    run.mode,
    run.exitCode === null ? '' : String(run.exitCode),
    run.approval === null ? run.state : approvalTexts[run.approval],
    printable(run.scope.job),
    printable(run.scope.origin),
    printable(`${run.operator}@${run.host}`),
  ]);
  return bareTable(['run', 'mode', 'exit', 'state', 'job', 'target', 'by'], rows);
}
