import { brokenRecord, endlessRecord, type FeedRecord, type ReaderOptions } from './feed-record.ts';
import { JsonCellReader } from './json-cells.ts';
import { badJson, jsonRecord } from './json-record.ts';
import { parseStrictly } from './strict-json.ts';

const lineFeed = 0x0a;
/** A line that is so many times longer than it may be is not looked through to its end. */
const patience = 64;

/**
 * Reads one JSON object per line; a line that is none costs only itself. Lines end with LF or CRLF, the last one with
 * nothing, if it is whole.
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
  for await (const texts of wholeLines(chunks, options.limits.recordBytes)) {
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
  if (/^[ \t\r]*$/.test(text)) return null;
  const { headers, limits } = options;
  if (text.length * 3 > limits.recordBytes && Buffer.byteLength(text) > limits.recordBytes) {
    return tooLong(line, options);
  }
  const parsed = parseLine(text, limits.jsonDepth);
  if (parsed !== undefined) return jsonRecord(parsed, line, reader, options);
  const message = `The line is not valid JSON, or is nested deeper than ${limits.jsonDepth} levels (feed.limits.jsonDepth).`;
  return brokenRecord(line, headers, badJson(message));
}

type ParsedLine = ReturnType<typeof parseStrictly>;

/** JSON that comes out of JavaScript's own parser as it went in has no name twice and no number that lost digits. */
function parseLine(text: string, depthMax: number): ParsedLine {
  const trimmed = text.endsWith('\r') ? text.slice(0, -1) : text;
  try {
    const value: unknown = JSON.parse(trimmed);
    const exact = JSON.stringify(value) === trimmed && brackets(trimmed) <= depthMax;
    if (exact) return { value, duplicate: null };
  } catch {
    // Too deep for JSON.stringify, or no JSON: the strict parser tells.
  }
  return parseStrictly(trimmed, depthMax);
}

/** At least the levels of the text. */
function brackets(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === 0x5b || character === 0x7b) found += 1;
  }
  return found;
}

function tooLong(line: number, { headers, limits }: ReaderOptions): FeedRecord {
  return brokenRecord(line, headers, {
    code: 'RECORD_TOO_LONG',
    column: null,
    message: `The line is longer than ${limits.recordBytes} bytes (feed.limits.record).`,
  });
}

/** The lines that each chunk completes; null stands for one that is longer than the longest record. */
async function* wholeLines(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<readonly (string | null)[]> {
  let carry: Buffer = Buffer.alloc(0);
  let skipping = false;
  let skipped = 0;
  let line = 1;
  for await (const chunk of chunks) {
    const joined: Buffer = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const end = joined.lastIndexOf(lineFeed);
    carry = joined.subarray(end + 1);
    const lines: (string | null)[] = end === -1 ? [] : joined.toString('utf8', 0, end).split('\n');
    if (lines.length > 0) {
      if (skipping) lines[0] = null;
      line += lines.length;
      skipping = false;
      skipped = 0;
      yield lines;
    }
    skipping = skipping || carry.length > bytesMax;
    if (!skipping) continue;
    skipped += carry.length;
    if (skipped > patience * bytesMax) throw endlessRecord(line, bytesMax);
    carry = Buffer.alloc(0);
  }
  if (skipping) yield [null];
  else if (carry.length > 0) yield [carry.toString()];
}
