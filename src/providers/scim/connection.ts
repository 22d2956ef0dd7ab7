import type { Connection, Item, Sought, Tools } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
import { fold } from '../../domain/comparison.ts';
import { TargetFailure } from '../../domain/failure.ts';
import type { User } from '../../domain/user.ts';
import { bulkAnswers, bulkCall, cutLots, unanswered } from './bulk.ts';
import { type Call, failureOf, openClient, unreadable } from './client.ts';
import type { Config } from './config.ts';
import { discover } from './discovery.ts';
import { type GroupAction, openGroups } from './groups.ts';
import { limits } from './limits.ts';
import { decided, type Judged, judge, outcome, ownAccount, refused, settle } from './outcomes.ts';
import { openLister } from './pages.ts';
import { quoted } from './patch.ts';
import { checkTaken, type Prepared, prepare, userPath } from './prepare.ts';
import { field, idOf, userOf } from './resource.ts';
import type { Action } from './steps.ts';
import { isObject, type Resource, urn } from './wire.ts';

/** Signs in, and asks the service what it can do. */
export async function connect(config: Config, tools: Tools): Promise<Connection> {
  const client = await openClient(config, tools);
  const able = await discover(client, config);
  const lister = openLister(client, able, config);
  const groups = openGroups({ client, lister, able, config });

  /** Makes users of resources, with the names of their groups. */
  const usersOf = async (
    resources: readonly Resource[],
    byMember: ReadonlyMap<string, readonly string[]> | null,
  ): Promise<readonly User[]> => {
    const users: User[] = [];
    for (const resource of resources) {
      const id = idOf(resource);
      const login = field(resource, 'userName');
      if (id === null || typeof login !== 'string') {
        throw unreadable({ method: 'GET', name: '/Users' }, 'a user has no id or no userName');
      }
      const names = byMember === null ? await groups.namesIn(resource) : [...(byMember.get(id) ?? [])].sort();
      users.push(userOf(resource, names));
    }
    return users;
  };

  const memberships = () => (able.groupsFrom === 'groups' ? groups.byMember() : Promise.resolve(null));

  const readOne = async (id: string): Promise<Resource | undefined> => {
    const call: Call = { method: 'GET', path: userPath(able, id), name: '/Users/…', safe: true };
    const answer = await client.send(call);
    if (answer.status === 404) return undefined;
    const failure = failureOf(answer, call);
    if (failure !== null) throw failure;
    if (!isObject(answer.json)) throw unreadable(call, 'it is not a user');
    return answer.json;
  };

  const findOne = async (sought: Sought): Promise<Resource | undefined> => {
    if (sought.userId !== null) return readOne(sought.userId);
    for (const name of ['userName', 'externalId'] as const) {
      const value = sought.attributes[name];
      if (typeof value !== 'string' || value === '') continue;
      const found = await findBy(name, value);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  /** By filter where there are filters; either way only who has exactly this value is taken. */
  const findBy = async (name: 'userName' | 'externalId', value: string): Promise<Resource | undefined> => {
    const caseExact = name === 'externalId' || able.schemas.find(urn.user, 'userName')?.caseExact === true;
    const filter = able.filter ? { filter: `${name} eq ${quoted(value)}` } : {};
    for await (const page of lister.pages({ path: able.users, ...filter })) {
      const found = page.find((resource) => {
        const has = field(resource, name);
        return typeof has === 'string' && fold(has, { caseExact }) === fold(value, { caseExact });
      });
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const ownId = config.ownLogin === undefined ? null : idOrNull(await findBy('userName', config.ownLogin));

  /** What is to be said of somebody who exists: whose the account is, as far as the service shows it. */
  const existing = async (item: Item, providerCode: string): Promise<Judged> => {
    const login = item.attributes.userName;
    const found = typeof login === 'string' ? await findBy('userName', login) : undefined;
    const id = found === undefined ? null : idOf(found);
    if (found === undefined || id === null) {
      // Not ALREADY_EXISTS: that would be taken for this very person.
      const message =
        'A value that must be unique is taken, by somebody whom the service does not show by this login.';
      return decided(outcome('failed', 'REFUSED', providerCode, message));
    }
    const [has, wanted] = [field(found, 'externalId'), item.step.values.externalId];
    if (typeof has === 'string' && has !== '' && typeof wanted === 'string' && has !== wanted) {
      const message = 'A user with this login exists and has another externalId. It was left as it is.';
      return decided(outcome('conflict', 'LOGIN_TAKEN', providerCode, message));
    }
    const message = 'A user with this login exists; it was left as it is.';
    return decided(outcome('conflict', 'ALREADY_EXISTS', providerCode, message, id));
  };

  const redactFor = ({ userId, step, attributes }: Item) =>
    client.redact([userId, ...Object.values(step.values), ...Object.values(attributes)]);

  const judgeItem = async (
    item: Item,
    prepared: Prepared,
    answer: Parameters<typeof judge>[1],
  ): Promise<Judged> => {
    const judged = judge(item.step.action as Action, answer, prepared.call, redactFor(item));
    if (judged.kind === 'exists') return existing(item, judged.providerCode);
    return checkTaken(judged, prepared);
  };

  const sendSingly = (item: Item, prepared: Prepared): Promise<Judged> =>
    guarded(async () => judgeItem(item, prepared, await client.send(prepared.call)));

  const writeUsers = async (items: readonly Item[]): Promise<readonly Judged[]> => {
    const ready = await Promise.all(
      items.map((item) => guarded(async () => prepare(item, { client, able, config }))),
    );
    const judged: (Judged | undefined)[] = ready.map((one) => ('kind' in one ? one : undefined));
    const writes = ready.flatMap((prepared, index) => {
      const item = items[index];
      return 'kind' in prepared || item === undefined
        ? []
        : [{ bulkId: `r${index}`, index, item, prepared, call: prepared.call }];
    });
    const lots = able.bulk === null ? writes.map((write) => [write]) : cutLots(writes, able.bulk);
    const sendLot = async (lot: readonly (typeof writes)[number][]): Promise<void> => {
      const [only] = lot;
      if (only !== undefined && lot.length === 1) {
        judged[only.index] = await sendSingly(only.item, only.prepared);
        return;
      }
      const answers = await guardedAnswers(lot);
      for (const write of lot) {
        const answer = answers instanceof TargetFailure ? answers : answers.get(write.bulkId);
        judged[write.index] =
          answer === undefined || answer instanceof TargetFailure
            ? { kind: 'trouble', failure: answer ?? unanswered() }
            : await guarded(() => judgeItem(write.item, write.prepared, answer));
      }
    };
    const guardedAnswers = async (lot: readonly (typeof writes)[number][]) => {
      const call = bulkCall(lot);
      try {
        const answer = await client.send(call);
        const failure = failureOf(answer, call);
        return failure ?? bulkAnswers(lot, answer.json) ?? unreadable(call, 'it holds no operations');
      } catch (failure) {
        if (failure instanceof TargetFailure) return failure;
        throw failure;
      }
    };
    await Promise.all(lots.map(sendLot));
    return judged.map((one) => one ?? { kind: 'trouble', failure: unanswered() });
  };

  const writeMembers = async (items: readonly Item[]): Promise<readonly Judged[]> => {
    const [first] = items;
    const resolved = await groups.resolve(first?.step.subject ?? '');
    if (resolved.id === null) return items.map(() => refused(resolved.why));
    const ids = items.map(({ userId }) => userId ?? '');
    if (ids.includes('')) throw new Error('A membership names no user.');
    const action = (first?.step.action ?? '') as GroupAction;
    const written = await groups.write(action, resolved.id, ids);
    if (written === null) {
      return items.map(() => decided(outcome('succeeded', 'ALREADY_SO', null, 'The group was so already.')));
    }
    const { answer, call } = written;
    const isRefused = answer.status >= 400 && answer.status < 500;
    if (items.length > 1 && isRefused && ![401, 404, 405, 408, 412, 429].includes(answer.status)) {
      // One user among them may be the cause: core halves what is refused as a whole.
      throw (
        failureOf({ ...answer, status: 400 }, call) ??
        unreadable(call, 'it is neither a success nor a refusal')
      );
    }
    return items.map((item) => judge(action, answer, call, redactFor(item)));
  };

  return {
    ownId,

    async *readUsers() {
      const byMember = await memberships();
      for await (const page of lister.pages({ path: able.users, sortBy: 'userName' })) {
        yield await usersOf(page, byMember);
      }
    },

    async lookUp(sought) {
      const found = await Promise.all(sought.map(findOne));
      const byMember = found.some((one) => one !== undefined) ? await memberships() : null;
      return Promise.all(
        found.map(async (resource) =>
          resource === undefined ? undefined : (await usersOf([resource], byMember))[0],
        ),
      );
    },

    bodyBytes: (item) =>
      envelopeBytes + Buffer.byteLength(JSON.stringify(item.step.values)) + (item.userId ?? '').length,

    async write(items): Promise<readonly Outcome[]> {
      refuseMixture(items);
      const isOwn = ({ userId }: Item): boolean => ownId !== null && userId === ownId;
      const sent = items.filter((item) => !isOwn(item));
      const isGroupWrite = items[0]?.step.subject !== '';
      const judged = sent.length === 0 ? [] : await (isGroupWrite ? writeMembers(sent) : writeUsers(sent));
      const outcomes = sent.length === 0 ? [] : settle(judged);
      let next = 0;
      return items.map((item) => {
        const mine = isOwn(item) ? settle([ownAccount])[0] : outcomes[next++];
        if (mine === undefined) throw new Error('An item has no outcome.');
        return mine;
      });
    },

    async close() {},
  };
}

/** Names of schemas and attributes around the values of one operation. */
const envelopeBytes = 400;

function idOrNull(resource: Resource | undefined): string | null {
  return resource === undefined ? null : idOf(resource);
}

/** A broken world during one item's work is that item's trouble until all of them are known. */
async function guarded<T>(work: () => Promise<T>): Promise<T | Judged> {
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof TargetFailure)) throw failure;
    return { kind: 'trouble', failure };
  }
}

/** Throws on items that cannot share a request: bugs of the caller. */
function refuseMixture(items: readonly Item[]): void {
  if (items.length > limits.batchSize) throw new Error(`At most ${limits.batchSize} users fit in a write.`);
  const [first] = items;
  for (const { step } of items) {
    if (step.action !== first?.step.action || step.subject !== first.step.subject) {
      throw new Error('The items of a write share one action and one subject.');
    }
  }
  const ids = items.flatMap(({ userId }) => userId ?? []);
  if (new Set(ids).size !== ids.length) throw new Error('A user stands twice in one write.');
}
