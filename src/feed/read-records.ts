import type { FeedSettings } from '../domain/settings.ts';
import { decodeText } from './decode-text.ts';
import type { FeedRecord, ReaderOptions } from './feed-record.ts';
import { readCsv } from './read-csv.ts';
import { readJsonArray } from './read-json-array.ts';
import { readNdjson } from './read-ndjson.ts';

/** The records of the feed, by the reader of its format, from its bytes as they were delivered (unzipped). */
export function readRecords(
  bytes: AsyncIterable<Buffer>,
  settings: FeedSettings,
  options: Pick<ReaderOptions, 'headers' | 'headerAliases' | 'shape'>,
): AsyncIterable<readonly FeedRecord[]> {
  const all: ReaderOptions = { ...settings, ...options, trailer: settings.whole.trailer };
  if (settings.format === 'xlsx') return readSheet(bytes, all);
  const text = decodeText(bytes, settings.encoding, (found) => {
    options.shape.text = found;
  });
  if (settings.format === 'csv') return readCsv(text, all);
  return settings.format === 'json' ? readJsonArray(text, all) : readNdjson(text, all);
}

/** Only a feed that is a sheet loads what reads sheets. */
async function* readSheet(
  bytes: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const { readXlsx } = await import('./read-xlsx.ts');
  yield* readXlsx(bytes, options);
}
