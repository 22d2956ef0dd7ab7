import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Directory, NamedEntity, StoredUser } from './directory.ts';
import { isSince } from './facts.ts';
import { badRequest, type Refused } from './refusal.ts';

export interface WriteContext {
  readonly directory: Directory;
  readonly organisation: NamedEntity;
  /** Of the request. */
  readonly version: string;
}

/** What becomes of a user: refused, or the user as it is afterwards (null: gone). */
export type Verdict = Refused | { readonly after: StoredUser | null };

const Reference = z.object({ id: z.string(), name: z.string().nullish() });
const Text = z.string().nullish();

/** Fields that both products know. */
const common = {
  username: z.string(),
  fullName: Text,
  description: Text,
  id: Text,
  roleEntityRefs: z.array(Reference).nullish(),
  orgEntityRef: Reference.nullish(),
  password: Text,
  email: Text,
  nameInSource: Text,
  enabled: z.boolean().nullish(),
  providerType: z.enum(['LOCAL', 'LDAP', 'SAML', 'OAUTH']).nullish(),
  locked: z.boolean().nullish(),
  stranded: z.boolean().nullish(),
};

/** Unknown fields are refused, as a strict reader of JSON does. */
function bodySchema({ directory, version }: WriteContext) {
  if (directory.flavour === 'vcfa') {
    return z.strictObject({
      ...common,
      givenName: Text,
      familyName: Text,
      phone: Text,
      domain: Text,
      inheritGroupRoles: z.boolean().nullish(),
      effectiveRoleEntityRefs: z.array(Reference).nullish(),
      managerEntityRef: Reference.nullish(),
    });
  }
  const base = z.strictObject({ ...common, isGroupRole: z.boolean().nullish() });
  if (isSince(version, 38, 0)) return base.extend({ phone: Text });
  if (isSince(version, 37, 0)) return base;
  return base.extend({ deployedVmQuota: z.number().nullish(), storedVmQuota: z.number().nullish() });
}

type Body = z.infer<z.ZodObject<typeof common>> & {
  readonly givenName?: string | null | undefined;
  readonly familyName?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly domain?: string | null | undefined;
  readonly isGroupRole?: boolean | null | undefined;
  readonly inheritGroupRoles?: boolean | null | undefined;
  readonly effectiveRoleEntityRefs?: unknown;
  readonly deployedVmQuota?: number | null | undefined;
  readonly storedVmQuota?: number | null | undefined;
};

export function judgeCreate(json: unknown, context: WriteContext): Verdict {
  const body = bodyOf(json, context);
  if ('minorErrorCode' in body) return body;
  const { directory, organisation } = context;
  const refusal =
    readOnlyProblem(body, null, context) ??
    nameProblem(body.username, null, context) ??
    emailProblem(body.email) ??
    newPasswordProblem(body, context) ??
    localUsersProblem(body, context);
  if (refusal !== null) return refusal;
  const roles = rolesOf(body, context);
  if (!Array.isArray(roles)) return roles as Refused;
  const providerType = body.providerType ?? 'LOCAL';
  const id = directory.flavour === 'vcfa' && body.id ? body.id : `urn:vcloud:user:${randomUUID()}`;
  return {
    after: {
      ...replaced(body, roles),
      id,
      organisation: organisation.name,
      providerType,
      nameInSource: body.nameInSource ?? body.username,
      isGroupRole: false,
      groups: [],
      locked: false,
      stranded: false,
      passwords: providerType === 'LOCAL' ? 1 : 0,
      owns: 0,
    },
  };
}

export function judgeUpdate(json: unknown, before: StoredUser, context: WriteContext): Verdict {
  const body = bodyOf(json, context);
  if ('minorErrorCode' in body) return body;
  const refusal =
    idProblem(body, before) ??
    readOnlyProblem(body, before, context) ??
    nameProblem(body.username, before, context) ??
    emailProblem(body.email) ??
    sourceProblem(body, before) ??
    keptPasswordProblem(body, before, context);
  if (refusal !== null) return refusal;
  // A picture of what the user's groups give is not written (39.x).
  const roles =
    before.isGroupRole && context.directory.flavour === 'vcd' ? before.roles : rolesOf(body, context);
  if (!Array.isArray(roles)) return roles as Refused;
  const isNewPassword = before.providerType === 'LOCAL' && body.password !== asterisks;
  return {
    after: {
      ...before,
      ...replaced(body, roles),
      nameInSource: before.providerType === 'LOCAL' ? body.username : before.nameInSource,
      locked: body.locked === false ? false : before.locked,
      passwords: before.passwords + (isNewPassword ? 1 : 0),
    },
  };
}

/** What stands for "the password stays". */
const asterisks = '******';

/** A PUT replaces all: what is left out gets its default, and `enabled` is true by default. */
function replaced(body: Body, roles: readonly string[]) {
  return {
    username: body.username,
    fullName: body.fullName ?? '',
    givenName: body.givenName ?? null,
    familyName: body.familyName ?? null,
    description: body.description ?? '',
    email: body.email ?? null,
    phone: body.phone ?? null,
    domain: body.domain ?? null,
    roles,
    enabled: body.enabled ?? true,
    inheritGroupRoles: body.inheritGroupRoles ?? false,
    deployedVmQuota: body.deployedVmQuota ?? 0,
    storedVmQuota: body.storedVmQuota ?? 0,
  };
}

const GroupsBody = z.strictObject({ values: z.array(Reference) });

/** A PUT of groups replaces all memberships; only groups of the very organisation can be named. */
export function judgeGroups(
  json: unknown,
  before: StoredUser,
  { directory, organisation }: WriteContext,
): Verdict {
  const body = GroupsBody.safeParse(json).data;
  if (body === undefined) return badRequest('JSON parse error at values.');
  const byId = new Map(directory.groups(organisation.name).map(({ id, name }) => [id, name]));
  const names = body.values.map(({ id }) => byId.get(id));
  if (names.includes(undefined)) return badRequest('The group does not exist in this organization.');
  return { after: { ...before, groups: [...new Set(names.filter((name) => name !== undefined))] } };
}

export function judgeDelete(before: StoredUser): Verdict {
  if (before.owns === 0) return { after: null };
  return badRequest('The user owns running virtual machines or catalogs. Transfer ownership first.');
}

function bodyOf(json: unknown, context: WriteContext): Body | Refused {
  const parsed = bodySchema(context).safeParse(json);
  if (parsed.success) return parsed.data as Body;
  const [issue] = parsed.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.');
  return badRequest(`JSON parse error at ${field || 'the body'}: ${issue?.message ?? 'not readable'}.`);
}

function idProblem(body: Body, before: StoredUser): Refused | null {
  if (typeof body.id !== 'string') return badRequest('Update requires ID being present.');
  return body.id.toLowerCase() === before.id.toLowerCase() ? null : badRequest('The id cannot be changed.');
}

function readOnlyProblem(body: Body, before: StoredUser | null, { directory }: WriteContext): Refused | null {
  if (body.locked === true) return badRequest('A user may not be explicitly locked.');
  const isVcd = directory.flavour === 'vcd';
  const fields: readonly (keyof Body)[] = [
    'stranded',
    'effectiveRoleEntityRefs',
    'isGroupRole',
    ...(isVcd ? (['orgEntityRef'] as const) : []),
    ...(isVcd && before === null ? (['id'] as const) : []),
  ];
  const sent = fields.find((field) => body[field] !== undefined && body[field] !== null);
  return sent === undefined ? null : badRequest(`The field ${sent} is read-only.`);
}

function nameProblem(username: string, before: StoredUser | null, context: WriteContext): Refused | null {
  const { directory, organisation, version } = context;
  if (before !== null && username === before.username) return null;
  if (username === '') return badRequest('username is required.');
  if (username !== username.toLowerCase())
    return badRequest('Only lowercase letters are allowed in username.');
  if (before !== null && directory.flavour === 'vcd' && !isSince(version, 37, 0)) {
    return badRequest('username is immutable.');
  }
  if (directory.byName(organisation.name, username) === null) return null;
  return badRequest(`A user with the name ${username} already exists.`);
}

function emailProblem(email: string | null | undefined): Refused | null {
  if (email == null || email === '' || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return null;
  return badRequest(`${email} is not a well-formed email address.`);
}

function newPasswordProblem(body: Body, { directory }: WriteContext): Refused | null {
  const { password } = body;
  if ((body.providerType ?? 'LOCAL') !== 'LOCAL') {
    return password == null ? null : badRequest('password must be null for external users.');
  }
  return passwordProblem(password, directory.flavour === 'vcfa');
}

function passwordProblem(password: string | null | undefined, isVcfa: boolean): Refused | null {
  if (!password) return badRequest('password is required for local users.');
  if (!isVcfa) {
    const fits = password.length >= 6 && password.length <= 128;
    return fits ? null : badRequest('password must have from 6 to 128 characters.');
  }
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/];
  const fits = password.length >= 15 && kinds.every((kind) => kind.test(password));
  return fits ? null : badRequest('password must have 15 characters of four kinds.');
}

/** Blank or missing is refused: what the vendor makes of it is not documented. */
function keptPasswordProblem(body: Body, before: StoredUser, { directory }: WriteContext): Refused | null {
  const { password } = body;
  if (before.providerType !== 'LOCAL') {
    return password == null ? null : badRequest('password must be null for external users.');
  }
  return password === asterisks ? null : passwordProblem(password, directory.flavour === 'vcfa');
}

function localUsersProblem(body: Body, { directory, organisation }: WriteContext): Refused | null {
  if (directory.flavour === 'vcd' || (body.providerType ?? 'LOCAL') !== 'LOCAL') return null;
  const hasOne = directory.usersOf(organisation.name).some((user) => user.providerType === 'LOCAL');
  return hasOne ? badRequest('A maximum of 1 local users are allowed per organization.') : null;
}

function sourceProblem(body: Body, before: StoredUser): Refused | null {
  if (body.providerType !== before.providerType) return badRequest('providerType cannot be changed.');
  const expected = before.providerType === 'LOCAL' ? before.username : before.nameInSource;
  if (body.nameInSource === expected) return null;
  return badRequest('nameInSource must be the previous username.');
}

/** Only roles of the very organisation: the same name elsewhere is another role. */
function rolesOf(
  body: Body,
  { directory, organisation, version }: WriteContext,
): readonly string[] | Refused {
  const references = body.roleEntityRefs;
  const isRequired = directory.flavour === 'vcd' && !isSince(version, 39, 0);
  if (references == null) return isRequired ? badRequest('roleEntityRefs is required.') : [];
  if (isRequired && references.length === 0) return badRequest('A user needs a role.');
  const byId = new Map(directory.roles(organisation.name).map(({ id, name }) => [id, name]));
  const names = references.map(({ id }) => byId.get(id));
  if (names.includes(undefined)) return badRequest('The role does not exist in this organization.');
  return names.filter((name) => name !== undefined);
}
