import type { Sought } from '../../contracts/provider.ts';
import { fold } from '../../domain/comparison.ts';
import { type Call, type Client, failureOf, unreadable } from './client.ts';
import type { Capabilities } from './discovery.ts';
import type { Lister } from './pages.ts';
import { quoted } from './patch.ts';
import { userPath } from './prepare.ts';
import { field } from './resource.ts';
import { isObject, type Resource, urn } from './wire.ts';

/** Finds single users; undefined for one whom the service does not show. */
export interface Finder {
  /** By id where it is known, else by login, else by the lasting id. */
  find(sought: Sought): Promise<Resource | undefined>;
  /** The one user with exactly this value, as the service compares it. */
  findBy(name: 'userName' | 'externalId', value: string): Promise<Resource | undefined>;
}

export function openFinder(client: Client, lister: Lister, able: Capabilities): Finder {
  const read = async (id: string): Promise<Resource | undefined> => {
    const call: Call = { method: 'GET', path: userPath(able, id), name: '/Users/…', safe: true };
    const answer = await client.send(call);
    if (answer.status === 404) return undefined;
    const failure = failureOf(answer, call);
    if (failure !== null) throw failure;
    if (!isObject(answer.json)) throw unreadable(call, 'it is not a user');
    return answer.json;
  };

  const findBy: Finder['findBy'] = async (name, value) => {
    // `userName` compares without case unless the schema says otherwise (RFC 7643, section 4.1.1).
    const caseExact = name === 'externalId' || able.schemas.find(urn.user, 'userName')?.caseExact === true;
    const filter = able.filter ? { filter: `${name} eq ${quoted(value)}` } : {};
    for await (const page of lister.pages({ path: able.users, ...filter })) {
      // A service may ignore the filter and list everybody.
      const found = page.find((resource) => {
        const has = field(resource, name);
        return typeof has === 'string' && fold(has, { caseExact }) === fold(value, { caseExact });
      });
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return {
    findBy,
    async find({ userId, attributes }) {
      if (userId !== null) return read(userId);
      for (const name of ['userName', 'externalId'] as const) {
        const value = attributes[name];
        if (typeof value !== 'string' || value === '') continue;
        const found = await findBy(name, value);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}
