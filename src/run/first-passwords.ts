import type { Sendable } from '../domain/change.ts';
import type { Secret } from '../domain/secret.ts';
import { readPasswords } from '../feed/read-passwords.ts';
import type { OpenRun } from './open-run.ts';
import type { TakenFeed } from './take-feed.ts';
import type { World } from './world.ts';

/**
 * What the feeds give as the first password of the user that a change creates. It is read now, for the creates of
 * the plan only, and is held by nothing but what this returns.
 */
export async function firstPasswords(
  open: OpenRun,
  feeds: readonly TakenFeed[],
  world: World,
): Promise<(change: Pick<Sendable, 'seq'>) => string | undefined> {
  const withPasswords = feeds.filter(({ settings }) => settings.passwordColumn !== null);
  if (withPasswords.length === 0) return () => undefined;
  const { wanted, places } = await linesOfCreates(open);
  const passwords = new Map<string, ReadonlyMap<number, Secret>>();
  let without = 0;
  for (const { settings, file, facts } of withPasswords) {
    const lines = wanted.get(settings.name);
    if (lines === undefined || file === null || facts === null) continue;
    const found = await readPasswords(settings, file, { lines, sha256: facts.sha256 });
    passwords.set(settings.name, found);
    without += lines.size - found.size;
  }
  if (without > 0) {
    world.log.warn(
      { run: open.run.id, count: without },
      'new users have no password in the feed: they get what the target settings say',
    );
  }
  return ({ seq }) => {
    const place = places.get(seq);
    return place === undefined ? undefined : passwords.get(place.feed)?.get(place.line)?.reveal();
  };
}

/** Where a row stands. */
interface Place {
  readonly feed: string;
  readonly line: number;
}

interface CreateLines {
  /** By the name of their feed. */
  readonly wanted: ReadonlyMap<string, ReadonlySet<number>>;
  /** By the position of the change in the plan. */
  readonly places: ReadonlyMap<number, Place>;
}

/** Lines of the people who are created. */
async function linesOfCreates(open: OpenRun): Promise<CreateLines> {
  const wanted = new Map<string, Set<number>>();
  const places = new Map<number, Place>();
  for await (const page of open.ledger.changes(open.run.id)) {
    for (const { seq, operation, disposition, rows, feed = '' } of page) {
      const [row] = rows;
      if (operation !== 'create' || disposition !== 'planned' || row === undefined) continue;
      const ofFeed = wanted.get(feed) ?? new Set();
      wanted.set(feed, ofFeed.add(row.line));
      places.set(seq, { feed, line: row.line });
    }
  }
  return { wanted, places };
}
