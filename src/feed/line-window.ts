import { countLineEnds, startOfLine } from './chunk-source.ts';

interface WindowChunk {
  readonly bytes: Buffer;
  readonly lineEnds: number;
}

/**
 * The chunks since the one in which the unfinished record begins, so that reading can start again at that
 * record's line. Its reader bounds it by the longest record. No chunk may end inside a line end.
 */
export class LineWindow {
  #chunks: WindowChunk[] = [];
  #bytes = 0;
  /** Line of the first byte that is kept. */
  #firstLine: number;

  constructor(firstLine: number) {
    this.#firstLine = firstLine;
  }

  /** How much is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: Buffer): void {
    this.#chunks.push({ bytes, lineEnds: countLineEnds(bytes) });
    this.#bytes += bytes.length;
  }

  /** Lets go of chunks that end before the line begins. */
  dropBefore(line: number): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      const lastLine = this.#firstLine + first.lineEnds;
      const last = first.bytes.at(-1);
      const endsLine = last === 0x0a || last === 0x0d;
      const endsBefore = line > lastLine || (line === lastLine && endsLine);
      if (!endsBefore) return;
      this.#firstLine = lastLine;
      this.#bytes -= first.bytes.length;
      this.#chunks.shift();
    }
  }

  /** Everything from the beginning of the line. */
  from(line: number): Buffer {
    this.dropBefore(line);
    const bytes = Buffer.concat(this.#chunks.map((chunk) => chunk.bytes));
    return bytes.subarray(startOfLine(bytes, line - this.#firstLine));
  }
}
