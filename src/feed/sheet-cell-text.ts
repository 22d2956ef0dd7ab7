import { type CellValue, formatValue, type Sheet } from 'hucre';

/** Excel keeps so many digits of a number; what has more was rounded when it was typed. */
const digitsMax = 15;
/** Formats that Excel shows by the country of whoever looks, so that no text is the one that a person sees. */
const localFormats: ReadonlySet<string> = new Set(['m/d/yyyy', 'mm-dd-yy', 'm/d/yyyy h:mm']);
const localPattern = /^\[\$-F[48]00\]/i;

/**
 * A cell as a person sees it: numbers and dates by their number format, formulas by the value that was saved. Dates
 * whose look depends on the country are given as yyyy-MM-dd.
 *
 * @param merged cells that a merged area hides, as `row,column`
 * @returns the text, or why the cell has none that is certain
 */
export function sheetCellText(
  sheet: Sheet,
  row: number,
  column: number,
  merged: ReadonlySet<string>,
): string | { readonly unfit: string } {
  const place = `${row},${column}`;
  if (merged.has(place)) return { unfit: 'is hidden by merged cells. Take them apart.' };
  const cell = sheet.cells?.get(place);
  const value = sheet.rows[row]?.[column] ?? cell?.formulaResult ?? null;
  if (cell?.type === 'error') return { unfit: 'shows an error of Excel.' };
  if (value === null) {
    if (cell?.formula === undefined) return '';
    return { unfit: 'is a formula without a value. Open the workbook in Excel and save it.' };
  }
  return shownText(value, cell?.style?.numFmt ?? 'General');
}

function shownText(value: CellValue, format: string): string | { readonly unfit: string } {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (value instanceof Date) return dateText(value, format);
  if (value === null) return '';
  const rounded = Number(value.toPrecision(digitsMax));
  const text = String(rounded);
  if (Math.abs(value) >= 10 ** digitsMax || text.includes('e')) {
    return { unfit: 'holds a number with more digits than Excel keeps. Format the column as text.' };
  }
  return format === 'General' || format === '@' ? text : formatValue(rounded, format).trim();
}

function dateText(value: Date, format: string): string | { readonly unfit: string } {
  if (Number.isNaN(value.getTime())) return { unfit: 'holds no date that Excel can show.' };
  if (format !== 'General' && !localFormats.has(format) && !localPattern.test(format)) {
    return formatValue(value, format).trim();
  }
  const [day = '', time = ''] = value.toISOString().split('T');
  return time.startsWith('00:00:00') ? day : `${day}T${time.slice(0, 8)}`;
}
