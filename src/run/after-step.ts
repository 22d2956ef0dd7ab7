import type { WrittenLately } from '../domain/bounds.ts';
import type { Step, Tellable } from '../domain/change.ts';
import { identicalValue } from '../domain/comparison.ts';
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
  change: Tellable,
  step: Step,
  account: Account | null,
  userId: string,
  tools: AfterStepTools,
): Account {
  const user = tools.applied(step, account, userId);
  const feed = account?.feed ?? change.feed;
  // Of a change that goes on in a later wave only the first steps are here.
  const isLast = step.temporary !== true && step === change.steps.at(-1);
  // Of a user whom nobody was ever linked to, a change by absence tells no person either.
  const isStranger = change.cause === 'absence' && account !== null && account.linkKey === null;
  return {
    ...user,
    linkKey: isStranger ? null : change.linkKey,
    key: isStranger ? null : change.key,
    disabled: disabledAfter(change, step, account, tools.asOf),
    leaverSince: account?.leaverSince ?? null,
    absent: account?.absent ?? null,
    ...(feed === undefined ? {} : { feed }),
    ...(isLast ? written(change, account, tools.asOf) : kept(account, step)),
  };
}

type Kept = Pick<Account, 'agreed' | 'written'>;

/** A temporary value is nobody's drift: the next run has to write the right one, whatever a drift means. */
function kept(account: Account | null, step: Step | null = null): Kept {
  const agreed = account?.agreed;
  const temporary = step?.temporary === true && agreed !== undefined ? temporaryOf(step, agreed) : {};
  return {
    ...(agreed === undefined ? {} : { agreed: { ...agreed, ...temporary } }),
    ...(account?.written === undefined ? {} : { written: account.written }),
  };
}

function temporaryOf({ values }: Step, agreed: Attributes): Attributes {
  return Object.fromEntries(Object.entries(values).filter(([name]) => agreed[name] !== undefined));
}

/** For so long it is remembered what was written, and how often: by that it is seen that others change it back. */
const rememberedMs = 7 * 86_400_000;
const timesMax = 3;

/** What the account remembers beside the user once an update is done: feed and target agree on what was written. */
function written(change: Tellable, account: Account | null, asOf: string): Kept {
  if (change.operation !== 'update' && change.operation !== 'enable') return kept(account);
  const { active: _, ...values } = change.after;
  const isRecent = (at: string): boolean => Date.parse(asOf) - Date.parse(at) < rememberedMs;
  const all: Record<string, WrittenLately> = {};
  for (const [name, before] of Object.entries(account?.written ?? {})) {
    if (before.at.some(isRecent)) all[name] = before;
  }
  for (const [name, value] of Object.entries(values)) {
    const before = all[name];
    const times =
      before !== undefined && identicalValue(before.value, value) ? before.at.filter(isRecent) : [];
    all[name] = { value, at: [...times, asOf].slice(-timesMax) };
  }
  const agreed = { ...account?.agreed };
  for (const name of Object.keys(agreed)) {
    const value = values[name];
    if (value !== undefined) agreed[name] = value;
  }
  return {
    ...(account?.agreed === undefined ? {} : { agreed }),
    ...(Object.keys(all).length === 0 ? {} : { written: all }),
  };
}

function disabledAfter(
  change: Tellable,
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

function restoreOf(change: Tellable): Attributes {
  return change.remember ?? {};
}
