import type { StepOutcome } from '../contracts/ledger.ts';
import type { Item } from '../contracts/provider.ts';
import type { Outcome, Sendable } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import type { BatchEnd, Sent } from './send-batch.ts';

/** A step of a change on its way. */
export interface Way {
  readonly change: Sendable;
  /** The step's position in the change. */
  readonly index: number;
  readonly item: Item;
}

/** Steps that are over, sent together. */
export interface Answered extends BatchEnd {
  readonly ways: readonly Way[];
}

/** What the ledger has to know of steps that are over, with those that will not be sent. `at` is when it is told. */
export function stepOutcomes(answered: readonly Answered[], at: string): readonly StepOutcome[] {
  const outcomes: StepOutcome[] = [];
  for (const { ways, sent, fatal } of answered) {
    let position = 0;
    for (const way of ways) {
      pushOutcomes(outcomes, way, sent[position] ?? null, { fatal, at });
      position += 1;
    }
  }
  return outcomes;
}

/** @param sent null when it was never taken and is not to be sent any more */
function pushOutcomes(
  outcomes: StepOutcome[],
  { change, index, item }: Way,
  sent: Sent | null,
  { fatal, at }: { readonly fatal: Failure | null; readonly at: string },
): void {
  const { seq } = change;
  const outcome = sent?.outcome ?? withoutAnswer(item, fatal?.message ?? null);
  const { result, errorCode, providerCode, message } = outcome;
  const userId = outcome.userId ?? idBesidePlan(change, item);
  const attempts = sent?.attempts ?? 0;
  const told = { seq, step: index, result, errorCode, providerCode, message, userId, attempts, at };
  outcomes.push(item.step.isFilled === true ? { ...told, values: item.step.values } : told);
  if (sent === null || sent.outcome.result === 'succeeded') return;
  for (let step = index + 1; step < change.steps.length; step += 1) {
    outcomes.push({ ...notSent('PREDECESSOR_FAILED', null), seq, step, attempts: 0, at });
  }
}

/** The user's id where an earlier step gave it: the plan does not tell it. */
function idBesidePlan({ userId }: Sendable, item: Item): string | null {
  return item.userId === userId ? null : item.userId;
}

/** What may have been taken before stays in doubt when it is not sent again. */
function withoutAnswer({ leaveBefore }: Item, message: string | null): Outcome {
  if (leaveBefore === undefined) return notSent('STOPPED', message);
  return { result: 'unknown', errorCode: 'UNANSWERED', providerCode: null, message, userId: null };
}

function notSent(errorCode: 'STOPPED' | 'PREDECESSOR_FAILED', message: string | null): Outcome {
  return { result: 'notSent', errorCode, providerCode: null, message, userId: null };
}
