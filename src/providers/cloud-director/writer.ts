import type { HttpRequest, Item, Pending, Sought, Tools } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
import { outcome, succeeded } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import type { User } from '../../domain/user.ts';
import {
  type CallName,
  codeOf,
  failureOfRead,
  isSuccess,
  type Read,
  readAnswer,
  saidIn,
  throwForWorld,
  unreadable,
} from './answers.ts';
import type { Config } from './config.ts';
import { groupsIn, readGroupsOf } from './groups.ts';
import { taskCheckMs } from './limits.ts';
import { pathBelow } from './links.ts';
import type { Names } from './names.ts';
import {
  alreadyGone,
  contradictory,
  existsAlready,
  groupsAlreadySo,
  missing,
  ownAccount,
  refusedByUs,
  refusedByVendor,
  taskGivenUp,
} from './outcomes.ts';
import { redactor } from './redact.ts';
import { type BodyContext, createBody, generatedPassword, groupsBody, updateBody } from './requests.ts';
import type { Session } from './session.ts';
import { parseTask, taskAccept, taskRoot } from './tasks.ts';
import { foldId, rolesAdded, rolesRemoved, textFields, userOf } from './users.ts';
import { verdict } from './verdict.ts';
import { hasSince } from './versions.ts';
import { type Reference, urn, VcdUser } from './wire.ts';

export const usersPath = '/cloudapi/1.0.0/users';

export interface Writer {
  /** Carries out one step of one user, with the reads that it takes. */
  write(item: Item): Promise<Outcome | Pending>;
}

export interface WriterParts {
  readonly session: Session;
  readonly config: Config;
  readonly tools: Tools;
  readonly roles: () => Promise<Names>;
  readonly groups: () => Promise<Names>;
  readonly find: (sought: readonly Sought[]) => Promise<readonly (User | undefined)[]>;
}

/** One request and what it is called in errors. */
interface Sent {
  readonly read: Read;
  readonly call: CallName;
}

type Result = Promise<Outcome | Pending>;

export function openWriter(parts: WriterParts): Writer {
  const { session, config, tools } = parts;
  const { dialect, send } = session;

  async function call(request: HttpRequest): Promise<Sent> {
    const { method, path } = request;
    return { read: await readAnswer(await send(request)), call: { method, path } };
  }

  const bodyContext = async (): Promise<BodyContext> => ({
    dialect,
    config,
    roles: await parts.roles(),
    organisation: session.organisation,
  });

  async function create(item: Item, redact: Redact): Result {
    const password =
      config.providerType === 'LOCAL' ? (item.initialPassword ?? (await firstPassword())) : null;
    const made = createBody(item.step, password, await bodyContext());
    if ('refused' in made) return refusedByUs(made.refused.code, made.refused.message);
    const sent = await call({
      method: 'POST',
      path: usersPath,
      body: JSON.stringify(made.body),
      safe: false,
    });
    throwForWorld(sent.read, sent.call);
    if (sent.read.status === 404) throw failureOfRead(sent.read, sent.call);
    // No code for a name that is taken is documented, so the list is asked.
    if (!isSuccess(sent.read)) return await refusalOfCreate(item, sent.read, redact);
    const task = taskOf(sent);
    if (task !== null) return pending(task, redact, (ownerId) => createdAs(item, ownerId));
    const user = VcdUser.safeParse(sent.read.json).data;
    if (user !== undefined) return succeeded(foldId(user.id));
    return createdAs(item, idIn(sent.read.headers['content-location']));
  }

  async function createdAs(item: Item, id: string | null): Promise<Outcome> {
    if (id !== null && urn('user').test(id)) return succeeded(foldId(id));
    const [found] = await parts.find([item]);
    return found === undefined
      ? outcome('unknown', 'UNREADABLE_ANSWER', null, 'The answer does not say which user was made.')
      : succeeded(found.id);
  }

  async function refusalOfCreate(item: Item, read: Read, redact: Redact): Promise<Outcome> {
    const [found] = await parts.find([{ userId: null, attributes: item.step.values }]);
    if (found !== undefined) return existsAlready(saidIn(read.json).code, found.id);
    return refusedByVendor(read, redact);
  }

  /** Read anew each time, for it may have been changed since the job began. */
  async function firstPassword(): Promise<string> {
    const { password } = config.onCreate;
    return password === 'generated' ? generatedPassword() : tools.secret(password);
  }

  /** Reads the user, lays the step over it, and writes all of it back. */
  async function update(item: Item, redactItem: Redact): Result {
    const path = pathOf(item);
    const before = await call({ method: 'GET', path, safe: true });
    throwForWorld(before.read, before.call);
    if (mayBeGone(before.read)) return afterGoneOr(item, before.read, redactItem, missing);
    if (!isSuccess(before.read)) throw failureOfRead(before.read, before.call);
    const current = VcdUser.safeParse(before.read.json).data;
    if (current === undefined) throw unreadable(before.call, 'it is no user');
    // The item holds what is wanted; the server's words may hold what was there before.
    const also = textFields.map(([, field]) => current[field]);
    const redact = redactor(item, [...session.secrets], [current.username, current.nameInSource, ...also]);
    const made = updateBody(current, item.step, await bodyContext());
    if ('refused' in made) return refusedByUs(made.refused.code, made.refused.message);
    const sent = await call({ method: 'PUT', path, body: JSON.stringify(made.body), safe: false });
    throwForWorld(sent.read, sent.call);
    if (mayBeGone(sent.read)) return afterGoneOr(item, sent.read, redact, missing);
    if (!isSuccess(sent.read)) return refusedByVendor(sent.read, redact);
    const task = taskOf(sent);
    if (task !== null) {
      return pending(task, redact, async () =>
        judgeUpdate(item, await call({ method: 'GET', path, safe: true })),
      );
    }
    return judgeUpdate(item, sent);
  }

  /** What was written has to show in the answer: a server may take a field without keeping it. */
  async function judgeUpdate(item: Item, sent: Sent): Promise<Outcome> {
    const after = VcdUser.safeParse(sent.read.json).data;
    if (!isSuccess(sent.read) || after === undefined) throw unreadable(sent.call, 'it is no user');
    const { [rolesAdded]: added, [rolesRemoved]: removed } = item.step.values;
    const names = added === undefined && removed === undefined ? null : await parts.roles();
    const user = userOf(after, (role) => names?.nameOf(role) ?? role.id);
    return verdict(item.step, user ?? undefined) === 'applied' ? succeeded() : contradictory;
  }

  /** Reads the user's groups, lays the step over them, and writes all of them back. */
  async function setGroups(item: Item, redact: Redact): Result {
    const held = await readGroupsOf(pathOf(item), item, { send, find: parts.find });
    if (held === null) return missing(null);
    const groups = await parts.groups();
    const made = groupsBody(held, item.step, { groups, organisation: session.organisation });
    if (made === null) return groupsAlreadySo;
    if ('refused' in made) return refusedByUs(made.refused.code, made.refused.message);
    const path = `${pathOf(item)}/groups`;
    const sent = await call({ method: 'PUT', path, body: JSON.stringify(made.body), safe: false });
    throwForWorld(sent.read, sent.call);
    if (mayBeGone(sent.read)) return afterGroupsRefused(item, sent, redact);
    if (!isSuccess(sent.read)) return refusedByVendor(sent.read, redact);
    const task = taskOf(sent);
    if (task !== null) return pending(task, redact, () => judgeGroups(item, groups, null));
    if (sent.read.json === undefined && sent.read.text !== '') throw unreadable(sent.call, 'it is no list');
    return judgeGroups(item, groups, groupsIn(sent.read.json));
  }

  async function afterGroupsRefused(item: Item, sent: Sent, redact: Redact): Promise<Outcome> {
    const [found] = await parts.find([item]);
    if (found === undefined) return missing(saidIn(sent.read.json).code);
    // Where the user is listed and the path is unknown, the server does not write groups.
    if (sent.read.status === 404) throw failureOfRead(sent.read, sent.call);
    return refusedByVendor(sent.read, redact);
  }

  /** What was written has to show, in the answer where that holds all groups, else when they are read again. */
  async function judgeGroups(item: Item, names: Names, shown: readonly Reference[] | null): Promise<Outcome> {
    const held = shown ?? (await readGroupsOf(pathOf(item), item, { send, find: parts.find }));
    if (held === null) return missing(null);
    const groups = held.map((group) => names.nameOf(group));
    const user: User = { id: item.userId ?? '', active: true, attributes: { groups } };
    return verdict(item.step, user) === 'applied' ? succeeded() : contradictory;
  }

  async function takeOwnership(item: Item, redact: Redact): Result {
    if (!hasSince(dialect, '37.1')) {
      return refusedByUs(
        'REFUSED',
        `What the user owns cannot be moved: takeOwnership came with 37.1, and ${dialect.version} is spoken. If it ` +
          'may be lost with the user, set target.takeOwnershipBeforeRemove: false.',
      );
    }
    const sent = await call({ method: 'POST', path: `${pathOf(item)}/takeOwnership`, safe: false });
    throwForWorld(sent.read, sent.call);
    if (mayBeGone(sent.read)) return afterGoneOr(item, sent.read, redact, alreadyGone);
    if (!isSuccess(sent.read)) return refusedByVendor(sent.read, redact);
    const task = taskOf(sent);
    return task === null ? succeeded() : pending(task, redact, async () => succeeded());
  }

  async function remove(item: Item, redact: Redact): Result {
    const sent = await call({ method: 'DELETE', path: pathOf(item), safe: false });
    throwForWorld(sent.read, sent.call);
    if (mayBeGone(sent.read)) return afterGoneOr(item, sent.read, redact, alreadyGone);
    if (!isSuccess(sent.read)) return refusedByVendor(sent.read, redact);
    const task = taskOf(sent);
    return task === null ? succeeded() : pending(task, redact, async () => succeeded());
  }

  /**
   * 403 says "no right" and "no such entity" alike. The list tells them apart: who is not in it is gone, and a 403 to
   * the list itself, which throws, means the right.
   */
  async function afterGoneOr(
    item: Item,
    read: Read,
    redact: Redact,
    ifGone: (code: string | null) => Outcome,
  ): Promise<Outcome> {
    const [found] = await parts.find([item]);
    return found === undefined ? ifGone(saidIn(read.json).code) : refusedByVendor(read, redact);
  }

  /** Any call may answer 202 with a task; the address of it carries the server's own host name. */
  function taskOf({ read, call: asked }: Sent): string | null {
    if (read.status !== 202) return null;
    const { location } = read.headers;
    const path = location === undefined ? null : pathBelow(location, taskRoot);
    if (path === null) throw unreadable(asked, 'it was accepted (202) and names no task of this server');
    return path;
  }

  function pending(
    path: string,
    redact: Redact,
    done: (ownerId: string | null) => Promise<Outcome>,
    checkAfterMs: number = taskCheckMs.first,
  ): Pending {
    return {
      result: 'pending',
      checkAfterMs,
      async check() {
        const headers = { accept: taskAccept(dialect.version) };
        const sent = await call({ method: 'GET', path, headers, safe: true });
        throwForWorld(sent.read, sent.call);
        const task = isSuccess(sent.read) ? parseTask(sent.read.text) : null;
        if (task === null) throw unreadable(sent.call, 'it is no task');
        switch (task.state) {
          case 'working':
            return pending(path, redact, done, Math.min(checkAfterMs * 2, taskCheckMs.longest));
          case 'failed': {
            const said = task.message === null ? 'its task failed' : redact(task.message);
            return outcome(
              'failed',
              'REFUSED',
              codeOf(task.code),
              `Cloud Director refused this user: ${said}`,
            );
          }
          case 'givenUp':
            return taskGivenUp;
          case 'succeeded':
            return done(task.ownerId);
        }
      },
    };
  }

  return {
    async write(item) {
      if (item.userId !== null && foldId(item.userId) === session.ownId) return ownAccount;
      const redact = redactor(item, [...session.secrets, item.initialPassword ?? '']);
      switch (item.step.action) {
        case 'create':
          return create(item, redact);
        case 'update':
        case 'enable':
        case 'disable':
          return update(item, redact);
        case 'set-groups':
          return setGroups(item, redact);
        case 'take-ownership':
          return takeOwnership(item, redact);
        case 'delete':
          return remove(item, redact);
        default:
          throw new Error(`No such step: ${item.step.action}.`);
      }
    },
  };
}

function mayBeGone({ status }: Read): boolean {
  return status === 403 || status === 404;
}

/** Colons stand in a path as they are (the vendor's SDKs send them so). */
export function userPathOf(id: string): string {
  return `${usersPath}/${id}`;
}

/** Throws on an item that names nobody: a bug. */
function pathOf({ userId, step }: Item): string {
  if (userId === null || !urn('user').test(userId)) throw new Error(`A step ${step.action} names no user.`);
  return userPathOf(userId);
}

function idIn(address: string | undefined): string | null {
  const path = address === undefined ? null : pathBelow(address, `${usersPath}/`);
  return path === null ? null : path.slice(usersPath.length + 1);
}
