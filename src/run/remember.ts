import type { FeedFacts } from '../domain/feed-facts.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { OpenRun } from './open-run.ts';
import type { StateSource } from './take-state.ts';

/**
 * Writes to the ledger what a run that may go on has learned: users as they were read, links, who is leaving since
 * when, and that the feed was accepted. A plan, and an apply that is held, remember nothing.
 */
export async function remember(
  job: Job,
  source: StateSource,
  open: OpenRun,
  matching: Matching,
  feed: FeedFacts,
): Promise<void> {
  const { ledger, scope } = open;
  if (source === 'target') {
    for (const accounts of matching.unremembered()) await ledger.saveAccounts(scope, accounts);
    const { listIsComplete, lookUpUnlisted = false } = job.target.provider.supports;
    if (listIsComplete || lookUpUnlisted) {
      for (const ids of matching.gone()) await ledger.forgetAccounts(scope, ids);
    }
    await ledger.noteCompleteRead(scope, open.run.asOf);
  }
  for (const accounts of matching.remembered()) await ledger.saveAccounts(scope, accounts);
  if (job.feed.mode === 'full' && !feed.partial) {
    const { sha256, bytes, rows } = feed;
    await ledger.acceptFeed(scope, { sha256, bytes, rows, at: open.run.asOf });
  }
}
