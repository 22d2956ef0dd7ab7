import type { DatabaseSync } from 'node:sqlite';
import type { Person } from '../domain/person.ts';
import type { Account, Attributes, User } from '../domain/user.ts';

/** The columns of a row, in the order in which they were selected. */
export type StagedRow = readonly (string | number | null)[];

const pageRows = 1_000;

/** Everything that is compared or remembered of a user, the same text for the same values. */
export function stateText(user: User): string {
  const names = Object.keys(user.attributes).sort();
  const attributes = names.map((name) => {
    const value = user.attributes[name] ?? null;
    return [name, Array.isArray(value) ? [...value].sort() : value];
  });
  return JSON.stringify([user.active, attributes]);
}

export function userFrom(id: string, state: string): User {
  const [active, entries] = JSON.parse(state) as [boolean, [string, Attributes[string]][]];
  return { id, active, attributes: Object.fromEntries(entries) as Attributes };
}

/** What the ledger knows of an account besides its state. */
export function knownText({ id: _, active: __, attributes: ___, ...known }: Account): string {
  return JSON.stringify(known);
}

/** The account of a user whose values are given: most often they are the ones that the ledger remembers. */
export function accountFrom(user: User, known: string): Account {
  return { ...user, ...(JSON.parse(known) as Omit<Account, keyof User>) };
}

export function personFrom(body: string): Person {
  return JSON.parse(body) as Person;
}

/**
 * Rows one by one. They are arrays, because of each row that comes as an object some 70 bytes stay until the next
 * full collection (measured on Node 24), and there are millions.
 */
export function readRows<Row extends StagedRow>(database: DatabaseSync, sql: string): Iterable<Row> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement.iterate() as Iterable<unknown> as Iterable<Row>;
}

export function* pages<Row>(rows: Iterable<Row>): Generator<Row[]> {
  let page: Row[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length === pageRows) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}
