import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Column, FeedSettings } from '../../../src/domain/settings.ts';
import { column, plainFeed } from '../plain-feed.ts';
import { type CleanFeed, cleanFeeds } from './clean-feeds.ts';
import { defects, spoil } from './defects.ts';
import { judge, type Verdict } from './judge.ts';
import { Random } from './random.ts';

export interface Polluted {
  readonly feed: string;
  readonly defect: string;
  readonly file: number;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly bytes: Buffer;
}

/** Spoils so many feeds, one defect each, and judges what is read of them. The same seed gives the same files. */
export async function pollute(
  { seed, files }: { readonly seed: number; readonly files: number },
  take: (polluted: Polluted) => void,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-pollution-'));
  try {
    const kinds = Object.keys(defects);
    for (let file = 0; file < files; file += 1) {
      const random = new Random(seed * 1_000_003 + file);
      const { feed, defect, bytes } = spoilt(kinds[file % kinds.length] ?? '', random);
      const { verdict, detail } = await judge(bytes, feed, folder, (difference) =>
        settingsOf(feed, difference),
      );
      take({ feed: feed.name, defect, file, verdict, detail, bytes });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A feed that has a place for the defect. */
function spoilt(defect: string, random: Random): { feed: CleanFeed; defect: string; bytes: Buffer } {
  for (;;) {
    const feed = random.of(cleanFeeds);
    const bytes = spoil(feed, defect, random);
    if (bytes !== null) return { feed, defect, bytes };
  }
}

/** Every column is taken, so that every cell is compared. */
export function settingsOf({ records, dialect }: CleanFeed, difference: Partial<FeedSettings>): FeedSettings {
  const names = records[0] ?? [];
  const { delimiter, quote, encoding } = dialect;
  return {
    ...plainFeed,
    path: '',
    source: { kind: 'file', path: '' },
    encoding: encoding === 'windows-1252' ? encoding : 'auto',
    delimiter,
    quote,
    escape: dialect.escape,
    finalNewline: 'required',
    columns: names.map(columnOf),
    ...difference,
  };
}

function columnOf(name: string): Column {
  return column(name === 'id' ? 'externalId' : name === 'login' ? 'userName' : `extension.${name}`, name);
}
