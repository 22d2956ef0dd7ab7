const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** A line is looked for in so many bytes at a time, since two kinds of line ends are looked for. */
const searchedBytes = 4 * 1024;
/** A line that is so many times longer than it may be is not looked through to its end. */
const patience = 64;

/** A physical line. */
export interface PhysicalLine {
  /** With what ends it, so that it can be given back; only the beginning of a line that is too long. */
  readonly raw: Buffer;
  /** True when the line exceeds the longest record. */
  readonly tooLong: boolean;
  /** True when no end of it was found within all patience; what comes next is still the same line. */
  readonly endless: boolean;
  readonly blank: boolean;
}

/** Chunks that can be given back, so that reading can go on from any place in them. */
export class ChunkSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #returned: Buffer[] = [];

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next chunk; null at the end. */
  async next(): Promise<Buffer | null> {
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    const result = await this.#chunks.next();
    return result.done === true ? null : result.value;
  }

  /** The next bytes, so many at most; null at the end. */
  async nextPiece(bytesMax: number): Promise<Buffer | null> {
    const chunk = await this.next();
    if (chunk === null || chunk.length <= bytesMax) return chunk;
    this.unread(chunk.subarray(bytesMax));
    return chunk.subarray(0, bytesMax);
  }

  /** Gives bytes back: they come next. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#returned.push(bytes);
  }

  /** All chunks from here on. */
  async *rest(): AsyncGenerator<Buffer> {
    try {
      for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) yield chunk;
    } finally {
      await this.close();
    }
  }

  /** Lets go of the chunks before their end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /**
   * The next bytes as `nextPiece` gives them, but never ending between the two characters of a line end, so that
   * line ends can be counted piece by piece.
   */
  async nextLinesPiece(bytesMax: number): Promise<Buffer | null> {
    const piece = await this.nextPiece(bytesMax);
    if (piece === null || piece.at(-1) !== carriageReturn) return piece;
    const after = await this.next();
    if (after === null) return piece;
    if (after[0] !== lineFeed) {
      this.unread(after);
      return piece;
    }
    this.unread(after.subarray(1));
    return Buffer.concat([piece, after.subarray(0, 1)]);
  }

  /** The next physical line, of which at most so many bytes are kept; null at the end. */
  async readLine(bytesMax: number): Promise<PhysicalLine | null> {
    const parts: Buffer[] = [];
    let bytes = 0;
    let tooLong = false;
    let endless = false;
    for (;;) {
      const piece = await this.nextLinesPiece(tooLong ? Number.MAX_SAFE_INTEGER : searchedBytes);
      if (piece === null) break;
      const end = firstLineEnd(piece);
      const part = end === -1 ? piece : piece.subarray(0, end);
      tooLong = tooLong || bytes + part.length > bytesMax;
      if (!tooLong) parts.push(part);
      bytes += part.length;
      endless = end === -1 && bytes > patience * bytesMax;
      if (endless) break;
      if (end !== -1) {
        this.unread(piece.subarray(end));
        break;
      }
    }
    if (bytes === 0) return null;
    const raw = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    return { raw, tooLong, endless, blank: !tooLong && raw.toString().trim() === '' };
  }
}

/** Where the first line ends: behind LF, CRLF or a CR alone; -1 when none does. */
function firstLineEnd(bytes: Buffer): number {
  const feed = bytes.indexOf(lineFeed);
  const before = feed === -1 ? bytes : bytes.subarray(0, feed);
  const back = before.indexOf(carriageReturn);
  if (back === -1 || back === feed - 1) return feed === -1 ? -1 : feed + 1;
  return back + 1;
}

/** The line ends in bytes that do not begin or end inside of one. */
export function countLineEnds(bytes: Buffer): number {
  let ends = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) ends += 1;
  for (let at = bytes.indexOf(carriageReturn); at !== -1; at = bytes.indexOf(carriageReturn, at + 1)) {
    if (bytes[at + 1] !== lineFeed) ends += 1;
  }
  return ends;
}

/** Where the line with this number begins, the first being 0; the length when there are fewer. */
export function startOfLine(bytes: Buffer, number: number): number {
  let start = 0;
  for (let line = 0; line < number; line += 1) {
    const end = firstLineEnd(bytes.subarray(start));
    if (end === -1) return bytes.length;
    start += end;
  }
  return start;
}
