import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';

/** An invented person by the headers of the feed. */
export type PersonCells = Readonly<Record<(typeof headers)[number], string>>;

/** A sound feed in one of the formats, and what the job has to say of it. */
export interface GoodFeed {
  readonly title: string;
  readonly file: string;
  readonly bytes: Buffer;
  /** Fields of the job's `feed` beside path and columns. */
  readonly settings: object;
}

export const headers = [
  'Employee ID',
  'Login',
  'First Name',
  'Last Name',
  'Email',
  'Title',
  'Department',
  'Address',
] as const;

const givenNames = ['Ada', 'Zoë', 'Łukasz', '美咲', 'Nkechi', 'Jean "JJ"', 'Óscar', 'Anne, Marie'];
const titles = [
  'Clerk',
  'Head of\nSales',
  'Director, "Growth"',
  '',
  'Ingénieur 👩🏽‍🔬',
  'Clerk "of the\r\nyard"',
];
const departments = ['Finance', 'Sales, Field', 'R&D', 'Support\nNight', '物流'];

/** People with the numbers from 1 to `count`. */
export function goodPeople(count: number): readonly PersonCells[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const login = `ada.moreau${number}@example.com`;
    return {
      'Employee ID': `E${String(number).padStart(5, '0')}`,
      Login: login,
      'First Name': pick(givenNames, number),
      'Last Name': `Moreau${number}`,
      Email: login,
      Title: pick(titles, number * 5),
      Department: pick(departments, number * 7),
      Address: `${number} High Street\nSpringfield, "Upper" Ward`,
    };
  });
}

/** The same people as a feed of each format; with a proof, each says how many they are. */
export function goodFeeds(people: readonly PersonCells[], proof: 'proven' | 'unproven'): readonly GoodFeed[] {
  const proven = proof === 'proven';
  const trailer = proven ? { whole: { trailer: 'TRAILER' } } : {};
  const rows = proven ? { whole: { rows: people.length } } : {};
  const csv = csvOf(people, proven, '\n');
  return [
    { title: 'CSV', file: 'hr.csv', bytes: csv, settings: trailer },
    { title: 'CSV, CRLF', file: 'hr.csv', bytes: csvOf(people, proven, '\r\n'), settings: trailer },
    {
      title: 'CSV, UTF-16',
      file: 'hr.csv',
      bytes: Buffer.from(`\uFEFF${csv.toString()}`, 'utf16le'),
      settings: trailer,
    },
    { title: 'CSV, gzip', file: 'hr.csv.gz', bytes: gzipSync(csv), settings: trailer },
    {
      title: 'JSON',
      file: 'hr.json',
      bytes: Buffer.from(`${JSON.stringify(people, null, 1)}\n`),
      settings: rows,
    },
    {
      title: 'NDJSON',
      file: 'hr.ndjson',
      bytes: Buffer.from(people.map((person) => `${JSON.stringify(person)}\n`).join('')),
      settings: rows,
    },
  ];
}

function csvOf(people: readonly PersonCells[], hasTrailer: boolean, lineEnd: string): Buffer {
  const trailer = ['TRAILER', String(people.length), '', '', '', '', '', ''];
  const records = [headers, ...people.map((person) => headers.map((name) => person[name]))];
  const all = hasTrailer ? [...records, trailer] : records;
  const options = { record_delimiter: lineEnd, quoted_match: /[\r\n]/ };
  return Buffer.from(
    stringify(
      all.map((record) => [...record]),
      options,
    ),
  );
}

function pick(words: readonly string[], number: number): string {
  return words[number % words.length] ?? '';
}
