import { z } from 'zod';
import type { Refusal } from '../faults.ts';
import type { Directory, EpmUser } from './directory.ts';
import {
  isApplicationRole,
  refusals,
  roleNames,
  unknownUserCodes,
  usersPerRequestMax,
  type WriteName,
} from './facts.ts';

/** What becomes of one item: refused, or the user as it is afterwards (null: gone). */
export type Verdict = { readonly refusal: Refusal } | { readonly after: EpmUser | null };

export interface Item {
  readonly userlogin: string;
  readonly firstname?: string | undefined;
  readonly lastname?: string | undefined;
  readonly email?: string | undefined;
}

export interface Payload {
  readonly users: readonly Item[];
  readonly rolename?: string;
  readonly groupname?: string;
}

/** A v2 write: what it takes and how it judges. */
export interface Write {
  readonly op: WriteName;
  readonly method: 'POST' | 'PUT';
  /** After `/interop/rest/security`. */
  readonly path: string;
  readonly payload: z.ZodType<Payload>;
  /** True when a payload that names the calling account is refused whole. */
  readonly sparesCaller: boolean;
  /** Why the whole request is refused although its form is right; null when it is not. */
  refuses(payload: Payload, directory: Directory): Refusal | null;
  /** `before` is null when nobody has the login; `subject` is the role or group, or ''. */
  judge(item: Item, before: EpmUser | null, subject: string): Verdict;
}

const Login = z.string().min(1);
const UserName = z.strictObject({ userlogin: Login });

/** Only documented keys pass: a key that the page does not know, `userpassword` above all, is a mistake to show. */
const NewUser = z.strictObject({
  userlogin: Login,
  firstname: z.string().optional(),
  lastname: z.string().optional(),
  email: z.string().optional(),
  resetpassword: z.boolean(),
  password: z.string().optional(),
});
const ChangedUser = z.strictObject({
  userlogin: Login,
  firstname: z.string().optional(),
  lastname: z.string().optional(),
  email: z.string().optional(),
});

function users<Entry extends z.ZodType>(entry: Entry): z.ZodArray<Entry> {
  return z.array(entry).min(1).max(usersPerRequestMax);
}

const nothing = (): null => null;

export const writes: readonly Write[] = [
  {
    op: 'add',
    method: 'POST',
    path: '/v2/users/add',
    payload: z.strictObject({ users: users(NewUser) }),
    sparesCaller: true,
    refuses: nothing,
    judge: judgeAdd,
  },
  {
    op: 'update',
    method: 'PUT',
    path: '/v2/users/update',
    payload: z.strictObject({ users: users(ChangedUser) }),
    sparesCaller: true,
    refuses: nothing,
    judge: judgeUpdate,
  },
  {
    op: 'remove',
    method: 'POST',
    path: '/v2/users/remove',
    payload: z.strictObject({ users: users(UserName) }),
    sparesCaller: true,
    refuses: nothing,
    judge: (_item, before) => (before === null ? unknownUser('remove') : { after: null }),
  },
  roleWrite('assign-role', '/v2/role/assign/user', judgeAssign),
  roleWrite('unassign-role', '/v2/role/unassign/user', (_item, before, role) =>
    before === null
      ? unknownUser('unassign-role')
      : { after: { ...before, roles: without(before.roles, role) } },
  ),
  groupWrite('add-to-group', '/v2/groups/adduserstogroup', judgeJoin),
  groupWrite('remove-from-group', '/v2/groups/removeusersfromgroup', (_item, before, group) =>
    before === null
      ? unknownUser('remove-from-group')
      : { after: { ...before, groups: without(before.groups, group) } },
  ),
];

function roleWrite(op: 'assign-role' | 'unassign-role', path: string, judge: Write['judge']): Write {
  return {
    op,
    method: 'PUT',
    path,
    payload: z.strictObject({ rolename: z.string(), users: users(UserName) }),
    sparesCaller: false,
    refuses: ({ rolename = '' }) => (roleNames.has(rolename) ? null : refusals.unknownRole(op, rolename)),
    judge,
  };
}

function groupWrite(op: 'add-to-group' | 'remove-from-group', path: string, judge: Write['judge']): Write {
  return {
    op,
    method: 'PUT',
    path,
    payload: z.strictObject({ groupname: z.string(), users: users(UserName) }),
    sparesCaller: false,
    refuses: ({ groupname = '' }, directory) =>
      directory.hasGroup(groupname) ? null : refusals.unknownGroup(op, groupname),
    judge,
  };
}

function judgeAdd(item: Item, before: EpmUser | null): Verdict {
  const { userlogin, firstname = '', lastname = '', email = '' } = item;
  if (before !== null) {
    return { refusal: refusals.exists('add') };
  }
  if (lastname === '' || email === '') {
    return { refusal: refusals.insufficient('add') };
  }
  if (!isEmail(email)) {
    return { refusal: refusals.invalidEmail('add') };
  }
  // A new account belongs to the identity domain; a role makes it a user of this environment.
  return { after: { userlogin, firstname, lastname, email, roles: [], groups: [] } };
}

function judgeUpdate(item: Item, before: EpmUser | null): Verdict {
  const { firstname, lastname, email } = item;
  if (before === null) {
    return unknownUser('update');
  }
  if ((firstname === undefined && lastname === undefined && email === undefined) || lastname === '') {
    return { refusal: refusals.insufficient('update') };
  }
  if (email !== undefined && !isEmail(email)) {
    return { refusal: refusals.invalidEmail('update') };
  }
  const after: EpmUser = {
    ...before,
    firstname: firstname ?? before.firstname,
    lastname: lastname ?? before.lastname,
    email: email ?? before.email,
  };
  const unchanged =
    after.firstname === before.firstname &&
    after.lastname === before.lastname &&
    after.email === before.email;
  return unchanged ? { refusal: refusals.exists('update') } : { after };
}

function judgeAssign(_item: Item, before: EpmUser | null, role: string): Verdict {
  if (before === null) {
    return unknownUser('assign-role');
  }
  if (!isApplicationRole(role) && !before.roles.some(isApplicationRole)) {
    return { refusal: refusals.needsApplicationRole('assign-role') };
  }
  return { after: { ...before, roles: withName(before.roles, role) } };
}

function judgeJoin(_item: Item, before: EpmUser | null, group: string): Verdict {
  if (before === null) {
    return unknownUser('add-to-group');
  }
  if (!before.roles.some(isApplicationRole)) {
    return { refusal: refusals.needsPredefinedRole('add-to-group') };
  }
  return { after: { ...before, groups: withName(before.groups, group) } };
}

function unknownUser(op: keyof typeof unknownUserCodes): Verdict {
  return { refusal: refusals.unknownUser(op, unknownUserCodes[op]) };
}

function withName(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names : [...names, name];
}

function without(names: readonly string[], name: string): readonly string[] {
  return names.filter((other) => other !== name);
}

function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}
