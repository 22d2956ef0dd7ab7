import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { type Connection, connect } from './connection.ts';
import { checkLedgerFile } from './ledger-file.ts';
import { holdEveryLock } from './lock.ts';
import { requireSchema } from './schema.ts';

/** How large the file was and is, and why it is no smaller where that may surprise. */
export interface Shrunk {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** `underWay`: somebody works with the ledger; `disk`: there is no room for a copy; null: nothing was in the way. */
  readonly kept: 'underWay' | 'disk' | null;
}

/** Fewer free pages than that are soon used again, and not worth the copy. */
const freeShareMin = 0.1;
/** SQLite writes all that is left to a temporary file, and from there to the log. */
const copies = 2;

/**
 * Gives the room that deleted entries have left in a ledger's file back to the disk. It is written anew as a whole and in
 * one transaction: a kill leaves it as it was. No run may begin meanwhile; where one is under way, nothing is done.
 *
 * @param freeBytesOf bytes that the disk of a folder has left
 * @throws Failure as opening a ledger does
 */
export async function shrinkLedger(path: string, freeBytesOf = freeBytes): Promise<Shrunk> {
  const file = checkLedgerFile(path, { thorough: false });
  const bytesBefore = statSync(file).size;
  const release = await holdEveryLock(file);
  if (release === null) return { bytesBefore, bytesAfter: bytesBefore, kept: 'underWay' };
  try {
    const kept = rewrite(file, freeBytesOf);
    return { bytesBefore, bytesAfter: statSync(file).size, kept };
  } finally {
    release();
  }
}

function rewrite(file: string, freeBytesOf: (folder: string) => number): Shrunk['kept'] {
  const connection = connect(file, { readOnly: false });
  try {
    requireSchema(connection, { readOnly: false });
    const { pages, free, pageBytes } = sizes(connection);
    if (free < pages * freeShareMin) return null;
    if (freeBytesOf(dirname(file)) < copies * (pages - free) * pageBytes) return 'disk';
    connection.exec('VACUUM');
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return null;
  } catch (error) {
    // What was to be deleted is gone all the same, and the room is used again.
    if (error instanceof Failure && error.code === 'LEDGER_BUSY') return 'underWay';
    if (error instanceof Failure && error.code === 'LEDGER_NOT_WRITTEN') return 'disk';
    throw error;
  } finally {
    connection.close();
  }
}

function sizes(connection: Connection) {
  const [row] = connection
    .query<{ pages: number; free: number; pageBytes: number }>(
      `SELECT p.page_count AS pages, f.freelist_count AS free, s.page_size AS pageBytes
       FROM pragma_page_count() p, pragma_freelist_count() f, pragma_page_size() s`,
    )
    .all();
  return row ?? { pages: 0, free: 0, pageBytes: 0 };
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
