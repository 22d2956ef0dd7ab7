import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fileFailure } from '../file-failure.ts';
import type { JournalLine } from '../journal.ts';
import type { UsersFile } from '../users-file.ts';
import { type Flavour, groupNames, roleNames, systemOrganisation } from './facts.ts';

const Text = z.string().nullable().default(null);

/** A user as the sandbox keeps it and as the journal has it: no password, only how often it was set. */
export const StoredUser = z.object({
  id: z.string(),
  organisation: z.string(),
  username: z.string().min(1),
  fullName: z.string().default(''),
  givenName: Text,
  familyName: Text,
  description: z.string().default(''),
  email: Text,
  phone: Text,
  /** Names of directly given roles. */
  roles: z.array(z.string()).readonly(),
  /** Names of the groups that the user is in. */
  groups: z.array(z.string()).readonly().default([]),
  nameInSource: z.string(),
  enabled: z.boolean(),
  providerType: z.enum(['LOCAL', 'LDAP', 'SAML', 'OAUTH']),
  isGroupRole: z.boolean(),
  inheritGroupRoles: z.boolean(),
  locked: z.boolean(),
  stranded: z.boolean(),
  deployedVmQuota: z.number(),
  storedVmQuota: z.number(),
  domain: Text,
  /** How often a password was set: 0 for users of another source. */
  passwords: z.number(),
  /** Running machines and catalogs that stand in the way of a delete until somebody takes them over. */
  owns: z.number(),
});
export type StoredUser = z.infer<typeof StoredUser>;

/** A user of the users file; whatever is missing has a value of its own. */
const FileUser = StoredUser.omit({ id: true })
  .partial()
  .extend({ username: z.string().min(1) })
  .strict();
type FileUser = z.infer<typeof FileUser>;

const FileRest = z.strictObject({
  /** Which product it is. */
  flavour: z.enum(['vcd', 'vcfa']).default('vcd'),
  /** Its organisations beside System; the first is where users of the file are unless they say otherwise. */
  organisations: z
    .array(z.string().regex(/^[a-zA-Z0-9_\-.!'(),$]+$/))
    .min(1)
    .default(['acme']),
  roles: z.array(z.string().min(1)).default([...roleNames]),
  groups: z.array(z.string().min(1)).default([...groupNames]),
  /** Which writes answer 202 with a task: `delete` as documented, or every one, as the vendor reserves to itself. */
  tasks: z.enum(['delete', 'all']).default('delete'),
  /** `numbers`: the pages lack their `nextPage` link, a known bug of the API. */
  paging: z.enum(['links', 'numbers']).default('links'),
  /** False: the account lacks the right "View Group / User", and restricted fields are not shown. */
  viewRight: z.boolean().default(true),
});
export type Settings = z.infer<typeof FileRest>;

export interface NamedEntity {
  readonly id: string;
  readonly name: string;
}

/** The users of all organisations. Users are never changed in place. */
export class Directory {
  readonly settings: Settings;
  readonly #users = new Map<string, StoredUser>();
  /** Ids by organisation and name, for names are unique in an organisation. */
  readonly #names = new Map<string, string>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get flavour(): Flavour {
    return this.settings.flavour;
  }

  byId(id: string): StoredUser | null {
    return this.#users.get(id.toLowerCase()) ?? null;
  }

  byName(organisation: string, username: string): StoredUser | null {
    return this.byId(this.#names.get(nameKey(organisation, username)) ?? '');
  }

  usersOf(organisation: string): readonly StoredUser[] {
    return [...this.#users.values()].filter((user) => user.organisation === organisation);
  }

  put(user: StoredUser): void {
    this.remove(user.id);
    this.#users.set(user.id.toLowerCase(), user);
    this.#names.set(nameKey(user.organisation, user.username), user.id);
  }

  remove(id: string): void {
    const user = this.byId(id);
    if (user === null) return;
    this.#users.delete(id.toLowerCase());
    this.#names.delete(nameKey(user.organisation, user.username));
  }

  organisations(): readonly NamedEntity[] {
    return [systemOrganisation, ...this.settings.organisations].map((name) => ({
      id: urnOf('org', name),
      name,
    }));
  }

  organisation(name: string): NamedEntity | null {
    return this.organisations().find((one) => one.name.toLowerCase() === name.toLowerCase()) ?? null;
  }

  /** The same names in every organisation, each with ids of its own. */
  roles(organisation: string): readonly NamedEntity[] {
    if (organisation === systemOrganisation) {
      return [{ id: urnOf('role', 'System/System Administrator'), name: 'System Administrator' }];
    }
    return this.settings.roles.map((name) => ({ id: urnOf('role', `${organisation}/${name}`), name }));
  }

  /** The same names in every organisation, each with ids of its own; the provider's has none. */
  groups(organisation: string): readonly NamedEntity[] {
    if (organisation === systemOrganisation) return [];
    return this.settings.groups.map((name) => ({ id: urnOf('group', `${organisation}/${name}`), name }));
  }

  /** Takes up a write that the journal says was accepted. */
  recall(line: JournalLine): void {
    if (line.after !== null) this.put(StoredUser.parse(line.after));
    else if (line.before !== null) this.remove(StoredUser.parse(line.before).id);
  }
}

/** A URN that is the same in every run; its UUID is of version 3, as one in the vendor's own samples. */
export function urnOf(type: string, name: string): string {
  const hex = createHash('sha256').update(`${type}/${name}`).digest('hex');
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-3${hex.slice(13, 16)}-b${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return `urn:vcloud:${type}:${uuid}`;
}

/** The directory that a users file describes; one without users when there is no file. */
export async function loadDirectory(file: UsersFile | null): Promise<Directory> {
  const rest = FileRest.safeParse(file?.rest ?? {});
  if (!rest.success) {
    const [issue] = rest.error.issues;
    throw usersFailure(file, `${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message}`);
  }
  const directory = new Directory(rest.data);
  if (file === null) return directory;
  for await (const { where, value } of file.entries) {
    const parsed = FileUser.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw usersFailure(
        file,
        `${where}: ${issue?.path.map(String).join('.') || 'the user'}: ${issue?.message}`,
      );
    }
    const user = storedUser(parsed.data, rest.data);
    if (directory.byName(user.organisation, user.username) !== null) {
      throw usersFailure(file, `${where}: a user before it has the same name (case does not count)`);
    }
    const known = new Set(directory.roles(user.organisation).map(({ name }) => name));
    const unknown = user.roles.find((role) => !known.has(role));
    if (unknown !== undefined) throw usersFailure(file, `${where}: there is no role ${unknown}`);
    const groups = new Set(directory.groups(user.organisation).map(({ name }) => name));
    const stray = user.groups.find((group) => !groups.has(group));
    if (stray !== undefined) throw usersFailure(file, `${where}: there is no group ${stray}`);
    directory.put(user);
  }
  return directory;
}

function storedUser(user: FileUser, settings: Settings): StoredUser {
  const organisation = user.organisation ?? settings.organisations[0] ?? 'acme';
  const providerType = user.providerType ?? 'SAML';
  return {
    fullName: '',
    givenName: null,
    familyName: null,
    description: '',
    email: null,
    phone: null,
    roles: ['vApp User'],
    groups: [],
    nameInSource: user.username,
    enabled: true,
    isGroupRole: false,
    inheritGroupRoles: false,
    locked: false,
    stranded: false,
    deployedVmQuota: 0,
    storedVmQuota: 0,
    domain: null,
    passwords: providerType === 'LOCAL' ? 1 : 0,
    owns: 0,
    ...withoutUndefined(user),
    organisation,
    providerType,
    username: user.username,
    id: urnOf('user', `${organisation}/${user.username}`),
  };
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function nameKey(organisation: string, username: string): string {
  return `${organisation}\u001f${username.toLowerCase()}`;
}

function usersFailure(file: UsersFile | null, problem: string): Error {
  return fileFailure('users file', file?.path ?? '', problem, {
    hint: 'A user has username, and optionally fullName, email, phone, roles, enabled, providerType and more.',
  });
}
