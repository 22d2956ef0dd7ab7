import type { FeedFacts } from '../domain/feed-facts.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { Guard } from './guard.ts';

/** An accepted feed that the present one is compared with. */
export interface EarlierFeed {
  readonly runId: string;
  readonly sha256: string;
  readonly modifiedAt: string | null;
  readonly at: string;
}

/** How one of the job's feeds came. */
export interface DeliveredFeed {
  readonly settings: Pick<FeedSettings, 'mode' | 'maxAgeMs' | 'older'>;
  readonly facts: Pick<FeedFacts, 'path' | 'sha256' | 'modifiedAt' | 'partial'>;
  /** The one of this name that was accepted last; null when none was. */
  readonly last: EarlierFeed | null;
  /** The last time that these very bytes were accepted; null when they never were. */
  readonly same: EarlierFeed | null;
}

/**
 * Judges whether the feeds are those of today: an export that died, or an old file in the new one's place, would undo
 * what was done since.
 *
 * @param asOf ISO 8601
 * @returns a guard of each kind for each feed that it applies to
 */
export function judgeDelivery(feeds: readonly DeliveredFeed[], asOf: string): readonly Guard[] {
  return feeds.flatMap((feed) => [judgeAge(feed, asOf), judgeOrder(feed)]).filter((guard) => guard !== null);
}

/** In seconds. */
function judgeAge({ settings, facts }: DeliveredFeed, asOf: string): Guard | null {
  if (settings.maxAgeMs === null || facts.modifiedAt === null) return null;
  const ageMs = Math.max(0, Date.parse(asOf) - Date.parse(facts.modifiedAt));
  const tripped = ageMs > settings.maxAgeMs;
  return {
    name: 'feedAge',
    limit: seconds(settings.maxAgeMs),
    actual: seconds(ageMs),
    tripped,
    advice: tripped
      ? `${facts.path} was last written at ${facts.modifiedAt}, longer ago than feed.maxAge allows. Look whether ` +
        'the export still runs, and get a new one.'
      : null,
  };
}

/** One when the feed is older than the last one taken, else none. */
function judgeOrder(feed: DeliveredFeed): Guard | null {
  const { settings, facts, last } = feed;
  // Mended rows of an earlier feed are late by nature.
  if (last === null || settings.older === 'take' || (facts.partial && settings.mode === 'full')) return null;
  const why = whyOlder(feed, last);
  return {
    name: 'feedOlder',
    limit: 0,
    actual: why === null ? 0 : 1,
    tripped: why !== null,
    advice:
      why === null
        ? null
        : `${facts.path} ${why}. Get the newest export; if this is it, approve the plan, or set feed.older: take in the job for this one time and say why with --accept-job-change.`,
  };
}

function whyOlder({ settings, facts, same }: DeliveredFeed, last: EarlierFeed): string | null {
  if (facts.sha256 === last.sha256) return null;
  if (same !== null) {
    return `has the very bytes that run ${same.runId} took at ${same.at}, and run ${last.runId} took others since`;
  }
  // Deltas come in the order of their names; when each was written says less.
  if (settings.mode === 'delta' || facts.modifiedAt === null || last.modifiedAt === null) return null;
  return Date.parse(facts.modifiedAt) < Date.parse(last.modifiedAt)
    ? `was written at ${facts.modifiedAt}, before the feed of ${last.modifiedAt} that run ${last.runId} took`
    : null;
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
