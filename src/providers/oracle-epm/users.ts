import type { Step } from '../../domain/change.ts';
import { fold } from '../../domain/comparison.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import { idOfLogin } from './login.ts';
import type { ListedGroup, ListedRole, ListedUser } from './wire.ts';

/** Names of the roles that a user holds only through a group; the provider's own, never written. */
export const inheritedRoles = 'oracle-epm.inheritedRoles';

export type ListGeneration = 'epmgroups' | 'memberof';

/**
 * A listed user. Somebody is active here while a role of this environment is held, directly or through a group.
 * The older list does not show these roles: then the attribute is absent, and being listed is being active.
 */
export function userOf(listed: ListedUser, generation: ListGeneration): User {
  const attributes: Record<string, Value | null> = {
    userName: listed.userlogin,
    'name.givenName': listed.firstname || null,
    'name.familyName': listed.lastname || null,
    'emails.work': listed.email || null,
    groups: namesOf(groupsOf(listed).filter(isDirectGroup), (group) => group.groupname),
  };
  if (generation === 'memberof') return { id: idOfLogin(listed.userlogin), active: true, attributes };
  const roles = [...(listed.applicationroles ?? []), ...(listed.granularroles ?? [])];
  const direct = namesOf(roles.filter(isDirectRole), (role) => role.rolename);
  const inherited = namesOf(
    roles.filter((role) => !isDirectRole(role)),
    (role) => role.rolename,
  );
  attributes.roles = direct;
  if (inherited.length > 0) attributes[inheritedRoles] = inherited;
  return {
    id: idOfLogin(listed.userlogin),
    active: direct.length > 0 || inherited.length > 0,
    attributes,
  };
}

/**
 * What a known account looks like while the list leaves it out: without roles, for the list shows everybody who
 * has one. An account that we knew to have none is as it was; one that had some was stripped by somebody else.
 */
export function unlisted(user: User): User {
  const hadNone = user.attributes.roles !== undefined && !holdsRoles(user);
  return { ...user, active: hadNone && user.active, attributes: withoutAccess(user.attributes) };
}

/** Whether the account is known to hold a role, and so to be listed. */
export function holdsRoles(user: User): boolean {
  const { roles } = user.attributes;
  return setOf(roles).length > 0 || setOf(user.attributes[inheritedRoles]).length > 0;
}

/** The account after a step took effect. */
export function applied(step: Step, user: User | null, userId: string): User {
  const now: User = user ?? { id: userId, active: false, attributes: {} };
  switch (step.action) {
    case 'add':
      return { id: userId, active: true, attributes: { ...step.values, roles: [], groups: [] } };
    case 'update':
      return { ...now, attributes: { ...now.attributes, ...step.values } };
    case 'assign-role':
      return { ...withSet(now, 'roles', plus(now.attributes.roles, step.subject)), active: true };
    case 'unassign-role':
      return activeByRoles(withSet(now, 'roles', minus(now.attributes.roles, step.subject)));
    case 'add-to-group':
      return withSet(now, 'groups', plus(now.attributes.groups, step.subject));
    case 'remove-from-group':
      return leftGroup(now, step.subject);
    case 'remove':
      return { ...now, active: false, attributes: withoutAccess(now.attributes) };
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** The entries of a set, each once, in a fixed order. */
export function setOf(value: Value | null | undefined): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(value.map(exactly))].sort();
}

/**
 * A granular role takes an application role first, so the application roles come first (PREST Assign Role v2,
 * 2025; they were called predefined roles before, and the page on updating users lists these four).
 */
export function applicationRolesFirst(roles: readonly string[]): readonly string[] {
  return [...roles.filter(isApplicationRole), ...roles.filter((role) => !isApplicationRole(role))];
}

/** Those that the second set lacks. */
export function minusAll(ones: readonly string[], others: readonly string[]): readonly string[] {
  const held = new Set(others);
  return ones.filter((one) => !held.has(one));
}

function leftGroup(user: User, group: string): User {
  const left = withSet(user, 'groups', minus(user.attributes.groups, group));
  // Which group granted a role is not kept, so inherited roles are taken for gone with the last group.
  if (setOf(left.attributes.groups).length > 0) return left;
  const { [inheritedRoles]: _, ...attributes } = left.attributes;
  return activeByRoles({ ...left, attributes });
}

/** Only where roles are known: an account of the older list stays as it is. */
function activeByRoles(user: User): User {
  return user.attributes.roles === undefined ? user : { ...user, active: user.active && holdsRoles(user) };
}

function withoutAccess(attributes: Attributes): Attributes {
  const { [inheritedRoles]: _, ...others } = attributes;
  return { ...others, roles: [], groups: [] };
}

function withSet(user: User, name: 'roles' | 'groups', entries: readonly string[]): User {
  return { ...user, attributes: { ...user.attributes, [name]: entries } };
}

function plus(value: Value | null | undefined, entry: string): readonly string[] {
  return setOf([...setOf(value), entry]);
}

function minus(value: Value | null | undefined, entry: string): readonly string[] {
  return minusAll(setOf(value), [exactly(entry)]);
}

const applicationRoles: ReadonlySet<string> = new Set([
  'Service Administrator',
  'Power User',
  'User',
  'Viewer',
]);

function isApplicationRole(role: string): boolean {
  return applicationRoles.has(role);
}

function exactly(text: string): string {
  return fold(text, { caseExact: true });
}

function groupsOf(listed: ListedUser): readonly ListedGroup[] {
  if (listed.epmgroups) return listed.epmgroups;
  if (Array.isArray(listed.memberof)) return listed.memberof;
  return listed.memberof?.groups ?? [];
}

function isDirectRole(role: ListedRole): boolean {
  return role.direct == null ? !role.grantedthroughgroup : isYes(role.direct);
}

function isDirectGroup(group: ListedGroup): boolean {
  return group.direct == null || isYes(group.direct);
}

function isYes(answer: boolean | string): boolean {
  return typeof answer === 'boolean' ? answer : !/^\s*(no|false)\s*$/i.test(answer);
}

function namesOf<Entry>(entries: readonly Entry[], name: (entry: Entry) => string): readonly string[] {
  return setOf(entries.map(name));
}
