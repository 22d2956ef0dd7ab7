import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import type { Ledger, Lock, LockHolder, Scope } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import { createPrivate } from './ledger-file.ts';
import type { ScopeIds } from './scopes.ts';
import { isBusy, ledgerTrouble } from './trouble.ts';

/**
 * The locks that this process has or is about to take, by the path of their file. SQLite's locks belong to the
 * process and are lost when it opens and closes the file a second time, so a file in here is never opened again.
 */
const heldHere = new Map<string, LockHolder>();

/** Two processes that try at the same instant can refuse each other, so a refusal counts when it is repeated. */
const attemptsMax = 4;
const pauseMs = 60;

interface HolderRow {
  readonly run_id: string;
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/** One run per scope at a time, across processes. `releaseAll` gives back what was taken through this ledger. */
export function lockEntries(
  connection: Connection,
  scopes: ScopeIds,
): Pick<Ledger, 'lock' | 'holder'> & { releaseAll(): Promise<void> } {
  const holders = lockHolders(connection, scopes);
  const releases = new Set<() => Promise<void>>();

  /** The kernel's lock is there: tells others whose it is. */
  function held(scope: Scope, path: string, database: DatabaseSync): Lock {
    const release = async (): Promise<void> => {
      if (!releases.delete(release)) return;
      try {
        holders.erase(scope);
      } catch {
        // On a full disk the entry stays, as after a kill; it is only read while somebody has the kernel's lock.
      } finally {
        database.close();
        heldHere.delete(path);
      }
    };
    releases.add(release);
    return { held: true, release };
  }

  return {
    async lock(scope, holder) {
      const path = lockPath(connection.path, scope);
      const here = heldHere.get(path);
      if (here !== undefined) return { held: false, by: here };
      heldHere.set(path, holder);
      let database: DatabaseSync | null = null;
      try {
        database = await takeExclusively(path);
        if (database !== null) {
          holders.write(scope, holder);
          return held(scope, path, database);
        }
      } catch (error) {
        database?.close();
        heldHere.delete(path);
        throw ledgerTrouble(error, path);
      }
      heldHere.delete(path);
      return { held: false, by: holders.read(scope) };
    },
    async holder(scope) {
      const path = lockPath(connection.path, scope);
      const here = heldHere.get(path);
      if (here !== undefined) return here;
      return isHeldElsewhere(path) ? holders.read(scope) : null;
    },
    async releaseAll() {
      for (const release of releases) await release();
    },
  };
}

function lockPath(ledgerPath: string, scope: Scope): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([scope.job, scope.origin]))
    .digest('hex');
  return `${ledgerPath}.lock-${hash.slice(0, 16)}`;
}

/**
 * Opens a transaction that keeps everybody else out until its connection is closed or the process is gone.
 * Null when another process has one. The file stays empty, and is never deleted: one who waits for a deleted
 * file and one who makes it anew would both have the lock.
 */
async function takeExclusively(path: string): Promise<DatabaseSync | null> {
  createPrivate(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    try {
      // The journal in memory, since nothing is ever written: a kill leaves no second file.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      if (!isBusy(error)) {
        database.close();
        throw error;
      }
    }
    if (attempt < attemptsMax) await setTimeout(pauseMs * (0.5 + Math.random()));
  }
  database.close();
  return null;
}

/**
 * Takes the locks of all scopes that a ledger ever had, for whoever replaces its file.
 * @returns how to give them back; null when a run has one of them
 */
export async function holdEveryLock(ledgerPath: string): Promise<(() => void) | null> {
  const folder = dirname(ledgerPath);
  const names = readdirSync(folder).filter((name) => name.startsWith(`${basename(ledgerPath)}.lock-`));
  const held: DatabaseSync[] = [];
  const release = (): void => {
    for (const database of held) database.close();
  };
  for (const name of names) {
    const path = join(folder, name);
    const database = heldHere.has(path) ? null : await takeExclusively(path);
    if (database === null) {
      release();
      return null;
    }
    held.push(database);
  }
  return release;
}

/** Looks without taking: a reader is kept out by whoever has the lock, and keeps nobody out for longer than it looks. */
function isHeldElsewhere(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (!isBusy(error)) throw ledgerTrouble(error, path);
    return true;
  } finally {
    database.close();
  }
}

function lockHolders(connection: Connection, { idOf, find }: ScopeIds) {
  const upsert = connection.command(
    `INSERT INTO lock_holders (scope_id, run_id, pid, host, since) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (scope_id) DO UPDATE SET
       run_id = excluded.run_id, pid = excluded.pid, host = excluded.host, since = excluded.since`,
  );
  const select = connection.query<HolderRow>(
    'SELECT run_id, pid, host, since FROM lock_holders WHERE scope_id = ?',
  );
  const remove = connection.command('DELETE FROM lock_holders WHERE scope_id = ?');

  return {
    write(scope: Scope, holder: LockHolder): void {
      upsert.run(idOf(scope), holder.runId, holder.pid, holder.host, holder.since);
    },
    /** Who took the lock last and has not given it back; a holder that was killed stands there until the next. */
    read(scope: Scope): LockHolder | null {
      const scopeId = find(scope);
      const row = scopeId === null ? undefined : select.get(scopeId);
      if (row === undefined) return null;
      return { runId: row.run_id, pid: row.pid, host: row.host, since: row.since };
    },
    erase(scope: Scope): void {
      remove.run(idOf(scope));
    },
  };
}
