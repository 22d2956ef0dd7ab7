import type { HttpRequest, Item, Pending, Sought, Tools } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
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
import { taskCheckMs } from './limits.ts';
import { pathBelow } from './links.ts';
import {
  alreadyGone,
  contradictory,
  existsAlready,
  missing,
  outcome,
  ownAccount,
  ownershipLeft,
  refusedByUs,
  refusedByVendor,
  succeeded,
  taskGivenUp,
} from './outcomes.ts';
import { redactor } from './redact.ts';
import { type BodyContext, createBody, generatedPassword, updateBody } from './requests.ts';
import type { Roles } from './roles.ts';
import type { Session } from './session.ts';
import { parseTask, taskAccept, taskRoot } from './tasks.ts';
import { foldId, rolesAdded, rolesRemoved, textFields, userOf } from './users.ts';
import { verdict } from './verdict.ts';
import { hasSince } from './versions.ts';
import { urn, VcdUser } from './wire.ts';

export const usersPath = '/cloudapi/1.0.0/users';

export interface Writer {
  /** Carries out one step of one user, with the reads that it takes. */
  write(item: Item): Promise<Outcome | Pending>;
}

export interface WriterParts {
  readonly session: Session;
  readonly config: Config;
  readonly tools: Tools;
  readonly roles: () => Promise<Roles>;
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

  async function takeOwnership(item: Item, redact: Redact): Result {
    if (!config.takeOwnershipBeforeRemove) return ownershipLeft;
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

/** Colons stand in a path as they are (the vendor's SDKs send them so). Throws on an item that names nobody: a bug. */
function pathOf({ userId, step }: Item): string {
  if (userId === null || !urn('user').test(userId)) throw new Error(`A step ${step.action} names no user.`);
  return `${usersPath}/${userId}`;
}

function idIn(address: string | undefined): string | null {
  const path = address === undefined ? null : pathBelow(address, `${usersPath}/`);
  return path === null ? null : path.slice(usersPath.length + 1);
}
