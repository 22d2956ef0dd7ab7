import { Failure } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { DuplicateRow, QuarantinedRow } from '../domain/person.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { FeedFile } from '../feed/feed-file.ts';
import { type FeedBatch, openFeed } from '../feed/read-feed.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { RowCounts } from './facts.ts';
import type { OpenRun } from './open-run.ts';
import { stopIfTold, takeTurn } from './turns.ts';
import type { World } from './world.ts';

/** One of the job's feeds, once it has been read. */
export interface TakenFeed {
  readonly settings: FeedSettings;
  /** What was read, and what is known of it; null for one that is not there or has nothing new. */
  readonly file: FeedFile | null;
  readonly facts: FeedFacts | null;
}

export interface TakenFeeds {
  /** In the order of the job. */
  readonly feeds: readonly TakenFeed[];
  readonly quarantined: number;
}

/**
 * Reads every feed to its end: people are staged, rows that are set aside go to the ledger.
 *
 * @param files in the order of the job's feeds
 */
export async function takeFeeds(
  job: Job,
  files: readonly (FeedFile | null)[],
  open: OpenRun,
  matching: Matching,
  world: World,
): Promise<TakenFeeds> {
  const feeds: TakenFeed[] = [];
  let quarantined = 0;
  for (const [position, settings] of job.feeds.entries()) {
    const file = files[position] ?? null;
    const taken = await takeFeed({ job, settings, position, file }, open, matching, world);
    feeds.push({ settings, file, facts: taken?.facts ?? null });
    quarantined += taken?.quarantined ?? 0;
  }
  if (feeds.every(({ facts }) => facts === null)) throw noFeed(job);
  return { feeds, quarantined };
}

interface FeedToTake {
  readonly job: Job;
  readonly settings: FeedSettings;
  /** Its place in the job's list of feeds. */
  readonly position: number;
  readonly file: FeedFile | null;
}

/** @returns null for a feed that is not there */
async function takeFeed(
  { job, settings, position, file }: FeedToTake,
  open: OpenRun,
  matching: Matching,
  world: World,
): Promise<{ readonly facts: FeedFacts; readonly quarantined: number } | null> {
  if (file === null) {
    const missing = `there is nothing new in the feed ${settings.name}: its people are left alone`;
    world.log.warn({ job: job.name, code: 'FEED_MISSING' }, missing);
    return null;
  }
  const { attributes: rules, headerAliases } = job.target.provider;
  const keys = { match: job.match, rules, headerAliases };
  const feed = await openFeed(settings, keys, { file, asOf: open.run.asOf });
  for (const warning of feed.warnings) world.log.warn({ job: job.name }, warning);
  let quarantined = 0;
  for await (const read of feed.batches) {
    stopIfTold(world);
    const batch = ofFeed(read, settings.name, position);
    matching.addPeople(batch.people);
    matching.addMentioned(batch.quarantined, position);
    matching.addMentioned(batch.excluded, position);
    await open.ledger.storeQuarantine(open.run.id, batch.quarantined);
    quarantined += batch.quarantined.length;
  }
  return { facts: feed.facts(), quarantined };
}

/** Where there are several feeds, everybody says which one names them. */
function ofFeed(batch: FeedBatch, name: string, position: number): FeedBatch {
  if (name === '') return batch;
  return {
    ...batch,
    people: batch.people.map((person) => ({ ...person, feed: position })),
    quarantined: batch.quarantined.map((row) => ({ ...row, feed: name })),
  };
}

function noFeed(job: Job): Failure {
  return new Failure({
    code: 'FEED_MISSING',
    message: `None of the feeds of job ${job.name} is there: ${job.feeds.map(({ path }) => path).join(', ')}.`,
    hint: 'Check whether the files were delivered.',
    exit: 1,
  });
}

/** Rows that are not taken, because of other rows that name the same person. */
export type RowsNotTaken = Pick<RowCounts, 'quarantined' | 'duplicates'>;

const notTakenAtOnce = 500;

/** Makes one person of several rows, or sets them aside; to be called once the matching is indexed. */
export async function unitePeople(open: OpenRun, matching: Matching, world: World): Promise<RowsNotTaken> {
  const { ledger, run } = open;
  const rows = { quarantined: 0, duplicates: 0 };
  let quarantined: QuarantinedRow[] = [];
  let duplicates: DuplicateRow[] = [];
  // A person's rows are few, and each batch of them is written to disk.
  const store = async (): Promise<void> => {
    await ledger.storeQuarantine(run.id, quarantined);
    await ledger.storeDuplicates(run.id, duplicates);
    rows.quarantined += quarantined.length;
    rows.duplicates += duplicates.length;
    quarantined = [];
    duplicates = [];
  };
  for (const aside of matching.unitePeople()) {
    quarantined = quarantined.concat(aside.quarantined);
    duplicates = duplicates.concat(aside.duplicates);
    if (quarantined.length + duplicates.length < notTakenAtOnce) continue;
    await store();
    await takeTurn(world);
  }
  await store();
  return rows;
}
