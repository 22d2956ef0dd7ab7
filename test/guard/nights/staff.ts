import { seededRandom } from '../../feed/cuts/random.ts';

/** The columns of the export, in their order; an invented person is a row of it. */
export const headers = [
  'Employee ID',
  'Login',
  'First Name',
  'Last Name',
  'Email',
  'Title',
  'Department',
  'Country',
  'Manager',
  'Groups',
  'Status',
  'Hire Date',
  'Last Day',
] as const;
export type Header = (typeof headers)[number];
export type Row = Readonly<Record<Header, string>>;

/** Groups that the target has; the job gives and takes them all. */
export const groupNames = ['Engineering', 'Finance', 'People', 'Sales', 'Admins'];

const firstNames = [
  'Ada',
  'Bilal',
  'Chioma',
  'Dmitri',
  'Elif',
  'Farah',
  'Goro',
  'Hana',
  'Ivo',
  'Jun',
  'Kofi',
];
const lastNames = [
  'Moreau',
  'Okafor',
  'Lindqvist',
  'Tanaka',
  'Silva',
  'Kowalski',
  'Haddad',
  'Novak',
  'Rossi',
];
const titles = ['Analyst', 'Clerk', 'Engineer', 'Lead', 'Planner', 'Technician', 'Writer'];
const departments = ['Accounts', 'Legal', 'Logistics', 'Research', 'Support'];
const countries = ['BR', 'DE', 'JP', 'NG'];

/** People with the numbers from `first` on; the first eight are the managers of the others. */
export function staff(count: number, first = 1): readonly Row[] {
  return Array.from({ length: count }, (_, index) => person(first + index));
}

export function person(number: number, difference: Partial<Row> = {}): Row {
  const given = pick(firstNames, number);
  const family = pick(lastNames, number * 5 + 1);
  const login = `${given}.${family}${number}@example.com`.toLowerCase();
  return {
    'Employee ID': idOf(number),
    Login: login,
    'First Name': given,
    'Last Name': `${family}${number}`,
    Email: login,
    Title: pick(titles, number * 3),
    Department: pick(departments, number),
    Country: pick(countries, number * 7 + 2),
    Manager: number <= 8 ? '' : idOf(1 + (number % 8)),
    Groups: number <= 4 ? 'Admins' : pick(groupNames.slice(0, 4), number),
    Status: 'Active',
    'Hire Date': `20${10 + (number % 15)}-0${1 + (number % 9)}-15`,
    'Last Day': '',
    ...difference,
  };
}

/** Numbers of employees have leading zeros, as many systems give them. */
export function idOf(number: number): string {
  return String(number).padStart(6, '0');
}

function pick(list: readonly string[], number: number): string {
  return list[number % list.length] ?? '';
}

/** The rows, some of them changed by number of their place, from 0. */
export function each(
  rows: readonly Row[],
  change: (row: Row, place: number) => Partial<Row>,
): readonly Row[] {
  return rows.map((row, place) => ({ ...row, ...change(row, place) }));
}

export function csv(rows: readonly Row[], columns: readonly Header[] = headers): string {
  const lines = rows.map((row) => columns.map((name) => row[name]).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

/** The same rows in another order, the same for the same seed. */
export function shuffled(rows: readonly Row[], seed: number): readonly Row[] {
  const random = seededRandom(seed);
  return rows
    .map((row) => ({ row, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ row }) => row);
}

/** The user that the person is in the sandbox, once the feed has been carried out. */
export function userOf(row: Row): object {
  const manager = row.Manager === '' ? {} : { manager: { value: row.Manager } };
  return {
    id: row['Employee ID'],
    externalId: row['Employee ID'],
    userName: row.Login,
    name: { givenName: row['First Name'], familyName: row['Last Name'] },
    emails: [{ value: row.Email, type: 'work' }],
    title: row.Title,
    active: true,
    groups: [row.Groups],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: row.Department, ...manager },
  };
}
