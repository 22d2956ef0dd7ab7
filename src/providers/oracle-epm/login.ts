import type { Item } from '../../contracts/provider.ts';
import { fold } from '../../domain/comparison.ts';
import type { Attributes } from '../../domain/user.ts';

/**
 * The id of a user is the folded login: the service has no other lasting id, cannot rename a login, and
 * does not tell John.Doe from john.doe (EPM Automate addUsers page, 2026).
 */
export function idOfLogin(login: string): string {
  return fold(login, { caseExact: false });
}

/** The id of the user whom these attributes name; null without a login. */
export function idOfAttributes(attributes: Attributes): string | null {
  const login = attributes.userName;
  return typeof login === 'string' && login !== '' ? idOfLogin(login) : null;
}

/** The id of the user whom an item is about. Throws on an item that names nobody: a bug of the caller. */
export function idOfItem(item: Item): string {
  const id = item.userId ?? idOfAttributes(item.step.values) ?? idOfAttributes(item.attributes);
  if (id === null) throw new Error(`A step ${item.step.action} names no user.`);
  return id;
}

/** The login as the target or the feed spells it, provided that it is the same user's: a person may have been renamed. */
export function loginOfItem(item: Item): string {
  const id = idOfItem(item);
  for (const login of [item.step.values.userName, item.attributes.userName]) {
    if (typeof login === 'string' && idOfLogin(login) === id) return login;
  }
  return id;
}

/**
 * The ids under which the signed-in account may be listed. A user name may carry the identity domain before a
 * dot (`acme.jdoe`; PREST authentication overview, 2026), but a login may hold a dot too, so both are guarded.
 */
export function ownIdsOf(username: string): readonly string[] {
  const dot = username.indexOf('.');
  const forms = dot === -1 ? [username] : [username.slice(dot + 1), username];
  return forms.filter((form) => form !== '').map(idOfLogin);
}

/**
 * The likeliest of them: an e-mail address is taken as it is, for where logins are addresses (OCI) the prefix is
 * not needed; anything else without what stands before its first dot.
 */
export function ownIdOf(username: string): string | null {
  if (username.includes('@')) return idOfLogin(username);
  return ownIdsOf(username)[0] ?? null;
}
