/** Below the host of the Administration API (vendor's pages, 2026). */
export const users = '/AdminInterface/restapi/v1/users';
/** The second version of the search, the one with pages (vendor's page, 2026). */
export const searchPath = '/AdminInterface/restapi/v2/users/search';
/** Below the issuer; in the vendor's world another host. */
export const tokenPath = '/oauth/token';
/** The sandbox's own, in the place of the console's download. */
export const clientPath = '/sandbox/api-client';

export const localSource = 'Local Identity Source';

/** The permissions that an operation takes; one of them will do (pages of the calls and on permissions, 2026). */
export const permissions = {
  lookup: ['rsa.user.read'],
  search: ['rsa.user.read'],
  create: ['rsa.group.users.manage', 'rsa.user.local.manage'],
  update: ['rsa.group.users.manage', 'rsa.user.local.manage'],
  enable: ['rsa.user.manage'],
  disable: ['rsa.user.manage'],
  'mark-deleted': ['rsa.user.delete.soft'],
  'unmark-deleted': ['rsa.user.delete.soft'],
  delete: ['rsa.user.delete'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type Operation = keyof typeof permissions;

export const allPermissions: readonly string[] = [...new Set(Object.values(permissions).flat())];

/** The flags of the answer to a create or update that are single (Update Local User page, 2026). */
export const singleFlags = [
  'first_name_valid',
  'last_name_valid',
  'username_valid',
  'email_valid',
  'sms_phone_valid',
  'voice_phone_valid',
  'manager_email_valid',
  'identity_source_valid',
  'password_valid',
  'initial_password_email_valid',
  'password_send_method_valid',
] as const;
export type SingleFlag = (typeof singleFlags)[number];

/** The flags that are lists, in the order of the list that was sent. */
export const listFlags = [
  'alternate_username_valid',
  'virtualgroups_valid',
  'sms_phone_list_valid',
  'voice_phone_list_valid',
] as const;
export type ListFlag = (typeof listFlags)[number];

export function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}

/** The sandbox's own choice, for formats are not documented. */
export function isPhone(text: string): boolean {
  return /^\+?\d[\d ()-]{4,24}$/.test(text);
}
