import pLimit from 'p-limit';
import type { Connection, Item, Sought, Tools } from '../../contracts/provider.ts';
import type { User } from '../../domain/user.ts';
import { unauthorised, unreadable } from './answers.ts';
import type { Config } from './config.ts';
import { type Filter, filterBy, filterById } from './filter.ts';
import { readGroupsOf } from './groups.ts';
import { groupReadsAtOnce, limits, singleLookUpsMax } from './limits.ts';
import { type Names, readNames } from './names.ts';
import { type List, readPages, shifted } from './pages.ts';
import { openSession } from './session.ts';
import { foldId, foldName, setOf, userOf } from './users.ts';
import { VcdUser } from './wire.ts';
import { openWriter, userPathOf, usersPath } from './writer.ts';

/** Signs in, once and alone; everything else follows on that session. */
export async function connect(config: Config, tools: Tools): Promise<Connection> {
  const session = await openSession(config, tools);
  const { send } = session;
  const roles = readOnce(() => readNames(send, 'role'));
  const groups = readOnce(() => readNames(send, 'group'));

  async function* list(filter: Filter | null): AsyncGenerator<readonly User[]> {
    const asked: List = { path: usersPath, query: { sortAsc: 'username', ...filter } };
    let before = new Set<string>();
    for await (const values of readPages(send, asked)) {
      const users: User[] = [];
      for (const value of values) users.push(await listedUser(value, roles));
      // Rows move to the next page when somebody is added on one that was read already.
      if (users.some(({ id }) => before.has(id))) throw shifted(asked);
      before = new Set(users.map(({ id }) => id));
      if (users.length > 0) yield users;
    }
  }

  /** Picks the users who are wanted from a list; null asks for the whole of it. */
  async function pick(filter: Filter | null, wanted: Wanted): Promise<void> {
    for await (const users of list(filter)) for (const user of users) wanted.see(user);
  }

  async function find(sought: readonly Sought[]): Promise<readonly (User | undefined)[]> {
    const wanted = new Wanted(sought);
    const filters = wanted.filters();
    if (filters === null || filters.length > singleLookUpsMax) await pick(null, wanted);
    else for (const filter of filters) await pick(filter, wanted);
    return sought.map((one) => wanted.found(one));
  }

  /** The user with the groups that the list does not show; undefined when the user is gone by now. */
  async function withGroups(user: User): Promise<User | undefined> {
    const held = await readGroupsOf(userPathOf(user.id), { ...user, userId: user.id }, { send, find });
    if (held === null) return undefined;
    const isNamed = held.every(({ name }) => typeof name === 'string');
    const names = isNamed ? null : await groups();
    const named = setOf(held.map((group) => group.name ?? names?.nameOf(group) ?? group.id));
    return { ...user, attributes: { ...user.attributes, groups: named } };
  }

  async function* listWithGroups(): AsyncGenerator<readonly User[]> {
    for await (const users of list(null)) {
      const complete = await eachOf(users, withGroups);
      const present = complete.filter((user) => user !== undefined);
      if (present.length < users.length) throw shifted({ path: usersPath, query: {} });
      yield present;
    }
  }

  async function lookUpWithGroups(sought: readonly Sought[]): Promise<readonly (User | undefined)[]> {
    const found = await find(sought);
    return eachOf(found, async (user) => (user === undefined ? undefined : withGroups(user)));
  }

  const writer = openWriter({ session, config, tools, roles, groups, find });

  return {
    ownId: session.ownId,
    readUsers: () => (config.groups ? listWithGroups() : list(null)),
    lookUp: config.groups ? lookUpWithGroups : find,
    // One user is one request.
    bodyBytes: () => 0,
    async write(items) {
      if (items.length > limits.batchSize) throw new Error('A request takes one user.');
      const [item] = items;
      return item === undefined ? [] : [await writer.write(item)];
    },
    close: () => session.close(),
  };
}

/** Reads when it is first needed; a failed read is no answer for the next one who asks. */
function readOnce(read: () => Promise<Names>): () => Promise<Names> {
  let known: Promise<Names> | null = null;
  return () => {
    known ??= read().catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };
}

/** Some at a time, in their order; after a failure no further one is begun. */
async function eachOf<Entry, Result>(
  entries: readonly Entry[],
  work: (entry: Entry) => Promise<Result>,
): Promise<readonly Result[]> {
  const slots = pLimit(groupReadsAtOnce);
  try {
    return await Promise.all(entries.map((entry) => slots(() => work(entry))));
  } catch (error) {
    slots.clearQueue();
    throw error;
  }
}

async function listedUser(value: unknown, roles: () => Promise<Names>): Promise<User> {
  const read = VcdUser.safeParse(value);
  const call = { method: 'GET', path: usersPath };
  if (!read.success) {
    const field = read.error.issues[0]?.path.join('.') || 'it';
    throw unreadable(call, `a listed user has another form (${field})`);
  }
  const isNamed = (read.data.roleEntityRefs ?? []).every(({ name }) => typeof name === 'string');
  const names = isNamed ? null : await roles();
  const user = userOf(read.data, (role) => role.name ?? names?.nameOf(role) ?? role.id);
  if (user !== null) return user;
  // A restricted field: whoever is not shown it would take disabled users for active ones.
  throw unauthorised(call, 'users come without `enabled`, which the right "View Group / User" shows', null);
}

/** The users who are looked for, by id where it is known, else by name. */
class Wanted {
  readonly #ids = new Map<string, User | undefined>();
  readonly #names = new Map<string, User | undefined>();
  /** As they are spelt where they come from, and folded: a filter goes by case, and older users may have upper case. */
  readonly #spellings = new Set<string>();

  constructor(sought: readonly Sought[]) {
    for (const one of sought) {
      const name = nameOf(one);
      if (one.userId !== null) this.#ids.set(foldId(one.userId), undefined);
      else if (name !== null) {
        this.#names.set(foldName(name), undefined);
        this.#spellings.add(foldName(name)).add(name);
      }
    }
  }

  see(user: User): void {
    if (this.#ids.has(user.id)) this.#ids.set(user.id, user);
    const { userName } = user.attributes;
    const name = typeof userName === 'string' ? foldName(userName) : '';
    if (this.#names.has(name)) this.#names.set(name, user);
  }

  /** One for each; null when somebody can only be found in the whole list. */
  filters(): readonly Filter[] | null {
    const filters: Filter[] = [...this.#ids.keys()].map(filterById);
    for (const name of this.#spellings) {
      const filter = filterBy('username', name);
      if (filter === null) return null;
      filters.push(filter);
    }
    return filters;
  }

  found(one: Sought): User | undefined {
    if (one.userId !== null) return this.#ids.get(foldId(one.userId));
    const name = nameOf(one);
    return name === null ? undefined : this.#names.get(foldName(name));
  }
}

function nameOf({ attributes }: Sought | Item): string | null {
  const { userName } = attributes;
  return typeof userName === 'string' && userName !== '' ? userName : null;
}
