import type { Change } from '../domain/change.ts';
import type { FeedForm } from '../domain/feed-facts.ts';
import type { QuarantinedRow, Row } from '../domain/person.ts';
import { byteOrderMark, cellText, csvLines, neutralise } from './csv.ts';
import { encoderOf, isEncodable } from './encode-text.ts';
import type { FailureNow } from './explain-change.ts';

/** Columns by which the feed reader knows a mended rejects file again. */
export const reasonColumns = [
  'rollcall_line',
  'rollcall_code',
  'rollcall_column',
  'rollcall_message',
] as const;

/** `rejects.csv`, or `rejects-NAME.csv` for one of several feeds. */
export function rejectsName(feed: string): string {
  return feed === '' ? 'rejects.csv' : `rejects-${feed}.csv`;
}

/**
 * The bytes of `rejects.csv`: the feed's own columns as far as the job maps them, then the reason, in the feed's own
 * form. Mended, it can be fed back as it is.
 */
export interface RejectsTable {
  /** What the file begins with. */
  readonly header: Buffer;
  quarantined(rows: readonly QuarantinedRow[]): Buffer;
  /** One line for each row that asked for the change; none for a person whom the feed does not name. */
  failed(changes: readonly FailedChange[]): Buffer;
}

export interface FailedChange {
  readonly change: Change;
  readonly failure: FailureNow;
}

/**
 * @param columns the headers in the order of a row's cells. They are written as they are: the job names them, and the
 * reader has to find them again
 */
export function rejectsTable(columns: readonly string[], feedForm: FeedForm): RejectsTable {
  // A mark says of itself which encoding it is.
  const form = isEncodable(feedForm.encoding)
    ? feedForm
    : { ...feedForm, encoding: 'utf-8', byteOrderMark: true };
  const encode = encoderOf(form.encoding);
  const isUnicode = form.encoding.startsWith('utf-');
  const lines = (records: readonly (readonly string[])[]): Buffer => encode(csvLines(records, form));
  const record = (row: Row, code: string, column: string, message: string): readonly string[] => {
    const cells = columns.map((_, index) => cellText(row.cells[index], form.separators[index]));
    const reason = [code, column, isUnicode ? message : asciiOf(message)].map((text) => fitting(text, form));
    return [...cells, String(row.line), ...reason].map(neutralise);
  };
  return {
    header: Buffer.concat([
      encode(form.byteOrderMark ? byteOrderMark : ''),
      lines([[...columns, ...reasonColumns]]),
    ]),
    quarantined: (rows) =>
      lines(rows.map(({ row, code, column, message }) => record(row, code, column ?? '', message))),
    failed: (changes) =>
      lines(
        changes.flatMap(({ change, failure }) =>
          change.rows.map((row) =>
            record(row, failure.errorCode ?? failure.result, '', failureMessage(failure)),
          ),
        ),
      ),
  };
}

function failureMessage({ message, providerCode }: FailureNow): string {
  return [message, providerCode === null ? null : `(${providerCode})`]
    .filter((part) => part !== null)
    .join(' ');
}

const asciiSpellings: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '…': '...',
};

/** A reason may hold what the feed's encoding lacks, a vendor's message for instance: then as near as ASCII comes. */
function asciiOf(text: string): string {
  return text
    .replace(/[‘’“”…]/g, (character) => asciiSpellings[character] ?? character)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '?');
}

/** Where nothing encloses a cell, it can hold neither delimiter nor line end; the feed's own cells have none. */
function fitting(text: string, { quote, delimiter }: FeedForm): string {
  if (quote !== null) return text;
  const blank = delimiter === ' ' ? '_' : ' ';
  return text.replaceAll(delimiter, blank).replace(/[\r\n]+/g, blank);
}
