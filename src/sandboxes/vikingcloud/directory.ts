import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fileFailure } from '../file-failure.ts';
import type { JournalLine } from '../journal.ts';
import type { UsersFile } from '../users-file.ts';
import { derivedRole, privilegesByName, rolesByName, shownSecrets } from './facts.ts';

const Text = z.string().nullable().default(null);
const Flag = z.boolean().default(false);
const RoleName = z.string().refine((name) => rolesByName.has(name), { error: 'is no role of the sandbox' });
const PrivilegeName = z
  .string()
  .refine((name) => privilegesByName.has(name), { error: 'is no privilege of the sandbox' });

/** A user as the sandbox remembers it: roles and privileges by name, and no secret. */
export const VcUser = z.strictObject({
  username: z.string().min(1),
  authenticator: z.string().min(1).default('portal'),
  orgId: Text,
  email: Text,
  firstName: Text,
  lastName: Text,
  primaryPhone: Text,
  primaryPhoneCountryCode: Text,
  primaryPhoneExtension: Text,
  timeZone: Text,
  locale: Text,
  notes: Text,
  enabled: z.boolean().default(true),
  locked: Flag,
  expired: Flag,
  credentialsExpired: Flag,
  usingMfa: Flag,
  forcePasswordChange: Flag,
  isSsoUser: Flag,
  createdBy: Text,
  createdInstant: Text,
  lastUpdatedBy: Text,
  lastUpdatedInstant: Text,
  lastSuccessfulAuthAttempt: Text,
  lastFailedAuthAttempt: Text,
  roles: z.array(RoleName).readonly().default([]),
  privileges: z.array(PrivilegeName).readonly().default([]),
});
export type VcUser = z.infer<typeof VcUser>;

export interface UserKey {
  readonly username: string;
  readonly authenticator: string;
}

/** All users of all organisations. They are never changed in place. */
export class Directory {
  readonly #users = new Map<string, VcUser>();

  find(key: UserKey): VcUser | null {
    return this.#users.get(nameOf(key)) ?? null;
  }

  put(user: VcUser): void {
    this.#users.set(nameOf(user), user);
  }

  users(): Iterable<VcUser> {
    return this.#users.values();
  }

  /** Takes up a write that the journal says was accepted; nothing here removes a user. */
  recall(line: JournalLine): void {
    this.put(VcUser.parse(line.after));
  }
}

/** The directory that a users file describes; an empty one without a file. */
export async function loadDirectory(file: UsersFile | null): Promise<Directory> {
  const directory = new Directory();
  if (file === null) return directory;
  for await (const { where, value } of file.entries) {
    const parsed = VcUser.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const field = issue?.path.map(String).join('.') || 'the user';
      throw usersFailure(file, `${where}: ${field}: ${issue?.message}`);
    }
    if (directory.find(parsed.data) !== null) {
      throw usersFailure(file, `${where}: a user before it has the same username and authenticator`);
    }
    directory.put(parsed.data);
  }
  return directory;
}

/** A user as answers show it: secrets included, and what the server works out itself. */
export function shown(user: VcUser): Readonly<Record<string, unknown>> {
  const { username, authenticator, roles, privileges, ...rest } = user;
  const direct = roles.flatMap((name) => rolesByName.get(name) ?? []);
  const own = privileges.flatMap((name) => privilegesByName.get(name) ?? []);
  const allRoles = [...direct.filter(({ name }) => name !== derivedRole.name), derivedRole];
  const all = [...own, ...allRoles.flatMap((role) => role.privileges)];
  return {
    userKey: { username, authenticator },
    id: createHash('sha256').update(nameOf(user)).digest('hex').slice(0, 24),
    ...rest,
    password: shownSecrets.password,
    mfaSecret: user.usingMfa ? shownSecrets.mfaSecret : null,
    sharedSecret: shownSecrets.sharedSecret,
    roles: direct,
    privileges: own,
    allRoles,
    allPrivileges: [...new Map(all.map((privilege) => [privilege.name, privilege])).values()],
  };
}

/** With case: the pages do not say that it is ignored. */
function nameOf({ authenticator, username }: UserKey): string {
  return `${authenticator}\u0000${username}`;
}

function usersFailure(file: UsersFile, problem: string): Error {
  return fileFailure('users file', file.path, problem, {
    hint: `A user has username, and optionally authenticator, the properties of the User schema, roles (${[...rolesByName.keys()].join(', ')}) and privileges by name.`,
  });
}
