import type { FeedSettings } from '../domain/settings.ts';
import type { FeedRecord, ReaderOptions } from './feed-record.ts';
import { readCsv } from './read-csv.ts';
import { readJsonArray } from './read-json-array.ts';
import { readNdjson } from './read-ndjson.ts';

/** The records of the feed, by the reader of its format. */
export function readRecords(
  text: AsyncIterable<Buffer>,
  settings: FeedSettings,
  options: Pick<ReaderOptions, 'headers' | 'headerAliases' | 'shape'>,
): AsyncIterable<readonly FeedRecord[]> {
  const { delimiter, passwordColumn, whole, format } = settings;
  const all: ReaderOptions = { ...options, delimiter, passwordColumn, trailer: whole.trailer };
  if (format === 'csv') return readCsv(text, all);
  return format === 'json' ? readJsonArray(text, all) : readNdjson(text, all);
}
