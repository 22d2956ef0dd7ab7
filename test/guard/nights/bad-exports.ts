import type { Job } from './night-world.ts';
import { csv, each, headers, idOf, person, type Row, shuffled, staff } from './staff.ts';

/** What a bad export is made from: the people of tonight, and the exports that were accepted before. */
export interface Good {
  readonly tonight: readonly Row[];
  readonly accepted: readonly string[];
}

/**
 * Why nothing bad comes of an export: a guard holds it; it is no feed and the run is refused; or all that is bad of it
 * is set aside, so that what is written is right.
 */
export type Answer = 'held' | 'refused' | 'harmless';

export interface BadExport {
  readonly title: string;
  readonly answer: Answer;
  /** What the job says beside the usual; guards stay as they are. */
  readonly job?: Job;
  bytes(good: Good): string | Buffer;
}

const rowsOf = (title: string, change: (rows: readonly Row[]) => readonly Row[]): BadExport => ({
  title,
  answer: 'held',
  bytes: ({ tonight }) => csv(change(tonight)),
});
const cellsOf = (title: string, change: (row: Row, place: number) => Partial<Row>): BadExport =>
  rowsOf(title, (rows) => each(rows, change));

const share = (part: number, rows: readonly Row[]): readonly Row[] =>
  rows.slice(0, Math.round(rows.length * part));
const initialOf = (row: Row): string => row['Last Name'].slice(0, 1);
const upper = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell.toUpperCase()])) as Row;

/** Exports that went wrong in one way each. Most were seen by people who run such jobs. */
export const badExports: readonly BadExport[] = [
  // Less than everybody.
  { title: '0 bytes', answer: 'held', bytes: () => '' },
  rowsOf('header only', () => []),
  rowsOf('one row', (rows) => rows.slice(0, 1)),
  rowsOf('cut in half between two rows', (rows) => share(0.5, rows)),
  {
    title: 'cut in half within a row',
    answer: 'held',
    bytes: ({ tonight }) => csv(tonight).slice(0, csv(tonight).length / 2),
  },
  rowsOf('cut to 94 %', (rows) => share(0.94, rows)),
  rowsOf('sorted by name, and cut behind a letter', (rows) => rows.filter((row) => initialOf(row) < 'R')),
  rowsOf('one department gone', (rows) => rows.filter((row) => row.Department !== 'Legal')),
  rowsOf('one country gone', (rows) => rows.filter((row) => row.Country !== 'DE')),
  rowsOf('a delta sent as a full feed', (rows) => rows.slice(40, 52)),
  rowsOf('test data', () => staff(10, 9_001)),
  { title: 'NULs in place of rows', answer: 'held', bytes: ({ tonight }) => nulsBehind(csv(tonight), 0.4) },
  {
    title: 'row count wrong (trailer)',
    answer: 'held',
    job: { feed: { whole: { trailer: 'TRAILER' } } },
    bytes: ({ tonight }) => trailer(csv(share(0.99, tonight)), tonight.length),
  },
  {
    title: 'trailer missing',
    answer: 'held',
    job: { feed: { whole: { trailer: 'TRAILER' } } },
    bytes: ({ tonight }) => csv(tonight),
  },

  // Another day, another place.
  { title: 'the night before last once more', answer: 'held', bytes: ({ accepted }) => accepted[0] ?? '' },
  rowsOf("last year's file", (rows) => lastYear(rows)),
  rowsOf("another tenant's file", (rows) => staff(rows.length, 5_001)),
  rowsOf('half of it from another tenant', (rows) => [...share(0.5, rows), ...staff(rows.length / 2, 5_001)]),

  // People who leave, come and are known by something else.
  cellsOf('all terminated', () => ({ Status: 'Terminated' })),
  cellsOf('10 % terminated', (_, place) => (place % 10 === 0 ? { Status: 'Terminated' } : {})),
  cellsOf('all last days in the past', () => ({ 'Last Day': '2025-12-31' })),
  cellsOf('the hire date stands under Last Day', (row) => ({ 'Last Day': row['Hire Date'] })),
  cellsOf('status column filled with an unknown word', () => ({ Status: 'X' })),
  cellsOf('status column blank', () => ({ Status: '' })),
  cellsOf('employee ids given anew', (_, place) => ({ 'Employee ID': idOf(700_000 + place) })),
  cellsOf('employee ids given anew in another order', (_, place) => ({
    'Employee ID': idOf(((place * 7 + 11) % 300) + 1),
  })),
  cellsOf('employee ids without leading zeros', (row) => ({
    'Employee ID': String(Number(row['Employee ID'])),
  })),
  cellsOf('employee ids with a prefix', (row) => ({ 'Employee ID': `EMP-${row['Employee ID']}` })),
  cellsOf('employee ids as 1.0E+02', (row) => ({
    'Employee ID': Number(row['Employee ID']).toExponential(0),
  })),
  cellsOf('logins of another domain', (row) => ({ Login: row.Login.replace('example.com', 'example.org') })),
  cellsOf('ids and logins of another system', (row, place) => ({
    'Employee ID': `U${9_000 + place}`,
    Login: `u${9_000 + place}@example.com`,
    Email: row.Email,
  })),
  cellsOf('logins one row further down than people', (_, place) => ({
    Login: person(((place + 1) % 300) + 1).Login,
  })),
  cellsOf('everybody has the same login', () => ({ Login: 'ada.moreau11@example.com' })),
  rowsOf('every row twice', (rows) => rows.flatMap((row) => [row, row])),

  // Columns.
  rowsOf('cells shifted by one column', (rows) => rows.map(shifted)),
  cellsOf('first and last name exchanged', (row) => ({
    'First Name': row['Last Name'],
    'Last Name': row['First Name'],
  })),
  cellsOf('e-mail and title exchanged', (row) => ({ Email: row.Title, Title: row.Email })),
  cellsOf('login holds the name', (row) => ({ Login: `${row['First Name']} ${row['Last Name']}` })),
  cellsOf('e-mail column blank', () => ({ Email: '' })),
  cellsOf('e-mail column blank for 20 %', (_, place) => (place % 5 === 0 ? { Email: '' } : {})),
  cellsOf('e-mails all of the help desk', () => ({ Email: 'helpdesk@example.com' })),
  cellsOf('department column blank', () => ({ Department: '' })),
  cellsOf('manager column blank', () => ({ Manager: '' })),
  cellsOf('everybody reports to one person', () => ({ Manager: idOf(1) })),
  {
    ...cellsOf('managers who are not there', (row) => ({
      Manager: row.Manager === '' ? '' : `9${row.Manager}`,
    })),
    answer: 'harmless',
  },
  cellsOf('groups column blank', () => ({ Groups: '' })),
  cellsOf('groups blank for 10 %', (_, place) => (place % 10 === 0 ? { Groups: '' } : {})),
  cellsOf('one group for everybody', () => ({ Groups: 'Admins' })),
  cellsOf('everybody an administrator besides', (row) => ({
    Groups: row.Groups === 'Admins' ? 'Admins' : `${row.Groups};Admins`,
  })),
  cellsOf('departments say #REF!', () => ({ Department: '#REF!' })),
  cellsOf('titles say NULL', () => ({ Title: 'NULL' })),
  cellsOf('departments cut to three letters', (row) => ({ Department: row.Department.slice(0, 3) })),
  { title: 'columns sorted one by one', answer: 'held', bytes: ({ tonight }) => csv(sortedColumns(tonight)) },
  {
    title: 'half of the columns gone',
    answer: 'refused',
    bytes: ({ tonight }) => csv(tonight, headers.slice(0, 6)),
  },
  {
    title: 'header in another language',
    answer: 'refused',
    bytes: ({ tonight }) =>
      csv(tonight).replace(
        headers.join(','),
        'Personalnummer,Anmeldung,Vorname,Nachname,E-Mail,Titel,Abteilung,Land,Vorgesetzte,Gruppen,Status,Eintritt,Austritt',
      ),
  },
  {
    title: 'without a header',
    answer: 'refused',
    bytes: ({ tonight }) => csv(tonight).split('\n').slice(1).join('\n'),
  },
  {
    title: 'an error page of the server',
    answer: 'refused',
    bytes: () => '<!DOCTYPE html>\n<html><body><h1>503 Service Unavailable</h1></body></html>\n',
  },
  {
    title: 'semicolons in place of commas',
    answer: 'refused',
    bytes: ({ tonight }) => csv(tonight).replaceAll(',', ';'),
  },

  // Letters.
  rowsOf('everything in upper case', (rows) => rows.map(upper)),
  cellsOf('names in upper case', (row) => ({
    'First Name': row['First Name'].toUpperCase(),
    'Last Name': row['Last Name'].toUpperCase(),
  })),
  cellsOf('names broken to question marks', (row) => ({
    'First Name': row['First Name'].replace(/[aeiou]/g, '?'),
    'Last Name': row['Last Name'].replace(/[aeiou]/g, '?'),
  })),
  cellsOf('names decoded twice', (row) => ({ 'Last Name': row['Last Name'].replace(/[aeiou]/, 'Ã¼') })),
  {
    title: 'UTF-16 without a mark, cut by one byte',
    answer: 'refused',
    bytes: ({ tonight }) => Buffer.from(csv(tonight), 'utf16le').subarray(1),
  },
];

/** The same people before a year: some had not come, others had not gone, a fifth had other titles. */
function lastYear(rows: readonly Row[]): readonly Row[] {
  const stayed = each(share(0.9, rows), (row, place) =>
    place % 5 === 0 ? { Title: `Junior ${row.Title}` } : {},
  );
  return [...stayed, ...staff(rows.length - stayed.length, 2_001)];
}

function shifted(row: Row): Row {
  const cells = headers.map((name) => row[name]);
  return Object.fromEntries(
    headers.map((name, at) => [name, cells[(at + headers.length - 1) % headers.length]]),
  ) as Row;
}

/** Each column by itself, as a spreadsheet sorts one that is marked alone. */
function sortedColumns(rows: readonly Row[]): readonly Row[] {
  const columns = new Map(headers.map((name) => [name, rows.map((row) => row[name]).sort()]));
  const mixed = shuffled(rows, 7);
  return mixed.map(
    (_, place) => Object.fromEntries(headers.map((name) => [name, columns.get(name)?.[place] ?? ''])) as Row,
  );
}

function nulsBehind(text: string, part: number): Buffer {
  const bytes = Buffer.from(text);
  return bytes.fill(0, Math.round(bytes.length * part));
}

export function trailer(text: string, rows: number): string {
  return `${text}TRAILER,${rows}${','.repeat(headers.length - 2)}\n`;
}
