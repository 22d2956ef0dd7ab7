import { z } from 'zod';
import { fileFailure } from '../file-failure.ts';
import type { JournalLine } from '../journal.ts';
import type { UsersFile } from '../users-file.ts';
import { roleNames } from './facts.ts';

const nobody: readonly string[] = [];
const viewer: readonly string[] = ['Viewer'];

const RoleName = z.string().refine((role) => roleNames.has(role), { error: 'is no role of the sandbox' });

/** An account of the identity domain. Without roles it exists, but this environment does not list it. */
export const EpmUser = z.object({
  userlogin: z.string().min(1),
  firstname: z.string().default(''),
  lastname: z.string().default(''),
  email: z.string().default(''),
  roles: z.array(RoleName).readonly().default(viewer),
  groups: z.array(z.string().min(1)).readonly().default(nobody),
});
export type EpmUser = z.infer<typeof EpmUser>;

const FileRest = z.strictObject({ groups: z.array(z.string().min(1)).optional() });

/** Logins compare without case (Oracle, "addUsers" of EPM Automate). */
export function foldLogin(login: string): string {
  return login.toLowerCase();
}

/** The accounts of the identity domain and the groups of the environment. Users are never changed in place. */
export class Directory {
  readonly #users = new Map<string, EpmUser>();
  /** Names with their case. */
  readonly #groups = new Set<string>();

  find(login: string): EpmUser | null {
    return this.#users.get(foldLogin(login)) ?? null;
  }

  /** Groups that the user is in exist from then on. */
  put(user: EpmUser): void {
    this.#users.set(foldLogin(user.userlogin), user);
    for (const group of user.groups) {
      this.#groups.add(group);
    }
  }

  remove(login: string): void {
    this.#users.delete(foldLogin(login));
  }

  users(): Iterable<EpmUser> {
    return this.#users.values();
  }

  addGroup(name: string): void {
    this.#groups.add(name);
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name);
  }

  groups(): Iterable<string> {
    return this.#groups;
  }

  /** Takes up a write that the journal says was accepted. */
  recall(line: JournalLine): void {
    if (line.after === null) {
      this.remove(line.key);
    } else {
      this.put(EpmUser.parse(line.after));
    }
  }
}

/** The directory that a users file describes; an empty one without a file. */
export async function loadDirectory(file: UsersFile | null): Promise<Directory> {
  const directory = new Directory();
  if (file === null) {
    return directory;
  }
  for (const group of readGroups(file)) {
    directory.addGroup(group);
  }
  for await (const { where, value } of file.entries) {
    const parsed = EpmUser.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw usersFailure(
        file,
        `${where}: ${issue?.path.map(String).join('.') || 'the user'}: ${issue?.message}`,
      );
    }
    const user = parsed.data;
    if (directory.find(user.userlogin) !== null) {
      throw usersFailure(file, `${where}: a user before it has the same login (case does not count)`);
    }
    directory.put(user);
  }
  return directory;
}

function readGroups(file: UsersFile): readonly string[] {
  const parsed = FileRest.safeParse(file.rest);
  if (!parsed.success) {
    throw usersFailure(file, 'beside "users" there may only be "groups", a list of names');
  }
  return parsed.data.groups ?? [];
}

function usersFailure(file: UsersFile, problem: string): Error {
  return fileFailure('users file', file.path, problem, {
    hint: `A user has userlogin, firstname, lastname, email, and optionally roles (${[...roleNames].join(', ')}) and groups.`,
  });
}
