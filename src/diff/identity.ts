import type { Reason } from '../domain/change.ts';
import { fold, sameValue } from '../domain/comparison.ts';
import type { Person } from '../domain/person.ts';
import type { Attributes, User } from '../domain/user.ts';
import type { DiffSettings } from './difference.ts';

/** Why this login may not be given to the person yet; null when it may, or when the change gives none. */
export function reservedLogin(person: Person, after: Attributes, settings: DiffSettings): Reason | null {
  const { policy, bounds, rules, asOf } = settings;
  const login = after.userName;
  if (policy.reuseLoginAfterMs === null || typeof login !== 'string') return null;
  const at = bounds.departed.loginOfAnother(fold(login, rules.userName), person.linkKey);
  if (at === null || Date.parse(asOf) - Date.parse(at) >= policy.reuseLoginAfterMs) return null;
  const free = new Date(Date.parse(at) + policy.reuseLoginAfterMs).toISOString().slice(0, 10);
  return {
    code: 'LOGIN_RESERVED',
    message:
      `The login was that of a user whom this job removed on ${at.slice(0, 10)}; nobody else gets it before ${free} ` +
      '(`policy.reuseLoginAfter`). Give another one, or create the user by hand.',
  };
}

/** Why somebody whom this job removed gets no new user by itself; null when there is nothing against it. */
export function rehireAfterRemoval({ linkKey }: Person, { policy, bounds }: DiffSettings): Reason | null {
  if (policy.rehire !== 'hold' || !bounds.departed.has(linkKey)) return null;
  return {
    code: 'REHIRE',
    message:
      'This job removed a user of this person before (`policy.rehire: hold`). Create the user by hand, and the next ' +
      'run takes it over.',
  };
}

/** Why somebody whose account this job disabled does not get it back by itself. */
export const rehireOfDisabled: Reason = {
  code: 'REHIRE',
  message:
    'This job disabled the account when the person left (`policy.rehire: hold`). Enable it by hand, and the next run ' +
    'gives back the rest.',
};

/** Why somebody who shall get a new account cannot: the old one has the login. */
export function loginOfOldAccount(person: Person, user: User, { rules }: DiffSettings): Reason | null {
  const login = person.attributes.userName;
  if (login !== undefined && !sameValue(login, user.attributes.userName, rules.userName)) return null;
  return {
    code: 'REHIRE',
    message:
      'The person shall have a new account (`policy.rehire: new`), and the disabled one still has this login. Give ' +
      'the person a new login, or remove the old account by hand.',
  };
}
