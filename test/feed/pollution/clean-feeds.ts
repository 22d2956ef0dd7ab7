import iconv from 'iconv-lite';

export interface Dialect {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly escape: string;
  readonly lineEnd: string;
  readonly encoding: string;
  readonly byteOrderMark: boolean;
}

/** A sound feed, and all that a defect needs to know of it. */
export interface CleanFeed {
  readonly name: string;
  readonly dialect: Dialect;
  /** The header, and the rows. */
  readonly records: readonly (readonly string[])[];
  /** Quotes every cell, and not only those that need it. */
  readonly quoteAll: boolean;
}

const plain: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  lineEnd: '\n',
  encoding: 'utf-8',
  byteOrderMark: false,
};

const firstNames = [
  'Ana',
  'Bo',
  'Cyprian',
  'Dörte',
  'Éloïse',
  'Fritz',
  "Gráinne O'Neill",
  'Hélène',
  'Ínes',
  'Jo',
];
const lastNames = [
  'Smith',
  'van der Berg',
  'Müller-Lüdenscheidt',
  'Ng',
  'García',
  'Zoë',
  'Weiß',
  'Öz',
  'D’Arcy',
  'Li',
];

function feed(
  name: string,
  header: readonly string[],
  cells: (row: number) => readonly string[],
  dialect: Partial<Dialect> = {},
  { rows = 24, quoteAll = false }: { readonly rows?: number; readonly quoteAll?: boolean } = {},
): CleanFeed {
  const records = [header, ...Array.from({ length: rows }, (_, row) => cells(row))];
  return { name, dialect: { ...plain, ...dialect }, records, quoteAll };
}

const id = (row: number) => `E${String(row + 1).padStart(4, '0')}`;
const login = (row: number) => `user${row + 1}@example.com`;
const first = (row: number) => firstNames[row % firstNames.length] ?? '';
const last = (row: number) => lastNames[(row * 3) % lastNames.length] ?? '';
const ascii = (text: string) => text.normalize('NFD').replace(/[^ -~]/g, '');
const latin = (text: string) => text.replaceAll('’', "'");
const every = (row: number, step: number, text: string, otherwise = '') =>
  row % step === 0 ? text : otherwise;
const address = (row: number) =>
  every(row, 2, `${row} Main St, Apt ${row}\nSpringfield, IL`, `${row} Elm St`);
const people = ['id', 'login', 'first', 'last'];
const person = (row: number) => [id(row), login(row), first(row), last(row)];

/** Twenty shapes of feeds; all their people are invented. */
export const cleanFeeds: readonly CleanFeed[] = [
  feed('plain', people, person),
  feed('CRLF, all quoted', people, person, { lineEnd: '\r\n' }, { quoteAll: true }),
  feed('CR, semicolons', people, (row) => [id(row), login(row), `${last(row)}; ${first(row)}`, 'x'], {
    lineEnd: '\r',
    delimiter: ';',
  }),
  feed('tabs, no quotes', people, person, { delimiter: '\t', quote: null, lineEnd: '\r\n' }),
  feed('pipes, single quotes', people, (row) => [id(row), login(row), `${first(row)} | x`, last(row)], {
    delimiter: '|',
    quote: "'",
    escape: "'",
  }),
  feed('backslashes', people, (row) => [id(row), login(row), `"${first(row)}" \\ x, y`, last(row)], {
    escape: '\\',
  }),
  feed('commas in cells', ['id', 'login', 'name'], (row) => [
    id(row),
    login(row),
    `${last(row)}, ${first(row)}`,
  ]),
  feed('doubled quotes', ['id', 'login', 'name'], (row) => [
    id(row),
    login(row),
    `${first(row)} "${last(row)}" x`,
  ]),
  feed('lines in the last cell', ['id', 'login', 'note'], (row) => [
    id(row),
    login(row),
    every(row, 3, `first line\n\nthird of ${row}`, 'one line'),
  ]),
  feed('lines in the first cell', ['note', 'login', 'id'], (row) => [
    every(row, 3, `first, ${row}\nsecond, of, ${row}`, every(row, 2, `a ${row}\nb`, `one ${row}`)),
    login(row),
    id(row),
  ]),
  feed('addresses in the middle', ['id', 'address', 'login'], (row) => [id(row), address(row), login(row)]),
  feed(
    'addresses at the end, CRLF',
    ['id', 'login', 'address'],
    (row) => [id(row), login(row), address(row)],
    {
      lineEnd: '\r\n',
    },
  ),
  feed('cells that begin with a delimiter or a line end', ['id', 'login', 'note'], (row) => [
    id(row),
    login(row),
    every(row, 3, `\nx${row}`, every(row, 2, `, Jr. ${row}`, 'y')),
  ]),
  feed('two columns', ['login', 'note'], (row) => [login(row), every(row, 4, `a "b"\nc ${row}`, last(row))]),
  feed('one column', ['login'], (row) => [login(row)]),
  feed(
    'forty columns',
    ['id', 'login', ...Array.from({ length: 38 }, (_, at) => `c${at}`)],
    (row) => [
      id(row),
      login(row),
      ...Array.from({ length: 38 }, (_, at) => every(row + at, 3, `v${row}.${at}`)),
    ],
    { delimiter: ';' },
  ),
  feed('windows-1252', people, (row) => [id(row), login(row), latin(first(row)), `${latin(last(row))} €`], {
    encoding: 'windows-1252',
    delimiter: ';',
    lineEnd: '\r\n',
  }),
  feed('UTF-16 LE with a mark', people, person, {
    encoding: 'utf-16le',
    byteOrderMark: true,
    delimiter: '\t',
  }),
  feed('UTF-8 with a mark', people, (row) => [id(row), login(row), `${first(row)} 😀`, `名 ${last(row)}`], {
    byteOrderMark: true,
  }),
  feed(
    'large cells',
    ['id', 'login', 'note', 'last'],
    (row) => [
      id(row),
      login(row),
      every(row, 4, 'lorem ipsum, dolor\n'.repeat(200), '') || 'x',
      ascii(last(row)),
    ],
    {},
    { rows: 40 },
  ),
];

/** One cell as it stands in the feed. */
export function written(cell: string, { dialect, quoteAll }: CleanFeed): string {
  const { delimiter, quote, escape: mark } = dialect;
  if (quote === null) return cell;
  const needed = [delimiter, quote, '\n', '\r'].some((one) => cell.includes(one));
  if (!needed && !quoteAll) return cell;
  const doubled = mark === quote ? cell : cell.replaceAll(mark, mark + mark);
  return `${quote}${doubled.replaceAll(quote, mark + quote)}${quote}`;
}

/** A text in the feed's encoding, with its mark. */
export function bytesOf(text: string, { encoding, byteOrderMark }: Dialect): Buffer {
  return iconv.encode(byteOrderMark ? `\ufeff${text}` : text, encoding, { addBOM: false });
}
