import { fold } from '../../domain/comparison.ts';
import { type Answer, type Call, type Client, failureOf, unreadable } from './client.ts';
import type { Config } from './config.ts';
import type { Capabilities } from './discovery.ts';
import type { Lister } from './pages.ts';
import { membersBody, quoted } from './patch.ts';
import { field, idOf, listAt } from './resource.ts';
import { isObject, type Resource } from './wire.ts';

export type GroupAction = 'add-to-group' | 'remove-from-group';

export type Resolved =
  | { readonly id: string }
  /** Why there is no one group of this name. */
  | { readonly id: null; readonly why: string };

/** The groups of the service, as far as they were met in this run. */
export interface Groups {
  /** The group of this name; asked for once in a run. */
  resolve(name: string): Promise<Resolved>;
  /** Adds users to a group or takes them away in one write; the answer, or null when nothing was to be done. */
  write(action: GroupAction, groupId: string, userIds: readonly string[]): Promise<Written | null>;
  /** Names of the groups that a user's own attribute shows, the inherited ones left out. */
  namesIn(user: Resource): Promise<readonly string[]>;
  /** Names of the groups by the ids of their members, read from the groups. */
  byMember(): Promise<ReadonlyMap<string, readonly string[]>>;
}

export interface Written {
  readonly call: Call;
  readonly answer: Answer;
}

interface Parts {
  readonly client: Client;
  readonly lister: Lister;
  readonly able: Capabilities;
  readonly config: Pick<Config, 'patchDialect'>;
}

export function openGroups({ client, lister, able, config }: Parts): Groups {
  const resolved = new Map<string, Promise<Resolved>>();
  const queues = new Map<string, Promise<unknown>>();
  let names: Promise<ReadonlyMap<string, string>> | null = null;

  const candidates = async (name: string): Promise<readonly Resource[]> => {
    if (able.groups === null) return [];
    const filter = able.filter ? { filter: `displayName eq ${quoted(name)}` } : {};
    const found: Resource[] = [];
    for await (const page of lister.pages({ path: able.groups, attributes: 'displayName', ...filter })) {
      found.push(...page.filter((group) => folded(nameOf(group)) === folded(name)));
    }
    return found;
  };

  const find = async (name: string): Promise<Resolved> => {
    const found = await candidates(name);
    const exact = found.filter((group) => nameOf(group) === name);
    // Names compare without case (RFC 7643, section 8.7.1), so an exact spelling decides only between several.
    const [group, another] = found.length > 1 && exact.length > 0 ? exact : found;
    if (group === undefined) return { id: null, why: 'The service has no group of this name.' };
    if (another !== undefined) return { id: null, why: 'The service has several groups of this name.' };
    const id = idOf(group);
    return id === null ? { id: null, why: 'The group of this name has no id.' } : { id };
  };

  const allNames = async (): Promise<ReadonlyMap<string, string>> => {
    const byId = new Map<string, string>();
    if (able.groups === null) return byId;
    for await (const page of lister.pages({ path: able.groups, attributes: 'displayName' })) {
      for (const group of page) {
        const [id, name] = [idOf(group), nameOf(group)];
        if (id !== null && name !== null) byId.set(id, name);
      }
    }
    return byId;
  };

  /** One write of a group after the other: two whole-group writes side by side would undo each other. */
  const inTurn = <T>(groupId: string, work: () => Promise<T>): Promise<T> => {
    const turn = (queues.get(groupId) ?? Promise.resolve()).then(work, work);
    queues.set(groupId, turn);
    return turn;
  };

  const groupPath = (id: string): string => `${able.groups ?? '/Groups'}/${encodeURIComponent(id)}`;

  const patchGroup = async (
    action: GroupAction,
    id: string,
    userIds: readonly string[],
  ): Promise<Written> => {
    const body = membersBody(action, userIds, config.patchDialect);
    const call: Call = { method: 'PATCH', path: groupPath(id), name: '/Groups/…', body, safe: false };
    return { call, answer: await client.send(call) };
  };

  const putGroup = async (
    action: GroupAction,
    id: string,
    userIds: readonly string[],
  ): Promise<Written | null> => {
    const read: Call = { method: 'GET', path: groupPath(id), name: '/Groups/…', safe: true };
    const answer = await client.send(read);
    if (answer.status === 404) return { call: read, answer };
    const failure = failureOf(answer, read);
    if (failure !== null) throw failure;
    if (!isObject(answer.json)) throw unreadable(read, 'it is not a group');
    const group = answer.json;
    if (!Array.isArray(field(group, 'members')) && !able.schemas.membersAreShown) {
      throw unreadable(read, 'it shows no members, and a PUT without them would empty the group');
    }
    const members = changedMembers(action, listAt(group, 'members'), userIds);
    if (members === null) return null;
    const { meta, ...others } = group;
    const ifMatch = able.etag ? versionOf(group, answer) : null;
    const call: Call = {
      method: 'PUT',
      path: groupPath(id),
      name: '/Groups/…',
      body: { ...others, members },
      ifMatch,
      safe: false,
    };
    return { call, answer: await client.send(call) };
  };

  return {
    resolve(name) {
      const known = resolved.get(name) ?? find(name);
      resolved.set(name, known);
      // A group that could not be asked for may be there next time.
      known.catch(() => resolved.delete(name));
      return known;
    },

    write: (action, groupId, userIds) =>
      able.patch
        ? patchGroup(action, groupId, userIds)
        : inTurn(groupId, () => putGroup(action, groupId, userIds)),

    async namesIn(user) {
      const found: string[] = [];
      for (const entry of listAt(user, 'groups')) {
        if (!isObject(entry) || folded(field(entry, 'type')) === 'indirect') continue;
        const display = field(entry, 'display');
        if (typeof display === 'string' && display !== '') found.push(display);
        else {
          names ??= allNames();
          const name = (await names).get(String(field(entry, 'value') ?? ''));
          if (name !== undefined) found.push(name);
        }
      }
      return [...new Set(found)].sort();
    },

    async byMember() {
      const groups = new Map<string, string[]>();
      if (able.groups === null) return groups;
      for await (const page of lister.pages({ path: able.groups, attributes: 'displayName,members' })) {
        for (const group of page) noteMembers(group, groups);
      }
      return groups;
    },
  };
}

function noteMembers(group: Resource, groups: Map<string, string[]>): void {
  const name = nameOf(group);
  if (name === null) return;
  for (const member of listAt(group, 'members')) {
    const id = isObject(member) ? String(field(member, 'value') ?? '') : '';
    const held = groups.get(id);
    if (held === undefined) groups.set(id, [name]);
    else if (!held.includes(name)) held.push(name);
  }
}

/** The members as they shall be; null when they are so already. */
function changedMembers(
  action: GroupAction,
  members: readonly unknown[],
  userIds: readonly string[],
): readonly unknown[] | null {
  const idOfMember = (member: unknown): unknown => (isObject(member) ? field(member, 'value') : undefined);
  const present = new Set(members.map(idOfMember));
  if (action === 'add-to-group') {
    const missing = userIds.filter((id) => !present.has(id));
    return missing.length === 0 ? null : [...members, ...missing.map((value) => ({ value }))];
  }
  const leaving = new Set<unknown>(userIds);
  const kept = members.filter((member) => !leaving.has(idOfMember(member)));
  return kept.length === members.length ? null : kept;
}

/** The version of a resource: in its metadata, or in the header (RFC 7644, section 3.14). */
export function versionOf(resource: Resource, answer: Pick<Answer, 'headers'>): string | null {
  const meta = field(resource, 'meta');
  const version = isObject(meta) ? field(meta, 'version') : undefined;
  return typeof version === 'string' && version !== '' ? version : (answer.headers.etag ?? null);
}

function nameOf(group: Resource): string | null {
  const name = field(group, 'displayName');
  return typeof name === 'string' && name !== '' ? name : null;
}

function folded(text: unknown): string | null {
  return typeof text === 'string' ? fold(text, { caseExact: false }) : null;
}
