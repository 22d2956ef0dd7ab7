import { count } from './decode-text.ts';

interface WindowChunk {
  readonly bytes: Buffer;
  readonly lineEnds: number;
}

/**
 * The chunks since the one in which the unfinished record begins, so that reading can start again at that
 * record's line. Bounded by the longest record.
 */
export class LineWindow {
  readonly #lineEnd: number;
  #chunks: WindowChunk[] = [];
  /** Line of the first byte that is kept. */
  #firstLine: number;

  constructor(firstLine: number, lineEnd: number) {
    this.#firstLine = firstLine;
    this.#lineEnd = lineEnd;
  }

  add(bytes: Buffer): void {
    this.#chunks.push({ bytes, lineEnds: count(bytes, this.#lineEnd) });
  }

  /** Lets go of chunks that end before the line begins. */
  dropBefore(line: number): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      const lastLine = this.#firstLine + first.lineEnds;
      const endsBefore = line > lastLine || (line === lastLine && first.bytes.at(-1) === this.#lineEnd);
      if (!endsBefore) return;
      this.#firstLine = lastLine;
      this.#chunks.shift();
    }
  }

  /** Everything from the beginning of the line. */
  from(line: number): Buffer {
    this.dropBefore(line);
    const bytes = Buffer.concat(this.#chunks.map((chunk) => chunk.bytes));
    let start = 0;
    for (let at = this.#firstLine; at < line; at += 1) {
      const end = bytes.indexOf(this.#lineEnd, start);
      if (end === -1) return bytes.subarray(bytes.length);
      start = end + 1;
    }
    return bytes.subarray(start);
  }
}
