import type { Refusal } from '../faults.ts';

/** Names of the roles that make somebody a user of the environment; the seed page and assign role v2 list them. */
export const applicationRoles: readonly string[] = ['Service Administrator', 'Power User', 'User', 'Viewer'];

/** Some of the granular roles, which need an application role first (Oracle, "Assign Users to a Role (v2)"). */
export const granularRoles: readonly string[] = [
  'Access Control - Manage',
  'Access Control - View',
  'Ad Hoc - Create',
  'Approvals - Administer',
  'Data Integration - Create',
  'Data Integration - Run',
  'Migrations - Administer',
  'Task List - Access Manager',
];

export const roleNames: ReadonlySet<string> = new Set([...applicationRoles, ...granularRoles]);

const applicationRoleNames: ReadonlySet<string> = new Set(applicationRoles);

export function isApplicationRole(role: string): boolean {
  return applicationRoleNames.has(role);
}

/** The sandbox's own choice: Oracle's pages name no limit. */
export const usersPerRequestMax = 1000;

/** What a refusal's message begins with, by operation; the wording of Oracle's examples. */
export const failing = {
  add: 'Failed to add users.',
  update: 'Failed to update user.',
  remove: 'Failed to remove users.',
  'assign-role': 'Failed to assign role.',
  'unassign-role': 'Failed to unassign role.',
  'add-to-group': 'Failed to add users to group.',
  'remove-from-group': 'Failed to remove users from group.',
} as const;
export type WriteName = keyof typeof failing;

/**
 * The refusals. Documented by Oracle: 21142 and 21143 for update, 21147 for remove, 21000 for assign role,
 * 21021 for add to group. The other codes and uses are the sandbox's own, since Oracle publishes no list; like
 * Oracle's, they name the same trouble differently from one family of operations to the next.
 */
export const refusals = {
  insufficient: (op: WriteName): Refusal => ({
    errorcode: 'EPMCSS-21147',
    errormessage: `${failing[op]} Invalid or insufficient parameters specified. Provide all required parameters for the REST API.`,
  }),
  exists: (op: WriteName): Refusal => ({
    errorcode: 'EPMCSS-21142',
    errormessage: `${failing[op]} User already exists in System. Provide different user login.`,
  }),
  invalidEmail: (op: WriteName): Refusal => ({
    errorcode: 'EPMCSS-21143',
    errormessage: `${failing[op]} Invalid email. Provide valid email.`,
  }),
  unknownUser: (op: WriteName, errorcode: string): Refusal => ({
    errorcode,
    errormessage: `${failing[op]} User does not exist in System. Provide valid user login.`,
  }),
  unknownRole: (op: WriteName, role: string): Refusal => ({
    errorcode: 'EPMCSS-21000',
    errormessage: `${failing[op]} Invalid role name ${role}. Please provide a valid role name.`,
  }),
  needsApplicationRole: (op: WriteName): Refusal => ({
    errorcode: 'EPMCSS-21003',
    errormessage: `${failing[op]} User has no application role. Assign an application role first.`,
  }),
  unknownGroup: (op: WriteName, group: string): Refusal => ({
    errorcode: 'EPMCSS-21021',
    errormessage: `${failing[op]} Group ${group} does not exist. Provide a valid groupname.`,
  }),
  needsPredefinedRole: (op: WriteName): Refusal => ({
    errorcode: 'EPMCSS-21023',
    errormessage: `${failing[op]} User has no predefined role. Assign a predefined role first.`,
  }),
} as const;

/** The code for a login that nobody has, by operation. */
export const unknownUserCodes = {
  update: 'EPMCSS-21144',
  remove: 'EPMCSS-21148',
  'assign-role': 'EPMCSS-21002',
  'unassign-role': 'EPMCSS-21002',
  'add-to-group': 'EPMCSS-21022',
  'remove-from-group': 'EPMCSS-21022',
} as const;
