import type { Connection, HttpAnswer, HttpRequest, Item, Tools } from '../../contracts/provider.ts';
import { redactor, wordsOf } from '../../domain/redaction.ts';
import type { User } from '../../domain/user.ts';
import { readIdentity } from './auth.ts';
import type { Config } from './config.ts';
import { limits, listBytesMax, listTimeoutMs, pageSize, singleLookUpsMax } from './limits.ts';
import { readList } from './list.ts';
import { idOfAttributes, idOfItem } from './login.ts';
import { judgeAnswer, ownAccount } from './outcomes.ts';
import { personalWords } from './redact.ts';
import { entryBytes, listCall, writeCall } from './requests.ts';

type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** Signs in, which takes no call: the header goes with every request, unasked. */
export async function connect(config: Config, tools: Tools): Promise<Connection> {
  let identity = await readIdentity(config, tools);
  const settings = { welcomeMail: config.welcomeMail ?? false };

  /** Sends with the credentials; after a 401 once more if they have been renewed where they are kept. */
  const send: Send = async (request) => {
    const used = identity;
    const answer = await tools.request(withHeaders(request, used.authorization));
    if (answer.status !== 401) return answer;
    identity = await readIdentity(config, tools);
    if (identity.authorization === used.authorization) return answer;
    await answer.text();
    return tools.request(withHeaders(request, identity.authorization));
  };

  /** The users of the environment, or those among whom the one with this id is. */
  async function* list(id?: string): AsyncGenerator<readonly User[]> {
    const generation = config.listGeneration;
    const call = listCall(generation, id);
    // A read although it is a POST: it changes nothing, so core may repeat it.
    const room = { safe: true, answerBytesMax: listBytesMax, timeoutMs: listTimeoutMs };
    const answer = await send({ ...call, ...room });
    const redact = redactor(wordsOf([id]), identity.secrets);
    yield* readList({ answer, call, generation, whole: id === undefined, redact });
  }

  return {
    ownId: identity.ownId,

    async *readUsers() {
      yield* paged(list());
    },

    async lookUp(sought) {
      const ids = sought.map((one) => one.userId ?? idOfAttributes(one.attributes));
      const wanted = new Set(ids.filter((id) => id !== null));
      const found = new Map<string, User>();
      const keep = (users: readonly User[]): void => {
        for (const user of users) if (wanted.has(user.id)) found.set(user.id, user);
      };
      if (wanted.size > singleLookUpsMax) {
        for await (const users of list()) keep(users);
      } else {
        for (const id of wanted) {
          for await (const users of list(id)) keep(users);
        }
      }
      return ids.map((id) => (id === null ? undefined : found.get(id)));
    },

    bodyBytes: (item) => entryBytes(item, settings),

    async write(items) {
      refuseMixture(items);
      const { ownIds } = identity;
      const isOwn = (item: Item): boolean => ownIds.has(idOfItem(item));
      const sent = items.filter((item) => !isOwn(item));
      if (sent.length === 0) return items.map(() => ownAccount);
      const call = writeCall(sent, settings);
      const answer = await send({ ...call, safe: false, records: sent.length });
      const raw = { status: answer.status, text: await answer.text() };
      const passwords = sent.map((item) => item.initialPassword ?? '');
      const redact = redactor(personalWords(sent), [...identity.secrets, ...passwords]);
      const outcomeOf = judgeAnswer(sent, raw, call, { ...config, redact });
      return items.map((item) => (isOwn(item) ? ownAccount : outcomeOf(item)));
    },

    async close() {},
  };
}

/** Pages of about the same size, whatever the size of the chunks that they came in. */
async function* paged(lists: AsyncIterable<readonly User[]>): AsyncGenerator<readonly User[]> {
  let page: User[] = [];
  for await (const users of lists) {
    for (const user of users) page.push(user);
    if (page.length < pageSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function withHeaders(request: HttpRequest, authorization: string): HttpRequest {
  const headers = { accept: 'application/json', 'content-type': 'application/json', authorization };
  return { ...request, headers };
}

/**
 * Throws on items that cannot share a request: bugs of the caller. The answer names users by login only, so a
 * login that comes twice could not be told apart.
 */
function refuseMixture(items: readonly Item[]): void {
  if (items.length > limits.batchSize) throw new Error(`At most ${limits.batchSize} users fit in a request.`);
  const first = items[0]?.step;
  const ids = new Set<string>();
  for (const item of items) {
    if (item.step.action !== first?.action || item.step.subject !== first.subject) {
      throw new Error('The items of a request share one action and one subject.');
    }
    ids.add(idOfItem(item));
  }
  if (ids.size !== items.length) throw new Error('A user stands twice in one request.');
}
