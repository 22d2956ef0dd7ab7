import { stringify } from 'csv-stringify/sync';
import type { Cell } from '../domain/person.ts';

/** Tells spreadsheets that the file is UTF-8; without it they spoil accented names. The feed reader drops it. */
export const byteOrderMark = '\uFEFF';

/** Lines of CSV (commas, LF). `csv-stringify` quotes what needs quotes. */
export function csvLines(records: readonly (readonly string[])[]): string {
  return stringify(records.map((record) => [...record]));
}

const runsAsFormula = /^'*[=+\-@\t\r]/;

/**
 * A cell that a spreadsheet would run as a formula gets a leading apostrophe. So does one that looks as if it
 * had got one already: taking one apostrophe off such a cell then always gives back what was there.
 */
export function neutralise(text: string): string {
  return runsAsFormula.test(text) ? `'${text}` : text;
}

/** A cell of the feed as text; a list is joined with semicolons. */
export function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  return typeof cell === 'string' ? cell : cell.join(';');
}
