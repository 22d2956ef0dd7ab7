import { DateTime } from 'luxon';
import type { Employment, FeedDates } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { FeedFile } from './feed-schema.ts';
import type { FieldPath, Report } from './problem.ts';
import { fieldOf, isRecord } from './record.ts';

/** The dates between which a person works here. */
export function employmentOf(file: FeedFile['employment']): Employment {
  const { start, end } = file ?? {};
  return { start: startOf(start), end: endOf(end) };
}

type Dates = NonNullable<FeedFile['employment']>;

function startOf(file: Dates['start']): Employment['start'] {
  if (file === undefined) return null;
  return typeof file === 'string' ? { column: file, leadDays: 0 } : file;
}

function endOf(file: Dates['end']): Employment['end'] {
  if (file === undefined) return null;
  return typeof file === 'string' ? { column: file, inclusive: true } : file;
}

/** How the feed writes its dates. */
export function datesOf(file: FeedFile['dates']): FeedDates {
  return {
    formats: formatsOf(file),
    timeZone: file?.timeZone ?? 'UTC',
    timeZoneColumn: file?.timeZoneColumn ?? null,
  };
}

function formatsOf(file: FeedFile['dates']): readonly string[] {
  const format = file?.format ?? 'yyyy-MM-dd';
  return typeof format === 'string' ? [format] : format;
}

/** Reports what the options about dates say that cannot be meant. */
export function checkDates(raw: unknown, report: Report): void {
  const employment = fieldOf(raw, 'employment');
  if (isRecord(employment) && employment.start === undefined && employment.end === undefined) {
    report({
      path: ['employment'],
      at: 'key',
      message: '`employment` needs `start`, `end` or both',
      hint: 'Say `employment: { start: Hire Date, end: Last Day }`.',
    });
  }
  const file = sound(FeedFile.shape.dates, fieldOf(raw, 'dates'));
  if (file === undefined) return;
  if (employment === undefined && !ranksByDate(raw)) {
    report({
      path: ['dates'],
      at: 'key',
      message: '`dates` says nothing without `employment`, or a preference for the latest or earliest',
      hint: 'To rewrite the dates of a column, say `transform: { date: { from: dd.MM.yyyy } }` there.',
    });
  }
  checkFormats(file, report);
  if (isTimeZone(file.timeZone)) return;
  report({
    path: ['dates', 'timeZone'],
    message: 'this time zone is not known',
    hint: 'Use a name of the IANA list: Europe/Berlin, America/New_York, UTC.',
  });
}

function checkFormats(file: NonNullable<FeedFile['dates']>, report: Report): void {
  for (const [index, format] of formatsOf(file).entries()) {
    if (namesADay(format)) continue;
    const path: FieldPath = ['dates', 'format', ...(Array.isArray(file.format) ? [index] : [])];
    report({
      path,
      message: 'no day can be read by these tokens',
      hint: 'Use those of Luxon, with year, month and day: yyyy-MM-dd, dd.MM.yyyy, M/d/yyyy, d-MMM-yy.',
    });
  }
}

function ranksByDate(raw: unknown): boolean {
  const prefer = fieldOf(fieldOf(raw, 'onePerson'), 'prefer');
  return Array.isArray(prefer) && prefer.some((rule) => /^\s*(?:latest|earliest)\s/.test(String(rule)));
}

const english = { locale: 'en-US', numberingSystem: 'latn' } as const;
/** A day whose year, month and day are each told apart from the others. */
const someDay = (): DateTime => DateTime.utc(2019, 11, 23, 14, 5, 6);

/** Whether dates can be read by these tokens: Luxon would take a year that is not written for the present one. */
export function canBeRead(tokens: string): boolean {
  return readBack(tokens)?.hasSame(someDay(), 'year') === true;
}

function namesADay(tokens: string): boolean {
  return readBack(tokens)?.hasSame(someDay(), 'day') === true;
}

function readBack(tokens: string): DateTime | null {
  const text = someDay().toFormat(tokens, english);
  try {
    const back = DateTime.fromFormat(text, tokens, { ...english, zone: 'utc' });
    return back.isValid ? back : null;
  } catch {
    // Tokens that contradict each other, such as a month beside the day of the year, are an error of Luxon's.
    return null;
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
