import { z } from 'zod';
import { type Problem, problem } from './answers.ts';
import type { UserKey, VcUser } from './directory.ts';
import { privilegesByName, rolesByName, shownSecrets } from './facts.ts';

/** What becomes of a write: refused, or the user as it is afterwards. */
export type Verdict = { readonly refusal: Problem } | { readonly after: VcUser };

/** A write: how it reads the key from its body, and how it judges. */
export interface Write {
  readonly op: 'create' | 'update' | 'patch';
  readonly method: 'PUT' | 'POST' | 'PATCH';
  keyOf(json: unknown): UserKey | null;
  judge(json: unknown, key: UserKey, before: VcUser | null, now: string): Verdict;
}

const Key = z.object({ username: z.string().min(1), authenticator: z.string().min(1) });
const Nested = z.object({ userKey: Key });
const Flat = Key.extend({ updates: z.record(z.string(), z.unknown()) });

const Text = z.string().nullable();
const Flag = z.boolean();

/** Properties that a request may set; others, those of the server among them, are ignored. */
const Settable = z.object({
  orgId: Text.optional(),
  email: Text.refine((email) => email === null || email === '' || /^[^\s@]+@[^\s@]+$/.test(email)).optional(),
  firstName: Text.optional(),
  lastName: Text.optional(),
  primaryPhone: Text.optional(),
  primaryPhoneCountryCode: Text.optional(),
  primaryPhoneExtension: Text.optional(),
  timeZone: Text.optional(),
  locale: Text.optional(),
  notes: Text.optional(),
  enabled: Flag.optional(),
  locked: Flag.optional(),
  expired: Flag.optional(),
  credentialsExpired: Flag.optional(),
  usingMfa: Flag.optional(),
  forcePasswordChange: Flag.optional(),
  isSsoUser: Flag.optional(),
  password: Text.optional(),
  mfaSecret: Text.optional(),
  sharedSecret: Text.optional(),
  roles: z.array(z.looseObject({ name: z.string() })).optional(),
  privileges: z.array(z.looseObject({ name: z.string() })).optional(),
});
type Settable = z.infer<typeof Settable>;

/** Both are marked as required in the User schema, without a default. */
const Derived = z.object({ allRoles: z.array(z.unknown()), allPrivileges: z.array(z.unknown()) });

/** A user of whom nothing has been said: what POST leaves of properties that it does not get. */
const blank = {
  orgId: null,
  email: null,
  firstName: null,
  lastName: null,
  primaryPhone: null,
  primaryPhoneCountryCode: null,
  primaryPhoneExtension: null,
  timeZone: null,
  locale: null,
  notes: null,
  enabled: false,
  locked: false,
  expired: false,
  credentialsExpired: false,
  usingMfa: false,
  forcePasswordChange: false,
  isSsoUser: false,
  roles: [],
  privileges: [],
} as const;

const untouched = {
  lastSuccessfulAuthAttempt: null,
  lastFailedAuthAttempt: null,
} as const;

export const writes: readonly Write[] = [
  {
    op: 'create',
    method: 'PUT',
    keyOf: nestedKey,
    judge(json, key, before, now) {
      if (/\/|%2f/i.test(key.username)) return refused(400, 'Field "username" is not valid');
      const missing = missingDerived(json);
      if (missing !== null) return { refusal: missing };
      if (before !== null) return refused(409, 'User already exists');
      const made = {
        createdInstant: now,
        createdBy: 'sandbox',
        lastUpdatedInstant: now,
        lastUpdatedBy: 'sandbox',
      };
      return changed({ ...blank, ...untouched, ...made, ...key }, json);
    },
  },
  {
    op: 'update',
    method: 'POST',
    keyOf: nestedKey,
    judge(json, _key, before, now) {
      const missing = missingDerived(json);
      if (missing !== null) return { refusal: missing };
      if (before === null) return refused(404, 'User not found');
      // The strictest reading of "with the data sent": what is not sent falls back to its default.
      return changed({ ...before, ...blank, ...stamp(now) }, json);
    },
  },
  {
    op: 'patch',
    method: 'PATCH',
    keyOf: (json) => keyOf(Flat.safeParse(json).data),
    judge(json, _key, before, now) {
      if (before === null) return refused(404, 'User not found');
      return changed({ ...before, ...stamp(now) }, Flat.parse(json).updates);
    },
  },
];

function changed(from: VcUser, json: unknown): Verdict {
  const parsed = Settable.safeParse(json);
  if (!parsed.success) return refused(400, `Field "${String(parsed.error.issues[0]?.path[0])}" is not valid`);
  const { roles, privileges, password: _, mfaSecret: _1, sharedSecret: _2, ...given } = parsed.data;
  const refusal =
    echoedSecret(parsed.data) ??
    listProblem('roles', roles, rolesByName) ??
    listProblem('privileges', privileges, privilegesByName);
  if (refusal !== null) return { refusal };
  const after: VcUser = {
    ...from,
    ...withoutUndefined(given),
    roles: roles?.map(({ name }) => name) ?? from.roles,
    privileges: privileges?.map(({ name }) => name) ?? from.privileges,
  };
  // For PATCH the pages do not say whether the code must be sent again; one that is stored already is enough here.
  if (after.primaryPhone && !after.primaryPhoneCountryCode) {
    return refused(400, 'Field "primaryPhoneCountryCode" cannot be null');
  }
  return { after };
}

/** What the service showed as a secret comes back only from a client that does not know what it sends. */
function echoedSecret(given: Settable): Problem | null {
  const names = ['password', 'mfaSecret', 'sharedSecret'] as const;
  const name = names.find((candidate) => given[candidate] === shownSecrets[candidate]);
  return name === undefined ? null : problem(400, `Field "${name}" is not valid`);
}

/** Entries are unique, known, and whole: an object that differs would be a change of the role itself. */
function listProblem(
  field: string,
  entries: readonly { readonly name: string }[] | undefined,
  known: ReadonlyMap<string, object>,
): Problem | null {
  if (entries === undefined) return null;
  if (new Set(entries.map(({ name }) => name)).size !== entries.length) {
    return problem(400, `Field "${field}" has duplicates`);
  }
  for (const entry of entries) {
    const definition = known.get(entry.name);
    if (definition === undefined) return problem(404, `Nothing named so in "${field}"`);
    if (canonical(definition) !== canonical(entry)) return problem(400, `Field "${field}" is not valid`);
  }
  return null;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, entry]) => `${name}:${canonical(entry)}`).join()}}`;
}

function missingDerived(json: unknown): Problem | null {
  const parsed = Derived.safeParse(json);
  return parsed.success
    ? null
    : problem(400, `Field "${String(parsed.error.issues[0]?.path[0])}" cannot be null`);
}

function nestedKey(json: unknown): UserKey | null {
  return keyOf(Nested.safeParse(json).data?.userKey);
}

function keyOf(key: UserKey | undefined): UserKey | null {
  return key === undefined ? null : { username: key.username, authenticator: key.authenticator };
}

function stamp(now: string): Pick<VcUser, 'lastUpdatedBy' | 'lastUpdatedInstant'> {
  return { lastUpdatedBy: 'sandbox', lastUpdatedInstant: now };
}

function refused(status: number, message: string): Verdict {
  return { refusal: problem(status, message) };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(given: T): Given<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given<T>;
}
