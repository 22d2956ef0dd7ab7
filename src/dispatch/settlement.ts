import type { Settlement, StepOutcome } from '../contracts/ledger.ts';
import type { Item, Provider } from '../contracts/provider.ts';
import type { Change, Outcome } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import type { Account } from '../domain/user.ts';
import { type AfterStepTools, afterStep } from './after-step.ts';
import { idOf, type Sent } from './send-batch.ts';

/** A step of a change on its way. */
export interface Way {
  readonly change: Change;
  /** The step's position in the change. */
  readonly index: number;
  readonly item: Item;
}

/** A step that is over. */
export interface Answered extends Way {
  /** Null when it was never taken and is not to be sent any more. */
  readonly sent: Sent | null;
  /** What stopped the run, where that is why. */
  readonly fatal: Failure | null;
}

export interface SettlementTools extends AfterStepTools {
  readonly provider: Pick<Provider, 'idOf'>;
  readonly ledger: {
    accountsById(userIds: readonly string[]): Promise<ReadonlyMap<string, Account>>;
  };
}

/**
 * What the ledger has to know of steps that are over: outcomes, steps that will not be sent, accounts as they
 * are now. `at` is when the ledger is told.
 */
export async function settlementOf(
  answered: readonly Answered[],
  tools: SettlementTools,
  at: string,
): Promise<Settlement> {
  const outcomes: StepOutcome[] = [];
  const succeeded: { readonly one: Answered; readonly userId: string }[] = [];
  for (const one of answered) {
    pushOutcomes(outcomes, one, at);
    if (one.sent?.outcome.result !== 'succeeded') continue;
    const userId = one.sent.outcome.userId ?? idOf(one.item, tools.provider);
    if (userId !== null) succeeded.push({ one, userId });
  }
  if (succeeded.length === 0) return { outcomes, accounts: [], removed: [] };
  const known = await tools.ledger.accountsById(succeeded.map(({ userId }) => userId));
  return { outcomes, ...accountsAfter(succeeded, known, tools) };
}

/** Several steps of one user build on each other. */
function accountsAfter(
  succeeded: readonly { readonly one: Answered; readonly userId: string }[],
  known: ReadonlyMap<string, Account>,
  tools: AfterStepTools,
): Pick<Settlement, 'accounts' | 'removed'> {
  const after = new Map<string, Account | null>();
  for (const { one, userId } of succeeded) {
    const { change, index, item } = one;
    const isGone = change.operation === 'remove' && index + 1 === change.steps.length;
    const before = after.get(userId) ?? known.get(userId) ?? null;
    after.set(userId, isGone ? null : afterStep(change, item.step, before, userId, tools));
  }
  return {
    accounts: [...after.values()].filter((account) => account !== null),
    removed: [...after].flatMap(([userId, account]) => (account === null ? [userId] : [])),
  };
}

function pushOutcomes(
  outcomes: StepOutcome[],
  { change, index, item, sent, fatal }: Answered,
  at: string,
): void {
  const { seq } = change;
  const outcome = sent?.outcome ?? withoutAnswer(item, fatal?.message ?? null);
  outcomes.push({ ...outcome, seq, step: index, attempts: sent?.attempts ?? 0, at });
  if (sent === null || sent.outcome.result === 'succeeded') return;
  for (let step = index + 1; step < change.steps.length; step += 1) {
    outcomes.push({ ...notSent('PREDECESSOR_FAILED', null), seq, step, attempts: 0, at });
  }
}

/** What may have been taken before stays in doubt when it is not sent again. */
function withoutAnswer({ leaveBefore }: Item, message: string | null): Outcome {
  if (leaveBefore === undefined) return notSent('STOPPED', message);
  return { result: 'unknown', errorCode: 'UNANSWERED', providerCode: null, message, userId: null };
}

function notSent(errorCode: 'STOPPED' | 'PREDECESSOR_FAILED', message: string | null): Outcome {
  return { result: 'notSent', errorCode, providerCode: null, message, userId: null };
}
