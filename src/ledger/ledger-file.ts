import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../domain/failure.ts';
import { refuseNetworkMount } from './network-mount.ts';
import { applicationId, buildSchema } from './schema.ts';
import { damaged, ledgerTrouble, systemCode } from './trouble.ts';

// No file here is ever opened by anything but SQLite once it may be in use: closing any descriptor of a file
// drops all locks that this process has on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).

/** Makes the ledger's file and directories unless they are there; gives the absolute path. */
export function createLedgerFile(given: string): string {
  const path = resolve(given);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    refuseNetworkMount(realpathSync(dirname(path)));
    // Looked for before the file itself: a log whose file is then missing cannot be one that is just being made.
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
    if (existsSync(path)) return path;
    if (log !== undefined && log.size > 0) throw orphanLog(path);
    createWhole(path);
    return path;
  } catch (error) {
    throw ledgerTrouble(error, path);
  }
}

/**
 * Checks, without writing anything, that a file is a ledger in good health, and sees to it that only its owner
 * can read it. Gives its real path. `thorough` reads every page.
 */
export function checkLedgerFile(given: string, options: { readonly thorough: boolean }): string {
  const path = resolve(given);
  if (!existsSync(path)) throw missing(path);
  try {
    const real = realpathSync(path);
    refuseNetworkMount(dirname(real));
    checkContent(real, options);
    for (const file of [real, `${real}-wal`, `${real}-shm`]) keepPrivate(file);
    return real;
  } catch (error) {
    throw ledgerTrouble(error, path);
  }
}

/** Makes a file 0600 that is missing; leaves one that is there alone, without opening it. */
export function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/**
 * The file appears under its name only when it is whole: a kill while it is made leaves no half ledger, an empty
 * file is always a damaged one, and of two processes that make it at once the second finds the first one's.
 */
function createWhole(path: string): void {
  const draft = `${path}.new-${randomUUID()}`;
  createPrivate(draft);
  try {
    const database = new DatabaseSync(draft);
    try {
      database.exec('PRAGMA synchronous = FULL');
      buildSchema(database, randomUUID());
      // Not before: what a full disk keeps in the log of the draft, it would lose with the draft's name, unnoticed.
      database.exec('PRAGMA journal_mode = WAL');
    } finally {
      database.close();
    }
    linkSync(draft, path);
    syncDirectory(dirname(path));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    for (const ending of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${ending}`, { force: true });
  }
}

/** Makes it durable that a name in a directory is what it is now. */
export function syncDirectory(directory: string): void {
  // Windows cannot open a directory; there the file system's own journal has to do.
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Read-only, so that a damaged or foreign file stays as it is, its write-ahead log included. */
function checkContent(path: string, options: { readonly thorough: boolean }): void {
  if (statSync(path).size === 0) throw damaged(path);
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    if (database.prepare('PRAGMA application_id').get()?.application_id !== applicationId)
      throw foreign(path);
    if (!options.thorough) return;
    if (database.prepare('PRAGMA quick_check(1)').get()?.quick_check !== 'ok') throw damaged(path);
  } finally {
    database.close();
  }
}

function keepPrivate(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && (stat.mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(path, 0o600);
}

function missing(path: string): Failure {
  return new Failure({
    code: 'LEDGER_MISSING',
    message: `There is no ledger at ${path}.`,
    hint: 'The first `plan` or `apply` of a job makes it; check the path if there should be one.',
    exit: 1,
  });
}

function foreign(path: string): Failure {
  return new Failure({
    code: 'LEDGER_FOREIGN',
    message: `${path} is an SQLite file, but no ledger of rollcall.`,
    hint: 'Give `ledger` another path: this file belongs to another program and is left as it is.',
    exit: 1,
  });
}

function orphanLog(path: string): Failure {
  return new Failure({
    code: 'LEDGER_DAMAGED',
    message: `The ledger ${path} is missing, but its write-ahead log ${path}-wal is there.`,
    hint: 'Put the ledger back beside its log, or move the log away to begin anew.',
    exit: 1,
  });
}
