import { stringify } from 'csv-stringify/sync';
import type { FeedForm } from '../domain/feed-facts.ts';
import type { Cell } from '../domain/person.ts';

/** Tells spreadsheets that the file is UTF-8; without it they spoil accented names. The feed reader drops it. */
export const byteOrderMark = '\uFEFF';

/** How cells are told apart. */
export type CsvForm = Pick<FeedForm, 'delimiter' | 'quote' | 'escape'>;

const plainCsv: CsvForm = { delimiter: ',', quote: '"', escape: '"' };

/** Lines of CSV (LF). `csv-stringify` quotes what needs quotes. */
export function csvLines(records: readonly (readonly string[])[], form: CsvForm = plainCsv): string {
  const { delimiter, quote } = form;
  if (quote === null) return records.map((cells) => `${cells.join(delimiter)}\n`).join('');
  const rows = records.map((record) => [...record]);
  // Blanks around a cell are its own, a mark at the start of one is none of the file's, and no line ends in a cell.
  return stringify(rows, { delimiter, quote, escape: form.escape, quoted_match: /[\r\n]|^[\s\ufeff]|\s$/ });
}

/** A formula for a spreadsheet, blanks before it or not; those of East Asia take the wide signs for the same. */
const runsAsFormula = /^'*(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@＝＋－＠])/u;

/**
 * A cell that a spreadsheet would run as a formula gets a leading apostrophe. So does one that looks as if it
 * had got one already: taking one apostrophe off such a cell then always gives back what was there.
 */
export function neutralise(text: string): string {
  return runsAsFormula.test(text) ? `'${text}` : text;
}

/**
 * A cell of the feed as text.
 * @param separator what stands between the values of a list
 */
export function cellText(cell: Cell | undefined, separator = ';'): string {
  if (cell === undefined) return '';
  return typeof cell === 'string' ? cell : cell.join(separator);
}
