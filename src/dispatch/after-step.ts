import type { Change, Step } from '../domain/change.ts';
import type { Account, Attributes } from '../domain/user.ts';

export interface AfterStepTools {
  readonly applied: (
    step: Step,
    user: Account | null,
    userId: string,
  ) => Pick<Account, 'id' | 'active' | 'attributes'>;
  readonly asOf: string;
}

/**
 * The account as the ledger shall remember it once a step of a change has succeeded. A disable is remembered from
 * its first step on, so that a run that stops half-way still knows what enabling has to give back.
 */
export function afterStep(
  change: Change,
  step: Step,
  account: Account | null,
  userId: string,
  tools: AfterStepTools,
): Account {
  const user = tools.applied(step, account, userId);
  const feed = account?.feed ?? change.feed;
  return {
    ...user,
    linkKey: change.linkKey,
    key: change.key,
    disabled: disabledAfter(change, step, account, tools.asOf),
    leaverSince: account?.leaverSince ?? null,
    absent: account?.absent ?? null,
    ...(feed === undefined ? {} : { feed }),
  };
}

function disabledAfter(
  change: Change,
  step: Step,
  account: Account | null,
  asOf: string,
): Account['disabled'] {
  if (change.operation === 'disable')
    return { at: account?.disabled?.at ?? asOf, restore: restoreOf(change) };
  // Kept until the last step of an enable: the next run would not dare to enable it without. Not longer, or it would
  // enable what others disable from now on.
  const isEnabled = change.operation === 'enable' && step === change.steps.at(-1);
  return isEnabled ? null : (account?.disabled ?? null);
}

function restoreOf(change: Change): Attributes {
  return change.remember ?? {};
}
