import type { Reason } from '../domain/change.ts';
import type { Person, Row } from '../domain/person.ts';
import type { Account, User } from '../domain/user.ts';
import {
  changed,
  type ComparedPerson,
  type Difference,
  type DiffSettings,
  excluded,
  linkedAccount,
} from './difference.ts';
import { sparing } from './spare.ts';
import { stateAsked } from './state-asked.ts';
import { disabledNow, leaverNeed } from './take-access.ts';

/** Somebody whom a person disabled by key. */
export interface Barred {
  readonly account: Account;
  readonly user: User;
  /** The rows that name them all the same. */
  readonly rows: readonly Row[];
}

/**
 * Whoever is barred has no access, whatever the feed says: disabled now, also when somebody enabled them since, and
 * left alone once it is so. Nothing of this makes a leaver: no days are counted. Nor does it reach those whom nothing
 * may reach.
 */
export function diffBarred(barred: Barred, settings: DiffSettings): Difference {
  const { account, user } = barred;
  const difference = judgeBarred(barred, settings);
  if (difference.need === null) return difference;
  const { bounds } = settings;
  if (account.linkKey !== null && bounds.kept.has(account.linkKey)) return { ...excluded, spared: 'kept' };
  if (!bounds.isInScope(user)) return { ...excluded, spared: 'outsideScope' };
  return sparing(difference, user, account.linkKey, settings);
}

function judgeBarred({ account, user, rows }: Barred, settings: DiffSettings): Difference {
  const leaver = { account, user, rows, cause: 'approved' } as const;
  if (account.linkKey !== null && settings.inDoubt.has(account.linkKey)) {
    return changed({ ...leaverNeed(leaver, 'disable', settings), conflict: inDoubt }, null);
  }
  if (!user.active) return excluded;
  return { ...disabledNow(leaver, settings, account), account: null };
}

const inDoubt: Reason = {
  code: 'IN_DOUBT',
  message: 'An earlier write for this person could not be settled. Look at the target, then run again.',
};

/** Whether the feed itself says by now that the person has no access. */
export function agreesWithBar(person: Person): boolean {
  const asked = stateAsked(person);
  return !person.active || asked === 'disable' || asked === 'remove';
}

/** A person of the feed who is barred; nobody whom the feed takes for a leaver, too. */
export function diffBarredPerson(
  { person, account, user, conflict }: ComparedPerson,
  settings: DiffSettings,
): Difference {
  if (user === null || conflict !== null) return excluded;
  const linked = linkedAccount(account, user, person, settings);
  return diffBarred({ account: linked, user, rows: person.rows }, settings);
}
