import { z } from 'zod';
import type { Directory, EpmUser } from './directory.ts';
import { applicationRoles, granularRoles, isApplicationRole } from './facts.ts';

/**
 * Both generations of the List Users page: `roles` and `memberof` of the older one, the four lists and
 * `indirect` of the newer.
 */
export const UsersQuery = z.strictObject({
  userlogin: z.string().optional(),
  userattribute: z.string().optional(),
  epmgroups: z.boolean().optional(),
  granularroles: z.boolean().optional(),
  applicationroles: z.boolean().optional(),
  idcsgroups: z.boolean().optional(),
  indirect: z.boolean().optional(),
  roles: z.boolean().optional(),
  memberof: z.boolean().optional(),
});
export type UsersQuery = z.infer<typeof UsersQuery>;

export const GroupsQuery = z.strictObject({
  groupname: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  members: z.boolean().optional(),
  roles: z.boolean().optional(),
});
export type GroupsQuery = z.infer<typeof GroupsQuery>;

export const RolesQuery = z.object({ type: z.enum(['application', 'granular']).optional() });
export type RolesQuery = z.infer<typeof RolesQuery>;

/** The users of this environment, which are those with at least one role in it, as the wire shows them. */
export function* listUsers(directory: Directory, query: UsersQuery): Generator<object> {
  const attribute = query.userattribute?.toLowerCase();
  for (const user of candidates(directory, query)) {
    if (user.roles.length > 0 && (attribute === undefined || hasAttribute(user, attribute))) {
      yield shownUser(user, query);
    }
  }
}

function candidates(directory: Directory, query: UsersQuery): Iterable<EpmUser> {
  if (query.userlogin === undefined) {
    return directory.users();
  }
  const found = directory.find(query.userlogin);
  return found === null ? [] : [found];
}

function hasAttribute(user: EpmUser, folded: string): boolean {
  return [user.userlogin, user.firstname, user.lastname, user.email].some(
    (value) => value.toLowerCase() === folded,
  );
}

function shownUser(user: EpmUser, query: UsersQuery): object {
  const { userlogin, firstname, lastname, email, roles, groups } = user;
  return {
    userlogin,
    firstname,
    lastname,
    email,
    ...(query.memberof === true && { memberof: { groups: groups.map((groupname) => ({ groupname })) } }),
    ...(query.roles === true && { roles: roles.map((role) => ({ rolename: role, id: roleId(role) })) }),
    ...(query.applicationroles === true && {
      applicationroles: roles.filter(isApplicationRole).map(directRole),
    }),
    ...(query.granularroles === true && {
      granularroles: roles.filter((role) => !isApplicationRole(role)).map(directRole),
    }),
    ...(query.epmgroups === true && {
      epmgroups: groups.map((groupname) => ({ groupname, description: '', type: 'EPM', direct: 'Yes' })),
    }),
    ...(query.idcsgroups === true && { idcsgroups: [] }),
  };
}

function directRole(rolename: string): object {
  return { rolename, direct: 'Yes', grantedthroughgroup: '' };
}

function roleId(role: string): string {
  return `sandbox:${role.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
}

/** The environment's groups, all of them EPM groups made of users. Names compare with case. */
export function listGroups(directory: Directory, query: GroupsQuery): readonly object[] {
  const types = typeof query.type === 'string' ? query.type.split(',') : query.type;
  if (types !== undefined && !types.some((type) => type.trim() === 'EPM')) {
    return [];
  }
  const members = query.members === true ? membersByGroup(directory) : null;
  return [...directory.groups()]
    .filter((groupname) => query.groupname === undefined || query.groupname === groupname)
    .map((groupname) => ({
      groupname,
      description: '',
      type: 'EPM',
      identity: `native://nvid=sandbox:${encodeURIComponent(groupname)}?GROUP`,
      ...(members !== null && { members: { users: members.get(groupname) ?? [], groups: [] } }),
      ...(query.roles === true && { roles: [] }),
    }));
}

function membersByGroup(directory: Directory): ReadonlyMap<string, readonly object[]> {
  const members = new Map<string, object[]>();
  for (const { userlogin, groups } of directory.users()) {
    for (const group of groups) {
      const list = members.get(group) ?? [];
      list.push({ userlogin });
      members.set(group, list);
    }
  }
  return members;
}

/** The roles that can be assigned, of one type or of both. */
export function listRoles(type: RolesQuery['type']): readonly object[] {
  const names = [
    ...(type === 'granular' ? [] : applicationRoles),
    ...(type === 'application' ? [] : granularRoles),
  ];
  return names.map((name) => ({ name, id: roleId(name) }));
}
