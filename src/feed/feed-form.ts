import type { FeedForm } from '../domain/feed-facts.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { FoundText } from './feed-record.ts';

/** CSV as spreadsheets take it, accented names included. */
const plainCsv = { encoding: 'utf-8', byteOrderMark: true, delimiter: ',', quote: '"', escape: '"' } as const;

/** How a file is written that is read like this feed: in its own form if it is CSV, else as plain CSV. */
export function formOf(
  settings: FeedSettings,
  headers: readonly string[],
  text: FoundText | undefined,
): FeedForm {
  const { format, delimiter, quote, columns } = settings;
  const separators = headers.map((header) => columns.find(({ from }) => from.includes(header))?.split ?? ';');
  if (format !== 'csv' || text === undefined) return { ...plainCsv, separators };
  // Without a mark, UTF-16 is found out by its first characters, which a file of rejects need not have.
  const byteOrderMark = text.byteOrderMark || text.encoding.startsWith('utf-16');
  return { encoding: text.encoding, byteOrderMark, delimiter, quote, escape: settings.escape, separators };
}
