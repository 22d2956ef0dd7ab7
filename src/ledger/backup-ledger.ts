import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { Failure } from '../domain/failure.ts';
import { type Connection, connect } from './connection.ts';
import { checkLedgerFile, createPrivate, syncDirectory } from './ledger-file.ts';
import { requireSchema } from './schema.ts';
import { damaged, ledgerTrouble } from './trouble.ts';

/** All pages at once: a copy that gives way to a run's writes would begin anew with each of them. */
const pagesAtOnce = 2 ** 31 - 1;

export interface Backup {
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
}

/**
 * Copies a ledger, also while runs write to it, into a file (0600) that appears whole or not at all. The file needs no
 * other beside it. An older backup of that name is replaced.
 *
 * @param at ISO 8601, now
 * @throws Failure (exit 1): `BACKUP_IN_THE_WAY`, or as opening a ledger does
 */
export async function backUpLedger(from: string, to: string, at: string): Promise<Backup> {
  const source = checkLedgerFile(from, { thorough: false });
  const file = resolve(to);
  if (existsSync(file) && !isBackup(file, source)) throw inTheWay(file);
  const draft = `${file}.new-${randomUUID()}`;
  try {
    await copyLedger(source, draft);
    edit(draft, (connection) => {
      connection.command('UPDATE ledger SET backed_up_at = ?, restored_at = NULL').run(at);
      connection.exec('DELETE FROM lock_holders');
    });
    syncFile(draft);
    renameSync(draft, file);
    syncDirectory(dirname(file));
    return { file, bytes: statSync(file).size };
  } catch (error) {
    throw ledgerTrouble(error, file);
  } finally {
    removeDraft(draft);
  }
}

/** Copies what a ledger holds at this moment to a new file of the owner's own. */
export async function copyLedger(source: string, draft: string): Promise<void> {
  createPrivate(draft);
  const database = new DatabaseSync(source, { readOnly: true, timeout: 10_000 });
  try {
    await backup(database, draft, { rate: pagesAtOnce });
  } finally {
    database.close();
  }
}

/** Changes a copy, up to date and found whole; closing the only connection leaves no log beside it. */
export function edit(draft: string, change: (connection: Connection) => void): void {
  const connection = connect(draft, { readOnly: false });
  try {
    requireSchema(connection, { readOnly: false });
    const [first] = connection.query<{ integrity_check: string }>('PRAGMA integrity_check(1)').all();
    if (first?.integrity_check !== 'ok') throw damaged(draft);
    connection.transaction(() => change(connection));
  } finally {
    connection.close();
  }
}

export function syncFile(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function removeDraft(draft: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${draft}${suffix}`, { force: true });
}

/** Only a backup may be replaced: never the ledger itself, nor that of another job. */
function isBackup(file: string, source: string): boolean {
  if (realpathSync(file) === source) return false;
  try {
    const connection = connect(checkLedgerFile(file, { thorough: false }), { readOnly: true });
    try {
      const select = 'SELECT backed_up_at, restored_at FROM ledger';
      const row = connection.query<Readonly<Record<string, string | null>>>(select).get();
      return row !== undefined && row.backed_up_at !== null && row.restored_at === null;
    } finally {
      connection.close();
    }
  } catch {
    return false;
  }
}

function inTheWay(file: string): Failure {
  return new Failure({
    code: 'BACKUP_IN_THE_WAY',
    message: `${file} is there already, and is no backup of a ledger.`,
    hint: 'Name another file: --to FILE. Only an older backup is replaced.',
    exit: 1,
  });
}
