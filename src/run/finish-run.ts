import { Failure } from '../domain/failure.ts';
import type { QuarantinedRow } from '../domain/person.ts';
import type { Job } from '../job/job.ts';
import { failureKeys } from '../report/explain-change.ts';
import type { Report } from '../report/report.ts';
import type { Target } from './connect-target.ts';
import type { RunFacts } from './facts.ts';
import { firstSetAside } from './first-set-aside.ts';
import type { OpenRun } from './open-run.ts';
import { endState, reportRun } from './report-run.ts';
import { type Sending, sendPlan } from './send-plan.ts';
import { unforeseen } from './unforeseen.ts';
import type { World } from './world.ts';

export interface RunEnd {
  readonly report: Report;
  /** Folder of the report. */
  readonly directory: string;
  readonly planFile: string;
  /** The first rows that were set aside. */
  readonly setAside: readonly QuarantinedRow[];
  /** What stopped the run before its end; null when it came to it. */
  readonly stopped: Failure | null;
  /** How many deltas wait behind the one that was read. */
  readonly waiting: number;
}

/** From here on something may have been written, so that every trouble ends in a report, a bug of ours included. */
export async function sendOrStop(
  job: Job,
  open: OpenRun,
  target: Target,
  { planned, ...sending }: Sending & { readonly planned: number },
  world: World,
): Promise<Failure | null> {
  world.progress.sending(planned);
  try {
    // A run that goes on may have to settle what waits for others.
    const isNothing = planned === 0 && sending.goesOn !== true;
    const stopped = isNothing ? null : await sendPlan(job, open, target, sending, world);
    // Being told to stop also ends requests, and is then the cause.
    return world.signal.aborted ? interrupted() : stopped;
  } catch (error) {
    if (error instanceof Failure) return error;
    const failure = unforeseen(error, 4);
    world.log.error({ run: open.run.id, code: failure.code, saidAnyway: true }, 'the run broke off');
    return failure;
  }
}

/** What is wrong after the first write, such as a full disk under the report, no longer means that nothing was written. */
export function brokenOff(error: unknown, open: OpenRun): Failure {
  if (!(error instanceof Failure)) return unforeseen(error, 4);
  return new Failure({
    code: error.code,
    message: error.message,
    hint: `${error.hint ?? ''} Its changes stand in the ledger: rollcall report ${open.run.id}`.trim(),
    exit: 4,
    cause: error,
  });
}

function interrupted(): Failure {
  return new Failure({
    code: 'INTERRUPTED',
    message: 'The run was told to stop.',
    hint: 'Run apply again: it goes on from here.',
    exit: 4,
  });
}

/** What the facts of a run say once it has been sent. */
export function endOf(target: Target, stopped: Failure | null): Pick<RunFacts, 'stopped' | 'traffic'> {
  return {
    stopped: stopped === null ? null : { code: stopped.code, message: stopped.message, exit: stopped.exit },
    traffic: target.traffic(),
  };
}

/** Writes the report, then notes the end of the run: a run without an end in the ledger is looked at by the next. */
export async function account(
  open: OpenRun,
  planFile: string,
  facts: RunFacts,
  stopped: Failure | null,
  world: World,
): Promise<Omit<RunEnd, 'waiting'>> {
  const { ledger, run, scope, directory } = open;
  const finishedAt = new Date(world.clock.now()).toISOString();
  world.progress.stage('writing the report');
  await ledger.saveRunFacts(run.id, facts);
  if (run.mode === 'apply')
    await ledger.noteFailures(scope, run.id, failureKeys(ledger.results(run.id), run.mode));
  const { report, violations } = await reportRun(ledger, run, facts, directory, finishedAt);
  for (const violation of violations)
    world.log.error({ run: run.id, code: 'SUMS' }, `the report does not add up: ${violation}`);
  await ledger.finishRun(run.id, { state: endState(report), finishedAt, exitCode: report.exitCode });
  const setAside = await firstSetAside(ledger, run.id);
  return { report, directory, planFile, setAside, stopped };
}

/** Notes the end of a run without a report: it is over if nothing was written; else the next run looks at it. */
export async function giveUp(open: OpenRun, error: unknown, world: World): Promise<void> {
  const finishedAt = new Date(world.clock.now()).toISOString();
  const exitCode = error instanceof Failure ? error.exit : 1;
  const brokenOff = error instanceof Failure ? { brokenOff: error.message } : {};
  const intact = await open.ledger.run(open.run.id).catch(() => null);
  if (intact === null || intact.state !== 'running') return;
  await open.ledger
    .finishRun(open.run.id, {
      state: exitCode === 4 ? 'stopped' : 'finished',
      finishedAt,
      exitCode,
      ...brokenOff,
    })
    .catch(() => undefined);
}
