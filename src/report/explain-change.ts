import type { ChangeResult, FailureKey, RunMode, StepOutcome } from '../contracts/ledger.ts';
import type { Change, Reason, Result, Step } from '../domain/change.ts';
import { errorCodes } from '../domain/error-code.ts';
import { type ChangeEnd, changeResult } from './reconcile.ts';
import type { ReportFailure } from './report.ts';

/** Where a change ended, and why: the words of the step that decided it. */
export interface ExplainedChange {
  readonly end: ChangeEnd;
  /** The deciding step; null when none was sent, or when all succeeded with nothing to say. */
  readonly step: string | null;
  readonly errorCode: string | null;
  readonly providerCode: string | null;
  readonly message: string | null;
  readonly attempts: number;
}

/** Where a change ended, and why. */
export function explainChange({ change, outcomes }: ChangeResult, mode: RunMode): ExplainedChange {
  const end = changeResult(change, outcomes, mode);
  const unsent = { end, step: null, providerCode: null, attempts: 0 };
  if (mode === 'plan' || change.disposition !== 'planned') {
    const reason: Reason | null = change.reason ?? change.conflict;
    return { ...unsent, errorCode: reason?.code ?? null, message: reason?.message ?? null };
  }
  const deciding = decidingOutcome(outcomes, end);
  if (deciding === undefined) {
    return { ...unsent, errorCode: 'STOPPED', message: errorCodes.STOPPED };
  }
  return {
    end,
    step: end === 'succeeded' && deciding.errorCode === null ? null : stepName(change.steps[deciding.step]),
    errorCode: deciding.errorCode,
    providerCode: deciding.providerCode,
    message: deciding.message,
    attempts: deciding.attempts,
  };
}

/** Of several steps that ended alike, one that has something to say. */
function decidingOutcome(outcomes: readonly StepOutcome[], end: ChangeEnd): StepOutcome | undefined {
  const alike = outcomes.filter((outcome) => outcome.result === end);
  return alike.find((outcome) => outcome.errorCode !== null) ?? alike[0];
}

/** `assign-role Viewer` */
function stepName(step: Step | undefined): string | null {
  return step === undefined ? null : `${step.action} ${step.subject}`.trimEnd();
}

/** Every step with its result and codes: `add=succeeded; assign-role Viewer=failed(REFUSED EPMCSS-21000)`. */
export function describeSteps({ change, outcomes }: ChangeResult, mode: RunMode): string {
  const sent = mode === 'apply' && change.disposition === 'planned';
  return change.steps
    .map((step, index) => describeStep(step, sent ? outcomeOf(outcomes, index) : null))
    .join('; ');
}

function outcomeOf(
  outcomes: readonly StepOutcome[],
  step: number,
): Pick<StepOutcome, 'result' | 'errorCode' | 'providerCode'> {
  return (
    outcomes.find((outcome) => outcome.step === step) ?? {
      result: 'notSent',
      errorCode: null,
      providerCode: null,
    }
  );
}

function describeStep(
  step: Step,
  outcome: { result: Result; errorCode: string | null; providerCode: string | null } | null,
): string {
  const name = stepName(step) ?? '';
  if (outcome === null) return name;
  const codes = [outcome.errorCode, outcome.providerCode].filter((code) => code !== null).join(' ');
  return `${name}=${outcome.result}${codes === '' ? '' : `(${codes})`}`;
}

/** A failure as the report lists it, before it is known since when it has been there. */
export type FailureNow = Omit<ReportFailure, 'since'>;

/**
 * The failure that a change is, or null. Failures are the changes that somebody has to look at one by one:
 * failed, in conflict or unknown, one entry each. Held changes are told by the guards, and those not sent come
 * by themselves with the next run; either could be the whole plan and would bury the rest.
 */
export function failureOf(result: ChangeResult, mode: RunMode): FailureNow | null {
  const { end, ...why } = explainChange(result, mode);
  if (end !== 'failed' && end !== 'conflict' && end !== 'unknown') return null;
  const { change } = result;
  return {
    line: change.rows[0]?.line ?? null,
    ...(change.feed === undefined ? {} : { feed: change.feed }),
    key: change.key,
    operation: change.operation,
    ...why,
    result: end,
  };
}

/** By what a failure is known again in the next run. */
export function failureKey(failure: FailureNow): FailureKey {
  return {
    key: failure.key,
    operation: failure.operation,
    errorCode: failure.errorCode ?? failure.result,
  };
}

/** The failures of a run in the form in which the ledger notes them, page by page. */
export async function* failureKeys(
  results: AsyncIterable<readonly ChangeResult[]>,
  mode: RunMode,
): AsyncIterable<readonly FailureKey[]> {
  for await (const page of results) {
    const failures = page.map((result) => failureOf(result, mode)).filter((failure) => failure !== null);
    if (failures.length > 0) yield failures.map(failureKey);
  }
}

/** Lines of the feed that asked for the change: `17`, or `17;42` where several rows name one person. */
export function linesOf(change: Change): string {
  return change.rows.map((row) => row.line).join(';');
}
