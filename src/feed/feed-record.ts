import { Failure } from '../domain/failure.ts';
import type { Cell, QuarantineCode } from '../domain/person.ts';
import type { FeedSettings } from '../domain/settings.ts';

/** Why a record is set aside, in the words of a quarantined row. */
export interface Fault {
  readonly code: QuarantineCode;
  readonly column: string | null;
  readonly message: string;
}

/** One record as every format gives it, before its cells mean anything. */
export interface FeedRecord {
  readonly line: number;
  /** In the order of the used headers; all empty when they could not be told from each other. */
  readonly cells: readonly Cell[];
  /** Set when nothing of the record can be trusted. */
  readonly fault: Fault | null;
  /** Positions of cells that hold what no attribute can take, each with the reason. */
  readonly unfit: ReadonlyMap<number, string> | null;
  /** JSON: positions of the names that the record does not have; left out when it has all. */
  readonly absent?: ReadonlySet<number> | null;
  /** The cells of the record that states how many there are: it is no row. */
  readonly trailer: readonly string[] | null;
}

/** What a reader learns of the feed before, or while, it gives records. */
export interface FeedShape {
  headers: readonly string[];
  /** True for a mended rejects file. */
  partial: boolean;
  /** What is odd about the header and does no harm, one sentence each. */
  warnings: readonly string[];
  /** What the bytes turned out to be. */
  text?: FoundText;
}

export interface FoundText {
  /** Canonical label of the WHATWG encoding standard. */
  readonly encoding: string;
  readonly byteOrderMark: boolean;
}

/** What every format's reader needs to know. */
export interface ReaderOptions
  extends Pick<
    FeedSettings,
    'delimiter' | 'quote' | 'escape' | 'finalNewline' | 'recordsAt' | 'sheet' | 'limits'
  > {
  /** Headers whose cells are read, in the order in which a record gives them. */
  readonly headers: readonly string[];
  /** Other spellings of a column's header, by the one that the job names. */
  readonly headerAliases: Readonly<Record<string, readonly string[]>>;
  /** A column that the header must have although its cells are not read; null: there is none. */
  readonly passwordColumn: string | null;
  readonly trailer: string | null;
  /** Filled in by the reader. */
  readonly shape: FeedShape;
}

/** A record whose cells were read. */
export function readRecord(
  line: number,
  cells: readonly Cell[],
  unfit: ReadonlyMap<number, string> | null,
  absent: ReadonlySet<number> | null = null,
): FeedRecord {
  return { line, cells, fault: null, unfit, absent, trailer: null };
}

/** A record that could not be read: it keeps its line and loses its cells, since none can be told from another. */
export function brokenRecord(line: number, headers: readonly string[], fault: Fault): FeedRecord {
  return { line, cells: headers.map(() => ''), fault, unfit: null, trailer: null };
}

/** The record that states the row count. */
export function trailerRecord(line: number, cells: readonly string[]): FeedRecord {
  return { line, cells: [], fault: null, unfit: null, trailer: cells };
}

export function fieldTooLong(column: string | null, bytesMax: number): Fault {
  return {
    code: 'FIELD_TOO_LONG',
    column,
    message: `The cell is longer than ${bytesMax} bytes (feed.limits.field).`,
  };
}

/** The failure for a record of which no end was found although it is far too long. */
export function endlessRecord(line: number, bytesMax: number): Failure {
  return new Failure({
    code: 'FEED_RECORD_TOO_LONG',
    exit: 1,
    message: `The record on line ${line} is far longer than ${bytesMax} bytes (feed.limits.record), and no end of it was found.`,
    hint: 'Check that the feed is what feed.format says, and whole.',
  });
}
