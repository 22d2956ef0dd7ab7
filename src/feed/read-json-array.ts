import { JSONParser, TokenType } from '@streamparser/json';
import { Failure } from '../domain/failure.ts';
import { ChunkSource } from './chunk-source.ts';
import { count } from './decode-text.ts';
import type { FeedRecord, ReaderOptions } from './feed-record.ts';
import { brokenRecord, readRecord, trailerRecord } from './feed-record.ts';
import { isJsonObject, JsonCellReader, scalarTexts } from './json-cells.ts';

const lineFeed = 0x0a;
const textBufferBytes = 64 * 1024;

/**
 * Reads a JSON array of objects, or an object that holds exactly one array at its top. A record's line is its
 * position in the array, from 1.
 *
 * @throws Failure (exit 1): `FEED_JSON` when the document is malformed, breaks off or is something else;
 * `FEED_HEADER` at the end, when a mapped name was in none of the records
 */
export async function* readJsonArray(
  chunks: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const source = new ChunkSource(chunks);
  try {
    yield* readRecords(source, options);
  } finally {
    await source.close();
  }
}

async function* readRecords(
  source: ChunkSource,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const blankLines = await skipBlank(source);
  const start = await source.next();
  if (start === null) return;
  source.unread(start);
  const document = new JsonDocument(start[0] ?? 0, blankLines);
  const reader = new JsonCellReader(options.headers);
  let position = 0;
  let objects = 0;
  for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) {
    const records: FeedRecord[] = [];
    for (const value of document.valuesIn(chunk)) {
      position += 1;
      const record = toRecord(value, position, reader, options);
      if (record.fault === null && record.trailer === null) objects += 1;
      records.push(record);
    }
    options.shape.headers = reader.names;
    if (records.length > 0) yield records;
  }
  document.end();
  if (objects > 0) reader.checkNames();
}

function toRecord(value: unknown, line: number, reader: JsonCellReader, options: ReaderOptions): FeedRecord {
  if (!isJsonObject(value)) {
    return brokenRecord(line, options.headers, {
      code: 'BAD_JSON',
      column: null,
      message: 'The record is no JSON object.',
    });
  }
  const texts = options.trailer === null ? null : scalarTexts(value);
  if (texts !== null && texts[0]?.trim() === options.trailer) return trailerRecord(line, texts);
  const { cells, unfit, absent } = reader.cellsOf(value);
  return readRecord(line, cells, unfit, absent);
}

/** Leaves the source at the first character that is no white space; returns the line ends passed. */
async function skipBlank(source: ChunkSource): Promise<number> {
  let lines = 0;
  for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) {
    const start = chunk.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a);
    lines += count(start === -1 ? chunk : chunk.subarray(0, start), lineFeed);
    if (start === -1) continue;
    source.unread(chunk.subarray(start));
    break;
  }
  return lines;
}

/** The document as it arrives: gives the records that each chunk completes and knows where it stands. */
class JsonDocument {
  readonly #parser: JSONParser;
  readonly #rootIsArray: boolean;
  #values: unknown[] = [];
  #depth = 0;
  /** Arrays directly below a root object. */
  #arrays = 0;
  /** Place of the last token, and of the chunk that is read. */
  #tokenAt = 0;
  #chunkAt = 0;
  #chunkLine: number;
  #recordAt = 0;

  constructor(firstByte: number, linesBefore: number) {
    this.#rootIsArray = firstByte === 0x5b;
    this.#chunkLine = 1 + linesBefore;
    if (!this.#rootIsArray && firstByte !== 0x7b) {
      throw new Failure({
        code: 'FEED_JSON',
        exit: 1,
        message: `The feed is neither a JSON array nor an object that holds one (line ${this.#chunkLine}).`,
        hint: 'Set feed.format to what the file is: csv, json or ndjson.',
      });
    }
    this.#parser = new JSONParser({
      paths: [this.#rootIsArray ? '$.*' : '$.*.*'],
      keepStack: false,
      stringBufferSize: textBufferBytes,
      numberBufferSize: textBufferBytes,
    });
    this.#parser.onToken = ({ token, offset }) => {
      this.#tokenAt = offset;
      this.#follow(token);
    };
    this.#parser.onValue = ({ value, parent }) => {
      if (Array.isArray(parent)) this.#values.push(value);
    };
  }

  valuesIn(chunk: Buffer): readonly unknown[] {
    this.#values = [];
    try {
      this.#parser.write(chunk);
    } catch {
      throw this.#malformed(chunk);
    }
    if (this.#arrays > 1) throw severalArrays();
    const end = this.#chunkAt + chunk.length;
    if (this.#values.length > 0) this.#recordAt = end;
    else if (end - this.#recordAt > 1_048_576 + chunk.length) throw this.#tooLong();
    this.#chunkLine += count(chunk, lineFeed);
    this.#chunkAt = end;
    return this.#values;
  }

  end(): void {
    try {
      if (!this.#parser.isEnded) this.#parser.end();
    } catch {
      throw new Failure({
        code: 'FEED_JSON',
        exit: 1,
        message: `The JSON document breaks off at its end, line ${this.#chunkLine}, byte ${this.#chunkAt}.`,
        hint: 'The file is probably cut off: have it delivered again.',
      });
    }
    if (!this.#rootIsArray && this.#arrays === 0) throw noArray();
  }

  #follow(token: TokenType): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) {
      if (token === TokenType.LEFT_BRACKET && this.#depth === 1 && !this.#rootIsArray) this.#arrays += 1;
      this.#depth += 1;
    } else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) {
      this.#depth -= 1;
    }
  }

  #malformed(chunk: Buffer): Failure {
    const passed = Math.max(0, this.#tokenAt - this.#chunkAt);
    const line = this.#chunkLine + count(chunk.subarray(0, passed), lineFeed);
    return new Failure({
      code: 'FEED_JSON',
      exit: 1,
      message: `The feed is not valid JSON from line ${line}, byte ${this.#tokenAt}, on.`,
      hint: 'Mend the file there, or set feed.format to ndjson if each line is a document of its own.',
    });
  }

  #tooLong(): Failure {
    return new Failure({
      code: 'FEED_JSON',
      exit: 1,
      message: `A record of the feed near line ${this.#chunkLine} is longer than ${1_048_576} bytes.`,
      hint: 'Check that the feed is an array of one object for each person.',
    });
  }
}

function severalArrays(): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message:
      'The feed is a JSON object that holds several arrays, so nothing says which one lists the people.',
    hint: 'Deliver an array, or an object with exactly one array.',
  });
}

function noArray(): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: 'The feed is a JSON object that holds no array of people.',
    hint: 'Deliver an array, or an object with exactly one array; for one object per line set feed.format: ndjson.',
  });
}
