import type { Provider } from '../contracts/provider.ts';
import type { Bounds } from '../diff/bounds.ts';
import type { DiffSettings } from '../diff/difference.ts';
import type { Person } from '../domain/person.ts';
import type { Column, FeedSettings } from '../domain/settings.ts';
import type { Account } from '../domain/user.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { PersonPair } from '../match/pair.ts';
import { referenceResolver } from './references.ts';
import type { TakenFeed } from './take-feed.ts';

/** How somebody is compared, by the feed that names them or that they were last seen in. */
export interface FeedsOfPeople {
  of(person: Person): {
    readonly settings: DiffSettings;
    readonly resolve: ReturnType<typeof referenceResolver>;
  };
  ofAbsent(account: Account): DiffSettings;
  /**
   * Whether a feed that comes first may name this person as well, and could not be asked: it is missing or partial, or
   * a row of it does not say whom it names.
   */
  isLeftAlone(pair: PersonPair): boolean;
}

export interface FeedInputs {
  readonly feeds: readonly TakenFeed[];
  /** Positions of the feeds with a row whose person cannot be told. */
  readonly unreadable: ReadonlySet<number>;
  readonly asOf: string;
  readonly inDoubt: ReadonlySet<string>;
  readonly bounds: Bounds;
}

/**
 * Absence is judged feed by feed: a user is missing from the feed in which the person was last seen, and no other
 * feed speaks of it. Where that is not known, nobody is missing who is not missing from every full feed.
 */
export function feedsOfPeople(
  job: Job,
  provider: Provider,
  matching: Pick<Matching, 'referred'>,
  { feeds, unreadable, asOf, inDoubt, bounds }: FeedInputs,
): FeedsOfPeople {
  /** For a run that reads no feed. */
  const unfed: DiffSettings = {
    policy: job.policy,
    feed: { name: '', mode: 'delta' },
    columns: [],
    rules: provider.attributes,
    asOf,
    absence: null,
    unlinked: 'conflict',
    remembers: (user) => provider.remembers(user),
    inDoubt,
    bounds,
  };
  const ways = feeds.map((feed, position) => {
    const { settings } = feed;
    const diff: DiffSettings = {
      ...unfed,
      feed: settings,
      columns: mayMissRows(settings, unreadable.has(position)) ? growing(settings.columns) : settings.columns,
      absence: witness([feed]),
      unlinked: settings.action?.unlinked ?? 'conflict',
    };
    return { settings: diff, resolve: referenceResolver(provider, settings.columns, matching) };
  });
  const way = (position: number): (typeof ways)[number] => {
    const found = ways[position];
    if (found === undefined) throw new Error(`The job has no feed at position ${position}.`);
    return found;
  };
  const full = feeds.filter(({ settings }) => settings.mode === 'full');
  const everywhere: DiffSettings = { ...(ways[0]?.settings ?? unfed), absence: witness(full) };
  const ownFeed = ({ feed: name }: Account): number =>
    name === undefined ? -1 : feeds.findIndex(({ settings }) => settings.name === name);
  return {
    of: ({ feed = 0 }) => way(feed),
    ofAbsent: (account) => ways[ownFeed(account)]?.settings ?? everywhere,
    isLeftAlone: ({ person, account }) => {
      if (account === null || account.linkKey !== person.linkKey) return false;
      const own = ownFeed(account);
      const feed = feeds[own];
      if (feed === undefined || own >= (person.feed ?? 0) || feed.settings.mode === 'delta') return false;
      return feed.facts === null || feed.facts.partial || unreadable.has(own);
    },
  };
}

/** What an absence from all of these feeds is worth; null when one of them does not name everybody. */
function witness(feeds: readonly TakenFeed[]): DiffSettings['absence'] {
  const facts = feeds.map(({ settings, facts }) => (settings.mode === 'full' ? facts : null));
  const whole = facts.filter(
    (feed) => feed !== null && !feed.partial && feed.whole !== 'contradicted' && feed.rows > 0,
  );
  if (whole.length === 0 || whole.length < facts.length) return null;
  return {
    proven: whole.every((feed) => feed?.whole === 'proven'),
    feedSha256: whole.map((feed) => feed?.sha256 ?? '').join(','),
  };
}

/** Whether somebody may have more in this feed than its rows say: where rows are folded, and one could not be read. */
function mayMissRows({ onePerson }: FeedSettings, hasUnreadable: boolean): boolean {
  return onePerson?.kind === 'fold' && hasUnreadable;
}

/** Columns that take nothing from a set. */
function growing(columns: readonly Column[]): readonly Column[] {
  return columns.map((column) => ({ ...column, owned: [] }));
}
