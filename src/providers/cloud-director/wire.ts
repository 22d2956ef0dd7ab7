import { z } from 'zod';

const Text = z.string().nullish();
const YesNo = z.boolean().nullish();

/** `urn:vcloud:TYPE:UUID`; the UUID need not be of version 4 (the vendor's samples hold one of version 3). */
export function urn(type: string): RegExp {
  return new RegExp(`^urn:vcloud:${type}:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`, 'i');
}

/** A role or a group of a user. The name may be left out. */
const RoleReference = z.looseObject({ id: z.string().regex(urn('role')), name: Text });
export const GroupReference = z.looseObject({ id: z.string().regex(urn('group')), name: Text });
export type Reference = z.infer<typeof RoleReference>;

/**
 * A user, loose because all of it is written back: fields that this provider does not know must survive
 * (OpenAPI text of 37.2 for Cloud Director; page of VCF Automation 9.1).
 */
export const VcdUser = z.looseObject({
  id: z.string().regex(urn('user')),
  username: z.string().min(1),
  fullName: Text,
  givenName: Text,
  familyName: Text,
  description: Text,
  email: Text,
  phone: Text,
  nameInSource: Text,
  providerType: Text,
  enabled: YesNo,
  locked: YesNo,
  isGroupRole: YesNo,
  /** Directly given roles only; `effectiveRoleEntityRefs` adds those of groups and is never looked at. */
  roleEntityRefs: z.array(RoleReference).nullish(),
});
export type VcdUser = z.infer<typeof VcdUser>;

/** A role, a group or an organisation in a list. */
export const Named = z.looseObject({ id: z.string(), name: z.string() });
export type Named = z.infer<typeof Named>;

const Integer = z.number().int().nullish();

/** One page. Some endpoints give no numbers at all, and `pageCount` is null on some (SDK openapi.go, 2026). */
export const Page = z.looseObject({
  resultTotal: Integer,
  page: Integer,
  pageSize: Integer,
  values: z.array(z.unknown()),
});
export type Page = z.infer<typeof Page>;

/** The error body of CloudAPI; it may also be empty. */
export const VendorError = z.looseObject({ minorErrorCode: Text, message: Text });

/** What signing in answers. */
export const SessionBody = z.looseObject({
  user: z.looseObject({ id: z.string(), name: Text }).nullish(),
  org: z.looseObject({ id: z.string(), name: z.string() }).nullish(),
});

export const TokenBody = z.looseObject({ access_token: z.string().min(1) });
