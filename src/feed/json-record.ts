import {
  brokenRecord,
  type Fault,
  type FeedRecord,
  fieldTooLong,
  type ReaderOptions,
  readRecord,
  trailerRecord,
} from './feed-record.ts';
import { isJsonObject, type JsonCellReader, scalarTexts } from './json-cells.ts';

/** The record that a JSON value gives, or why it gives none; `duplicate` is a name that stands in it twice. */
export function jsonRecord(
  { value, duplicate }: { readonly value: unknown; readonly duplicate: string | null },
  line: number,
  reader: JsonCellReader,
  options: ReaderOptions,
): FeedRecord {
  const { headers, limits, trailer } = options;
  if (!isJsonObject(value)) return brokenRecord(line, headers, badJson('The record is no JSON object.'));
  if (duplicate !== null) return brokenRecord(line, headers, duplicateName(duplicate, headers));
  const names = Object.keys(value).length;
  if (names > limits.columns) {
    const message = `The record has ${names} names; ${limits.columns} are the most (feed.limits.columns).`;
    return brokenRecord(line, headers, badJson(message));
  }
  const texts = trailer === null ? null : scalarTexts(value);
  if (texts !== null && texts[0]?.trim() === trailer) return trailerRecord(line, texts);
  const { cells, unfit, absent } = reader.cellsOf(value);
  const long = cells.findIndex((cell) => [cell].flat().some((text) => isLong(text, limits.fieldBytes)));
  if (long === -1) return readRecord(line, cells, unfit, absent);
  return brokenRecord(line, headers, fieldTooLong(headers[long] ?? null, limits.fieldBytes));
}

export function badJson(message: string): Fault {
  return { code: 'BAD_JSON', column: null, message };
}

/** The column is told where it is one of the job's. */
function duplicateName(name: string, headers: readonly string[]): Fault {
  return {
    code: 'BAD_JSON',
    column: headers.includes(name) ? name : null,
    message: 'A name stands twice in an object of the record, so nothing says which value counts.',
  };
}

function isLong(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}
