import type { Need, Step } from '../../domain/change.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import { applicationRolesFirst, holdsRoles, inheritedRoles, minusAll, setOf } from './users.ts';

/** The service's calls; `update`, `add` and `remove` serve many users, the others many users and one subject. */
export type Action =
  | 'add'
  | 'update'
  | 'assign-role'
  | 'unassign-role'
  | 'add-to-group'
  | 'remove-from-group'
  | 'remove';

const updatable = ['name.givenName', 'name.familyName', 'emails.work'] as const;

/**
 * The calls that a need takes, in the order in which the service accepts them: a group takes only logins that
 * exist and hold an application role (PREST Add Users to Group v2, 2025), so access is given from the account outwards and
 * taken from the groups inwards.
 */
export function steps(need: Need, user: User | null, restore: Attributes | null): readonly Step[] {
  switch (need.operation) {
    case 'create':
      return [
        { action: 'add', subject: '', values: pick(need.after, ['userName', ...updatable]) },
        ...assignSteps(setOf(need.after.roles)),
        ...each('add-to-group', setOf(need.after.groups)),
      ];
    case 'update':
      return updateSteps(need);
    case 'enable':
      return enableSteps(need, user, restore);
    case 'disable':
      return user === null ? [] : disableSteps(user);
    case 'remove':
      return [{ action: 'remove', subject: '', values: wasListed(user) ? { listed: true } : {} }];
  }
}

/** What enabling has to give back: the roles, and the groups where disabling takes those too. */
export function remembers(user: User): Attributes {
  const roles = setOf(user.attributes.roles);
  return inheritsRoles(user) ? { roles, groups: setOf(user.attributes.groups) } : { roles };
}

function updateSteps({ before, after }: Need): readonly Step[] {
  const roles = { before: setOf(before.roles), after: setOf(after.roles) };
  const groups = { before: setOf(before.groups), after: setOf(after.groups) };
  return [
    ...attributeSteps(after),
    ...assignSteps(minusAll(roles.after, roles.before)),
    ...each('add-to-group', minusAll(groups.after, groups.before)),
    ...each('remove-from-group', minusAll(groups.before, groups.after)),
    ...unassignSteps(minusAll(roles.before, roles.after)),
  ];
}

function enableSteps(need: Need, user: User | null, restore: Attributes | null): readonly Step[] {
  const { roles, groups } = user?.attributes ?? {};
  return [
    ...assignSteps(minusAll(union(restore?.roles, need.after.roles), setOf(roles))),
    ...each('add-to-group', minusAll(union(restore?.groups, need.after.groups), setOf(groups))),
    ...attributeSteps(need.after),
  ];
}

/**
 * There is no call that disables an account: its roles of this environment are taken away. Groups are left alone
 * unless the account holds a role through one, for then taking only its own roles would leave it its access.
 * A role inherited through a group that is not ours to change (an IDCS group) is tried all the same: the service
 * refuses that, and the report then says so instead of calling a person disabled who is not.
 */
function disableSteps(user: User): readonly Step[] {
  const roles = setOf(user.attributes.roles);
  if (!inheritsRoles(user)) return unassignSteps(roles);
  const groups = setOf(user.attributes.groups);
  if (groups.length > 0) return [...each('remove-from-group', groups), ...unassignSteps(roles)];
  return unassignSteps(union(roles, user.attributes[inheritedRoles]));
}

/** One step with only what changes, or none. */
function attributeSteps(after: Attributes): readonly Step[] {
  const values = pick(after, updatable);
  return Object.keys(values).length === 0 ? [] : [{ action: 'update', subject: '', values }];
}

function assignSteps(roles: readonly string[]): readonly Step[] {
  return each('assign-role', applicationRolesFirst(roles));
}

/** The other way round, so that the account stays a user of the environment until its last role goes. */
function unassignSteps(roles: readonly string[]): readonly Step[] {
  return each('unassign-role', applicationRolesFirst(roles).toReversed());
}

function each(action: Action, subjects: readonly string[]): readonly Step[] {
  return subjects.map((subject) => ({ action, subject, values: {} }));
}

function pick(attributes: Attributes, names: readonly string[]): Attributes {
  const picked: Record<string, Value | null> = {};
  for (const name of names) {
    const value = attributes[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

function union(ones: Value | null | undefined, others: Value | null | undefined): readonly string[] {
  return setOf([...setOf(ones), ...setOf(others)]);
}

function inheritsRoles(user: User): boolean {
  return setOf(user.attributes[inheritedRoles]).length > 0;
}

/** Listed users hold a role; those of the older list, whose roles are not known, are listed when active. */
function wasListed(user: User | null): boolean {
  if (user === null) return false;
  return user.attributes.roles === undefined ? user.active : holdsRoles(user);
}
