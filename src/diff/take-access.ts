import type { Need } from '../domain/change.ts';
import type { Row } from '../domain/person.ts';
import type { LeaverRule } from '../domain/settings.ts';
import type { Account, Attributes, User, Value } from '../domain/user.ts';
import { changed, type Difference, type DiffSettings, excluded, newsOf, unchanged } from './difference.ts';

const dayMs = 86_400_000;

/** Somebody who shall have no access: the account as it shall be remembered, and what says so. */
export interface Leaver {
  readonly account: Account;
  readonly user: User;
  readonly rows: readonly Row[];
  readonly cause: Need['cause'];
}

/** Does to a leaver what the policy says, from the day on which it was first seen. */
export function leaverOf(leaver: Leaver, settings: DiffSettings, known: Account | null): Difference {
  const { leavers } = settings.policy;
  if (leavers.length === 0) return { ...excluded, account: newsOf(leaver.account, known) };
  const account: Account = { ...leaver.account, leaverSince: leaver.account.leaverSince ?? settings.asOf };
  const due = dueRule(leavers, account.leaverSince ?? settings.asOf, settings.asOf, leaver.user);
  if (due === null) return { ...unchanged, account: newsOf(account, known) };
  return taken({ ...leaver, account }, due.operation, settings, known);
}

/** Disables somebody now, whatever day it is, unless the account is disabled already. */
export function disabledNow(leaver: Leaver, settings: DiffSettings, known: Account | null): Difference {
  if (!leaver.user.active) return { ...unchanged, account: newsOf(leaver.account, known) };
  return taken(leaver, 'disable', settings, known);
}

/** Disables or removes somebody. */
export function taken(
  leaver: Leaver,
  operation: LeaverRule['operation'],
  settings: DiffSettings,
  known: Account | null,
): Difference {
  const remember = operation === 'disable' ? rememberedOf(leaver, settings) : null;
  return changed({ ...leaverNeed(leaver, operation, settings), remember }, newsOf(leaver.account, known));
}

/** What takes access from somebody, before it is known what has to be remembered. */
export function leaverNeed(leaver: Leaver, operation: LeaverRule['operation'], { feed }: DiffSettings): Need {
  const { account, user, rows, cause } = leaver;
  const feedName = rows.length > 0 ? feed.name : (account.feed ?? '');
  return {
    operation,
    key: account.key ?? user.id,
    linkKey: account.linkKey ?? user.id,
    userId: user.id,
    user,
    rows,
    cause,
    ...(feedName === '' ? {} : { feed: feedName }),
    before: operation === 'disable' ? { active: true } : user.attributes,
    after: operation === 'disable' ? { active: false } : {},
    remember: null,
    conflict: null,
  };
}

/** The furthest rule whose day has come and that still has something to do. */
function dueRule(rules: readonly LeaverRule[], since: string, asOf: string, user: User): LeaverRule | null {
  const days = Math.floor((Date.parse(asOf) - Date.parse(since)) / dayMs);
  const due = rules.filter((rule) => rule.afterDays <= days);
  const remove = due.find((rule) => rule.operation === 'remove');
  if (remove !== undefined) return remove;
  const disable = due.find((rule) => rule.operation === 'disable');
  return disable !== undefined && user.active ? disable : null;
}

/** A disable that stopped half-way took some roles already: what it remembered then is not forgotten now. */
function rememberedOf(leaver: Leaver, settings: DiffSettings): Attributes {
  const now = settings.remembers(leaver.user);
  const before = leaver.account.disabled?.restore ?? {};
  const merged: Record<string, Value | null> = { ...before, ...now };
  for (const [name, value] of Object.entries(now)) {
    const earlier = before[name];
    if (Array.isArray(value) && Array.isArray(earlier))
      merged[name] = [...new Set([...earlier, ...value])].sort();
  }
  return merged;
}
