import type { Connection, Item, Tools } from '../../contracts/provider.ts';
import type { User } from '../../domain/user.ts';
import { openClient, unreadable } from './client.ts';
import type { Config } from './config.ts';
import { discover } from './discovery.ts';
import { openFinder } from './find.ts';
import { openGroups } from './groups.ts';
import { limits } from './limits.ts';
import { ownAccount, settle } from './outcomes.ts';
import { openLister } from './pages.ts';
import { field, idOf, userOf } from './resource.ts';
import type { Resource } from './wire.ts';
import { type WriteTools, writeMembers, writeUsers } from './write.ts';

/** Names of the groups by the ids of their members; null where users show them themselves. */
type Memberships = ReadonlyMap<string, readonly string[]> | null;

/** Signs in, and asks the service what it can do. */
export async function connect(config: Config, tools: Tools): Promise<Connection> {
  const client = await openClient(config, tools);
  const able = await discover(client, config);
  const lister = openLister(client, able, config);
  const finder = openFinder(client, lister, able);
  const groups = openGroups({ client, lister, able, config });
  const writing: WriteTools = { client, able, config, finder, groups };
  const own = config.ownLogin === undefined ? undefined : await finder.findBy('userName', config.ownLogin);
  const ownId = own === undefined ? null : idOf(own);

  const memberships = (): Promise<Memberships> =>
    able.groupsFrom === 'groups' ? groups.byMember() : Promise.resolve(null);

  const toUser = async (resource: Resource, byMember: Memberships): Promise<User> => {
    const id = idOf(resource);
    if (id === null || typeof field(resource, 'userName') !== 'string') {
      throw unreadable({ method: 'GET', name: '/Users' }, 'a user has no id or no userName');
    }
    const names = byMember === null ? await groups.namesIn(resource) : [...(byMember.get(id) ?? [])].sort();
    return userOf(resource, names);
  };

  return {
    ownId,

    async *readUsers() {
      const byMember = await memberships();
      for await (const page of lister.pages({ path: able.users, sortBy: 'userName' })) {
        yield await Promise.all(page.map((resource) => toUser(resource, byMember)));
      }
    },

    async lookUp(sought) {
      const found = await Promise.all(
        sought.map((one) => (config.lookUp === 'none' && one.userId === null ? undefined : finder.find(one))),
      );
      const byMember = found.some((one) => one !== undefined) ? await memberships() : null;
      return Promise.all(
        found.map(async (resource) => (resource === undefined ? undefined : toUser(resource, byMember))),
      );
    },

    bodyBytes: ({ step, userId }) =>
      envelopeBytes + Buffer.byteLength(JSON.stringify(step.values)) + (userId ?? '').length,

    async write(items) {
      refuseMixture(items);
      const isOwn = ({ userId }: Item): boolean => ownId !== null && userId === ownId;
      const sent = items.filter((item) => !isOwn(item));
      if (sent.length === 0) return items.map(() => ownAccount);
      const isOfGroup = items[0]?.step.subject !== '';
      const outcomes = settle(await (isOfGroup ? writeMembers(sent, writing) : writeUsers(sent, writing)));
      const outcomeOf = new Map(sent.map((item, index) => [item, outcomes[index]]));
      return items.map((item) => {
        const outcome = isOwn(item) ? ownAccount : outcomeOf.get(item);
        if (outcome === undefined) throw new Error('An item has no outcome.');
        return outcome;
      });
    },

    async close() {},
  };
}

/** Around the values of one operation: names of schemas and attributes. */
const envelopeBytes = 400;

/** Throws on items that cannot share a write: bugs of the caller. */
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
