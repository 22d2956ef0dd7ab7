import { blankAfterDelimiter } from './header.ts';
import type { LineAlone } from './read-line-alone.ts';

/**
 * What a line after a broken one is: a record by itself, broken by a quote of its own, a part of what is broken, or
 * nothing that could be told from text.
 */
export type LineAfterBroken = 'record' | 'broken' | 'part' | 'lost';

/**
 * Follows physical lines from one that a quote breaks to the first that is certainly a record again. A cell whose
 * closing quote is lost may go on over several lines; the delimiters say when its record has all its cells.
 */
export class CsvRecovery {
  readonly #width: number;
  /** Whether a blank after a delimiter is this feed's way to write, and not a sign of prose. */
  readonly #spaced: boolean;
  readonly #linesInCells: boolean;
  /** Cells of the broken record so far; NaN when nothing would tell its end. */
  #cells = 0;
  /** Whether the record may go on: its quote is open. */
  #isOpen = false;
  /** Whether the quote is open in the last cell, so that more text may follow when all cells are there. */
  #lastIsOpen = false;

  /** @param linesInCells whether cells of the feed were seen that hold several lines */
  constructor(headerCells: readonly string[], linesInCells: boolean) {
    this.#linesInCells = linesInCells;
    this.#width = headerCells.length;
    this.#spaced = blankAfterDelimiter(headerCells);
  }

  /** Notes a line that a quote breaks, and how many cells it would have if quotes were text. */
  broken(alone: LineAlone, bareCells: number): void {
    this.#isOpen = alone.kind === 'openQuote';
    this.#cells = this.#isOpen ? bareCells : this.#width;
    this.#lastIsOpen = this.#isOpen && positionOf(alone) === this.#width - 1;
    // Where there is one column, any line of text looks like a record.
    if (this.#isOpen && this.#width === 1) this.#cells = Number.NaN;
  }

  /** Judges a later line that is not blank. */
  judge(alone: LineAlone): LineAfterBroken {
    if (alone.kind !== 'row') return 'broken';
    const { length } = alone.cells;
    if (Number.isNaN(this.#cells)) return 'lost';
    const complete = this.#cells >= this.#width;
    const prose = !this.#spaced && blankAfterDelimiter(alone.cells);
    if (length === this.#width && !prose) {
      // The end of the broken record may stand on this line: with the cells it lacks, or with a record that
      // follows without a line end.
      const mayEndHere = !complete || (this.#isOpen && this.#linesInCells);
      this.#cells = this.#width;
      this.#isOpen = false;
      this.#lastIsOpen = false;
      return mayEndHere ? 'part' : 'record';
    }
    if (complete) return (length === 1 && this.#lastIsOpen) || prose ? 'part' : 'lost';
    this.#cells += length - 1;
    return this.#cells <= this.#width || prose ? 'part' : 'lost';
  }
}

function positionOf(alone: LineAlone): number {
  return alone.kind === 'row' ? -1 : alone.position;
}
