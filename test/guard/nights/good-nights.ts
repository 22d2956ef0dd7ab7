import { seededRandom } from '../../feed/cuts/random.ts';
import { csv, each, headers, person, type Row, shuffled } from './staff.ts';

/** What is ordinary about a night, beside the people who come, leave and change. */
export interface GoodNight {
  readonly title: string;
  readonly text: string;
}

interface Event {
  readonly title: string;
  change?(rows: readonly Row[], random: () => number): readonly Row[];
  write?(rows: readonly Row[]): string;
}

const some = (share: number, random: () => number, change: (row: Row) => Partial<Row>) => (row: Row) =>
  random() < share ? change(row) : {};
const withColumn = (rows: readonly Row[]): string =>
  csv(rows)
    .split('\n')
    .map((line, at) => (line === '' ? '' : `${line},${at === 0 ? 'Cost Centre' : `C${at % 9}`}`))
    .join('\n');

/** One for each night, over and over; between them nights on which nothing special happens. */
const events: readonly Event[] = [
  { title: 'ordinary' },
  { title: 'sorted otherwise', write: (rows) => csv(shuffled(rows, 3)) },
  { title: 'a new column', write: withColumn },
  {
    title: 'a fifth gets another department',
    change: (rows) =>
      each(rows, (row, at) =>
        at % 5 === 0 ? { Department: row.Department === 'Advice' ? 'Care' : 'Advice' } : {},
      ),
  },
  { title: 'columns in another order', write: (rows) => csv(rows, [...headers].reverse()) },
  {
    title: 'a team gets another manager',
    change: (rows) => each(rows, (row) => (row.Manager === '000003' ? { Manager: '000004' } : {})),
  },
  {
    title: 'a tenth gets another title',
    change: (rows, random) =>
      each(
        rows,
        some(0.1, random, ({ Title }) => ({ Title: `Senior ${Title}`.slice(0, 40) })),
      ),
  },
  {
    title: 'one in a hundred marries',
    change: (rows) =>
      each(rows, (row, at) =>
        at % 100 === 30
          ? {
              'Last Name': `${row['Last Name']}-Vega`,
              Login: `vega.${row.Login}`,
              Email: `vega.${row.Email}`,
            }
          : {},
      ),
  },
  {
    title: 'two cells cannot be read',
    write: (rows) => csv(each(rows, (_, at) => (at === 50 || at === 60 ? { Email: 'not an address' } : {}))),
  },
  {
    title: 'a few move to other groups',
    change: (rows, random) =>
      each(
        rows,
        some(0.02, random, ({ Groups }) => ({ Groups: Groups === 'Sales' ? 'Finance' : 'Sales' })),
      ),
  },
  {
    title: 'those who left are no longer named',
    change: (rows) => rows.filter(({ Status }) => Status === 'Active'),
  },
  { title: 'line ends of Windows', write: (rows) => csv(rows).replaceAll('\n', '\r\n') },
];

/**
 * Nights of a company as they are: up to three in a hundred come, up to two leave (by their status, or by being named
 * no more), some change.
 */
export function* goodNights(first: readonly Row[], nights: number, seed: number): Generator<GoodNight> {
  const random = seededRandom(seed);
  let rows = first;
  let next = 1_001;
  for (let night = 0; night < nights; night += 1) {
    const event = events[night % events.length] ?? { title: '' };
    const leavers = Math.floor(random() * 0.02 * first.length);
    rows = leave(rows, leavers, random);
    rows = each(
      rows,
      some(0.02, random, ({ Title }) => ({ Title: `${Title} II`.slice(0, 40) })),
    );
    // No night is quite like another.
    rows = each(rows, (_, at) => (at === night % 8 ? { Title: `Lead ${night}` } : {}));
    const joiners = Math.floor(random() * 0.03 * first.length);
    rows = [...rows, ...Array.from({ length: joiners }, () => person(next++))];
    rows = event.change?.(rows, random) ?? rows;
    yield { title: event.title, text: event.write?.(rows) ?? csv(rows) };
  }
}

function leave(rows: readonly Row[], count: number, random: () => number): readonly Row[] {
  // Managers stay: the eight that people report to.
  const leaving = new Set(Array.from({ length: count }, () => 8 + Math.floor(random() * (rows.length - 8))));
  const byStatus = each(rows, (_, at) => (leaving.has(at) && at % 2 === 0 ? { Status: 'Terminated' } : {}));
  return byStatus.filter((_, at) => !(leaving.has(at) && at % 2 === 1));
}
