import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../domain/failure.ts';
import { connect } from './connection.ts';
import { copyLedger, edit, removeDraft, syncFile } from './backup-ledger.ts';
import { checkLedgerFile, syncDirectory } from './ledger-file.ts';
import { holdEveryLock } from './lock.ts';
import { refuseNetworkMount } from './network-mount.ts';
import { isBusy, isDamage, ledgerTrouble } from './trouble.ts';

export interface Restored {
  /** Absolute. */
  readonly file: string;
  /** When the backup was made; null for a ledger that was copied by other means. */
  readonly backedUpAt: string | null;
  /** The last run that it knows. */
  readonly lastRun: string | null;
  /** Where the ledger lies that stood there; null when there was none. */
  readonly keptAs: string | null;
}

/**
 * Puts a backup in the place of a ledger, which is kept beside it. Nobody knows what was written since the backup: so
 * its accounts are no state until the next complete read, and it gets a lineage of its own, by which plans of before are
 * refused. There is no moment at which half a ledger, or none, lies in the place.
 *
 * @param at ISO 8601, now
 * @throws Failure (exit 5) `RUN_UNDER_WAY`; (exit 75) `LEDGER_BUSY`; (exit 1) as opening a ledger does
 */
export async function restoreLedger(from: string, to: string, at: string): Promise<Restored> {
  const source = checkLedgerFile(from, { thorough: true });
  mkdirSync(dirname(resolve(to)), { recursive: true, mode: 0o700 });
  const file = existsSync(to) ? realpathSync(to) : resolve(to);
  const draft = `${file}.new-${randomUUID()}`;
  try {
    refuseNetworkMount(realpathSync(dirname(file)));
    await copyLedger(source, draft);
    const { backedUpAt, lastRun } = renew(draft, at);
    syncFile(draft);
    return { file, backedUpAt, lastRun, keptAs: await putInPlace(draft, file, at) };
  } catch (error) {
    throw ledgerTrouble(error, file);
  } finally {
    removeDraft(draft);
  }
}

function renew(draft: string, at: string): Pick<Restored, 'backedUpAt' | 'lastRun'> {
  let known: { backed_up_at: string | null; last_run: string | null } | undefined;
  edit(draft, (connection) => {
    known = connection
      .query<{ backed_up_at: string | null; last_run: string | null }>(
        `SELECT backed_up_at, (SELECT run_id FROM runs ORDER BY run_number DESC LIMIT 1) AS last_run FROM ledger`,
      )
      .get();
    connection.command('UPDATE ledger SET lineage = ?, restored_at = ?').run(randomUUID(), at);
    connection.exec('UPDATE scopes SET complete_read_at = NULL; DELETE FROM lock_holders');
  });
  return { backedUpAt: known?.backed_up_at ?? null, lastRun: known?.last_run ?? null };
}

/** @returns where what stood there is kept */
async function putInPlace(draft: string, file: string, at: string): Promise<string | null> {
  const release = await holdEveryLock(file);
  if (release === null) throw underWay(file);
  const alone = existsSync(file) ? openAlone(file) : null;
  try {
    const keptAs = keepAside(file, at);
    renameSync(draft, file);
    syncDirectory(dirname(file));
    alone?.close();
    // It can be looked into, like any ledger.
    if (alone !== null && keptAs !== null) connect(keptAs, { readOnly: false }).close();
    return keptAs;
  } finally {
    if (alone?.isOpen === true) alone.close();
    release();
  }
}

/**
 * Opens the ledger that is to be replaced so that nobody else has it open, and takes its log into the file. Null for
 * one that is so damaged that nobody can work with it anyway.
 */
function openAlone(file: string): DatabaseSync | null {
  let database: DatabaseSync | null = null;
  try {
    // Read first: opened to write, SQLite deletes the log of a file that is none of its own.
    database = new DatabaseSync(file, { readOnly: true });
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    database.close();
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT');
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    if (isBusy(error) || !isDamage(error)) throw error;
    return null;
  }
}

/** A second name for the file, so that it is never gone from the first; a damaged one takes its log along. */
function keepAside(file: string, at: string): string | null {
  const keptAs = `${file}.replaced-${at.replaceAll(':', '-')}`;
  const log = `${file}-wal`;
  const exists = existsSync(file);
  if (exists) linkSync(file, keptAs);
  if (existsSync(log)) renameSync(log, `${keptAs}-wal`);
  rmSync(`${file}-shm`, { force: true });
  return exists ? keptAs : null;
}

function underWay(file: string): Failure {
  return new Failure({
    code: 'RUN_UNDER_WAY',
    message: `A run is under way on the ledger ${file}, so it cannot be replaced.`,
    hint: 'Wait until it has ended: `rollcall status JOB` says which it is.',
    exit: 5,
  });
}
