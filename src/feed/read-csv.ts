import { Parser } from 'csv-parse';
import { Failure } from '../domain/failure.ts';
import { ChunkSource, type PhysicalLine } from './chunk-source.ts';
import {
  brokenRecord,
  type FeedRecord,
  type ReaderOptions,
  readRecord,
  recordBytesMax,
  trailerRecord,
} from './feed-record.ts';
import { type Header, readHeader, withoutApostrophe } from './header.ts';
import { LineWindow } from './line-window.ts';
import { csvOptions, type LineAlone, readLineAlone } from './read-line-alone.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const setAsideBatch = 1000;
/**
 * Parsed in one go. V8 takes for long-lived what lives a hundred times over when it looks, and then frees its like
 * only in full collections (measured on Node 24): so few rows at a time need less memory than many.
 */
const pieceBytes = 4 * 1024;

/**
 * Reads CSV. A ragged row costs only itself. A broken quote costs the physical line on which its record begins;
 * reading goes on at the first later line that is a whole row by itself, and when text that is neither a row nor
 * a broken quote comes before it, the rest of the file is set aside line by line: nothing then says what is text
 * and what is a row.
 *
 * @throws Failure (exit 1, `FEED_HEADER`) when the header does not fit the job
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const source = new ChunkSource(chunks);
  try {
    yield* new CsvReader(source, await lineEnd(source), options).records();
  } finally {
    await source.close();
  }
}

/** Only files of old Macs end their lines with a carriage return alone. */
async function lineEnd(source: ChunkSource): Promise<number> {
  const start = await source.next();
  if (start === null) return lineFeed;
  source.unread(start);
  return start.includes(carriageReturn) && !start.includes(lineFeed) ? carriageReturn : lineFeed;
}

class CsvReader {
  readonly #source: ChunkSource;
  readonly #lineEnd: number;
  readonly #lineEndText: string;
  readonly #options: ReaderOptions;
  #header: Header | null = null;
  /** Physical line on which the next record begins. */
  #line = 1;
  /** The last line that a quote broke. */
  #brokenOn = 0;

  constructor(source: ChunkSource, end: number, options: ReaderOptions) {
    this.#source = source;
    this.#lineEnd = end;
    this.#lineEndText = String.fromCharCode(end);
    this.#options = options;
  }

  async *records(): AsyncGenerator<readonly FeedRecord[]> {
    while ((yield* this.#readUntilBroken()) === 'broken') {
      if ((yield* this.#stepOver()) === 'lost') {
        yield* this.#setRestAside();
        return;
      }
    }
  }

  async *#readUntilBroken(): AsyncGenerator<readonly FeedRecord[], 'ended' | 'broken'> {
    const parser = new Parser(csvOptions(this.#options.delimiter, this.#lineEndText));
    // The error is looked for after each chunk; without a listener it would end the process.
    parser.on('error', () => {});
    const window = new LineWindow(this.#line, this.#lineEnd);
    for (;;) {
      const chunk = await this.#source.nextPiece(pieceBytes);
      if (chunk === null) {
        parser.end();
      } else {
        window.add(chunk);
        parser.write(chunk);
      }
      const records = this.#drain(parser);
      if (records.length > 0) yield records;
      if (parser.errored !== null) {
        this.#source.unread(window.from(this.#line));
        return 'broken';
      }
      if (chunk === null) return 'ended';
      window.dropBefore(this.#line);
    }
  }

  #drain(parser: Parser): FeedRecord[] {
    const records: FeedRecord[] = [];
    for (let cells: string[] | null = parser.read(); cells !== null; cells = parser.read()) {
      const line = this.#line;
      this.#line += 1 + this.#lineEndsIn(cells);
      if (cells.length === 1 && cells[0]?.trim() === '') continue;
      if (this.#header === null) this.#takeHeader(cells);
      else records.push(this.#toRecord(this.#header, cells, line));
    }
    return records;
  }

  #lineEndsIn(cells: readonly string[]): number {
    let ends = 0;
    for (const cell of cells) {
      let at = cell.indexOf(this.#lineEndText);
      for (; at !== -1; at = cell.indexOf(this.#lineEndText, at + 1)) ends += 1;
    }
    return ends;
  }

  #takeHeader(cells: readonly string[]): void {
    const header = readHeader(cells, this.#options);
    this.#header = header;
    this.#options.shape.headers = header.names;
    this.#options.shape.partial = header.partial;
    this.#options.shape.warnings = header.warnings;
  }

  #toRecord(header: Header, cells: readonly string[], line: number): FeedRecord {
    if (this.#isTrailer(cells)) return trailerRecord(line, cells);
    if (cells.length !== header.names.length) {
      const last = this.#line - 1;
      const span = last > line ? ` It spans the lines ${line} to ${last}: look for a quote.` : '';
      return brokenRecord(line, this.#options.headers, {
        code: 'RAGGED_ROW',
        column: null,
        message: `The row has ${cells.length} cells where the header has ${header.names.length}.${span}`,
      });
    }
    const mapped = header.positions.map((position) => cells[position] ?? '');
    return readRecord(line, header.partial ? mapped.map(withoutApostrophe) : mapped, null);
  }

  #isTrailer(cells: readonly string[]): boolean {
    return this.#options.trailer !== null && cells[0]?.trim() === this.#options.trailer;
  }

  /** Sets the broken line aside, and those after it that break by a quote of their own. */
  async *#stepOver(): AsyncGenerator<readonly FeedRecord[], 'found' | 'lost'> {
    const header = this.#header;
    if (header === null) throw brokenHeader(this.#line);
    for (let first = true; ; first = false) {
      const line = await this.#source.readLine(this.#lineEnd);
      if (line === null) return 'found';
      if (!line.blank) {
        const alone = readLineAlone(line, this.#options.delimiter, this.#lineEndText);
        if (!first && alone.kind === 'row' && !line.tooLong) {
          this.#source.unread(line.raw);
          const fits = alone.cells.length === header.names.length || this.#isTrailer(alone.cells);
          return fits ? 'found' : 'lost';
        }
        yield [this.#faultyLine(header, line, alone)];
        this.#brokenOn = this.#line;
      }
      this.#line += 1;
    }
  }

  #faultyLine(header: Header, line: PhysicalLine, alone: LineAlone): FeedRecord {
    const { headers } = this.#options;
    if (line.tooLong) {
      return brokenRecord(this.#line, headers, {
        code: 'RECORD_TOO_LONG',
        column: null,
        message: `The row is longer than ${recordBytesMax} bytes.`,
      });
    }
    const column = alone.kind === 'row' ? null : (header.names[alone.position] ?? null);
    const where = column === null ? '' : ` in column "${column}"`;
    const bad = alone.kind === 'badQuote';
    return brokenRecord(this.#line, headers, {
      code: bad ? 'BAD_QUOTE' : 'UNCLOSED_QUOTE',
      column,
      message: bad
        ? `A quote stands inside the text${where}. Put the whole cell in quotes and double the quotes inside it.`
        : `A quote that opens${where} is not closed where the cell ends. Close it, or double it if it is text.`,
    });
  }

  /** From the next line to the end, one record for each line, so that none is lost without a word. */
  async *#setRestAside(): AsyncGenerator<readonly FeedRecord[]> {
    let batch: FeedRecord[] = [];
    for (;;) {
      const line = await this.#source.readLine(this.#lineEnd);
      if (line === null) break;
      if (!line.blank) {
        batch.push(
          brokenRecord(this.#line, this.#options.headers, {
            code: 'UNCLOSED_QUOTE',
            column: null,
            message: `The line cannot be told from text: a quote is not closed on line ${this.#brokenOn}. Mend that line.`,
          }),
        );
      }
      this.#line += 1;
      if (batch.length < setAsideBatch) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }
}

function brokenHeader(line: number): Failure {
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The header of the feed, line ${line}, cannot be read: a quote in it is not closed or stands inside a name.`,
    hint: 'Mend the first line of the feed.',
  });
}
