import type { FeedFacts } from '../domain/feed-facts.ts';
import type { GuardLimits } from '../domain/guard-settings.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { Guard } from './guard.ts';
import { type Counted, eventsOn, guardFloor, judgeLeast, judgeMost } from './limits.ts';

/** What is compared of two feeds: figures of a whole file, never a cell. */
export type FeedProfile = Pick<
  FeedFacts,
  'sha256' | 'bytes' | 'rows' | 'columns' | 'headers' | 'empty' | 'readable'
>;

export interface FeedUnderGuard
  extends FeedProfile,
    Pick<FeedFacts, 'whole' | 'contradiction' | 'partial'>,
    Pick<FeedSettings, 'mode' | 'name'> {
  /** The full feed of this name that was accepted last, and the run that did; null when none was. */
  readonly last: (FeedProfile & { readonly runId: string }) | null;
}

export type FeedLimits = Pick<
  GuardLimits,
  'feedRows' | 'feedBytes' | 'feedColumns' | 'emptyCells' | 'expected'
>;

/** Judges one feed by itself, and against the one that was accepted last: is it as whole as that was? */
export function judgeFeed(feed: FeedUnderGuard, limits: FeedLimits, asOf: string): readonly Guard[] {
  const guards = feed.whole === 'unproven' ? [] : [judgeWholeness(feed)];
  // A delta names some, and so does a mended part of a feed: nothing is missing there.
  if (feed.mode !== 'full' || feed.partial) return guards;
  const about = {
    feed,
    last: feed.last,
    limits,
    asOf,
    ...(feed.name === '' ? {} : { subject: feed.name }),
  };
  return [judgeRows(about), ...guards, ...judgeProfile(about)];
}

interface About {
  readonly feed: FeedUnderGuard;
  readonly last: FeedUnderGuard['last'];
  readonly limits: FeedLimits;
  readonly asOf: string;
  readonly subject?: string;
}

function judgeRows(about: About): Guard {
  const { feed, last } = about;
  const counted = { ...countedOf(about, 'feedRows'), actual: feed.rows, of: last?.rows ?? 0, least: 1 };
  return judgeLeast(counted, (least) => {
    if (feed.rows === 0) {
      return (
        `${noun(feed)} has 0 rows, and ${least} at least are needed: without a single row it says that nobody works ` +
        'here. Ask for a new export.'
      );
    }
    return (
      `${noun(feed)} has ${feed.rows} rows, and the one that run ${last?.runId} took had ${last?.rows}: fewer than ` +
      `${least} are held. Ask whether the export is complete; if it is, ${expectIt('feedRows')}.`
    );
  });
}

function judgeProfile(about: About): readonly Guard[] {
  const { feed, last } = about;
  // One reason is enough for a feed without rows.
  if (last === null || last.rows === 0 || feed.rows === 0 || last.sha256 === feed.sha256) return [];
  return [judgeBytes(about, last), judgeColumns(about, last), ...judgeEmptyCells(about, last)];
}

type Last = NonNullable<FeedUnderGuard['last']>;

function judgeBytes(about: About, last: Last): Guard {
  const { feed } = about;
  // So few people may go by feedRows, and their bytes go with them.
  const floor = Math.ceil((guardFloor * last.bytes) / last.rows);
  const counted = { ...countedOf(about, 'feedBytes'), actual: feed.bytes, of: last.bytes, floor, least: 0 };
  return judgeLeast(
    counted,
    (least) =>
      `${noun(feed)} has ${feed.bytes} bytes, and the one that run ${last.runId} took had ${last.bytes}: fewer than ` +
      `${least} are held. Ask whether cells or columns are missing; if nothing is, ${expectIt('feedBytes')}.`,
  );
}

function judgeColumns(about: About, last: Last): Guard {
  const { feed } = about;
  const now = new Set(feed.headers);
  const lost = last.headers.filter((name) => !now.has(name));
  const counted = {
    ...countedOf(about, 'feedColumns'),
    actual: lost.length,
    of: last.headers.length,
    floor: 0,
  };
  return judgeMost(
    counted,
    (allowed) =>
      `The header of ${noun(feed).toLowerCase()} lost ${lost.length} of ${last.headers.length} columns since run ` +
      `${last.runId} (${allowed} may go): ${some(lost)}. Ask whether it is the right file; if it is, ${expectIt('feedColumns')}.`,
  );
}

/** One for each mapped column with more empty cells than usual. */
function judgeEmptyCells(about: About, last: Last): readonly Guard[] {
  const { feed, limits, asOf } = about;
  return feed.columns.flatMap((column, position) => {
    const before = last.columns.indexOf(column);
    if (before === -1 || last.readable === 0) return [];
    const empty = feed.empty[position] ?? 0;
    const usual = Math.floor((feed.readable * (last.empty[before] ?? 0)) / last.readable);
    if (empty <= usual) return [];
    const guard = judgeMost(
      {
        name: 'emptyCells',
        subject: about.subject === undefined ? column : `${about.subject}: ${column}`,
        actual: empty - usual,
        of: feed.readable,
        limit: limits.emptyCells,
        events: eventsOn(limits.expected, 'emptyCells', asOf),
      },
      (allowed) =>
        `In the column ${column} ${empty} of ${feed.readable} cells are empty, ${empty - usual} more than the ${usual} ` +
        `that would be usual since run ${last.runId}, and ${allowed} more are allowed. Ask for a new export; if it is ` +
        `right, ${expectIt('emptyCells')}.`,
    );
    return [guard];
  });
}

function countedOf(
  { limits, asOf, subject }: About,
  name: 'feedRows' | 'feedBytes' | 'feedColumns',
): Pick<Counted, 'name' | 'subject' | 'limit' | 'events'> {
  return {
    name,
    ...(subject === undefined ? {} : { subject }),
    limit: limits[name],
    events: eventsOn(limits.expected, name, asOf),
  };
}

function judgeWholeness(feed: FeedUnderGuard): Guard {
  const tripped = feed.whole === 'contradicted';
  return {
    name: 'feedWhole',
    ...(feed.name === '' ? {} : { subject: feed.name }),
    limit: null,
    actual: feed.rows,
    tripped,
    advice: tripped
      ? `${feed.name === '' ? 'The feed' : `The feed ${feed.name}`} was cut or changed: ${feed.contradiction ?? 'its proof is missing'}. Get a new export.`
      : null,
  };
}

/** Rows that were set aside, and rows in all. */
export interface RowsRead {
  readonly total: number;
  readonly quarantined: number;
}

/**
 * Judges how many rows could not be taken, beside the run that accepted such feeds last: shifted columns, a wrong
 * delimiter or a changed format set nearly all of them aside, and would leave the target as it is for weeks.
 */
export function judgeRowsSetAside(
  now: RowsRead,
  last: RowsRead | null,
  limits: Pick<GuardLimits, 'rowsSetAside' | 'expected'>,
  asOf: string,
): readonly Guard[] {
  if (last === null || last.total === 0) return [];
  const usual = Math.floor((now.total * last.quarantined) / last.total);
  if (now.quarantined <= usual) return [];
  const counted = {
    name: 'rowsSetAside',
    actual: now.quarantined - usual,
    of: now.total,
    limit: limits.rowsSetAside,
    events: eventsOn(limits.expected, 'rowsSetAside', asOf),
  };
  return [
    judgeMost(
      counted,
      (allowed) =>
        `${now.quarantined} of ${now.total} rows cannot be taken, ${now.quarantined - usual} more than the ${usual} that ` +
        `would be usual, and ${allowed} more are allowed. See rejects.csv for why, and ask for a new export.`,
    ),
  ];
}

export function expectIt(name: string): string {
  return `approve the plan, or name the event under guards.expected (what: ${name})`;
}

function noun({ name }: Pick<FeedSettings, 'name'>): string {
  return name === '' ? 'The full feed' : `The full feed ${name}`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} …` : shown;
}
