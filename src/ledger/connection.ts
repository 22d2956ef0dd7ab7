import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Failure } from '../domain/failure.ts';
import { ledgerTrouble } from './trouble.ts';

/** How long to wait for another process's transaction; all of ours are short. */
const busyTimeoutMs = 10_000;
/** `PRAGMA synchronous` reads back as a number; 2 is FULL. */
const synchronousFull = 2;

/** A prepared statement that gives rows; `Row` has the names and types of the selected columns. */
export interface Query<Row> {
  all(...values: SQLInputValue[]): readonly Row[];
  get(...values: SQLInputValue[]): Row | undefined;
}

/** A prepared statement that gives none; tells how many rows it changed. */
export interface Command {
  run(...values: SQLInputValue[]): number;
}

/** One connection to the ledger's file. Its errors are `Failure`s wherever the trouble is a known one. */
export interface Connection {
  /** The file's real path. */
  readonly path: string;
  query<Row>(sql: string): Query<Row>;
  command(sql: string): Command;
  /** Does the work in one transaction: all of it is on disk afterwards, or, when it throws, nothing. */
  transaction<T>(work: () => T): T;
  exec(sql: string): void;
  close(): void;
}

/** Opens a connection; throws a `Failure` unless SQLite promises durability and says so when asked. */
export function connect(path: string, options: { readonly readOnly: boolean }): Connection {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw ledgerTrouble(error, path);
    }
  };
  const database = guarded(() => openDatabase(path, options));
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');

  return {
    path,
    query<Row>(sql: string): Query<Row> {
      const statement = guarded(() => database.prepare(sql));
      // SQLite's own objects of rows stay until the next full collection (some 70 bytes each, measured on Node 24):
      // arrays do not, and neither do objects made of them here.
      statement.setReturnArrays(true);
      const names = statement.columns().map((column) => column.name);
      // The tables are STRICT and ours, so rows have the types that the schema says.
      const toRow = (values: unknown): Row => rowOf(names, values as readonly unknown[]) as Row;
      return {
        all: (...values) => guarded(() => statement.all(...values).map(toRow)),
        get: (...values) => {
          const found: unknown = guarded(() => statement.get(...values));
          return found === undefined ? undefined : toRow(found);
        },
      };
    },
    command(sql) {
      const statement = guarded(() => database.prepare(sql));
      return { run: (...values) => guarded(() => Number(statement.run(...values).changes)) };
    },
    transaction(work) {
      return guarded(() => {
        begin.run();
        try {
          const result = work();
          commit.run();
          return result;
        } catch (error) {
          // SQLite has rolled back by itself after a full disk or a failed read.
          if (database.isTransaction) database.exec('ROLLBACK');
          throw error;
        }
      });
    },
    exec(sql) {
      guarded(() => database.exec(sql));
    },
    close() {
      // The last connection to close takes the write-ahead log into the file and deletes it.
      if (database.isOpen) database.close();
    },
  };
}

function rowOf(names: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index];
    if (name !== undefined) row[name] = values[index];
  }
  return row;
}

function openDatabase(path: string, options: { readonly readOnly: boolean }): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: options.readOnly, timeout: busyTimeoutMs });
  try {
    database.exec(
      'PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864',
    );
    if (!options.readOnly) database.exec('PRAGMA journal_mode = WAL');
    requireDurable(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Throws a `Failure` unless the pragmas, read back, say that a finished transaction survives a power cut. */
export function requireDurable(database: DatabaseSync, path: string): void {
  const journal = database.prepare('PRAGMA journal_mode').get()?.journal_mode;
  const synchronous = database.prepare('PRAGMA synchronous').get()?.synchronous;
  const foreignKeys = database.prepare('PRAGMA foreign_keys').get()?.foreign_keys;
  if (journal === 'wal' && synchronous === synchronousFull && foreignKeys === 1) return;
  throw new Failure({
    code: 'LEDGER_NOT_DURABLE',
    message: `SQLite does not promise to keep what is written to the ledger ${path}: journal_mode is ${journal} (wal is needed), synchronous ${synchronous} (2), foreign_keys ${foreignKeys} (1).`,
    hint: 'Put the ledger on a local disk with an ordinary file system.',
    exit: 1,
  });
}
