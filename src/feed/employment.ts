import type { Employment } from '../domain/settings.ts';
import { badValue, textAt } from './cell-values.ts';
import type { FeedDateReader } from './feed-dates.ts';
import type { Fault, FeedRecord } from './feed-record.ts';

/** What a row's dates say of the person today, or why they say nothing. */
export type EmploymentJudge = (record: FeedRecord) => 'works' | 'notYet' | 'left' | Fault;

interface DateColumn {
  readonly column: string;
  readonly position: number;
}

/** Compares a row's first and last day with today, by the calendar of its zone; null when the job names neither. */
export function employmentJudge(
  { start, end }: Employment,
  headers: readonly string[],
  dates: FeedDateReader,
): EmploymentJudge | null {
  if (start === null && end === null) return null;
  const first = placed(start, headers);
  const last = placed(end, headers);
  return (record) => {
    const zone = dates.zoneOf(record);
    if (typeof zone !== 'string') return badValue(dates.zoneColumn, zone);
    const today = dates.today(zone);
    const begins = dayIn(record, first, zone, dates);
    if (isFault(begins)) return begins;
    const ends = dayIn(record, last, zone, dates);
    if (isFault(ends)) return ends;
    // A rehire's old last day says nothing of the new employment.
    if (begins !== null && ends !== null && ends < begins) return contradiction(last?.column ?? '');
    if (begins !== null && today + (first?.leadDays ?? 0) < begins) return 'notYet';
    return ends === null || isEmployedOn(today, ends, last?.inclusive) ? 'works' : 'left';
  };
}

function isEmployedOn(today: number, ends: number, inclusive = true): boolean {
  return inclusive ? today <= ends : today < ends;
}

function placed<T extends { readonly column: string }>(
  date: T | null,
  headers: readonly string[],
): (T & DateColumn) | null {
  return date === null ? null : { ...date, position: headers.indexOf(date.column) };
}

/** Null for an empty cell, which sets no bound. */
function dayIn(
  record: FeedRecord,
  from: DateColumn | null,
  zone: string,
  dates: FeedDateReader,
): number | null | Fault {
  if (from === null) return null;
  const text = textAt(record, from.position);
  if (typeof text !== 'string') return badValue(from.column, text);
  if (text === '') return null;
  const date = dates.read(text, zone);
  if (date !== null) return date.day;
  return badValue(from.column, {
    unfit: `is no date of the form ${dates.forms}. Mend it, or declare its form in \`dates.format\`.`,
  });
}

function contradiction(column: string): Fault {
  return badValue(column, {
    unfit: 'has a last day before the first day of the same row, so nobody can tell which of them counts.',
  });
}

function isFault(day: number | null | Fault): day is Fault {
  return typeof day === 'object' && day !== null;
}
