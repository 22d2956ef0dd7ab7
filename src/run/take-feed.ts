import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import { openFeed } from '../feed/read-feed.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { OpenRun } from './open-run.ts';
import type { World } from './world.ts';

/** Ends a run that was told to stop before it wrote anything. */
function stopIfTold(world: World): void {
  if (!world.signal.aborted) return;
  throw new Failure({
    code: 'INTERRUPTED',
    message: 'The run was told to stop before it had a plan.',
    hint: 'Run the same command again.',
    exit: 75,
  });
}

export interface TakenFeed {
  readonly facts: FeedFacts;
  readonly quarantined: number;
}

/** Reads the feed to its end: people are staged, rows that are set aside go to the ledger. */
export async function takeFeed(
  job: Job,
  open: OpenRun,
  matching: Matching,
  world: World,
): Promise<TakenFeed> {
  const { attributes: rules, headerAliases } = job.target.provider;
  const feed = await openFeed(
    job.feed,
    { match: job.match, rules, headerAliases },
    { stdin: world.stdin, spoolDirectory: path.dirname(job.ledger) },
  );
  for (const warning of feed.warnings) world.log.warn({ job: job.name }, warning);
  let quarantined = 0;
  for await (const batch of feed.batches) {
    stopIfTold(world);
    matching.addPeople(batch.people);
    matching.addMentioned(batch.quarantined);
    await open.ledger.storeQuarantine(open.run.id, batch.quarantined);
    quarantined += batch.quarantined.length;
  }
  return { facts: feed.facts(), quarantined };
}

/** Sets aside everybody whom the feed names twice; to be called once the matching is indexed. */
export async function setAsideDuplicates(open: OpenRun, matching: Matching): Promise<number> {
  let quarantined = 0;
  for (const rows of matching.setAsideDuplicates()) {
    await open.ledger.storeQuarantine(open.run.id, rows);
    quarantined += rows.length;
  }
  return quarantined;
}
