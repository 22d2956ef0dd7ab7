import type { Options } from 'csv-parse';
import { CsvError, parse } from 'csv-parse/sync';
import type { PhysicalLine } from './chunk-source.ts';
import type { ReaderOptions } from './feed-record.ts';

/** What a physical line is when nothing before or after it is known; `position` is the cell at fault. */
export type LineAlone =
  | { readonly kind: 'row'; readonly cells: readonly string[] }
  | { readonly kind: 'badQuote'; readonly position: number }
  | { readonly kind: 'openQuote'; readonly position: number };

/** How cells are told apart. */
export type CsvDialect = Pick<ReaderOptions, 'delimiter' | 'quote' | 'escape' | 'limits'>;

/**
 * Quotes are taken strictly: reading polluted files leniently gives wrong cells without a word. A record ends
 * at any of the three line ends, since one file may have them all.
 */
export function csvOptions(dialect: CsvDialect): Options {
  const { delimiter, quote, limits } = dialect;
  return {
    delimiter,
    quote,
    escape: quote === null ? null : dialect.escape,
    record_delimiter: ['\n', '\r\n', '\r'],
    relax_column_count: true,
    max_record_size: limits.recordBytes,
  };
}

/** Reads one physical line as if it were the whole file. */
export function readLineAlone(line: PhysicalLine, dialect: CsvDialect): LineAlone {
  try {
    const [cells = []] = parse(line.raw, csvOptions(dialect)) as unknown as string[][];
    return { kind: 'row', cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const position = typeof error.column === 'number' ? error.column : -1;
    return { kind: error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'openQuote' : 'badQuote', position };
  }
}

/** The cells that a physical line would have if quotes were text. */
export function cellsIgnoringQuotes(line: PhysicalLine, dialect: CsvDialect): readonly string[] {
  const alone = readLineAlone(line, { ...dialect, quote: null });
  return alone.kind === 'row' ? alone.cells : [];
}
