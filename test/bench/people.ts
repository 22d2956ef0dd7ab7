import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Change } from '../../src/domain/change.ts';
import type { Account } from '../../src/domain/user.ts';

// Invented people by number. The same number is always the same person, so feed and ledger can be made apart.

const givenNames =
  'Amara Bruno Chiara Dmitri Elif Farid Grace Henrik Ines Jakub Keiko Liam Maja Nkechi Oskar Priya'.split(
    ' ',
  );
const familyNames = 'Okafor Lindqvist Moretti Volkov Yılmaz Haddad Mwangi Dahl Ferreira Nowak Tanaka'.split(
  ' ',
);
const departments = 'Finance Logistics Research Sales,Field Support Legal'.split(' ');
const roles = ['Viewer', 'User', 'Power User', 'Service Administrator'];

export const feedHeader = 'Employee ID,User Login,First Name,Last Name,Email,Role,Department,Status';

/** What a person needs; the kinds come so often that one in a hundred needs anything. */
export type Fate = 'unchanged' | 'update' | 'create' | 'leaver';

interface Invented {
  readonly id: string;
  readonly login: string;
  readonly given: string;
  readonly family: string;
  readonly role: string;
  readonly department: string;
  readonly fate: Fate;
}

/** Of 1,000 people 8 changed a name, 1 is new and 1 has left. */
export function fateOf(number: number): Fate {
  if (number % 100 !== 0) return 'unchanged';
  if (number % 1_000 === 100) return 'create';
  return number % 1_000 === 200 ? 'leaver' : 'update';
}

/**
 * @param number from 0
 */
function invent(number: number): Invented {
  const given = pick(givenNames, number * 7);
  const family = pick(familyNames, number * 13);
  // Logins sort otherwise than the lasting ids do, as they do in life.
  const login = `${plain(given)}.${plain(family)}.${String(number).padStart(7, '0')}@example.com`;
  return {
    id: `E${String(number).padStart(7, '0')}`,
    login,
    given,
    family,
    role: pick(roles, Math.floor(number / 3)),
    department: pick(departments, number),
    fate: fateOf(number),
  };
}

/** A feed of so many rows, ended by a trailer that says how many. */
export async function writeFeed(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path);
  let pending = `${feedHeader}\n`;
  for (let number = 0; number < rows; number += 1) {
    pending += feedLine(invent(number));
    if (pending.length < 1 << 16) continue;
    if (!file.write(pending)) await once(file, 'drain');
    pending = '';
  }
  file.end(`${pending}TRAILER,${rows},,,,,,\n`);
  await finished(file);
}

function feedLine({ id, login, given, family, role, department, fate }: Invented): string {
  const name = fate === 'update' ? `${family}-Novak` : family;
  const office = department.includes(',') ? `"${department}"` : department;
  const status = fate === 'leaver' ? 'Left' : 'Active';
  return `${id},${login},${given},${name},${login},${role},${office},${status}\n`;
}

/** The linked users whom a run before this feed left in the target, in the order of their logins, in pages. */
export function* linkedAccounts(rows: number): Generator<readonly Account[]> {
  const known: { readonly number: number; readonly login: string }[] = [];
  for (let number = 0; number < rows; number += 1) {
    const { login, fate } = invent(number);
    if (fate !== 'create') known.push({ number, login });
  }
  known.sort((one, other) => (one.login < other.login ? -1 : 1));
  for (let start = 0; start < known.length; start += 1_000) {
    yield known.slice(start, start + 1_000).map(({ number }) => accountOf(invent(number)));
  }
}

/** Updates that give every one of the linked people another family name. */
export function* renames(rows: number): Generator<Change> {
  let seq = 0;
  for (const page of linkedAccounts(rows)) {
    for (const account of page) {
      seq += 1;
      yield renameOf(account, seq);
    }
  }
}

function renameOf({ id, active, attributes, linkKey }: Account, seq: number): Change {
  const before = attributes['name.familyName'] ?? null;
  const after = { 'name.familyName': `${before}-Novak` };
  return {
    seq,
    disposition: 'planned',
    reason: null,
    operation: 'update',
    key: linkKey ?? id,
    linkKey: linkKey ?? id,
    userId: id,
    user: { id, active, attributes },
    rows: [{ line: seq + 1, cells: [] }],
    cause: 'feed',
    before: { 'name.familyName': before },
    after,
    remember: null,
    conflict: null,
    steps: [{ action: 'update', subject: '', values: after }],
  };
}

function accountOf({ id, login, given, family, role }: Invented): Account {
  return {
    id: login,
    active: true,
    attributes: {
      userName: login,
      'name.givenName': given,
      'name.familyName': family,
      'emails.work': login,
      roles: [role],
      groups: [],
    },
    linkKey: id,
    key: id,
    disabled: null,
    leaverSince: null,
    absent: null,
  };
}

function pick(words: readonly string[], number: number): string {
  return words[number % words.length] ?? '';
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('ı', 'i');
}
