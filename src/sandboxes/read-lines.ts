import { createReadStream } from 'node:fs';

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Where the line begins in the file, in bytes. */
  readonly offset: number;
  /** False for a last line that no line feed ends. */
  readonly ended: boolean;
}

const lineFeed = 0x0a;

/** The lines of a UTF-8 file, split at line feeds only, one chunk of the file in memory at a time. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let number = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      number += 1;
      yield { number, text: bytes.toString('utf8', start, end), offset: offset + start, ended: true };
      start = end + 1;
    }
    rest = bytes.subarray(start);
    offset += start;
  }
  if (rest.length > 0) {
    yield { number: number + 1, text: rest.toString('utf8'), offset, ended: false };
  }
}
