import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { fileFailure } from '../file-failure.ts';
import type { JournalLine } from '../journal.ts';
import type { UsersFile } from '../users-file.ts';
import { isJson, type Json, ScimError } from './answers.ts';
import { type Service, urns, usualGroups, usualService } from './facts.ts';
import { userFromBody } from './validate.ts';

/** A user: what was written of it, and the groups that it is in. */
export interface Entry {
  readonly id: string;
  /** Order of coming, for cursors. */
  readonly seq: number;
  readonly version: number;
  readonly user: Json;
  readonly groups: readonly string[];
}

const Rest = z.strictObject({
  groups: z.array(z.string().min(1)).optional(),
  service: z
    .strictObject({
      patch: z.boolean(),
      bulk: z.boolean(),
      filter: z.boolean(),
      sort: z.boolean(),
      etag: z.boolean(),
      cursor: z.boolean(),
      maxOperations: z.int().positive(),
      maxPayloadSize: z.int().positive(),
      maxResults: z.int().positive(),
      dialect: z.enum(['rfc', 'okta', 'entra']),
      groupsInUsers: z.boolean(),
      keyLifetimeS: z.int().min(0),
    })
    .partial()
    .optional(),
});

/** The users and groups of the service. Entries are never changed in place. */
export class Directory {
  readonly service: Service;
  readonly #entries = new Map<string, Entry>();
  readonly #idByLogin = new Map<string, string>();
  readonly #groups = new Map<string, string>();
  #seq = 0;

  constructor(service: Service) {
    this.service = service;
  }

  addGroup(name: string): void {
    this.#groups.set(groupId(name), name);
  }

  /** Names by id. */
  groups(): ReadonlyMap<string, string> {
    return this.#groups;
  }

  find(id: string): Entry | null {
    return this.#entries.get(id) ?? null;
  }

  findLogin(login: string): Entry | null {
    return this.find(this.#idByLogin.get(login.toLowerCase()) ?? '');
  }

  /** In the order of their coming. */
  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The entry that this user would be, new or instead of the one with its id; refuses a login that is taken. */
  draft(user: Json, before: Entry | null, groups: readonly string[]): Entry {
    const holder = this.findLogin(String(user.userName));
    if (holder !== null && holder.id !== before?.id) {
      throw new ScimError(409, 'uniqueness', `userName ${String(user.userName)} is taken.`);
    }
    const manager = user[urns.enterprise];
    const value = isJson(manager) && isJson(manager.manager) ? manager.manager.value : undefined;
    if (typeof value === 'string' && this.find(value) === null) {
      throw new ScimError(400, 'invalidValue', 'manager.value names no user.');
    }
    if (before !== null) return { ...before, version: before.version + 1, user, groups };
    this.#seq += 1;
    return { id: randomUUID(), seq: this.#seq, version: 1, user, groups };
  }

  put(entry: Entry): void {
    const before = this.find(entry.id);
    if (before !== null) this.#idByLogin.delete(String(before.user.userName).toLowerCase());
    this.#entries.set(entry.id, entry);
    this.#idByLogin.set(String(entry.user.userName).toLowerCase(), entry.id);
    this.#seq = Math.max(this.#seq, entry.seq);
    for (const group of entry.groups) this.addGroup(group);
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    this.#idByLogin.delete(String(entry.user.userName).toLowerCase());
  }

  /** Takes up a write that the journal says was accepted. */
  recall(line: JournalLine): void {
    const id = String((line.after ?? line.before)?.id ?? '');
    const before = this.find(id);
    if (line.after === null) {
      if (before !== null) this.remove(before);
      return;
    }
    const { id: _, groups, ...user } = line.after;
    this.put({
      id,
      seq: before?.seq ?? this.#seq + 1,
      version: (before?.version ?? 0) + 1,
      user,
      groups: z.array(z.string()).parse(groups),
    });
  }
}

/** What the journal shows of an entry. */
export function journalled(entry: Entry | null): Json | null {
  return entry === null ? null : { id: entry.id, ...entry.user, groups: entry.groups };
}

export function versionOf(entry: Entry): string {
  return `W/"${entry.version}"`;
}

/** Groups keep their ids from one start to the next. */
export function groupId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 24);
}

/** The directory that a users file describes; one without users when there is no file. */
export async function loadDirectory(file: UsersFile | null): Promise<Directory> {
  const rest = Rest.safeParse(file?.rest ?? {});
  if (!rest.success) {
    throw usersFailure(file, 'beside "users" there may only be "groups", a list of names, and "service"');
  }
  const directory = new Directory({ ...usualService, ...definite(rest.data.service ?? {}) });
  for (const group of rest.data.groups ?? usualGroups) directory.addGroup(group);
  if (file === null) return directory;
  for await (const { where, value } of file.entries) {
    try {
      const { id, groups, ...body } = z
        .looseObject({ id: z.string().min(1).optional(), groups: z.array(z.string().min(1)).default([]) })
        .parse(fromCsv(value));
      const user = userFromBody({ schemas: schemasOf(body), active: true, ...body });
      const draft = directory.draft(user, null, groups);
      directory.put(id === undefined ? draft : { ...draft, id });
    } catch (error) {
      throw usersFailure(file, `${where}: ${error instanceof ScimError ? error.message : 'it is no user'}`);
    }
  }
  return directory;
}

function definite(given: Readonly<Record<string, unknown>>): Partial<Service> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The extensions that a user of the file holds need not be named there. */
function schemasOf(body: object): readonly string[] {
  return [urns.user, ...Object.keys(body).filter((key) => key.startsWith('urn:'))];
}

/** The columns of a CSV file become a user; anything else stays as it is. */
function fromCsv(value: unknown): unknown {
  if (!isJson(value) || typeof value.email !== 'string') return value;
  const { userName, givenName, familyName, email } = value;
  return {
    userName,
    name: { givenName, familyName },
    emails: [{ value: email, type: 'work', primary: true }],
  };
}

function usersFailure(file: UsersFile | null, problem: string): Error {
  return fileFailure('users file', file?.path ?? '', problem, {
    hint: 'A user is a SCIM resource with userName, and optionally id and groups (names).',
  });
}
