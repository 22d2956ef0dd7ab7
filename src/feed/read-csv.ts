import { Parser } from 'csv-parse';
import { Failure } from '../domain/failure.ts';
import { ChunkSource, type PhysicalLine } from './chunk-source.ts';
import { CsvRecovery } from './csv-recovery.ts';
import {
  brokenRecord,
  endlessRecord,
  type Fault,
  type FeedRecord,
  fieldTooLong,
  type ReaderOptions,
  readRecord,
  trailerRecord,
} from './feed-record.ts';
import { type Header, headerAgain, readHeader, repeatsHeader, withoutApostrophe } from './header.ts';
import { LineWindow } from './line-window.ts';
import { cellsIgnoringQuotes, csvOptions, type LineAlone, readLineAlone } from './read-line-alone.ts';
import { TornRows } from './torn-rows.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const setAsideBatch = 1000;
const byteOrderMark = '\ufeff';
/**
 * Parsed in one go. V8 takes for long-lived what lives a hundred times over when it looks, and then frees its like
 * only in full collections (measured on Node 24): so few rows at a time need less memory than many.
 */
const pieceBytes = 4 * 1024;
/** UTF-8 needs at most so many bytes for one of JavaScript's characters. */
const bytesPerCharacterMax = 3;

/**
 * Reads CSV; LF, CRLF and CR end its lines, in one file if need be. A ragged row costs only itself, a line that may
 * be a part of its neighbour costs that, too. A broken quote costs the physical line on which its record begins;
 * reading goes on where the next record certainly begins, and when nothing tells where that is, the rest of the file
 * is set aside line by line.
 *
 * @throws Failure (exit 1, `FEED_HEADER`) when the header does not fit the job
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const source = new ChunkSource(chunks);
  try {
    yield* new CsvReader(source, options).records();
  } finally {
    await source.close();
  }
}

class CsvReader {
  readonly #source: ChunkSource;
  readonly #options: ReaderOptions;
  /** More characters than these may be more bytes than a cell may have. */
  readonly #charactersChecked: number;
  #header: Header | null = null;
  #rows: TornRows | null = null;
  /** Physical line on which the next record begins. */
  #line = 1;
  /** Whether a cell with several lines was seen. */
  #linesInCells = false;
  /** The last line that a quote broke. */
  #brokenOn = 0;
  /** Set once a carriage return was seen: without one, line ends are quicker to count. */
  #hasReturns = false;

  constructor(source: ChunkSource, options: ReaderOptions) {
    this.#source = source;
    this.#options = options;
    this.#charactersChecked = Math.floor(options.limits.fieldBytes / bytesPerCharacterMax);
  }

  async *records(): AsyncGenerator<readonly FeedRecord[]> {
    while ((yield* this.#readUntilBroken()) === 'broken') {
      if ((yield* this.#stepOver()) === 'lost') {
        yield* this.#setRestAside();
        return;
      }
    }
    const last: FeedRecord[] = [];
    this.#rows?.release(last);
    if (last.length > 0) yield last;
  }

  async *#readUntilBroken(): AsyncGenerator<readonly FeedRecord[], 'ended' | 'broken'> {
    const parser = new Parser(csvOptions(this.#options));
    // The error is looked for after each chunk; without a listener it would end the process.
    parser.on('error', () => {});
    const window = new LineWindow(this.#line);
    let endsLine = true;
    for (;;) {
      const chunk = await this.#source.nextLinesPiece(pieceBytes);
      if (chunk === null) {
        parser.end();
      } else {
        this.#hasReturns = this.#hasReturns || chunk.includes(carriageReturn);
        endsLine = chunk.at(-1) === lineFeed || chunk.at(-1) === carriageReturn;
        window.add(chunk);
        parser.write(chunk);
      }
      const records = this.#drain(parser, chunk === null && !endsLine);
      if (records.length > 0) yield records;
      window.dropBefore(this.#line);
      // The parser counts the bytes of cells only, so one with nothing but delimiters would never be too long.
      if (parser.errored !== null || window.bytes > this.#options.limits.recordBytes + 2 * pieceBytes) {
        this.#source.unread(window.from(this.#line));
        return 'broken';
      }
      if (chunk === null) return 'ended';
    }
  }

  /** @param cut whether the last of the records, the file's last, has no line end */
  #drain(parser: Parser, cut: boolean): FeedRecord[] {
    const records: FeedRecord[] = [];
    let next: string[] | null = parser.read();
    while (next !== null) {
      const cells = next;
      next = parser.read();
      const line = this.#line;
      this.#line += 1 + this.#lineEndsIn(cells);
      if (cells.length === 1 && cells[0]?.trim() === '') continue;
      const last = cut && next === null;
      if (this.#header === null) this.#takeHeader(cells, line, last);
      else this.#take(this.#header, cells, line, last, records);
    }
    return records;
  }

  #lineEndsIn(cells: readonly string[]): number {
    let ends = 0;
    for (const cell of cells) {
      if (this.#hasReturns && cell.includes('\r')) ends += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
      else for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) ends += 1;
    }
    return ends;
  }

  #takeHeader(cells: readonly string[], line: number, cut: boolean): void {
    const header = readHeader(cells, this.#options);
    if (cut && !header.partial && this.#options.finalNewline === 'required') throw cutHeader(line);
    const { passwordColumn, shape } = this.#options;
    const password = passwordColumn === null ? -1 : header.names.indexOf(passwordColumn);
    this.#header = header;
    this.#rows = new TornRows(header, new Set([...header.positions, password]));
    shape.headers = header.names;
    shape.partial = header.partial;
    shape.warnings = header.warnings;
  }

  #take(header: Header, cells: readonly string[], line: number, cut: boolean, out: FeedRecord[]): void {
    const rows = this.#rows;
    if (rows === null) return;
    if (this.#isTrailer(cells)) {
      rows.apart(trailerRecord(line, cells), out);
      return;
    }
    if (cells.length !== header.names.length) {
      rows.ragged(this.#brokenRow(line, this.#raggedFault(header, cells, line)), cells, out);
      return;
    }
    const mapped = header.positions.map((position) => cells[position] ?? '');
    const sound = readRecord(line, header.partial ? mapped.map(withoutApostrophe) : mapped, null);
    const fault = this.#faultOf(header, cells, cut);
    const record = fault === null ? sound : { ...sound, fault };
    const spansLines = this.#line - line > 1;
    if (spansLines) this.#linesInCells = true;
    rows.whole(record, cells, spansLines, out);
  }

  #raggedFault(header: Header, cells: readonly string[], line: number): Fault {
    const last = this.#line - 1;
    const span = last > line ? ` It spans the lines ${line} to ${last}: look for a quote.` : '';
    return {
      code: 'RAGGED_ROW',
      column: null,
      message: `The row has ${cells.length} cells where the header has ${header.names.length}.${span}`,
    };
  }

  /** What makes a row of the right width one that cannot be taken. */
  #faultOf(header: Header, cells: readonly string[], cut: boolean): Fault | null {
    const long = this.#longCell(cells);
    if (long !== -1) return fieldTooLong(header.names[long] ?? null, this.#options.limits.fieldBytes);
    const first = cells[0] ?? '';
    if (repeatsHeader(cells, header)) return headerAgain;
    if (first.startsWith(byteOrderMark)) return markInside(header.names[0] ?? null);
    return cut && !header.partial && this.#options.finalNewline === 'required' ? noLineEnd : null;
  }

  /** Position of a cell with too many bytes; -1 when there is none. */
  #longCell(cells: readonly string[]): number {
    const { fieldBytes } = this.#options.limits;
    for (let at = 0; at < cells.length; at += 1) {
      const cell = cells[at] ?? '';
      if (cell.length > this.#charactersChecked && Buffer.byteLength(cell) > fieldBytes) return at;
    }
    return -1;
  }

  #isTrailer(cells: readonly string[]): boolean {
    return this.#options.trailer !== null && cells[0]?.trim() === this.#options.trailer;
  }

  #brokenRow(line: number, fault: Fault): FeedRecord {
    return brokenRecord(line, this.#options.headers, fault);
  }

  /** The next physical line that is not blank. */
  async #nextLine(): Promise<PhysicalLine | null> {
    for (;;) {
      const line = await this.#source.readLine(this.#options.limits.recordBytes);
      if (line?.endless === true) throw endlessRecord(this.#line, this.#options.limits.recordBytes);
      if (line?.blank !== true) return line;
      this.#line += 1;
    }
  }

  /** Sets the broken line aside, and all lines after it until a record certainly begins. */
  async *#stepOver(): AsyncGenerator<readonly FeedRecord[], 'found' | 'lost'> {
    const header = this.#header;
    const rows = this.#rows;
    if (header === null || rows === null) throw brokenHeader(this.#line);
    const recovery = new CsvRecovery(header.cells, this.#linesInCells);
    for (let first = true; ; first = false) {
      const line = await this.#nextLine();
      if (line === null) return 'found';
      const alone = readLineAlone(line, this.#options);
      const is = first ? 'broken' : this.#isTrailerLine(alone) ? 'record' : recovery.judge(alone);
      if (is === 'record' || is === 'lost') {
        this.#source.unread(line.raw);
        return is === 'record' ? 'found' : 'lost';
      }
      const out: FeedRecord[] = [];
      if (is === 'part') rows.broken(this.#brokenRow(this.#line, this.#partOfBroken()), false, out);
      else this.#setBrokenAside(header, rows, recovery, line, out);
      this.#line += 1;
      if (out.length > 0) yield out;
    }
  }

  #setBrokenAside(
    header: Header,
    rows: TornRows,
    recovery: CsvRecovery,
    line: PhysicalLine,
    out: FeedRecord[],
  ): void {
    const alone = readLineAlone(line, this.#options);
    const bare = cellsIgnoringQuotes(line, this.#options);
    recovery.broken(alone, bare.length);
    const record = this.#brokenRow(this.#line, this.#lineFault(header, line, alone));
    rows.broken(record, this.#mayClose(line, alone, bare), out);
    this.#brokenOn = this.#line;
  }

  #isTrailerLine(alone: LineAlone): boolean {
    return alone.kind === 'row' && this.#isTrailer(alone.cells);
  }

  /** Whether the quote that breaks the line may close a cell that began on an earlier one. */
  #mayClose(line: PhysicalLine, alone: LineAlone, bare: readonly string[]): boolean {
    const { quote } = this.#options;
    const width = this.#header?.names.length ?? 0;
    if (quote === null || alone.kind === 'row' || line.tooLong) return false;
    const atEnd = bare.at(-1)?.endsWith(quote) === true;
    if (atEnd) return true;
    const quotes = bare.join('').split(quote).length - 1;
    return alone.kind === 'badQuote' && quotes % 2 === 1 && bare.length !== width;
  }

  #lineFault(header: Header, line: PhysicalLine, alone: LineAlone): Fault {
    const { recordBytes } = this.#options.limits;
    if (line.tooLong) {
      return {
        code: 'RECORD_TOO_LONG',
        column: null,
        message: `The row is longer than ${recordBytes} bytes.`,
      };
    }
    const column = alone.kind === 'row' ? null : (header.names[alone.position] ?? null);
    const where = column === null ? '' : ` in column "${column}"`;
    const bad = alone.kind === 'badQuote';
    return {
      code: bad ? 'BAD_QUOTE' : 'UNCLOSED_QUOTE',
      column,
      message: bad
        ? `A quote stands inside the text${where}. Put the whole cell in quotes and double the quotes inside it.`
        : `A quote that opens${where} is not closed where the cell ends. Close it, or double it if it is text.`,
    };
  }

  #partOfBroken(): Fault {
    return {
      code: 'UNCLOSED_QUOTE',
      column: null,
      message: `The line cannot be told from text: a quote is not closed on line ${this.#brokenOn}. Mend that line.`,
    };
  }

  /** From the next line to the end, one record for each line, so that none is lost without a word. */
  async *#setRestAside(): AsyncGenerator<readonly FeedRecord[]> {
    let batch: FeedRecord[] = [];
    this.#rows?.release(batch);
    for (;;) {
      const line = await this.#nextLine();
      if (line === null) break;
      batch.push(this.#brokenRow(this.#line, this.#partOfBroken()));
      this.#line += 1;
      if (batch.length < setAsideBatch) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }
}

const noLineEnd: Fault = {
  code: 'NO_LINE_END',
  column: null,
  message:
    'The last row has no line end, so it may be cut off. Have the feed delivered again, or set feed.finalNewline: optional if it never ends its last row.',
};

function markInside(column: string | null): Fault {
  return {
    code: 'BAD_VALUE',
    column,
    message: 'A byte order mark stands before the cell: two files seem to be joined. Take the mark out.',
  };
}

function brokenHeader(line: number): Failure {
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The header of the feed, line ${line}, cannot be read: it is too long, or a quote in it is not closed or stands inside a name.`,
    hint: 'Mend the first line of the feed.',
  });
}

function cutHeader(line: number): Failure {
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The feed ends inside its header, line ${line}: it has no line end, so it may be cut off.`,
    hint: 'Have the feed delivered again, or set feed.finalNewline: optional if a feed without rows is meant.',
  });
}
