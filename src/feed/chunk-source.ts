import { recordBytesMax } from './feed-record.ts';

/** A physical line. */
export interface PhysicalLine {
  /** With the byte that ends it, so that it can be given back; only the beginning of a line that is too long. */
  readonly raw: Buffer;
  /** True when the line exceeds the longest record. */
  readonly tooLong: boolean;
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

  /** The next physical line in bounded memory; null at the end. */
  async readLine(terminator: number): Promise<PhysicalLine | null> {
    const parts: Buffer[] = [];
    let bytes = 0;
    let tooLong = false;
    for (;;) {
      const chunk = await this.next();
      if (chunk === null) break;
      const end = chunk.indexOf(terminator);
      const part = end === -1 ? chunk : chunk.subarray(0, end + 1);
      tooLong = tooLong || bytes + part.length > recordBytesMax;
      if (!tooLong) parts.push(part);
      bytes += part.length;
      if (end !== -1) {
        this.unread(chunk.subarray(end + 1));
        break;
      }
    }
    if (bytes === 0) return null;
    const raw = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    return { raw, tooLong, blank: !tooLong && raw.toString().trim() === '' };
  }
}
