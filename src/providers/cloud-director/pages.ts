import type { HttpAnswer, HttpRequest } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { type CallName, failureOfRead, isSuccess, readAnswer, unreadable } from './answers.ts';
import { queryOf } from './filter.ts';
import { pageSize } from './limits.ts';
import { linkOf, pathBelow } from './links.ts';
import { Page } from './wire.ts';

export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

export interface List {
  /** Such as `/cloudapi/1.0.0/users`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/**
 * The values of all pages of a list, page by page, from page 1. The relation `nextPage` leads on; where it is missing
 * although there is more (a known bug of the API), the numbers of the envelope do, and where these are missing too,
 * pages are asked for until one is not full. Throws a `TargetFailure` for what is no list, and `unavailable` when it
 * ended before as many came as it promised, for then it changed while it was read.
 */
export async function* readPages(send: Send, list: List): AsyncGenerator<readonly unknown[]> {
  const seen = new Set<string>();
  let path: string | null = firstPath(list);
  let received = 0;
  let promised: number | null = null;
  for (let number = 1; path !== null; number += 1) {
    const call: CallName = { method: 'GET', path };
    if (seen.has(path)) throw unreadable(call, 'its pages lead in a circle');
    seen.add(path);
    const answer = await readAnswer(await send({ method: 'GET', path, safe: true }));
    if (!isSuccess(answer)) throw failureOfRead(answer, call);
    const page = Page.safeParse(answer.json).data;
    if (page === undefined) throw unreadable(call, 'it is no page with values');
    received += page.values.length;
    promised = page.resultTotal ?? null;
    yield page.values;
    path = page.values.length === 0 ? null : nextPath(answer.headers.link, page, { list, number, received });
  }
  if (promised !== null && received < promised) throw shifted(list);
}

/** Somebody was added or removed between two pages, so that rows moved from one to the other. */
export function shifted({ path }: List): TargetFailure {
  return new TargetFailure({
    trouble: 'unavailable',
    message: `The list ${path} changed while it was read, so somebody may be missing from it.`,
    hint: 'Run again, at a time when nobody adds or removes users.',
  });
}

function firstPath(list: List): string {
  return pathOf(list, 1);
}

function pathOf({ path, query }: List, page: number): string {
  return `${path}${queryOf({ page, pageSize, ...query })}`;
}

interface Position {
  readonly list: List;
  readonly number: number;
  readonly received: number;
}

function nextPath(header: string | undefined, page: Page, position: Position): string | null {
  const { list, number, received } = position;
  const link = linkOf(header, 'nextPage');
  if (link !== null) {
    const path = pathBelow(link, list.path);
    const isSameList = path !== null && /^[?]/.test(path.slice(list.path.length));
    if (!isSameList) throw unreadable({ method: 'GET', path: list.path }, 'its next page is somewhere else');
    return path;
  }
  if (page.page && page.pageSize && page.resultTotal != null) {
    return received < page.resultTotal ? pathOf(list, number + 1) : null;
  }
  return page.values.length < pageSize ? null : pathOf(list, number + 1);
}
