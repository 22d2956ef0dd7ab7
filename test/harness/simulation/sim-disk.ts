import { DatabaseSync, StatementSync } from 'node:sqlite';

/*
 * The ledger's disk. The program's own SQLite is used; every write that becomes durable passes here, so that the process
 * can die right before or after it, and the disk be full.
 */

export interface DiskWatch {
  /** Before a transaction, or a single statement outside of one, becomes durable. Throwing means that it failed. */
  before(path: string): void;
  after(path: string): void;
}

let watch: DiskWatch | null = null;
let isPatched = false;

/** Sees every durable write of this process from now on; null: nobody looks. */
export function watchDisk(next: DiskWatch | null): void {
  patch();
  watch = next;
}

function patch(): void {
  if (isPatched) return;
  isPatched = true;
  const databases = new WeakMap<StatementSync, DatabaseSync>();
  const { prepare } = DatabaseSync.prototype;
  const { run } = StatementSync.prototype;
  DatabaseSync.prototype.prepare = function prepareWatched(this: DatabaseSync, ...args) {
    const statement = prepare.apply(this, args);
    databases.set(statement, this);
    return statement;
  };
  StatementSync.prototype.run = function runWatched(this: StatementSync, ...values: unknown[]) {
    const database = databases.get(this);
    const path = watch === null ? null : (database?.location() ?? null);
    if (watch === null || database === undefined || path === null || !endsTransaction(this, database))
      return Reflect.apply(run, this, values);
    watch.before(path);
    const result: unknown = Reflect.apply(run, this, values);
    watch?.after(path);
    return result;
  } as StatementSync['run'];
}

function endsTransaction(statement: StatementSync, database: DatabaseSync): boolean {
  if (database.isTransaction) return statement.sourceSQL === 'COMMIT';
  return /^\s*(INSERT|UPDATE|DELETE|REPLACE)/i.test(statement.sourceSQL);
}

/** What SQLite says when the disk is full. */
export function fullDisk(): Error {
  return Object.assign(new Error('database or disk is full'), {
    code: 'ERR_SQLITE_ERROR',
    errcode: 13,
    errstr: 'database or disk is full',
  });
}
