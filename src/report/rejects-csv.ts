import type { Change } from '../domain/change.ts';
import type { QuarantinedRow, Row } from '../domain/person.ts';
import { cellText, neutralise } from './csv.ts';
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

/** Turns rows into lines of `rejects.csv`: the feed's own columns as far as the job maps them, then the reason. */
export interface RejectsTable {
  readonly header: readonly string[];
  quarantined(row: QuarantinedRow): readonly string[];
  /** One line for each row that asked for the change; none for a person whom the feed does not name. */
  failed(change: Change, failure: FailureNow): readonly (readonly string[])[];
}

/**
 * `columns` are the headers in the order of a row's cells. A column that fills several attributes is written
 * once, since the reader refuses a header with the same name twice. Headers are left as they are: the job names
 * them, and the reader has to find them again.
 */
export function rejectsTable(columns: readonly string[]): RejectsTable {
  const positions = columns
    .map((_, index) => index)
    .filter((index) => columns.indexOf(columns[index] ?? '') === index);
  const record = (row: Row, code: string, column: string, message: string): readonly string[] =>
    [...positions.map((index) => cellText(row.cells[index])), String(row.line), code, column, message].map(
      neutralise,
    );
  return {
    header: [...positions.map((index) => columns[index] ?? ''), ...reasonColumns],
    quarantined: ({ row, code, column, message }) => record(row, code, column ?? '', message),
    failed: (change, failure) =>
      change.rows.map((row) => record(row, failure.errorCode ?? failure.result, '', failureMessage(failure))),
  };
}

function failureMessage({ message, providerCode }: FailureNow): string {
  return [message, providerCode === null ? null : `(${providerCode})`]
    .filter((part) => part !== null)
    .join(' ');
}
