import type { User } from '../../domain/user.ts';
import { failureOfAnswer, unreadable } from './answers.ts';
import { searchPageSize } from './limits.ts';
import { redactor } from './redact.ts';
import { type Call, searchCall } from './requests.ts';
import type { Service } from './service.ts';
import { userOf } from './users.ts';
import { parseJson, Searched } from './wire.ts';

/*
 * The envelope of a page is unconfirmed, so it is read leniently; but a page that cannot be read whole, or that comes
 * again, stops the run: half a list would look like a tenant with fewer users.
 */

/** One page of a search, as far as its answer tells. */
export interface SearchPage {
  readonly users: readonly User[];
  /** Null when the answer does not say. */
  readonly isLast: boolean | null;
}

/** All users whose address holds a text, in pages. Throws a `TargetFailure` for an answer that is no page. */
export async function* searchUsers(service: Service, emailLike: string): AsyncGenerator<readonly User[]> {
  /** The first user of each page: none begins two pages, unless the service does not turn the page. */
  const firsts = new Set<string>();
  let before: ReadonlySet<string> = new Set();
  for (let pageNumber = 0; ; pageNumber += 1) {
    const call = searchCall(emailLike, pageNumber);
    const { users, isLast } = await readPage(service, call, pageNumber);
    const [first] = users;
    if (first === undefined) return;
    if (firsts.has(first.id))
      throw unreadable(call, `page ${pageNumber} begins as an earlier one does`, hint);
    firsts.add(first.id);
    // Whoever is created meanwhile moves the others on, so that the last of a page may come again on the next.
    const shown = before;
    yield users.filter(({ id }) => !shown.has(id));
    before = new Set(users.map(({ id }) => id));
    if (isLast ?? users.length < searchPageSize) return;
  }
}

async function readPage(service: Service, call: Call, pageNumber: number): Promise<SearchPage> {
  const raw = await service.send(call, true);
  if (raw.status !== 200) throw failureOfAnswer(raw, call, redactor({}));
  const json = parseJson(raw.text);
  const entries = listIn(json);
  if (entries === null) throw unreadable(call, 'it holds no list of users, or more than one list', hint);
  const users = entries.map(searchedUser);
  const readable = users.filter((user) => user !== null);
  if (readable.length < users.length) {
    throw unreadable(call, 'not every entry shows id, status, user name and address', hint);
  }
  return { users: readable, isLast: isLastPage(json, pageNumber) };
}

const hint = 'Set target.list: lookUp, which needs no search.';

/** The array itself, or the one array among the properties of an object. */
function listIn(json: unknown): readonly unknown[] | null {
  if (Array.isArray(json)) return json;
  const [list, ...others] = Object.values(recordOf(json)).filter((value) => Array.isArray(value));
  return list === undefined || others.length > 0 ? null : list;
}

/** Null for an entry without what users are told apart by, and without status nobody knows who is active. */
function searchedUser(entry: unknown): User | null {
  const searched = Searched.safeParse(entry).data;
  if (searched === undefined) return null;
  const principalUsername = searched.principalUsername ?? searched.userName;
  const emailAddress = searched.emailAddress ?? searched.email;
  if (principalUsername === undefined || emailAddress === undefined) return null;
  return userOf({ ...searched, principalUsername, emailAddress }, {});
}

/** What the answer says of its place among the pages, in words that services of this make (Spring) use. */
function isLastPage(json: unknown, pageNumber: number): boolean | null {
  const envelope = recordOf(json);
  for (const info of [envelope, ...Object.values(envelope).map(recordOf)]) {
    const { last, totalPages } = info;
    if (typeof last === 'boolean') return last;
    if (typeof totalPages === 'number') return pageNumber + 1 >= totalPages;
  }
  return null;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Readonly<Record<string, unknown>>) : {};
}
