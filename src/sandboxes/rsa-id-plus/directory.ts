import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fileFailure } from '../file-failure.ts';
import type { JournalLine } from '../journal.ts';
import type { UsersFile } from '../users-file.ts';
import { localSource } from './facts.ts';

const texts = z.array(z.string().min(1)).readonly().default([]);

/** An account of the tenant, as the sandbox keeps it. */
export const RsaUser = z.strictObject({
  id: z.string().min(1),
  userName: z.string().min(1),
  firstName: z.string().default(''),
  lastName: z.string().default(''),
  email: z.string().default(''),
  identitySource: z.string().default(localSource),
  userStatus: z.enum(['Enabled', 'Disabled']).default('Enabled'),
  markDeleted: z.boolean().default(false),
  /** True for an account of a SCIM managed source, which the API may not remove. */
  scimManaged: z.boolean().default(false),
  defaultSmsPhone: z.string().default(''),
  defaultVoicePhone: z.string().default(''),
  managerEmail: z.string().default(''),
  alternateUsernames: texts,
  groupMemberships: texts,
  smsPhoneNumbers: texts,
  voicePhoneNumbers: texts,
});
export type RsaUser = z.infer<typeof RsaUser>;

const FileUser = RsaUser.extend({ id: z.string().min(1).optional() });

/** An API client of the console, for tests that sign in with keys of their own. */
const ApiClientFile = z.strictObject({
  clientId: z.string().min(1),
  /** Public keys as JWKs, each with its `kid`. */
  keys: z.array(z.looseObject({ kty: z.enum(['RSA', 'EC']), kid: z.string().min(1) })).min(1),
  scopes: z.array(z.string().min(1)).optional(),
});
export type ApiClientFile = z.infer<typeof ApiClientFile>;

const Tenant = z.strictObject({
  groups: z.array(z.string().min(1)).default([]),
  /** What an update does to the optional fields that it leaves out; the vendor does not say. */
  omittedLists: z.enum(['kept', 'cleared']).default('kept'),
  /** Whether SMS and voice are enabled, so that look-ups show the numbers. */
  numbersShown: z.boolean().default(false),
  apiClients: z.array(ApiClientFile).default([]),
  tokenSeconds: z.int().positive().default(3_600),
});
export type Tenant = z.infer<typeof Tenant>;

export function fold(text: string): string {
  return text.toLowerCase();
}

/** The accounts of the tenant. Users are never changed in place. */
export class Directory {
  readonly tenant: Tenant;
  readonly #users = new Map<string, RsaUser>();
  readonly #byName = new Map<string, string>();
  readonly #byAlternate = new Map<string, string>();
  readonly #byEmail = new Map<string, string>();
  readonly #groups: Set<string>;

  constructor(tenant: Tenant) {
    this.tenant = tenant;
    this.#groups = new Set(tenant.groups);
  }

  find(id: string): RsaUser | null {
    return this.#users.get(id) ?? null;
  }

  /** By user name or alternate user name, without case. */
  named(name: string): RsaUser | null {
    const id = this.#byName.get(fold(name)) ?? this.#byAlternate.get(fold(name));
    return id === undefined ? null : this.find(id);
  }

  withEmail(email: string): RsaUser | null {
    const id = this.#byEmail.get(fold(email));
    return id === undefined ? null : this.find(id);
  }

  /** Whose address holds the text, by address; without case, which is the sandbox's own choice. */
  withEmailLike(text: string): readonly RsaUser[] {
    const found = [...this.#users.values()].filter(({ email }) => fold(email).includes(fold(text)));
    return found.sort((one, other) => compareText(fold(one.email), fold(other.email)));
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name);
  }

  /** Groups that the user is in exist from then on. */
  put(user: RsaUser): void {
    this.remove(user.id);
    this.#users.set(user.id, user);
    this.#byName.set(fold(user.userName), user.id);
    if (user.email !== '') this.#byEmail.set(fold(user.email), user.id);
    for (const name of user.alternateUsernames) this.#byAlternate.set(fold(name), user.id);
    for (const group of user.groupMemberships) this.#groups.add(group);
  }

  remove(id: string): void {
    const user = this.#users.get(id);
    if (user === undefined) return;
    this.#users.delete(id);
    this.#byName.delete(fold(user.userName));
    this.#byEmail.delete(fold(user.email));
    for (const name of user.alternateUsernames) this.#byAlternate.delete(fold(name));
  }

  /** Takes up a write that the journal says was accepted. */
  recall(line: JournalLine): void {
    if (line.after !== null) this.put(RsaUser.parse(line.after));
    else if (line.before !== null) this.remove(RsaUser.parse(line.before).id);
  }
}

/** The directory that a users file describes; an empty one without a file. */
export async function loadDirectory(file: UsersFile | null): Promise<Directory> {
  if (file === null) return new Directory(Tenant.parse({}));
  const tenant = Tenant.safeParse(file.rest);
  if (!tenant.success) throw usersFailure(file, `beside "users": ${problemOf(tenant.error)}`);
  const directory = new Directory(tenant.data);
  for await (const { where, value } of file.entries) {
    const parsed = FileUser.safeParse(value);
    if (!parsed.success) throw usersFailure(file, `${where}: ${problemOf(parsed.error)}`);
    const user: RsaUser = { ...parsed.data, id: parsed.data.id ?? idOfName(parsed.data.userName) };
    if (directory.named(user.userName) !== null || directory.find(user.id) !== null) {
      throw usersFailure(
        file,
        `${where}: a user before it has the same user name (case does not count) or id`,
      );
    }
    directory.put(user);
  }
  return directory;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** An id in the form of a UUID, the same at every start. */
function idOfName(userName: string): string {
  const hex = createHash('sha256').update(fold(userName)).digest('hex');
  return [8, 4, 4, 4, 12].map((length, part) => hex.slice(part * 12, part * 12 + length)).join('-');
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.map(String).join('.') || 'the value'}: ${issue?.message}`;
}

function usersFailure(file: UsersFile, problem: string): Error {
  return fileFailure('users file', file.path, problem, {
    hint: 'The form of a users file of RSA ID Plus: src/sandboxes/rsa-id-plus/README.md',
  });
}
