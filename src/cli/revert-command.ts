import path from 'node:path';
import type { Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { providers } from '../providers/registry.ts';
import type { RunFacts } from '../run/facts.ts';
import { pruned } from '../run/report-run.ts';
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
  const { jobs, job } = await jobOf(run, facts);
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

async function jobOf(
  { scope }: Run,
  { jobFile, environment }: RunFacts,
): Promise<{ readonly jobs: readonly Job[]; readonly job: Job }> {
  const named = environment === null ? {} : { environment };
  const { jobs } = await readJob(jobFile, { providers, ...named });
  const job = jobs.find(({ name, target }) => name === scope.job && target.origin === scope.origin);
  if (job === undefined) throw otherTarget(jobFile, scope.origin);
  return { jobs, job };
}

function unknownRun(runId: string): Failure {
  return new Failure({
    code: 'RUN_NOT_FOUND',
    message: `The ledger knows no run ${runId}.`,
    hint: '`rollcall runs` lists them; --job or --ledger says where to look.',
    exit: 1,
  });
}

function wroteNothing(runId: string): Failure {
  return new Failure({
    code: 'NOTHING_TO_REVERT',
    message: `Run ${runId} wrote nothing: it was a plan, or ended before it had one.`,
    hint: 'Name a run in mode apply, as `rollcall runs` lists it.',
    exit: 1,
  });
}

function otherTarget(jobFile: string, origin: string): Failure {
  return new Failure({
    code: 'NO_SUCH_TARGET',
    message: `The job ${jobFile} no longer has the target ${origin}, which the run wrote to.`,
    hint: 'Put the target back into the job, or undo the changes in the target itself.',
    exit: 1,
  });
}
