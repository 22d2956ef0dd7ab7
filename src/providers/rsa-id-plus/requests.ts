import type { Item } from '../../contracts/provider.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import type { CallName } from './answers.ts';
import type { Settings } from './config.ts';
import { searchPageSize } from './limits.ts';
import { attributesOf, beside, listFields, own, singleFields } from './users.ts';

export interface Call extends CallName {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: string | null;
}

/** A property of a body: null and text, or a list. */
export type Body = Readonly<Record<string, string | null | readonly string[]>>;

const users = '/AdminInterface/restapi/v1/users';

/** By what a look-up finds one user; the page wants one of the two (Look up page, 2026). */
export interface LookUpKey {
  readonly by: 'username' | 'email';
  readonly value: string;
}

export function lookUpCall({ by, value }: LookUpKey): Call {
  return call('POST', `${users}/lookup`, { [by]: value });
}

/** One page of the users whose address holds a text, sorted by address; pages count from 0 (Search Version 2 page, 2026). */
export function searchCall(emailLike: string, pageNumber: number): Call {
  const path = `/AdminInterface/restapi/v2/users/search?pageSize=${searchPageSize}&pageNumber=${pageNumber}`;
  return call('POST', path, { emailLike }, 'v2/users/search');
}

/** The keys under which a user may be found, the preferred one first. */
export function lookUpKeys(
  { userName, email }: { readonly userName: unknown; readonly email: unknown },
  preferred: LookUpKey['by'],
): readonly LookUpKey[] {
  const keys: LookUpKey[] = [];
  if (typeof userName === 'string' && userName !== '') keys.push({ by: 'username', value: userName });
  if (typeof email === 'string' && email !== '') keys.push({ by: 'email', value: email });
  return preferred === 'username' ? keys : keys.reverse();
}

/**
 * Creates are sent with an empty id, as in the sample of the Create Local User page (2026).
 * @param password the first password, where the feed gives one; else the settings say how the user gets one
 */
export function createBody(values: Attributes, settings: Settings, password: string | null): Body {
  const { creation, send = 'NONE' } =
    password === null ? settings.password : ({ creation: 'ENTERED_BY_ADMIN' } as const);
  const email = textOf(values['emails.work']);
  return {
    id: '',
    firstName: textOf(values['name.givenName']),
    lastName: textOf(values['name.familyName']),
    userName: textOf(values.userName),
    email,
    identitySource: settings.identitySource,
    password,
    passwordCreationOption: creation,
    passwordSendMethod: send,
    initialPasswordEmail: send === 'EMAIL' ? email : '',
    ...optionalFields(values),
  };
}

export function createCall(body: Body): Call {
  return call('POST', `${users}/create`, body);
}

/** The id stands in the body, not in the path (Update Local User page, 2026). */
export function updateCall(body: Body): Call {
  return call('PUT', `${users}/update`, body);
}

/**
 * The whole object that an update writes: the account as it was just read, overlaid with what changes. A string
 * says why there can be none.
 * @param current from a look-up, with nothing remembered mixed in
 */
export function updateBody(item: Item, current: User, settings: Settings): Body | string {
  const changes = attributesOf(item.step);
  const shown: Attributes = { ...current.attributes, ...changes };
  const missing = [...requiredNames, own.identitySource].filter((name) => textOf(shown[name]) === '');
  if (missing.length > 0) {
    return `An update writes the whole account, and the look-up did not show ${missing.join(', ')}. Nothing was sent.`;
  }
  // What the look-up cannot show is taken from what the feed or the ledger says, and only where leaving it out clears it.
  const known: Attributes = settings.omittedLists === 'kept' ? changes : { ...item.attributes, ...shown };
  const problem = unsafeLists(item, known, settings);
  if (problem !== null) return problem;
  return {
    id: current.id,
    firstName: textOf(shown['name.givenName']),
    lastName: textOf(shown['name.familyName']),
    userName: textOf(shown.userName),
    email: textOf(shown['emails.work']),
    identitySource: textOf(shown[own.identitySource]),
    password: null,
    passwordCreationOption: 'NONE',
    passwordSendMethod: 'NONE',
    ...optionalFields(known),
  };
}

/** The status of an account; the body must have exactly this property (a public client's recorded answer, 2026). */
export function statusCall(id: string, userStatus: 'Enabled' | 'Disabled'): Call {
  return call(
    'PUT',
    `${users}/${encodeURIComponent(id)}/userStatus`,
    { userStatus },
    'users/{id}/userStatus',
  );
}

/** The vendor's page gives the type boolean, and its sample text: a setting chooses. */
export function markCall(id: string, marked: boolean, settings: Settings): Call {
  const markDeleted = settings.markDeletedAs === 'text' ? String(marked) : marked;
  const path = `${users}/${encodeURIComponent(id)}/markDeleted`;
  return call('PUT', path, { markDeleted }, 'users/{id}/markDeleted');
}

export function deleteCall(id: string): Call {
  return call('DELETE', `${users}/${encodeURIComponent(id)}`, null, 'users/{id}');
}

const requiredNames = ['name.givenName', 'userName', 'emails.work'];

/** Why the lists that this update writes, or leaves out, could take something away that nobody meant to take. */
function unsafeLists(item: Item, known: Attributes, settings: Settings): string | null {
  if (settings.omittedLists === undefined) {
    return 'target.omittedLists is not set, so that nobody knows what this update would clear. Nothing was sent.';
  }
  if (settings.omittedLists === 'cleared') {
    const lacking = [...listFields, ...singleFields]
      .map(([name]) => name)
      .filter((name) => known[name] === undefined);
    if (lacking.length === 0) return null;
    return (
      `This tenant clears what an update leaves out, and neither the feed nor an earlier run says what ` +
      `${lacking.join(', ')} shall be. Nothing was sent: map ${lacking.length === 1 ? 'it' : 'them'}, with ` +
      '`empty: clear` if an empty cell says that there is none.'
    );
  }
  const unseen = item.step.values[beside.unseen];
  if (settings.unseenLists === 'replace' || typeof unseen !== 'object' || unseen === null) return null;
  return (
    `What the account has in ${unseen.join(', ')} cannot be read, and this update would replace it. Nothing was ` +
    'sent: if the feed has the whole lists, set target.unseenLists: replace.'
  );
}

/** The optional properties about which something is known; an empty one is written as such, an unknown one left out. */
function optionalFields(values: Attributes): Body {
  const body: Record<string, string | readonly string[]> = {};
  for (const [name, field] of singleFields) {
    const value = values[name];
    if (value !== undefined) body[field] = textOf(value);
  }
  for (const [name, field] of listFields) {
    const value = values[name];
    if (value !== undefined) body[field] = entriesOf(value);
  }
  return body;
}

function textOf(value: Value | null | undefined): string {
  return typeof value === 'string' ? value : '';
}

function entriesOf(value: Value | null): readonly string[] {
  return typeof value === 'object' && value !== null ? value : [];
}

function call(method: Call['method'], path: string, body: object | null, what?: string): Call {
  const name = what ?? path.slice(path.indexOf('users/'));
  return { method, path, what: name, body: body === null ? null : JSON.stringify(body) };
}
