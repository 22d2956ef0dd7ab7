import { readXlsx as readWorkbook, type Sheet } from 'hucre';
import { Failure } from '../domain/failure.ts';
import {
  brokenRecord,
  type FeedRecord,
  fieldTooLong,
  type ReaderOptions,
  readRecord,
  trailerRecord,
} from './feed-record.ts';
import { type Header, headerAgain, readHeader, repeatsHeader, withoutApostrophe } from './header.ts';
import { requireSoundZip } from './zip-directory.ts';
import { sheetCellText } from './sheet-cell-text.ts';

const batchRows = 500;
/** A workbook is read as a whole: so many bytes of it, packed, are the most. */
const packedBytesMax = 256 * 1024 * 1024;
/** Cells that merged areas may cover. */
const mergedCellsMax = 1_000_000;

type Merges = NonNullable<Sheet['merges']>;

/**
 * Reads a sheet of an Excel workbook (.xlsx), a cell as the text that a person sees. A record's line is its row
 * number in the sheet; the first row that is not empty is the header.
 *
 * @throws Failure (exit 1): `FEED_XLSX` when the file is no such workbook, is encrypted, expands beyond the limits or
 * lacks the sheet; `FEED_HEADER` when the header does not fit the job
 */
export async function* readXlsx(
  bytes: AsyncIterable<Buffer>,
  options: ReaderOptions,
): AsyncGenerator<readonly FeedRecord[]> {
  const sheet = await readSheet(await allBytes(bytes), options.sheet, options.limits.gzipRatio);
  const merged = coveredCells(sheet.merges ?? []);
  let header: Header | null = null;
  let batch: FeedRecord[] = [];
  for (const [row, values] of sheet.rows.entries()) {
    if (values.every((value) => value === null || value === '')) continue;
    const cells = values.map((_, column) => sheetCellText(sheet, row, column, merged));
    if (header === null) {
      header = headerOf(cells, options);
      continue;
    }
    batch.push(toRecord(header, cells, row + 1, options));
    if (batch.length < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type SheetCell = ReturnType<typeof sheetCellText>;

function headerOf(cells: readonly SheetCell[], options: ReaderOptions): Header {
  const names = cells.map(textOf);
  while (names.at(-1)?.trim() === '') names.pop();
  const header = readHeader(names, options);
  options.shape.headers = header.names;
  options.shape.partial = header.partial;
  options.shape.warnings = header.warnings;
  return header;
}

function toRecord(
  header: Header,
  cells: readonly SheetCell[],
  line: number,
  options: ReaderOptions,
): FeedRecord {
  const { headers, limits, trailer } = options;
  const texts = cells.map(textOf);
  if (trailer !== null && texts[0]?.trim() === trailer) return trailerRecord(line, texts);
  const width = header.names.length;
  if (texts.slice(width).some((text) => text.trim() !== '')) {
    return brokenRecord(line, headers, {
      code: 'RAGGED_ROW',
      column: null,
      message: `The row has cells beyond the ${width} columns of the header.`,
    });
  }
  const long = texts.findIndex(
    (text) => text.length * 3 > limits.fieldBytes && Buffer.byteLength(text) > limits.fieldBytes,
  );
  if (long !== -1)
    return brokenRecord(line, headers, fieldTooLong(header.names[long] ?? null, limits.fieldBytes));
  const unfit = new Map<number, string>();
  const mapped = header.positions.map((position, at) => {
    const cell = cells[position] ?? '';
    if (typeof cell !== 'string') unfit.set(at, cell.unfit);
    const text = textOf(cell);
    return header.partial ? withoutApostrophe(text) : text;
  });
  const record = readRecord(line, mapped, unfit.size === 0 ? null : unfit);
  return repeatsHeader(texts, header) ? { ...record, fault: headerAgain } : record;
}

function textOf(cell: SheetCell): string {
  return typeof cell === 'string' ? cell : '';
}

async function readSheet(bytes: Buffer, name: string | null, ratioMax: number): Promise<Sheet> {
  requireSoundZip(bytes, ratioMax);
  const names: string[] = [];
  let chosen: string | null = null;
  const workbook = await readWorkbook(bytes, {
    readStyles: true,
    sheets: (info) => {
      names.push(info.name);
      const wanted = name === null ? info.hidden !== true && info.veryHidden !== true : info.name === name;
      if (!wanted || chosen !== null) return false;
      chosen = info.name;
      return true;
    },
  }).catch((error: unknown) => {
    throw damaged(error);
  });
  const sheet = workbook.sheets.find((one) => one.name === chosen);
  if (sheet !== undefined) return sheet;
  throw new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message:
      name === null
        ? 'The workbook has no visible sheet.'
        : `The workbook has no sheet "${name}". It has: ${names.map((one) => `"${one}"`).join(', ')}.`,
    hint: 'Correct feed.sheet in the job.',
  });
}

/** Positions of cells that a merged area hides, as `row,column` from 0; its first cell holds the value. */
function coveredCells(merges: Merges): ReadonlySet<string> {
  const covered = new Set<string>();
  for (const { startRow, endRow, startCol, endCol } of merges) {
    if ((endRow - startRow + 1) * (endCol - startCol + 1) + covered.size > mergedCellsMax)
      throw tooMuchMerged();
    for (let row = startRow; row <= endRow; row += 1) {
      for (let column = startCol; column <= endCol; column += 1) covered.add(`${row},${column}`);
    }
    covered.delete(`${startRow},${startCol}`);
  }
  return covered;
}

async function allBytes(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > packedBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): Failure {
  return new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message: `The workbook is larger than ${packedBytesMax} bytes.`,
    hint: 'Export so many people as CSV, which is read row by row.',
  });
}

function tooMuchMerged(): Failure {
  return new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message: `Merged cells of the sheet cover more than ${mergedCellsMax} cells.`,
    hint: 'Take the merged cells apart.',
  });
}

function damaged(cause: unknown): Failure {
  return new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message: 'The workbook cannot be read: it is damaged, cut off or no .xlsx.',
    hint: 'Open it in Excel and save it as .xlsx, without a password.',
    cause,
  });
}
