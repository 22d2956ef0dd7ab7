import { isUtf8 } from 'node:buffer';
import { Failure } from '../domain/failure.ts';
import { ChunkSource } from './chunk-source.ts';

const newline = 0x0a;

/**
 * The feed's bytes as UTF-8 without a byte order mark. UTF-8 is only checked; other encodings are converted.
 * A multi-byte character is never cut between two chunks.
 *
 * @param encoding a label of the WHATWG encoding standard; `auto`: UTF-16 where the first bytes prove it, else UTF-8
 * @throws Failure (exit 1, `FEED_ENCODING`) with the line and the byte offset (from 0) of the first invalid byte
 */
export async function* decodeText(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const source = new ChunkSource(chunks);
  const start = (await source.next()) ?? Buffer.alloc(0);
  source.unread(start);
  const proven = markedEncoding(start) ?? unmarkedUtf16(start) ?? 'utf-8';
  const decoder = decoderFor(encoding === 'auto' ? proven : encoding);
  const marked = checkingMark(source.rest(), decoder.encoding);
  yield* decoder.encoding === 'utf-8' ? checkedUtf8(marked) : converted(marked, decoder);
}

async function* checkedUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const place: Place = { line: 1, bytes: 0 };
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const skipped = place.bytes === 0 ? utf8MarkBytes(chunk) : 0;
    place.bytes += skipped;
    const joined = carry.length === 0 ? chunk.subarray(skipped) : Buffer.concat([carry, chunk]);
    const whole = joined.subarray(0, wholeCharacters(joined));
    if (!isUtf8(whole)) throw invalidBytes(whole, place, 'utf-8');
    carry = joined.subarray(whole.length);
    advance(place, whole);
    if (whole.length > 0) yield whole;
  }
  if (carry.length > 0) throw invalidBytes(carry, place, 'utf-8');
}

async function* converted(chunks: AsyncIterable<Buffer>, decoder: Decoder): AsyncGenerator<Buffer> {
  const place: Place = { line: 1, bytes: 0 };
  for await (const chunk of chunks) {
    const text = convert(decoder, chunk, place);
    advance(place, chunk);
    if (text.length > 0) yield text;
  }
  convert(decoder, null, place);
}

async function* checkingMark(chunks: AsyncIterable<Buffer>, declared: string): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    if (first) checkMark(chunk, declared);
    first = false;
    yield chunk;
  }
}

type Decoder = InstanceType<typeof TextDecoder>;

interface Place {
  line: number;
  bytes: number;
}

function advance(place: Place, passed: Buffer): void {
  place.bytes += passed.length;
  place.line += count(passed, newline);
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
  try {
    return Buffer.from(chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true }));
  } catch {
    throw invalidBytes(chunk ?? Buffer.alloc(0), place, decoder.encoding);
  }
}

/** A byte order mark that contradicts the declared encoding settles the question. */
function checkMark(start: Buffer, declared: string): void {
  const marked = markedEncoding(start) ?? (declared.startsWith('utf-16') ? null : unmarkedUtf16(start));
  if (marked === null || marked === declared) return;
  throw new Failure({
    code: 'FEED_ENCODING',
    exit: 1,
    message: `The feed is read as ${declared}, but line 1, byte 0, looks like ${marked}.`,
    hint: `Declare feed.encoding: ${marked}.`,
  });
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
  const line = place.line + count(chunk.subarray(0, at), newline);
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
    return true;
  } catch {
    return false;
  }
}

/** WHATWG's windows-1252 decodes every byte; these five stand for nothing in it. */
function isWindows1252(bytes: Buffer): boolean {
  return ![0x81, 0x8d, 0x8f, 0x90, 0x9d].some((undefinedByte) => bytes.includes(undefinedByte));
}
