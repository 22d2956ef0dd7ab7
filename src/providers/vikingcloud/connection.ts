import { randomBytes } from 'node:crypto';
import type { Connection, Item, Sought, Tools } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
import { type Redact, redactor } from '../../domain/redaction.ts';
import type { User } from '../../domain/user.ts';
import type { RawAnswer } from './answers.ts';
import type { Config } from './config.ts';
import { lists, orgId, setOf } from './fields.ts';
import { idOfKey, keyOfItem, keyOfSought, type UserKey } from './key.ts';
import { answerBytesMax, pageSize, singleLookUpsMax } from './limits.ts';
import { objectionTo } from './objections.ts';
import { alreadySo, existing, failed, gone, judgeWrite, notDefined, ownAccount, unseen } from './outcomes.ts';
import { personalWords } from './redact.ts';
import {
  type Call,
  changedList,
  createCall,
  type Properties,
  patchCall,
  propertiesOf,
  unseenPart,
  updateCall,
} from './requests.ts';
import { Search } from './search.ts';
import { openSession, type Session } from './session.ts';
import { userOf } from './users.ts';
import type { Named, WireUser } from './wire.ts';

/** Signs in; the credentials go with every request from then on. */
export async function connect(config: Config, tools: Tools): Promise<Connection> {
  return new VikingCloud(config, await openSession(config, tools));
}

class VikingCloud implements Connection {
  readonly ownId: string | null;
  readonly #config: Config;
  readonly #session: Session;
  readonly #search: Search;
  readonly #ownUsername: string | null;

  constructor(config: Config, session: Session) {
    this.#config = config;
    this.#session = session;
    this.#search = new Search(config, session);
    this.#ownUsername = config.ownUsername ?? session.username;
    const { authenticator } = config;
    this.ownId = this.#ownUsername === null ? null : idOfKey({ username: this.#ownUsername, authenticator });
  }

  async *readUsers(): AsyncGenerator<readonly User[]> {
    let page: User[] = [];
    for await (const wires of this.#search.list()) {
      for (const wire of wires) page.push(userOf(wire));
      if (page.length < pageSize) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  async lookUp(sought: readonly Sought[]): Promise<readonly (User | undefined)[]> {
    const keys = sought.map((one) => keyOfSought(one, this.#config.authenticator));
    const wanted = new Map(keys.filter((key) => key !== null).map((key) => [idOfKey(key), key]));
    const found = new Map<string, User>();
    if (wanted.size > singleLookUpsMax) {
      for await (const wires of this.#search.list()) {
        for (const user of wires.map(userOf)) if (wanted.has(user.id)) found.set(user.id, user);
      }
    } else {
      for (const [id, key] of wanted) {
        const wire = await this.#search.find(key);
        if (wire !== null) found.set(id, userOf(wire));
      }
    }
    return keys.map((key) => (key === null ? undefined : found.get(idOfKey(key))));
  }

  bodyBytes(item: Item): number {
    return Buffer.byteLength(JSON.stringify(item.step.values));
  }

  async write(items: readonly Item[]): Promise<readonly Outcome[]> {
    const [item, another] = items;
    if (item === undefined || another !== undefined) throw new Error('A request is about one user.');
    return [await this.#writeOne(item, keyOfItem(item, this.#config.authenticator))];
  }

  async close(): Promise<void> {}

  async #writeOne(item: Item, key: UserKey): Promise<Outcome> {
    if (this.#isOwn(key)) return ownAccount;
    const objection = objectionTo(item, key, this.#config);
    if (objection !== null) return failed(objection.code, objection.message);
    switch (item.step.action) {
      case 'create':
        return this.#create(item, key);
      case 'update':
        return this.#change(item, key, propertiesOf(item.step.values, this.#config));
      case 'access':
        return this.#changeAccess(item, key);
      case 'enable':
        return this.#change(item, key, { enabled: true });
      case 'disable':
        return this.#change(item, key, { enabled: false });
      default:
        throw new Error(`No such step: ${item.step.action}.`);
    }
  }

  async #create(item: Item, key: UserKey): Promise<Outcome> {
    const { values } = item.step;
    const given: Record<string, unknown> = propertiesOf(values, this.#config);
    const [onlyOrg] = this.#config.orgIds;
    if (values[orgId] === undefined && onlyOrg !== undefined) given.orgId = onlyOrg;
    if (values['vikingcloud.isSsoUser'] !== undefined) given.isSsoUser = values['vikingcloud.isSsoUser'];
    for (const { attribute, property } of lists) {
      const entries = await this.#search.definitions(property, setOf(values[attribute]));
      if ('unknown' in entries) return notDefined(attribute, entries.unknown);
      given[property] = entries;
    }
    // Kept nowhere: the user replaces a random one by way of "forgot password".
    const otherwise = this.#config.initialPassword === 'unknown' ? randomPassword() : null;
    const password = item.initialPassword ?? otherwise;
    if (password !== null) given.password = password;
    const call = createCall(key, given, this.#config);
    const raw = await this.#send(call);
    const redact = this.#redactFor(item, password);
    if (raw.status === 409) return existing(raw, (await this.#search.find(key)) !== null, key, redact);
    return this.#judge(raw, item, key, call, redact);
  }

  /** Changes some properties of a user: only these by PATCH, or by POST together with all that was read. */
  async #change(item: Item, key: UserKey, changes: Properties): Promise<Outcome> {
    if (this.#config.updateMethod === 'patch') return this.#write(item, key, patchCall(key, changes));
    const read = await this.#search.find(key);
    return read === null ? gone : this.#writeBack(item, key, read, changes);
  }

  /** Lists are replaced whole, so what the user has now is read, changed and written back. */
  async #changeAccess(item: Item, key: UserKey): Promise<Outcome> {
    const { values } = item.step;
    const read = await this.#search.find(key);
    if (read === null) return gone;
    const changes: Record<string, readonly Named[]> = {};
    for (const { attribute, property, added, taken } of lists) {
      const [toAdd, toTake] = [setOf(values[added]), setOf(values[taken])];
      if (toAdd.length === 0 && toTake.length === 0) continue;
      const held = read[property];
      if (!Array.isArray(held)) return unseen(property);
      const entries = await this.#search.definitions(property, toAdd);
      if ('unknown' in entries) return notDefined(attribute, entries.unknown);
      const next = changedList(held, entries, toTake);
      if (next.length !== held.length || next.some((entry) => !held.includes(entry)))
        changes[property] = next;
    }
    if (Object.keys(changes).length === 0) return alreadySo;
    if (this.#config.updateMethod === 'patch') return this.#write(item, key, patchCall(key, changes));
    return this.#writeBack(item, key, read, changes);
  }

  async #writeBack(item: Item, key: UserKey, read: WireUser, changes: Properties): Promise<Outcome> {
    const part = unseenPart(read, this.#config);
    return part === null ? this.#write(item, key, updateCall(read, changes, this.#config)) : unseen(part);
  }

  async #write(item: Item, key: UserKey, call: Call): Promise<Outcome> {
    return this.#judge(await this.#send(call), item, key, call, this.#redactFor(item, null));
  }

  #judge(raw: RawAnswer, item: Item, key: UserKey, call: Call, redact: Redact): Outcome {
    return judgeWrite(raw, { item, key, call, redact, forbidden: this.#config.forbidden });
  }

  async #send(call: Call): Promise<RawAnswer> {
    const answer = await this.#session.request({ ...call, safe: false, answerBytesMax });
    return { status: answer.status, text: await answer.text() };
  }

  #isOwn({ username }: UserKey): boolean {
    // Credentials do not say under which authenticator they sign in, so the name is guarded under each of them.
    return this.#ownUsername?.toLowerCase() === username.toLowerCase();
  }

  #redactFor(item: Item, password: string | null): Redact {
    return redactor(personalWords([item]), [...this.#session.secrets(), password ?? '']);
  }
}

/** 32 characters, with some of each class that a rule for passwords may ask for. */
function randomPassword(): string {
  return `${randomBytes(21).toString('base64url')}aA1!`;
}
