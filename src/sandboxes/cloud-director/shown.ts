import type { Directory, StoredUser } from './directory.ts';
import { isSince } from './facts.ts';

/** The user as the wire shows it: other fields for each product and version, and none that the account may not see. */
export function shownUser(user: StoredUser, directory: Directory, version: string): Record<string, unknown> {
  const { flavour, settings } = directory;
  const references = referencesOf(user.roles, user.organisation, directory);
  const open = {
    id: user.id,
    username: user.username,
    fullName: user.fullName,
    description: user.description,
    roleEntityRefs: references,
    orgEntityRef: directory.organisation(user.organisation),
  };
  // Only who has the right "View Group / User" is shown these (37.2, x-vcloud-restricted).
  const restricted = {
    password: null,
    email: user.email,
    nameInSource: user.nameInSource,
    enabled: user.enabled,
    providerType: user.providerType,
    locked: user.locked,
    stranded: user.stranded,
  };
  const shown = settings.viewRight ? { ...open, ...restricted } : open;
  return { ...shown, ...(flavour === 'vcfa' ? vcfaFields(user, directory) : vcdFields(user, version)) };
}

function vcfaFields(user: StoredUser, directory: Directory): Record<string, unknown> {
  const inherited = user.inheritGroupRoles ? ['Organization Administrator'] : [];
  return {
    givenName: user.givenName,
    familyName: user.familyName,
    phone: user.phone,
    domain: user.domain,
    managerEntityRef: null,
    inheritGroupRoles: user.inheritGroupRoles,
    effectiveRoleEntityRefs: referencesOf([...user.roles, ...inherited], user.organisation, directory),
  };
}

function vcdFields(user: StoredUser, version: string): Record<string, unknown> {
  return {
    isGroupRole: user.isGroupRole,
    ...(isSince(version, 38, 0) ? { phone: user.phone } : {}),
    ...(isSince(version, 37, 0)
      ? {}
      : { deployedVmQuota: user.deployedVmQuota, storedVmQuota: user.storedVmQuota }),
  };
}

function referencesOf(
  names: readonly string[],
  organisation: string,
  directory: Directory,
): readonly object[] {
  const roles = directory.roles(organisation);
  return names.flatMap((name) => roles.filter((role) => role.name === name));
}
