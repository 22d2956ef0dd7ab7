import type { FeedRecord, ReaderOptions } from './feed-record.ts';
import { brokenRecord, readRecord, trailerRecord } from './feed-record.ts';
import { isJsonObject, JsonCellReader, scalarTexts } from './json-cells.ts';

const lineFeed = 0x0a;

/**
 * Reads one JSON object per line; a line that is none costs only itself.
 *
 * @throws Failure (exit 1, `FEED_HEADER`) at the end, when a mapped name was in none of the records
 */
export async function* readNdjson(
  chunks: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const reader = new JsonCellReader(options.headers);
  let line = 0;
  let objects = 0;
  for await (const texts of wholeLines(chunks)) {
    const records: FeedRecord[] = [];
    for (const text of texts) {
      line += 1;
      const record = text === null ? tooLong(line, options) : toRecord(text, line, reader, options);
      if (record === null) continue;
      if (record.fault === null && record.trailer === null) objects += 1;
      records.push(record);
    }
    options.shape.headers = reader.names;
    if (records.length > 0) yield records;
  }
  if (objects > 0) reader.checkNames();
}

function toRecord(
  text: string,
  line: number,
  reader: JsonCellReader,
  options: ReaderOptions,
): FeedRecord | null {
  if (text.trim() === '') return null;
  const value = parseLine(text);
  if (!isJsonObject(value)) {
    return brokenRecord(line, options.headers, {
      code: 'BAD_JSON',
      column: null,
      message: value === undefined ? 'The line is not valid JSON.' : 'The line is no JSON object.',
    });
  }
  const texts = options.trailer === null ? null : scalarTexts(value);
  if (texts !== null && texts[0]?.trim() === options.trailer) return trailerRecord(line, texts);
  const { cells, unfit, absent } = reader.cellsOf(value);
  return readRecord(line, cells, unfit, absent);
}

/** Undefined, which no JSON text means, for what is not JSON. */
function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooLong(line: number, options: ReaderOptions): FeedRecord {
  return brokenRecord(line, options.headers, {
    code: 'RECORD_TOO_LONG',
    column: null,
    message: `The line is longer than ${1_048_576} bytes.`,
  });
}

/** The lines that each chunk completes; null stands for one that is longer than the longest record. */
async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly (string | null)[]> {
  let carry: Buffer = Buffer.alloc(0);
  let skipping = false;
  for await (const chunk of chunks) {
    const joined: Buffer = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const end = joined.lastIndexOf(lineFeed);
    carry = joined.subarray(end + 1);
    const lines: (string | null)[] = end === -1 ? [] : joined.toString('utf8', 0, end).split('\n');
    if (skipping && lines.length > 0) lines[0] = null;
    if (lines.length > 0) skipping = false;
    if (carry.length > 1_048_576) {
      skipping = true;
      carry = Buffer.alloc(0);
    }
    if (lines.length > 0) yield lines;
  }
  if (skipping) yield [null];
  else if (carry.length > 0) yield [carry.toString()];
}
