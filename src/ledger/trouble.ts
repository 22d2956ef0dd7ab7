import { Failure } from '../domain/failure.ts';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html, read November 2026). */
const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
const troubles: Readonly<Record<number, (path: string) => Failure>> = {
  3: inaccessible,
  [sqliteBusy]: busy,
  6: busy,
  8: inaccessible,
  10: diskTrouble,
  [sqliteCorrupt]: damaged,
  13: diskTrouble,
  14: inaccessible,
  [sqliteNotADatabase]: damaged,
};

/** The `Failure` that an error of SQLite or of the file system means for the ledger at `path`; others as they are. */
export function ledgerTrouble(error: unknown, path: string): unknown {
  const trouble = troubles[sqliteCode(error) ?? 0];
  if (trouble !== undefined) return trouble(path);
  const errno = systemCode(error);
  return errno === null ? error : inaccessible(path, errno);
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === sqliteBusy;
}

/** Whether the file is no whole database. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

/** The code of a file system error such as `EEXIST`; null for any other error. */
export function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('errno' in error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** The primary result code; null for an error that is not SQLite's. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

export function damaged(path: string): Failure {
  return new Failure({
    code: 'LEDGER_DAMAGED',
    message: `The ledger ${path} is damaged.`,
    hint: 'Put back a backup of it (with its -wal file, if there is one), or move it away to begin anew: a new ledger knows no links, so it makes nobody a leaver.',
    exit: 1,
  });
}

function busy(path: string): Failure {
  return new Failure({
    code: 'LEDGER_BUSY',
    message: `Another process kept the ledger ${path} locked for too long.`,
    hint: 'Try again; if it stays so, look for a stopped process that has the file open.',
    exit: 75,
  });
}

function diskTrouble(path: string): Failure {
  return new Failure({
    code: 'LEDGER_NOT_WRITTEN',
    message: `The ledger ${path} could not be read or written: the disk is full or fails.`,
    hint: 'Make room or mend the disk, then run again.',
    exit: 1,
  });
}

function inaccessible(path: string, errno?: string): Failure {
  return new Failure({
    code: 'LEDGER_INACCESSIBLE',
    message: `The ledger ${path} cannot be opened or written${errno === undefined ? '' : ` (${errno})`}.`,
    hint: 'Check that the path is right and that this user may write to the file and to its directory.',
    exit: 1,
  });
}
