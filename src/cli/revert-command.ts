import path from 'node:path';
import type { Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import type { RunFacts } from '../run/facts.ts';
import { pruned, unknownRun } from '../run/report-run.ts';
import { jobOfRun } from './job-of-run.ts';
import { type LedgerFlags, ledgerFileOf } from './ledger-commands.ts';
import { planAndShow, type RunFlags } from './run-command.ts';
import type { ShowFlags } from './show-plan.ts';

export interface RevertFlags
  extends Omit<LedgerFlags, 'json'>,
    ShowFlags,
    Pick<RunFlags, 'json' | 'quiet' | 'logLevel' | 'person'> {
  readonly out?: string;
  readonly removeCreated?: boolean;
  readonly recreate?: boolean;
}

/** Makes a plan that undoes a run. */
export async function revertCommand(runId: string, flags: RevertFlags): Promise<number> {
  const { run, facts } = await runOf(runId, flags);
  const { jobs, job } = await jobOfRun(run, facts);
  const { removeCreated = false, recreate = false } = flags;
  const { environment } = facts;
  return planAndShow(
    {
      jobFile: path.relative(process.cwd(), facts.jobFile),
      mode: 'plan',
      flags: { ...flags, ...(environment === null ? {} : { env: environment }) },
      jobs: [job],
      all: jobs,
      isList: false,
      revert: { run: run.id, removeCreated, recreate },
    },
    flags,
  );
}

async function runOf(
  runId: string,
  flags: Pick<RevertFlags, 'job' | 'ledger'>,
): Promise<{ readonly run: Run; readonly facts: RunFacts }> {
  const ledger = await openLedger(await ledgerFileOf(flags), { readOnly: true });
  try {
    const run = await ledger.run(runId);
    if (run === null) throw unknownRun(runId);
    if (run.mode !== 'apply' || run.facts === null) throw wroteNothing(runId);
    if (run.prunedAt !== undefined) throw pruned(run, run.prunedAt);
    return { run, facts: run.facts as RunFacts };
  } finally {
    await ledger.close();
  }
}

function wroteNothing(runId: string): Failure {
  return new Failure({
    code: 'NOTHING_TO_REVERT',
    message: `Run ${runId} wrote nothing: it was a plan, or ended before it had one.`,
    hint: 'Name a run in mode apply, as `rollcall runs` lists it.',
    exit: 1,
  });
}
