export const service = '/user-service/v1';

export const paths = {
  user: `${service}/user`,
  search: `${service}/user/search`,
  /** The sandbox's own choice: the pages do not say where the token call is. */
  token: '/sandbox/token',
} as const;

/** The life of a token in seconds (page Obtain token). */
export const tokenLifeSeconds = 3600;

export interface Privilege {
  readonly name: string;
  readonly description: string;
}

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly internal: boolean;
  readonly privileges: readonly Privilege[];
}

function privilege(name: string): Privilege {
  return { name, description: `May ${name.toLowerCase().replaceAll('_', ' ')}` };
}

function role(name: string, privileges: readonly string[], internal = false): Role {
  return { name, description: `${name} of the sandbox`, internal, privileges: privileges.map(privilege) };
}

/** Held by everybody through the organisation, hence in `allRoles` only. */
export const derivedRole = role('Portal Visitor', ['PORTAL_READ'], true);

const roles = [
  role('Report Viewer', ['REPORT_READ']),
  role('Merchant Support', ['MERCHANT_READ', 'TICKET_UPDATE']),
  role('Merchant Admin', ['MERCHANT_READ', 'MERCHANT_UPDATE']),
  role('Auditor', ['REPORT_READ', 'AUDIT_READ']),
  role('User Admin', ['USER_READ', 'USER_UPDATE']),
  derivedRole,
];

export const rolesByName: ReadonlyMap<string, Role> = new Map(roles.map((known) => [known.name, known]));

export const privilegesByName: ReadonlyMap<string, Privilege> = new Map(
  roles.flatMap((known) => known.privileges).map((known) => [known.name, known]),
);

/** What answers show under these names; the pages list all three in what the service answers. */
export const shownSecrets = {
  password: '{bcrypt}$2a$10$sandbox-password-hash',
  mfaSecret: 'SANDBOXMFASECRET',
  sharedSecret: 'sandbox-shared-secret',
} as const;
