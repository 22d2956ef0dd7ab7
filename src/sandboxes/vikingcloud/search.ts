import { z } from 'zod';
import { rolesByName } from './facts.ts';
import type { VcUser } from './directory.ts';

const Names = z.array(z.string());
const Text = z.string().nullish();
const Flag = z.boolean().nullish();

/** The criteria of the page Search; the arrays are marked as required there. */
export const Criteria = z.strictObject({
  orgId: Text,
  orgIds: Names,
  enabled: Flag,
  locked: Flag,
  expired: Flag,
  credentialsExpired: Flag,
  usingMfa: Flag,
  lastName: Text,
  firstName: Text,
  roles: Names,
  privileges: Names,
  privilegeRoles: Names,
  username: Text,
  email: Text,
  basic: Text,
  authenticator: Text,
  authenticators: Names,
  authenticatorInclude: z.boolean().default(true),
});
export type Criteria = z.infer<typeof Criteria>;

const flags = ['enabled', 'locked', 'expired', 'credentialsExpired', 'usingMfa'] as const;
const texts = ['username', 'email', 'firstName', 'lastName'] as const;

/**
 * Whether a user meets all criteria. Texts are met by what contains them, without case: the pages do not say, and
 * this is the reading that a careless client falls over.
 */
export function meets(user: VcUser, criteria: Criteria): boolean {
  return (
    (criteria.orgId == null || user.orgId === criteria.orgId) &&
    isAny(criteria.orgIds, [user.orgId ?? '']) &&
    flags.every((flag) => criteria[flag] == null || user[flag] === criteria[flag]) &&
    texts.every((name) => contains(user[name], criteria[name])) &&
    (criteria.basic == null || texts.some((name) => contains(user[name], criteria.basic))) &&
    isAny(criteria.roles, user.roles) &&
    isAny(criteria.privileges, user.privileges) &&
    isAny(
      criteria.privilegeRoles,
      user.roles.filter((name) => rolesByName.get(name)?.privileges.length),
    ) &&
    (criteria.authenticator == null || user.authenticator === criteria.authenticator) &&
    (criteria.authenticators.length === 0 ||
      criteria.authenticators.includes(user.authenticator) === criteria.authenticatorInclude)
  );
}

function isAny(wanted: readonly string[], held: readonly string[]): boolean {
  return wanted.length === 0 || held.some((name) => wanted.includes(name));
}

function contains(value: string | null, part: string | null | undefined): boolean {
  return part == null || (value ?? '').toLowerCase().includes(part.toLowerCase());
}
