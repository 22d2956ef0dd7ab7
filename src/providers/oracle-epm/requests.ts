import type { Item } from '../../contracts/provider.ts';
import type { Value } from '../../domain/user.ts';
import { loginOfItem } from './login.ts';
import type { Action } from './steps.ts';
import type { ListGeneration } from './users.ts';

export interface Call {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: string;
}

export interface RequestSettings {
  readonly welcomeMail: boolean;
}

const root = '/interop/rest/security';

interface Route {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  /** The field that names the role or group; null where the call has no subject. */
  readonly subject: 'rolename' | 'groupname' | null;
}

/** PREST, Managing Users, Groups and Roles, v2 (2025): removing is a POST, assigning a PUT. */
const routes: Readonly<Record<Action, Route>> = {
  add: { method: 'POST', path: `${root}/v2/users/add`, subject: null },
  update: { method: 'PUT', path: `${root}/v2/users/update`, subject: null },
  remove: { method: 'POST', path: `${root}/v2/users/remove`, subject: null },
  'assign-role': { method: 'PUT', path: `${root}/v2/role/assign/user`, subject: 'rolename' },
  'unassign-role': { method: 'PUT', path: `${root}/v2/role/unassign/user`, subject: 'rolename' },
  'add-to-group': { method: 'PUT', path: `${root}/v2/groups/adduserstogroup`, subject: 'groupname' },
  'remove-from-group': {
    method: 'PUT',
    path: `${root}/v2/groups/removeusersfromgroup`,
    subject: 'groupname',
  },
};

/** The fields of `users`; the login is the key and cannot be changed. */
const fields: readonly (readonly [attribute: string, field: string])[] = [
  ['name.givenName', 'firstname'],
  ['name.familyName', 'lastname'],
  ['emails.work', 'email'],
];

/** The one request for items of one action and subject. */
export function writeCall(items: readonly Item[], settings: RequestSettings): Call {
  const first = items[0];
  if (first === undefined) throw new Error('A request needs at least one item.');
  const { action, subject } = first.step;
  const route = routeOf(action);
  const users = items.map((item) => userEntry(item, settings));
  const body = route.subject === null ? { users } : { [route.subject]: subject, users };
  return { method: route.method, path: route.path, body: JSON.stringify(body) };
}

/** Bytes that one item adds to a request's body, its comma included. */
export function entryBytes(item: Item, settings: RequestSettings): number {
  return Buffer.byteLength(JSON.stringify(userEntry(item, settings))) + 1;
}

/**
 * The list of all users, or of those with an attribute equal to `userattribute` in any spelling. Indirect roles
 * are asked for, since somebody who holds a role only through a group has access all the same.
 */
export function listCall(generation: ListGeneration, userattribute?: string): Call {
  const flags =
    generation === 'epmgroups'
      ? { applicationroles: true, granularroles: true, epmgroups: true, indirect: true }
      : { memberof: true };
  const filter = userattribute === undefined ? {} : { userattribute };
  return { method: 'POST', path: `${root}/v1/users/list`, body: JSON.stringify({ ...flags, ...filter }) };
}

function userEntry(item: Item, settings: RequestSettings): Readonly<Record<string, Value>> {
  const entry: Record<string, Value> = { userlogin: loginOfItem(item) };
  const { action, values } = item.step;
  if (action !== 'add' && action !== 'update') return entry;
  for (const [attribute, field] of fields) {
    const value = values[attribute];
    if (value === undefined || (value === null && action === 'add')) continue;
    entry[field] = value ?? '';
  }
  if (action !== 'add') return entry;
  const { initialPassword } = item;
  if (initialPassword !== undefined) entry.password = initialPassword;
  // Always said, for whether it has a default in v2 is not documented, and `true` mails every new user.
  entry.resetpassword = settings.welcomeMail && initialPassword === undefined;
  return entry;
}

function routeOf(action: string): Route {
  const route: Route | undefined = Object.hasOwn(routes, action) ? routes[action as Action] : undefined;
  if (route === undefined) throw new Error(`No such step: ${action}.`);
  return route;
}
