import type { Options } from 'csv-parse';
import { CsvError, parse } from 'csv-parse/sync';
import type { PhysicalLine } from './chunk-source.ts';
import { recordBytesMax } from './feed-record.ts';

/** What a physical line is when nothing before or after it is known; `position` is the cell at fault. */
export type LineAlone =
  | { readonly kind: 'row'; readonly cells: readonly string[] }
  | { readonly kind: 'badQuote'; readonly position: number }
  | { readonly kind: 'openQuote'; readonly position: number };

/** Quotes are taken strictly: reading polluted files leniently gives wrong cells without a word. */
export function csvOptions(delimiter: string, lineEnd: string): Options {
  return {
    delimiter,
    record_delimiter: lineEnd === '\n' ? ['\r\n', '\n'] : [lineEnd],
    relax_column_count: true,
    max_record_size: recordBytesMax,
  };
}

/** Reads one physical line as if it were the whole file. */
export function readLineAlone(line: PhysicalLine, delimiter: string, lineEnd: string): LineAlone {
  try {
    const [cells = []] = parse(line.raw, csvOptions(delimiter, lineEnd)) as unknown as string[][];
    return { kind: 'row', cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const position = typeof error.column === 'number' ? error.column : -1;
    return { kind: error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'openQuote' : 'badQuote', position };
  }
}
