import { TokenType } from '@streamparser/json';
import { Failure } from '../domain/failure.ts';
import { ChunkSource } from './chunk-source.ts';
import { count } from './decode-text.ts';
import type { FeedRecord, ReaderOptions } from './feed-record.ts';
import { JsonCellReader } from './json-cells.ts';
import { jsonRecord } from './json-record.ts';
import { NumberText, StrictJson, type TokenPlace } from './strict-json.ts';

const lineFeed = 0x0a;
const listResponse = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/**
 * Reads a JSON array of objects, or an object that holds one: where the job says, in `Resources` of a SCIM
 * ListResponse, or as the only array at its top. A record's line is its position in the array, from 1.
 *
 * @throws Failure (exit 1): `FEED_JSON` when the document is malformed, breaks off, is something else or one page of
 * several; `FEED_HEADER` at the end, when a mapped name was in none of the records
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
  if (start === null) throw emptyDocument();
  source.unread(start);
  const document = new JsonDocument(start[0] ?? 0, blankLines, options);
  const reader = new JsonCellReader(options.headers);
  let position = 0;
  let objects = 0;
  for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) {
    const records: FeedRecord[] = [];
    for (const value of document.valuesIn(chunk)) {
      position += 1;
      const record = jsonRecord(value, position, reader, options);
      if (record.fault === null && record.trailer === null) objects += 1;
      records.push(record);
    }
    options.shape.headers = reader.names;
    if (records.length > 0) yield records;
  }
  document.end(position);
  if (objects > 0) reader.checkNames();
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

interface FoundValue {
  readonly value: unknown;
  readonly duplicate: string | null;
}

/** The document as it arrives: gives the records that each chunk completes and knows where it stands. */
class JsonDocument {
  readonly #json: StrictJson;
  readonly #options: ReaderOptions;
  readonly #rootIsArray: boolean;
  /** Objects and arrays that are open around a record. */
  readonly #recordDepth: number;
  #values: FoundValue[] = [];
  /** A name that stands twice in the record that is read. */
  #duplicate: string | null = null;
  /** Known trouble found while a chunk is parsed. */
  #failure: Failure | null = null;
  /** Names of the arrays directly below a root object, but for SCIM's `schemas`. */
  readonly #arrays = new Set<string>();
  /** What a SCIM response says of itself. */
  #hasSchemas = false;
  #isListResponse = false;
  #totalResults = 0;
  /** Whether the array at the job's path was there. */
  #found = false;
  #chunkAt = 0;
  #chunkLine: number;
  #recordAt = 0;

  constructor(firstByte: number, linesBefore: number, options: ReaderOptions) {
    this.#options = options;
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
    const { recordsAt } = options;
    if (this.#rootIsArray && recordsAt !== null) throw noArrayAt(recordsAt);
    this.#recordDepth = this.#rootIsArray ? 1 : recordsAt === null ? 2 : recordsAt.length + 1;
    const path = this.#rootIsArray ? '$.*' : recordsAt === null ? '$.*.*' : `$.${recordsAt.join('.')}.*`;
    this.#json = new StrictJson([path], {
      onToken: (token, value, place) => this.#follow(token, value, place),
      onDuplicate: (name, depth) => {
        if (depth > this.#recordDepth) this.#duplicate ??= name;
        else this.#failure ??= severalOfOneName();
      },
      onValue: (value, parent, topName) => this.#take(value, parent, topName),
    });
  }

  valuesIn(chunk: Buffer): readonly FoundValue[] {
    this.#values = [];
    try {
      this.#json.write(chunk);
    } catch {
      throw this.#failure ?? this.#malformed(chunk);
    }
    if (this.#failure !== null) throw this.#failure;
    const end = this.#chunkAt + chunk.length;
    if (this.#values.length > 0) this.#recordAt = end;
    else if (end - this.#recordAt > this.#options.limits.recordBytes + chunk.length) throw this.#tooLong();
    this.#chunkLine += count(chunk, lineFeed);
    this.#chunkAt = end;
    return this.#values;
  }

  /** @param records how many there were */
  end(records: number): void {
    try {
      this.#json.end();
    } catch {
      throw new Failure({
        code: 'FEED_JSON',
        exit: 1,
        message: `The JSON document breaks off at its end, line ${this.#chunkLine}, byte ${this.#chunkAt}.`,
        hint: 'The file is probably cut off: have it delivered again.',
      });
    }
    this.#checkArray();
    if (this.#isListResponse && this.#totalResults > records) throw onePage(records, this.#totalResults);
  }

  #checkArray(): void {
    const { recordsAt } = this.#options;
    if (this.#rootIsArray) return;
    if (recordsAt !== null) {
      if (!this.#found) throw noArrayAt(recordsAt);
      return;
    }
    const others = this.#hasSchemas && !this.#isListResponse ? 1 : 0;
    // A SCIM service may leave `Resources` out when there are none.
    if (this.#arrays.size === 0 && !this.#isListResponse) throw others === 0 ? noArray() : severalArrays();
    if (this.#arrays.size + others > 1) throw severalArrays();
    if (this.#isListResponse && this.#arrays.size > 0 && !this.#arrays.has('Resources'))
      throw noArrayAt(['Resources']);
  }

  #take(value: unknown, parent: unknown, topName: string | null): void {
    const duplicate = this.#duplicate;
    this.#duplicate = null;
    if (!Array.isArray(parent)) return;
    const isList = this.#rootIsArray || this.#options.recordsAt !== null || topName !== 'schemas';
    if (isList) this.#values.push({ value, duplicate });
  }

  #follow(token: TokenType, value: unknown, { depth, topName }: TokenPlace): void {
    const { jsonDepth } = this.#options.limits;
    const opens = token === TokenType.LEFT_BRACKET || token === TokenType.LEFT_BRACE;
    if (opens && depth >= jsonDepth) {
      this.#failure ??= tooDeep(jsonDepth);
      throw this.#failure;
    }
    if (this.#rootIsArray) return;
    if (depth === 1 && token === TokenType.LEFT_BRACKET) this.#noteArray(topName ?? '');
    if (depth === 1 && topName === 'totalResults' && token === TokenType.NUMBER)
      this.#totalResults = wholeNumber(value);
    if (depth === 2 && topName === 'schemas' && value === listResponse) this.#isListResponse = true;
    if (depth === this.#recordDepth - 1 && token === TokenType.LEFT_BRACKET) this.#noteRecords();
  }

  #noteArray(name: string): void {
    if (name === 'schemas') this.#hasSchemas = true;
    else this.#arrays.add(name);
    // Rows of two arrays must never be mixed, not even until the end is seen.
    if (this.#arrays.size > 1 && this.#options.recordsAt === null) this.#failure ??= severalArrays();
  }

  #noteRecords(): void {
    const { recordsAt } = this.#options;
    const path = this.#json.path();
    if (recordsAt?.every((name, level) => path[level] === name) === true) this.#found = true;
  }

  #malformed(chunk: Buffer): Failure {
    const { tokenAt } = this.#json;
    const passed = Math.max(0, tokenAt - this.#chunkAt);
    const line = this.#chunkLine + count(chunk.subarray(0, passed), lineFeed);
    return new Failure({
      code: 'FEED_JSON',
      exit: 1,
      message: `The feed is not valid JSON from line ${line}, byte ${tokenAt}, on.`,
      hint: 'Mend the file there, or set feed.format to ndjson if each line is a document of its own.',
    });
  }

  #tooLong(): Failure {
    const { recordBytes } = this.#options.limits;
    return new Failure({
      code: 'FEED_JSON',
      exit: 1,
      message: `A record of the feed near line ${this.#chunkLine} is longer than ${recordBytes} bytes.`,
      hint: 'Check that the feed is an array of one object for each person.',
    });
  }
}

function wholeNumber(value: unknown): number {
  const number = value instanceof NumberText ? Number(value.text) : value;
  return typeof number === 'number' ? number : 0;
}

function emptyDocument(): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: 'The feed is empty, which is no JSON document.',
    hint: 'Have it delivered again; a feed of nobody is [].',
  });
}

function tooDeep(depthMax: number): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: `The feed is nested deeper than ${depthMax} levels (feed.limits.jsonDepth).`,
    hint: 'Check that the feed is an array of one object for each person.',
  });
}

function severalOfOneName(): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: 'A name stands twice in the object that holds the people, so nothing says which value counts.',
    hint: 'Have the feed delivered with each name once.',
  });
}

function onePage(found: number, total: number): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: `The feed is one page of several: it has ${found} resources, totalResults says ${total}.`,
    hint: 'Deliver all pages in one file: their Resources as one array.',
  });
}

function noArrayAt(path: readonly string[]): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: `The feed has no array at ${path.join('.')}.`,
    hint: 'Correct feed.records in the job: the names that lead to the array of people.',
  });
}

function severalArrays(): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message:
      'The feed is a JSON object that holds several arrays, so nothing says which one lists the people.',
    hint: 'Name it in the job, such as feed.records: users.',
  });
}

function noArray(): Failure {
  return new Failure({
    code: 'FEED_JSON',
    exit: 1,
    message: 'The feed is a JSON object that holds no array of people at its top.',
    hint: 'Name the array in the job, such as feed.records: data.users; for one object per line set feed.format: ndjson.',
  });
}
