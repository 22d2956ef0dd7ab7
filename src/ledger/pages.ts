import { setImmediate } from 'node:timers/promises';

/** Entries of a page; the queries' LIMIT. */
export const pageSize = 1000;

/**
 * Reads page after page, each after the last row of the one before. No statement stays open between pages, so
 * the ledger may be written meanwhile.
 * @param size the query's LIMIT
 */
export async function* pages<Row>(
  read: (last: Row | null) => readonly Row[],
  size: number = pageSize,
): AsyncGenerator<readonly Row[]> {
  let last: Row | null = null;
  for (;;) {
    const page = read(last);
    if (page.length > 0) yield page;
    if (page.length < size) return;
    last = page.at(-1) ?? null;
    // Without a turn of the event loop, a long scan would hold up timers and sockets.
    await setImmediate();
  }
}
