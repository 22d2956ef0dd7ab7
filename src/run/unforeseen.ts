import { Failure } from '../domain/failure.ts';

/** What the file system says of a disk without room, of one that may not be written, and of one that fails. */
const diskCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);
/** And SQLite: `SQLITE_IOERR` and `SQLITE_FULL` (https://www.sqlite.org/rescode.html, read November 2026). */
const sqliteDiskCodes: ReadonlySet<unknown> = new Set([10, 13]);

/**
 * What an error means that no stage has foreseen: a disk that is full or fails, or a bug of ours.
 * @param exit 1 before the first write, 4 after it
 */
export function unforeseen(error: unknown, exit: 1 | 4): Failure {
  const what = error instanceof Error ? error.message : String(error);
  if (isOfDisk(error))
    return new Failure({
      code: 'DISK_NOT_WRITTEN',
      message: `A disk is full or fails: ${what}`,
      hint: 'Make room or mend the disk, beside the ledger and under the reports, then run again.',
      exit,
      cause: error,
    });
  return new Failure({
    code: 'BUG',
    message: `Something went wrong that rollcall did not expect: ${what}`,
    hint:
      exit === 4
        ? 'Run apply again: it looks up what is in doubt first. Please report this.'
        : 'Please report this, with the output of the same command under ROLLCALL_DEBUG=1.',
    exit,
    cause: error,
  });
}

function isOfDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && diskCodes.has(error.code)) return true;
  return 'errcode' in error && typeof error.errcode === 'number' && sqliteDiskCodes.has(error.errcode & 0xff);
}
