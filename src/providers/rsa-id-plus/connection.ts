import type { Connection, Item, Sought, Tools } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
import type { Redact } from '../../domain/redaction.ts';
import type { User } from '../../domain/user.ts';
import { apiClientOf } from './api-client.ts';
import type { Config, Settings } from './config.ts';
import { limits, lookUpsAtOnce } from './limits.ts';
import {
  duplicateOnCreate,
  duplicateOnUpdate,
  judgeRemoval,
  judgeSave,
  judgeStatus,
  notSent,
  vanished,
} from './outcomes.ts';
import { redactor } from './redact.ts';
import {
  createBody,
  createCall,
  deleteCall,
  type LookUpKey,
  lookUpKeys,
  markCall,
  statusCall,
  updateBody,
  updateCall,
} from './requests.ts';
import { answersTo, openService, type Service } from './service.ts';
import { searchUsers } from './search.ts';
import { openTokens } from './tokens.ts';
import { attributesOf, beside } from './users.ts';

/** Opens the API. The token is fetched with the first call, and all who wait for it share that one fetch. */
export async function connect(config: Config, tools: Tools): Promise<Connection> {
  const service = openService(openTokens(apiClientOf(config, tools), tools), tools);
  return {
    // An API client is no user.
    ownId: null,

    readUsers() {
      if (config.list !== 'search') throw new Error('RSA ID Plus has no list of all users.');
      return searchUsers(service, config.emailLike);
    },

    lookUp: (sought) => mapSome(sought, lookUpsAtOnce, (one) => lookUpOne(one, service, config)),

    bodyBytes: (item) => Buffer.byteLength(JSON.stringify(item.step.values)),

    async write(items) {
      if (items.length > limits.batchSize) throw new Error('A request is about one user.');
      const outcomes: Outcome[] = [];
      for (const item of items) outcomes.push(await write(item, service, config));
      return outcomes;
    },

    async close() {},
  };
}

/**
 * The user sought. A known account is tried under both its names before it counts as gone, and has to have the same
 * id; a person without one is taken only under exactly the name or address looked for.
 */
async function lookUpOne(
  { userId, attributes }: Sought,
  service: Service,
  settings: Settings,
): Promise<User | undefined> {
  const names = { userName: attributes.userName, email: attributes['emails.work'] };
  const keys = lookUpKeys(names, settings.lookUpBy);
  if (userId !== null) return findAccount(userId, keys, attributes, service);
  const [key] = keys.filter(({ by }) => by === settings.lookUpBy);
  if (key === undefined) return undefined;
  const found = await service.find(key, {});
  return found !== undefined && answersTo(key, found) ? found : undefined;
}

async function findAccount(
  userId: string,
  keys: readonly LookUpKey[],
  remembered: Sought['attributes'],
  service: Service,
): Promise<User | undefined> {
  for (const key of keys) {
    const found = await service.find(key, remembered);
    if (found?.id === userId) return found;
  }
  return undefined;
}

async function write(item: Item, service: Service, settings: Settings): Promise<Outcome> {
  const redact = redactor({ ...item.attributes, ...item.step.values }, item.initialPassword);
  switch (item.step.action) {
    case 'create':
      return create(item, service, settings, redact);
    case 'update':
      return update(item, service, settings, redact);
    case 'enable':
      return setStatus(idOf(item), 'Enabled', service, redact);
    case 'disable':
      return setStatus(idOf(item), 'Disabled', service, redact);
    case 'unmark-deleted': {
      const call = markCall(idOf(item), false, settings);
      return judgeRemoval(await service.send(call, false), call, redact);
    }
    case 'remove':
      return remove(item, service, settings, redact);
    default:
      throw new Error(`No such step: ${item.step.action}.`);
  }
}

async function create(item: Item, service: Service, settings: Settings, redact: Redact): Promise<Outcome> {
  const body = createBody(attributesOf(item.step), settings, item.initialPassword ?? null);
  const call = createCall(body);
  const judged = judgeSave(await service.send(call, false), call, body, redact);
  if (judged !== 'duplicate') return judged;
  const key: LookUpKey = { by: 'username', value: String(body.userName) };
  const found = settings.lookUpBy === 'username' ? await service.find(key, {}) : undefined;
  return duplicateOnCreate(found !== undefined && answersTo(key, found) ? found.id : null);
}

/** Reads the account, lays what changes over it, and writes it back: the service replaces it as a whole. */
async function update(item: Item, service: Service, settings: Settings, redact: Redact): Promise<Outcome> {
  const { step, attributes } = item;
  if (step.values[beside.userName] !== undefined && !settings.renames) {
    const message = 'That a user name may be changed is unconfirmed. If it may, set target.renames: true.';
    return notSent(message);
  }
  const names = {
    userName: step.values[beside.userName] ?? attributes.userName,
    email: step.values[beside.email] ?? attributes['emails.work'],
  };
  const current = await findAccount(idOf(item), lookUpKeys(names, settings.lookUpBy), {}, service);
  if (current === undefined) return vanished;
  const body = updateBody(item, current, settings);
  if (typeof body === 'string') return notSent(body);
  const call = updateCall(body);
  const judged = judgeSave(await service.send(call, false), call, body, redact);
  return judged === 'duplicate' ? duplicateOnUpdate : judged;
}

async function setStatus(
  id: string,
  status: 'Enabled' | 'Disabled',
  service: Service,
  redact: Redact,
): Promise<Outcome> {
  const call = statusCall(id, status);
  return judgeStatus(await service.send(call, false), call, status, redact);
}

async function remove(item: Item, service: Service, settings: Settings, redact: Redact): Promise<Outcome> {
  const id = idOf(item);
  if (settings.removal === undefined) return notSent('target.removal is not set. Nothing was sent.');
  const call = settings.removal === 'delete' ? deleteCall(id) : markCall(id, true, settings);
  return judgeRemoval(await service.send(call, false), call, redact);
}

function idOf({ userId, step }: Item): string {
  if (userId === null) throw new Error(`A step ${step.action} names no user.`);
  return userId;
}

/** Works on all entries, so many at a time, and gives the results in order. After a failure nothing more is begun. */
async function mapSome<Entry, Result>(
  entries: readonly Entry[],
  atOnce: number,
  work: (entry: Entry) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = entries.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [position, entry] of waiting) {
      if (failed) return;
      try {
        results[position] = await work(entry);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, entries.length) }, worker));
  return results;
}
