import type { FeedRecord } from './feed-record.ts';
import { blankAfterDelimiter, type Header } from './header.ts';

/** More broken records than these in one go say nothing of the row before them any more. */
const heldMax = 100;
const usualDelimiters = [',', ';', '\t', '|'] as const;
/** What opens a quotation elsewhere, and what closes it. */
const foreignQuotes: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '`': '`',
  '´': '´',
  '‘': '’',
  '’': '’',
  '“': '”',
  '”': '”',
  '„': '“',
  '«': '»',
  '»': '«',
};

interface Held {
  readonly record: FeedRecord;
  readonly cells: readonly string[];
  readonly spansLines: boolean;
}

/**
 * Holds a row back until what follows shows that it is whole. A line break inside a cell without quotes leaves a row
 * of the right width whose last, or first, cell lacks a part, with a fragment beside it: such a row is set aside
 * with the fragment. Rows beside anything else that is broken are let through.
 */
export class TornRows {
  readonly #width: number;
  /** Whether a blank after a delimiter is this feed's way to write, and not a sign of prose. */
  readonly #spaced: boolean;
  readonly #lastUsed: boolean;
  readonly #firstUsed: boolean;
  #held: Held | null = null;
  /** What came after the row that is held, all of it broken. */
  #since: FeedRecord[] = [];
  /** Whether the next row may have lost its beginning: always, if its text shows it, or never. */
  #next: 'torn' | 'tornIfText' | 'sound' = 'sound';

  /** @param used positions of the cells that count; a row that lost a part of another is let through */
  constructor(header: Header, used: ReadonlySet<number>) {
    this.#width = header.names.length;
    this.#spaced = blankAfterDelimiter(header.cells);
    this.#firstUsed = used.has(0);
    this.#lastUsed = used.has(this.#width - 1);
  }

  /** A row of the right width. */
  whole(record: FeedRecord, cells: readonly string[], spansLines: boolean, out: FeedRecord[]): void {
    this.release(out);
    const next = this.#next;
    this.#next = 'sound';
    const torn = next === 'torn' ? this.#firstUsed : next === 'tornIfText' && this.#endsText(cells);
    if (torn) out.push(tornRow(record, 'before'));
    else this.#held = { record, cells, spansLines };
  }

  /** A row with too few or too many cells. */
  ragged(record: FeedRecord, cells: readonly string[], out: FeedRecord[]): void {
    const fragment = cells.length === 1 && !this.#isRowOfAnotherDelimiter(cells[0] ?? '');
    if ((fragment && this.#lastUsed) || this.#heldBeginsText()) this.#tear();
    this.#next = fragment ? 'torn' : 'tornIfText';
    this.#add(record, out);
  }

  /**
   * A line that a quote breaks.
   *
   * @param mayClose whether the quote may close a cell that began before the line
   */
  broken(record: FeedRecord, mayClose: boolean, out: FeedRecord[]): void {
    const torn = mayClose || this.#held?.spansLines === true;
    if ((torn && this.#lastUsed) || this.#heldBeginsText()) this.#tear();
    this.#next = 'tornIfText';
    this.#add(record, out);
  }

  /** A record that says nothing of its neighbours. */
  apart(record: FeedRecord, out: FeedRecord[]): void {
    this.release(out);
    out.push(record);
  }

  /** Lets go of everything. */
  release(out: FeedRecord[]): void {
    if (this.#held !== null) out.push(this.#held.record);
    this.#held = null;
    if (this.#since.length === 0) return;
    out.push(...this.#since);
    this.#since = [];
  }

  #add(record: FeedRecord, out: FeedRecord[]): void {
    this.#since.push(record);
    if (this.#held === null || this.#since.length > heldMax) this.release(out);
  }

  #tear(): void {
    if (this.#held === null) return;
    this.#held = { ...this.#held, record: tornRow(this.#held.record, 'after') };
  }

  /** Whether the row that is held looks like the beginning of prose that lacks its quotes. */
  #heldBeginsText(): boolean {
    const cells = this.#held?.cells ?? [];
    return this.#isProse(cells) || cells.some(opensForeign);
  }

  #endsText(cells: readonly string[]): boolean {
    return this.#isProse(cells) || cells.some(closesForeign);
  }

  #isProse(cells: readonly string[]): boolean {
    return !this.#spaced && blankAfterDelimiter(cells);
  }

  #isRowOfAnotherDelimiter(text: string): boolean {
    return this.#width > 2 && usualDelimiters.some((one) => text.split(one).length === this.#width);
  }
}

/** Its cells are shown, for most of them are right; they are not used. */
function tornRow(record: FeedRecord, side: 'before' | 'after'): FeedRecord {
  if (record.fault !== null) return record;
  const cell = side === 'before' ? 'first' : 'last';
  return {
    ...record,
    unfit: null,
    fault: {
      code: 'TORN_ROW',
      column: null,
      message: `The line ${side} this row is broken and may hold a part of its ${cell} cell. Mend both: a cell with a line break has to stand in quotes.`,
    },
  };
}

function opensForeign(cell: string): boolean {
  const text = cell.trim();
  const closing = foreignQuotes[text.charAt(0)];
  return closing !== undefined && (text.length === 1 || !text.endsWith(closing));
}

function closesForeign(cell: string): boolean {
  const text = cell.trim();
  const last = text.at(-1) ?? '';
  return Object.entries(foreignQuotes).some(
    ([opening, closing]) => closing === last && (text.length === 1 || !text.startsWith(opening)),
  );
}
