import { isAscii, isUtf8 } from 'node:buffer';
import { Failure } from '../domain/failure.ts';
import { ChunkSource } from './chunk-source.ts';
import type { FoundText } from './feed-record.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Enough for any byte order mark. */
const startBytes = 4;
/** Encodings in which every byte is a character: what else is valid UTF-8 as a whole is UTF-8. */
const singleByte = /^(?:windows-125\d|windows-874|iso-8859-\d+i?|ibm866|koi8-[ru]|macintosh|x-mac-cyrillic)$/;
/** WHATWG's windows-1252 decodes every byte; these five stand for nothing in it. */
const undefinedInWindows1252: readonly number[] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/**
 * The feed's bytes as UTF-8 without a byte order mark. UTF-8 is only checked; other encodings are converted.
 * A multi-byte character is never cut between two chunks.
 *
 * @param found told what the bytes are, before the first are given
 * @param encoding a label of the WHATWG encoding standard; `auto`: UTF-16 where the first bytes prove it, else UTF-8
 * @throws Failure (exit 1, `FEED_ENCODING`) with the line and the byte offset (from 0) of the first invalid byte; at
 * the end, when a feed declared to have one byte for each character is UTF-8 from its first byte to its last
 */
export async function* decodeText(
  chunks: AsyncIterable<Buffer>,
  encoding: string,
  found: (text: FoundText) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const source = new ChunkSource(chunks);
  try {
    const start = await startOf(source);
    const proven = markedEncoding(start) ?? unmarkedUtf16(start) ?? 'utf-8';
    const decoder = decoderFor(encoding === 'auto' ? proven : encoding);
    checkMark(start, decoder.encoding);
    found({ encoding: decoder.encoding, byteOrderMark: markedEncoding(start) !== null });
    const bytes = source.rest();
    if (decoder.encoding === 'utf-8') yield* checkedUtf8(bytes);
    else
      yield* converted(
        singleByte.test(decoder.encoding) ? refusingUtf8(bytes, decoder.encoding) : bytes,
        decoder,
      );
  } finally {
    await source.close();
  }
}

/** The first chunk, with so many bytes at least that a mark is whole; it is left in the source. */
async function startOf(source: ChunkSource): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < startBytes) {
    const chunk = await source.next();
    if (chunk === null) break;
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
  }
  source.unread(start);
  return start;
}

async function* checkedUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const place = newPlace();
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const skipped = place.bytes === 0 ? utf8MarkBytes(chunk) : 0;
    place.bytes += skipped;
    const joined = carry.length === 0 ? chunk.subarray(skipped) : Buffer.concat([carry, chunk]);
    const whole = joined.subarray(0, wholeCharacters(joined));
    if (!isUtf8(whole)) throw invalidBytes(whole, place, 'utf-8');
    carry = joined.subarray(whole.length);
    advance(place, whole.length, whole);
    if (whole.length > 0) yield whole;
  }
  if (carry.length > 0) throw invalidBytes(carry, place, 'utf-8');
}

async function* converted(chunks: AsyncIterable<Buffer>, decoder: Decoder): AsyncGenerator<Buffer> {
  const place = newPlace();
  for await (const chunk of chunks) {
    const text = convert(decoder, chunk, place);
    advance(place, chunk.length, text);
    if (text.length > 0) yield text;
  }
  convert(decoder, null, place);
}

/** Lets the bytes of a single-byte encoding pass, unless all of them turn out to be UTF-8. */
async function* refusingUtf8(chunks: AsyncIterable<Buffer>, declared: string): AsyncGenerator<Buffer> {
  let mayBeUtf8 = true;
  /** Line of the first character beyond ASCII; 0 while there is none. */
  let line = 0;
  const place = newPlace();
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    yield chunk;
    if (!mayBeUtf8) continue;
    const joined = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const whole = joined.subarray(0, wholeCharacters(joined));
    mayBeUtf8 = isUtf8(whole);
    if (line === 0 && !isAscii(whole)) {
      const at = whole.findIndex((byte) => byte >= 0x80);
      line = lineAfter(place, whole.subarray(0, at));
    }
    carry = joined.subarray(whole.length);
    advance(place, whole.length, whole);
  }
  if (mayBeUtf8 && carry.length === 0 && line > 0) {
    throw new Failure({
      code: 'FEED_ENCODING',
      exit: 1,
      message: `The feed is read as ${declared}, but all of it is valid UTF-8, with characters beyond ASCII from line ${line} on.`,
      hint: 'Declare feed.encoding: utf-8.',
    });
  }
}

type Decoder = InstanceType<typeof TextDecoder>;

interface Place {
  bytes: number;
  /** Line feeds and carriage returns passed; whichever are more tell the line. */
  feeds: number;
  returns: number;
}

function newPlace(): Place {
  return { bytes: 0, feeds: 0, returns: 0 };
}

function advance(place: Place, bytes: number, text: Buffer): void {
  place.bytes += bytes;
  place.feeds += count(text, newline);
  place.returns += count(text, carriageReturn);
}

function lineAfter(place: Place, text: Buffer): number {
  return 1 + Math.max(place.feeds + count(text, newline), place.returns + count(text, carriageReturn));
}

/** How often a byte occurs. */
export function count(buffer: Buffer, byte: number): number {
  let found = 0;
  for (let at = buffer.indexOf(byte); at !== -1; at = buffer.indexOf(byte, at + 1)) found += 1;
  return found;
}

function decoderFor(encoding: string): Decoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new Failure({
      code: 'FEED_ENCODING',
      exit: 1,
      message: `feed.encoding "${encoding}" is not a known encoding.`,
      hint: 'Use a label such as utf-8, windows-1252, iso-8859-15 or utf-16le.',
      cause,
    });
  }
}

function convert(decoder: Decoder, chunk: Buffer | null, place: Place): Buffer {
  const undecodable = decoder.encoding === 'windows-1252' && chunk !== null && !isWindows1252(chunk);
  try {
    if (undecodable) throw new RangeError('not in windows-1252');
    return Buffer.from(chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true }));
  } catch {
    throw invalidBytes(chunk ?? Buffer.alloc(0), place, decoder.encoding);
  }
}

/** A byte order mark that contradicts the declared encoding settles the question. */
function checkMark(start: Buffer, declared: string): void {
  if (isUtf32(start)) {
    throw new Failure({
      code: 'FEED_ENCODING',
      exit: 1,
      message: 'The feed begins with the byte order mark of UTF-32, which is not read.',
      hint: 'Have it exported as UTF-8.',
    });
  }
  const marked = markedEncoding(start) ?? unmarkedUtf16(start);
  if (marked === null || marked === declared) return;
  throw new Failure({
    code: 'FEED_ENCODING',
    exit: 1,
    message: `The feed is read as ${declared}, but line 1, byte 0, looks like ${marked}.`,
    hint: `Declare feed.encoding: ${marked}.`,
  });
}

function isUtf32(start: Buffer): boolean {
  const mark = start.subarray(0, startBytes).toString('hex');
  return mark === 'fffe0000' || mark === '0000feff';
}

function markedEncoding(start: Buffer): string | null {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  return utf8MarkBytes(start) > 0 ? 'utf-8' : null;
}

/** No text has a NUL as its first or second byte, unless its characters have two bytes each. */
function unmarkedUtf16(start: Buffer): string | null {
  if (start.length >= 2 && start[0] !== 0 && start[1] === 0) return 'utf-16le';
  if (start.length >= 2 && start[0] === 0 && start[1] !== 0) return 'utf-16be';
  return null;
}

function utf8MarkBytes(start: Buffer): number {
  return start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
}

/** Length without the bytes of a last character that goes on in the next chunk. */
function wholeCharacters(buffer: Buffer): number {
  for (let back = 1; back <= 3 && back <= buffer.length; back += 1) {
    const byte = buffer[buffer.length - back] ?? 0;
    if (byte < 0x80) return buffer.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? buffer.length - back : buffer.length;
    }
  }
  return buffer.length;
}

function invalidBytes(chunk: Buffer, place: Place, encoding: string): Failure {
  const at = firstInvalid(chunk, encoding);
  const line = lineAfter(place, textBefore(chunk.subarray(0, at), encoding));
  const start = chunk.lastIndexOf(newline, Math.max(at - 1, 0)) + 1;
  const end = chunk.indexOf(newline, at);
  const text = chunk.subarray(start, end === -1 ? chunk.length : end);
  const windows = encoding === 'utf-8' && isWindows1252(text);
  return new Failure({
    code: 'FEED_ENCODING',
    exit: 1,
    message: `The feed is not ${encoding}: line ${line}, byte ${place.bytes + at}, cannot be decoded.`,
    hint: windows
      ? 'The bytes would be valid windows-1252: declare feed.encoding: windows-1252.'
      : 'Declare the encoding that the feed was written in as feed.encoding.',
  });
}

/** In UTF-16 the byte of a line end may be a half of another character. */
function textBefore(bytes: Buffer, encoding: string): Buffer {
  return encoding.startsWith('utf-16') ? Buffer.from(new TextDecoder(encoding).decode(bytes)) : bytes;
}

/** The longest prefix that decodes ends before the first invalid byte. */
function firstInvalid(chunk: Buffer, encoding: string): number {
  let valid = 0;
  let invalid = chunk.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    if (decodes(chunk.subarray(0, middle), encoding)) valid = middle;
    else invalid = middle;
  }
  // A chunk that decodes but for its end breaks off in the middle of its last character.
  return valid < chunk.length ? valid : 0;
}

function decodes(prefix: Buffer, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(prefix, { stream: true });
    return encoding !== 'windows-1252' || isWindows1252(prefix);
  } catch {
    return false;
  }
}

function isWindows1252(bytes: Buffer): boolean {
  return !undefinedInWindows1252.some((undefinedByte) => bytes.includes(undefinedByte));
}
