import type { KeptDecision, Ledger, Run } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import type { RunFacts } from './facts.ts';
import type { OpenRun } from './open-run.ts';
import { unknownRun } from './report-run.ts';

/*
 * Which runs may be gone on with: the last of its target that wrote, stopped, with the job as it was, not too long ago,
 * and whose plan nobody has rejected since. Where one may not, the next apply does what is still right.
 */

const applyInstead = 'Run apply: it looks up what is in doubt, and plans anew.';

/** @throws Failure (exit 1): `RUN_UNKNOWN`, `RUN_NOT_STOPPED`, `RUN_WITHOUT_PLAN` */
export function requireStopped(runId: string, run: Run | null): Run {
  if (run === null) throw unknownRun(runId);
  if (run.mode !== 'apply' || run.state === 'finished') {
    const what = run.mode === 'plan' ? 'is a plan, which sends nothing' : 'has come to its end';
    throw refusal('RUN_NOT_STOPPED', `Run ${runId} ${what}.`, 'There is nothing to go on with.');
  }
  if (run.state === 'superseded') {
    throw refusal('RUN_SUPERSEDED', `A later run has taken over what run ${runId} left.`, applyInstead);
  }
  if (run.facts === null || (run.facts as RunFacts).held) {
    throw refusal('RUN_WITHOUT_PLAN', `Run ${runId} ended before it wrote anything.`, applyInstead);
  }
  return run;
}

/** @throws Failure (exit 1): `RUN_SUPERSEDED`, `RUN_WITHOUT_PLAN` */
export async function requireLast(
  { id }: Run,
  lastAppliedRun: string | null,
  ledger: Pick<Ledger, 'isLater'>,
): Promise<void> {
  if (id === lastAppliedRun) return;
  const isLater = lastAppliedRun !== null && (await ledger.isLater(lastAppliedRun, id));
  throw isLater
    ? refusal('RUN_SUPERSEDED', `Run ${lastAppliedRun} was applied after run ${id}.`, applyInstead)
    : refusal('RUN_WITHOUT_PLAN', `Run ${id} ended before it wrote anything.`, applyInstead);
}

/** @throws Failure (exit 1) `RUN_OTHER_JOB` */
export function requireSameJob({ jobSha256, jobFile }: RunFacts, job: Job): void {
  if (jobSha256 === job.sha256) return;
  throw refusal('RUN_OTHER_JOB', `The job file ${jobFile} was changed since the run began.`, applyInstead);
}

/** @throws Failure (exit 1) `RUN_TOO_OLD` */
export function requireFresh({ id, startedAt }: Run, now: string, maxAgeMs: number): void {
  if (Date.parse(now) - Date.parse(startedAt) <= maxAgeMs) return;
  throw refusal(
    'RUN_TOO_OLD',
    `Run ${id} began at ${startedAt}, longer ago than ${maxAgeMs / 3_600_000} h.`,
    `${applyInstead} If its plan is still what is wanted: --max-age 72h`,
  );
}

/** @throws Failure (exit 1) `PLAN_REJECTED` */
export function requireNotRejected({ planHash }: RunFacts, decisions: readonly KeptDecision[]): void {
  const decision = decisions.find((one) => one.planHash === planHash);
  if (decision?.kind !== 'rejected') return;
  const { by, at, reason } = decision;
  throw refusal('PLAN_REJECTED', `${by} rejected the plan at ${at}: ${reason}`, applyInstead);
}

/**
 * First passwords are kept nowhere, so that only a run that reads the feed can send these creates.
 * @throws Failure (exit 1) `RESUME_NEEDS_FEED`
 */
export async function requireNoPasswords({ feeds }: Job, { ledger, run }: OpenRun): Promise<void> {
  if (feeds.every(({ passwordColumn }) => passwordColumn === null)) return;
  for await (const page of ledger.results(run.id)) {
    const isToCreate = page.some(
      ({ change: { operation, disposition }, outcomes }) =>
        operation === 'create' &&
        disposition === 'planned' &&
        !outcomes.some(({ result }) => result === 'succeeded'),
    );
    if (!isToCreate) continue;
    throw refusal(
      'RESUME_NEEDS_FEED',
      `Run ${run.id} still has users to create, and their first passwords stand in the feed only.`,
      applyInstead,
    );
  }
}

function refusal(code: string, message: string, hint: string): Failure {
  return new Failure({ code, message, hint, exit: 1 });
}
