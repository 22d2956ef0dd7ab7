import type { Attributes, Value } from '../../domain/user.ts';
import { authenticatorsOf, type Config } from './config.ts';
import { properties, singleNames } from './fields.ts';
import type { UserKey } from './key.ts';
import type { Named, WireUser } from './wire.ts';

export interface Call {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly body: string;
}

export const userPath = '/user-service/v1/user';
export const searchPath = `${userPath}/search`;

/** Properties of a user, by their names on the wire. */
export type Properties = Readonly<Record<string, unknown>>;

/** PUT creates; a user who exists is refused with 409 (page Create user, 2026). */
export function createCall(key: UserKey, given: Properties, config: Config): Call {
  // The schema marks both lists as required, also where the server computes them.
  const derived = config.derivedLists === 'send' ? { allRoles: [], allPrivileges: [] } : {};
  return {
    method: 'PUT',
    path: userPath,
    body: JSON.stringify({ userKey: userKeyOf(key), enabled: true, ...given, ...derived }),
  };
}

/** PATCH changes what `updates` names; here the key stands flat (page Partial user updates, 2026). */
export function patchCall(key: UserKey, updates: Properties): Call {
  return { method: 'PATCH', path: userPath, body: JSON.stringify({ ...userKeyOf(key), updates }) };
}

/**
 * POST updates the user whom the key names, and leaves out what is not to go back: a list that it lacked would
 * become the empty list that is its default (page Update user, 2026).
 */
export function updateCall(read: WireUser, changes: Properties, config: Config): Call {
  const { password: _, mfaSecret: _1, sharedSecret: _2, allRoles, allPrivileges, ...kept } = read;
  const derived = config.derivedLists === 'send' ? { allRoles, allPrivileges } : {};
  return { method: 'POST', path: userPath, body: JSON.stringify({ ...kept, ...derived, ...changes }) };
}

/** What a user must show before it may be sent back whole; null when nothing is missing. */
export function unseenPart(read: WireUser, config: Config): string | null {
  const lists = [
    'roles',
    'privileges',
    ...(config.derivedLists === 'send' ? ['allRoles', 'allPrivileges'] : []),
  ];
  const flags = ['enabled', 'locked', 'expired', 'credentialsExpired', 'usingMfa'];
  return (
    lists.find((name) => !Array.isArray(read[name])) ??
    flags.find((name) => typeof read[name] !== 'boolean') ??
    null
  );
}

/** The properties of attributes with one value. */
export function propertiesOf(values: Attributes, config: Config): Record<string, unknown> {
  const none = config.clearWith === 'null' ? null : '';
  const given: Record<string, Value | null> = {};
  for (const name of singleNames) {
    const value = values[name];
    if (value !== undefined) given[properties[name]] = value ?? none;
  }
  return given;
}

/** Every criterion is ANDed; those marked as required are sent empty (page Search, 2026). */
export interface Criteria {
  readonly orgId?: string;
  readonly username?: string;
  readonly roles?: readonly string[];
  readonly privileges?: readonly string[];
}

/** A search among this job's users. */
export function searchCall(criteria: Criteria, config: Config): Call {
  const body = {
    orgIds: [],
    roles: [],
    privileges: [],
    privilegeRoles: [],
    authenticators: authenticatorsOf(config),
    // Said although it is the default: the other value would turn the list into those to leave out.
    authenticatorInclude: true,
    ...criteria,
  };
  return { method: 'POST', path: searchPath, body: JSON.stringify(body) };
}

/** A list with some entries given and some taken, each name once. */
export function changedList(
  held: readonly Named[],
  given: readonly Named[],
  taken: readonly string[],
): readonly Named[] {
  const gone = new Set(taken);
  const kept = held.filter(({ name }) => !gone.has(name.normalize('NFC')));
  const names = new Set(kept.map(({ name }) => name.normalize('NFC')));
  return [...kept, ...given.filter(({ name }) => !names.has(name.normalize('NFC')))];
}

function userKeyOf({ username, authenticator }: UserKey): UserKey {
  return { username, authenticator };
}
