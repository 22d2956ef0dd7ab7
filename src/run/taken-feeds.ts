import type { Ledger, Scope, FeedAcceptance } from '../contracts/ledger.ts';
import type { FeedSettings } from '../domain/settings.ts';

/** A feed, and the target whose memory is asked. */
export interface FeedQuestion {
  readonly settings: Pick<FeedSettings, 'name' | 'source'>;
  readonly sha256: string;
  /** Last part of the file's path. */
  readonly file: string;
  readonly scope: Scope;
}

/**
 * The run that has settled what this feed asks for, so that nothing is left to do with it; null when none has.
 *
 * The bytes that were taken last are the same feed whatever it is called. Those of an older feed are it again only
 * under its own name, among the files of a pattern: elsewhere somebody may have laid an old file in the new one's
 * place, or the same may be asked for once more, and a person has to say which (the guard `feedOlder`).
 */
export async function takenBy(question: FeedQuestion, ledger: Ledger): Promise<string | null> {
  const { settings, sha256, file, scope } = question;
  const settled = (await ledger.acceptedFeeds(scope, settings.name, sha256)).filter(isSettled);
  const [newest] = settled;
  if (newest === undefined) return null;
  const last = await ledger.lastAcceptedFeed(scope, settings.name);
  if (last?.sha256 === sha256) return newest.runId;
  if (settings.source.kind !== 'pattern') return null;
  return settled.find((taken) => taken.file === file)?.runId ?? null;
}

/** A run that stopped midway, or was killed, has left something to do. */
function isSettled({ exitCode }: FeedAcceptance): boolean {
  return exitCode === 0 || exitCode === 2;
}
