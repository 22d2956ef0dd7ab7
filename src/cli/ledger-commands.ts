import { existsSync } from 'node:fs';
import path from 'node:path';
import Table from 'cli-table3';
import type { Ledger, Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import { readJob } from '../job/read-job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { providers } from '../providers/registry.ts';
import { verdict } from '../report/verdict.ts';
import { rebuildReport } from '../run/report-run.ts';
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
    const runs = await ledger.runs({ ...(job === null ? {} : { job }), limit: flags.limit });
    if (flags.json === true) printJson(runs.map(({ facts: _, ...run }) => run));
    else if (runs.length === 0) print('no runs yet');
    else print(runTable(runs));
    const where = flags.job === undefined ? '' : ` --job ${flags.job}`;
    close(`Nothing was written. Next: ${commandName()} report RUN${where}`);
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
    else print(describeRun(report, directory));
    for (const violation of violations) process.stderr.write(`the report does not add up: ${violation}\n`);
    close(
      `${verdict(report)} The report was written anew to ${path.relative(process.cwd(), directory) || '.'}.`,
    );
    return violations.length === 0 ? 0 : 4;
  } finally {
    await ledger.close();
  }
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
  if (existsSync(file)) return openLedger(path.resolve(file), { readOnly: true });
  throw new Failure({
    code: 'NO_LEDGER',
    message: `There is no ledger at ${file}.`,
    hint: 'Name the job whose runs you mean (--job jobs/NAME.yaml), or the ledger itself (--ledger FILE).',
    exit: 1,
  });
}

function runTable(runs: readonly Run[]): string {
  const table = new Table({
    head: ['run', 'job', 'target', 'mode', 'state', 'exit', 'started', 'by'],
    style: { head: [], border: [] },
  });
  for (const run of runs) {
    table.push([
      run.id,
      printable(run.scope.job),
      printable(run.scope.origin),
      run.mode,
      run.state,
      run.exitCode === null ? '' : String(run.exitCode),
      run.startedAt,
      printable(`${run.operator}@${run.host}`),
    ]);
  }
  return table.toString();
}
