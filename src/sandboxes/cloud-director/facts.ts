/** The two products: the same paths with other fields, versions and rules. */
export type Flavour = 'vcd' | 'vcfa';

/** The versions that `GET /api/versions` lists; the deprecated ones first. */
export const versions: Readonly<Record<Flavour, readonly { version: string; deprecated: boolean }[]>> = {
  vcd: [
    { version: '35.0', deprecated: true },
    { version: '36.3', deprecated: true },
    { version: '37.0', deprecated: false },
    { version: '38.0', deprecated: false },
    { version: '38.1', deprecated: false },
    { version: '39.0', deprecated: false },
    { version: '39.1', deprecated: false },
  ],
  vcfa: [
    { version: '9.0.0', deprecated: false },
    { version: '9.1.0', deprecated: false },
    { version: '40.0', deprecated: false },
  ],
};

/** Roles that every organisation has; the vendor ships these names. */
export const roleNames: readonly string[] = [
  'Organization Administrator',
  'Catalog Author',
  'vApp Author',
  'vApp User',
  'Console Access Only',
];

/** Groups that each organisation has imported, unless the users file says otherwise; invented names. */
export const groupNames: readonly string[] = ['Cloud Users', 'Cloud Admins', 'Auditors'];

export const systemOrganisation = 'System';

/** `pageSize`: 25 when it is not given, 128 at most. */
export const pageSizes = { usual: 25, most: 128 } as const;

export const codes = {
  badRequest: 'BAD_REQUEST',
  forbidden: 'ACCESS_TO_RESOURCE_IS_FORBIDDEN',
  unauthorised: 'UNAUTHORIZED',
} as const;

/** A cell's own address, under which a server names itself in links and tasks: not the one it was called by. */
export const ownAddress = 'https://cell-1.vcd.example.com';

/** Number of the version's main part: 39 of 39.1. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** Whether a Cloud Director of this version is at least the given one. */
export function isSince(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
