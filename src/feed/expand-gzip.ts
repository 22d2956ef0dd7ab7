import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { Failure } from '../domain/failure.ts';
import { ChunkSource } from './chunk-source.ts';

// Node's own Gunzip ignores a member that breaks off in its header and what follows the last one, so people could be
// lost without a word. Here the members of RFC 1952 are walked one by one, and only the inflating is left to zlib.

const magic = Buffer.from([0x1f, 0x8b]);
const deflated = 8;
const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };
const headerTextBytesMax = 64 * 1024;

/** So little may always come out, whatever went in: the ratio of a few bytes says nothing. */
const expansionFloorBytes = 1024 * 1024;

/**
 * The bytes as they are, or expanded when they begin with the two bytes of gzip. Members that follow each other are
 * one stream; zeros that pad the end are passed over.
 *
 * @param ratioMax bytes that one compressed byte may become, over all members together
 * @throws Failure (exit 1, `FEED_GZIP`) for a stream that breaks off, is damaged, expands too far, or has something
 * else behind it, with the byte's offset from 0
 */
export async function* expandGzip(chunks: AsyncIterable<Buffer>, ratioMax: number): AsyncGenerator<Buffer> {
  const source = new ChunkSource(chunks);
  const start = await take(source, magic.length);
  source.unread(start);
  if (!start.equals(magic)) {
    yield* source.rest();
    return;
  }
  try {
    yield* new Members(source, ratioMax).expanded();
  } finally {
    await source.close();
  }
}

/** The next bytes, so many; fewer only at the end. */
async function take(source: ChunkSource, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let missing = count;
  while (missing > 0) {
    const piece = await source.nextPiece(missing);
    if (piece === null) break;
    parts.push(piece);
    missing -= piece.length;
  }
  return Buffer.concat(parts);
}

/** One walk over the members of a gzip stream. */
class Members {
  readonly #source: ChunkSource;
  readonly #ratioMax: number;
  /** Compressed bytes that are done with. */
  #offset = 0;
  #expandedBytes = 0;

  constructor(source: ChunkSource, ratioMax: number) {
    this.#source = source;
    this.#ratioMax = ratioMax;
  }

  async *expanded(): AsyncGenerator<Buffer> {
    do {
      await this.#passHeader();
      yield* this.#member();
    } while (await this.#anotherFollows());
  }

  async #passHeader(): Promise<void> {
    const header = await this.#bytes(10);
    const flags = header[3] ?? 0;
    if (!header.subarray(0, 2).equals(magic) || header[2] !== deflated || (flags & flag.reserved) !== 0) {
      throw this.#damaged(this.#offset - header.length);
    }
    if ((flags & flag.extra) !== 0) await this.#bytes((await this.#bytes(2)).readUInt16LE());
    if ((flags & flag.name) !== 0) await this.#passText();
    if ((flags & flag.comment) !== 0) await this.#passText();
    if ((flags & flag.headerCrc) !== 0) await this.#bytes(2);
  }

  async *#member(): AsyncGenerator<Buffer> {
    let checksum = 0;
    let bytes = 0;
    for await (const chunk of this.#inflated()) {
      checksum = crc32(chunk, checksum);
      bytes += chunk.length;
      yield chunk;
    }
    const trailer = await this.#bytes(8);
    if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== bytes % 2 ** 32) {
      throw this.#damaged(this.#offset - trailer.length);
    }
  }

  async *#inflated(): AsyncGenerator<Buffer> {
    const inflate = createInflateRaw();
    // A failure of the disk below passes through the stream, so that whoever reads it is told.
    const fed = this.#feed(inflate).catch((error: unknown) => inflate.destroy(asError(error)));
    try {
      for await (const chunk of inflate) {
        const expanded: Buffer = chunk;
        this.#expandedBytes += expanded.length;
        const compressed = this.#offset + inflate.bytesWritten;
        if (this.#expandedBytes > expansionFloorBytes + compressed * this.#ratioMax) throw this.#bomb();
        yield expanded;
      }
    } catch (error) {
      throw error instanceof Failure ? error : this.#inflateFailure(error, inflate);
    } finally {
      inflate.destroy();
      await fed;
      this.#offset += inflate.bytesWritten;
    }
  }

  /** Gives the inflater chunk after chunk until its data end; what it leaves over goes back to the source. */
  async #feed(inflate: InflateRaw): Promise<void> {
    let given = 0;
    for (let chunk = await this.#source.next(); chunk !== null; chunk = await this.#source.next()) {
      await written(inflate, chunk);
      given += chunk.length;
      const unused = given - inflate.bytesWritten;
      if (unused === 0) continue;
      this.#source.unread(chunk.subarray(chunk.length - unused));
      return;
    }
    inflate.end();
  }

  async #anotherFollows(): Promise<boolean> {
    for (let chunk = await this.#source.next(); chunk !== null; chunk = await this.#source.next()) {
      const begin = chunk.findIndex((byte) => byte !== 0);
      if (begin === -1) {
        this.#offset += chunk.length;
        continue;
      }
      this.#offset += begin;
      this.#source.unread(chunk.subarray(begin));
      if (begin > 0 || chunk[begin] !== magic[0]) throw this.#somethingElse();
      return true;
    }
    return false;
  }

  /** Text of the header that ends with a zero. */
  async #passText(): Promise<void> {
    for (let bytes = 0; bytes < headerTextBytesMax; bytes += 1) {
      if ((await this.#bytes(1))[0] === 0) return;
    }
    throw this.#damaged(this.#offset);
  }

  async #bytes(count: number): Promise<Buffer> {
    const bytes = await take(this.#source, count);
    this.#offset += bytes.length;
    if (bytes.length < count) throw this.#brokenOff(this.#offset);
    return bytes;
  }

  #inflateFailure(error: unknown, { bytesWritten }: InflateRaw): unknown {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const offset = this.#offset + bytesWritten;
    if (code === 'Z_BUF_ERROR') return this.#brokenOff(offset);
    return typeof code === 'string' && code.startsWith('Z_') ? this.#damaged(offset) : error;
  }

  #brokenOff(offset: number): Failure {
    return gzipFailure(`The gzip data break off at byte ${offset}: the file was cut.`);
  }

  #damaged(offset: number): Failure {
    return gzipFailure(`The gzip data are damaged near byte ${offset}.`);
  }

  #somethingElse(): Failure {
    return gzipFailure(`Behind the gzip data, at byte ${this.#offset}, stands something else.`);
  }

  #bomb(): Failure {
    return new Failure({
      code: 'FEED_GZIP',
      exit: 1,
      message: `The gzip data expand to more than ${this.#ratioMax} times their size.`,
      hint: 'Look whether it is the right file; if it is, raise feed.limits.gzipRatio in the job.',
    });
  }
}

function written(inflate: InflateRaw, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // The stream may end or be destroyed with the chunk half taken, and then never calls back.
    inflate.once('close', resolve);
    inflate.write(chunk, (error) => {
      inflate.off('close', resolve);
      if (error) reject(error);
      else resolve();
    });
  });
}

function gzipFailure(message: string): Failure {
  return new Failure({ code: 'FEED_GZIP', exit: 1, message, hint: 'Get the file delivered anew.' });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
