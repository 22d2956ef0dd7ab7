import type { Item, Sought } from '../../contracts/provider.ts';
import type { Attributes } from '../../domain/user.ts';

/**
 * What identifies a user: the same user name may exist under another authenticator, and the service's own `id` is
 * an attribute only (Update user and Partial user updates pages, 2026).
 */
export interface UserKey {
  readonly username: string;
  readonly authenticator: string;
}

export const authenticatorName = 'vikingcloud.authenticator';

/** The user's id: both parts, percent-encoded, so that a slash in one of them can't be taken for the one between. */
export function idOfKey({ authenticator, username }: UserKey): string {
  return `${encode(authenticator)}/${encode(username)}`;
}

/** The key behind an id that `idOfKey` made; null for any other text. */
export function keyOfId(id: string): UserKey | null {
  const [authenticator, username, more] = id.split('/');
  if (!authenticator || !username || more !== undefined) return null;
  try {
    return { authenticator: decodeURIComponent(authenticator), username: decodeURIComponent(username) };
  } catch {
    return null;
  }
}

/** The id of the user whom these attributes name; null for nobody, and without an authenticator of theirs or a default. */
export function idOfAttributes(attributes: Attributes, defaultAuthenticator: string | null): string | null {
  const username = textOf(attributes.userName);
  const authenticator = textOf(attributes[authenticatorName]) ?? defaultAuthenticator;
  return username === null || authenticator === null ? null : idOfKey({ username, authenticator });
}

/** Whom a look-up is for; null when it names nobody. */
export function keyOfSought(sought: Sought, defaultAuthenticator: string): UserKey | null {
  if (sought.userId !== null) return keyOfId(sought.userId);
  const username = textOf(sought.attributes.userName);
  const authenticator = textOf(sought.attributes[authenticatorName]) ?? defaultAuthenticator;
  return username === null ? null : { username, authenticator };
}

/** Whom an item is about. Throws on an item that names nobody: a bug of the caller. */
export function keyOfItem(item: Item, defaultAuthenticator: string): UserKey {
  const attributes = { ...item.attributes, ...item.step.values };
  const key = keyOfSought({ userId: item.userId, attributes }, defaultAuthenticator);
  if (key === null) throw new Error(`A step ${item.step.action} names no user.`);
  return key;
}

/** Both parts exactly: whether the service ignores case is not documented, and the wrong user must not be met. */
export function isSameKey(one: UserKey, other: UserKey): boolean {
  return one.username === other.username && one.authenticator === other.authenticator;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
