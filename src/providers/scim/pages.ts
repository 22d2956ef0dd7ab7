import { type Call, type Client, failureOf, unreadable } from './client.ts';
import type { Config } from './config.ts';
import type { Capabilities } from './discovery.ts';
import { pagesMax, rememberedPages } from './limits.ts';
import { idOf } from './resource.ts';
import { ListResponse, type Resource, urn } from './wire.ts';

export interface Query {
  /** Such as `/Users`. */
  readonly path: string;
  readonly filter?: string;
  /** Only these attributes beside the id. */
  readonly attributes?: string;
  readonly sortBy?: string;
}

export interface Lister {
  /** Every resource that the query finds, page by page; throws when the list is not whole. */
  pages(query: Query): AsyncGenerator<readonly Resource[]>;
}

export function openLister(client: Client, able: Capabilities, config: Pick<Config, 'lookUp'>): Lister {
  const fetchPage = async (query: Query, where: Parameters): Promise<ListResponse> => {
    const call = callOf(query, where, able, config.lookUp === 'search' && query.filter !== undefined);
    const answer = await client.send(call);
    const failure = failureOf(answer, call);
    if (failure !== null) throw failure;
    const parsed = ListResponse.safeParse(answer.json);
    // An empty object is a list of nobody only if it says so; with cursors, totalResults may be left out (RFC 9865).
    if (!parsed.success || !saysList(parsed.data)) throw unreadable(call, 'it is no list');
    return parsed.data;
  };
  return {
    pages: (query) => {
      const fetch = (where: Parameters) => fetchPage(query, where);
      return able.paging === 'cursor' ? byCursor(fetch, query) : byIndex(fetch, query);
    },
  };
}

type Parameters = Readonly<Record<string, string | number>>;
type Fetch = (where: Parameters) => Promise<ListResponse>;

function saysList({ totalResults, Resources, schemas }: ListResponse): boolean {
  return totalResults != null || Resources != null || (schemas ?? []).includes(urn.list);
}

/** Pages in a row that hold nobody new: insertions may cause one, more mean that the index is ignored. */
const repeatsMax = 3;

/**
 * By index (RFC 7644, section 3.4.2.4). The list may change meanwhile: whom an insertion pushes onto a later page comes
 * twice and is dropped; after a removal as many users are asked for again, for that many have moved to earlier pages.
 */
async function* byIndex(fetch: Fetch, query: Query): AsyncGenerator<readonly Resource[]> {
  const recent = rememberIds();
  const named = { method: 'GET', name: query.path } as const;
  let startIndex = 1;
  let total: number | null = null;
  let repeats = 0;
  for (let page = 1; page <= pagesMax; page += 1) {
    const list = await fetch({ startIndex });
    const resources = list.Resources ?? [];
    const totalNow = list.totalResults ?? null;
    const fresh = recent.fresh(resources);
    if (fresh.length > 0) yield fresh;
    const moved = gone(total, totalNow);
    total = totalNow;
    if (moved > 0) {
      startIndex = Math.max(1, startIndex - moved);
      continue;
    }
    if (resources.length === 0) {
      // An end before `totalResults` is a list that was cut.
      const missing = (totalNow ?? 0) - (startIndex - 1);
      if (missing > 0) throw unreadable(named, `it ended ${missing} entries before its totalResults`);
      return;
    }
    repeats = fresh.length === 0 ? repeats + 1 : 0;
    if (repeats > repeatsMax) {
      throw unreadable(named, 'it gives the same page again and again, so its paging does not work');
    }
    startIndex += resources.length;
    if (totalNow !== null && startIndex > totalNow) return;
  }
  throw unreadable(named, 'it does not end');
}

/** By cursor (RFC 9865): the first request has an empty one, the last answer none. */
async function* byCursor(fetch: Fetch, query: Query): AsyncGenerator<readonly Resource[]> {
  const recent = rememberIds();
  const named = { method: 'GET', name: query.path } as const;
  const seen = new Set<string>();
  let cursor = '';
  for (let page = 1; page <= pagesMax; page += 1) {
    const list = await fetch({ cursor });
    const fresh = recent.fresh(list.Resources ?? []);
    if (fresh.length > 0) yield fresh;
    if (list.nextCursor == null || list.nextCursor === '') return;
    if (seen.has(list.nextCursor)) throw unreadable(named, 'it gives the same cursor twice');
    cursor = list.nextCursor;
    seen.add(cursor);
  }
  throw unreadable(named, 'it does not end');
}

/** How many entries fewer there are than before. */
function gone(before: number | null, now: number | null): number {
  return before === null || now === null ? 0 : Math.max(0, before - now);
}

/** The ids of the last pages, with bounded memory. */
function rememberIds(): { fresh(resources: readonly Resource[]): readonly Resource[] } {
  const pages: ReadonlySet<string>[] = [];
  return {
    fresh(resources) {
      const ids = new Set<string>();
      const fresh = resources.filter((resource) => {
        const id = idOf(resource);
        if (id === null) return true;
        const isKnown = ids.has(id) || pages.some((page) => page.has(id));
        ids.add(id);
        return !isKnown;
      });
      pages.push(ids);
      if (pages.length > rememberedPages) pages.shift();
      return fresh;
    },
  };
}

function callOf(query: Query, where: Parameters, able: Capabilities, isSearch: boolean): Call {
  const { filter, attributes, sortBy } = query;
  const parameters: Record<string, string | number> = { ...where, count: able.pageSize };
  if (filter !== undefined) parameters.filter = filter;
  if (sortBy !== undefined && able.sort) parameters.sortBy = sortBy;
  if (isSearch) {
    const path = `${query.path}/.search`;
    const body = {
      schemas: [urn.search],
      ...parameters,
      ...(attributes === undefined ? {} : { attributes: attributes.split(',') }),
    };
    return { method: 'POST', path, name: path, body, safe: true };
  }
  if (attributes !== undefined) parameters.attributes = attributes;
  const text = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { method: 'GET', path: `${query.path}?${text.join('&')}`, name: query.path, safe: true };
}
