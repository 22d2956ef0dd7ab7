import path from 'node:path';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { OpenRun } from './open-run.ts';
import type { TakenFeed } from './take-feed.ts';
import type { StateSource } from './take-state.ts';

/** What a run took, and how far it may speak for all that its feeds ask for. */
export interface Taken {
  readonly feeds: readonly TakenFeed[];
  /** Lasting ids of people who are barred no longer: the feed itself takes them for leavers. */
  readonly liftedBars: readonly string[];
  /** True for a run about a part, which accepts no feed. */
  readonly isPartial: boolean;
}

/**
 * Writes to the ledger what a run that may go on has learned: users as they were read, links, who is leaving since
 * when, and that the feeds were accepted. A plan, and an apply that is held, remember nothing.
 */
export async function remember(
  job: Job,
  source: StateSource,
  open: OpenRun,
  matching: Matching,
  { feeds, liftedBars, isPartial }: Taken,
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
  if (isPartial) return;
  await ledger.liftBars(scope, liftedBars);
  for (const { settings, facts } of feeds) {
    // Mended rows of a full feed are no full feed; those of a delta were taken like any other.
    if (facts === null || (facts.partial && settings.mode === 'full')) continue;
    const { sha256, bytes, rows, modifiedAt } = facts;
    const file = path.basename(facts.path);
    const accepted = { feed: settings.name, file, sha256, bytes, rows, modifiedAt, at: open.run.asOf };
    await ledger.acceptFeed(open.run.id, accepted);
  }
}
