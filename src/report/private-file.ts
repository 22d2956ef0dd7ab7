import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';

/** A file that only its owner may read, and that appears under its name only when it is whole. */
export interface PrivateFile {
  /** Text is written as UTF-8. */
  write(content: string | Uint8Array): Promise<void>;
  /** Syncs the file and gives it its name; an older file of that name is replaced in one step. */
  commit(): Promise<void>;
  /** Removes what was written, if it was not committed. */
  discard(): Promise<void>;
}

/** Opens a temporary file (0600) beside `file`. Throws `REPORT_UNWRITABLE`. */
export async function createPrivateFile(file: string): Promise<PrivateFile> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.tmp`);
  const handle = await onDisk(file, () => open(temporary, 'wx', 0o600));
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    write: (content) => onDisk(file, () => handle.writeFile(content)),
    commit: () =>
      onDisk(file, async () => {
        await handle.sync();
        await close();
        await rename(temporary, file);
      }),
    discard: async () => {
      await close();
      await rm(temporary, { force: true });
    },
  };
}

/** Makes a directory that only its owner may open (0700), an existing one included. Throws `REPORT_UNWRITABLE`. */
export async function createPrivateDirectory(directory: string): Promise<void> {
  await onDisk(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
  });
}

/** Makes the names of a directory's files durable; the files themselves are synced when committed. */
export async function syncDirectory(directory: string): Promise<void> {
  await onDisk(directory, async () => {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

async function onDisk<T>(place: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no code';
    throw new Failure({
      code: 'REPORT_UNWRITABLE',
      message: `The report could not be written to ${place} (${code}).`,
      hint: 'Make room or mend the rights of that directory; `rollcall report RUN` then builds the report from the ledger.',
      // The run knows whether anything was written to the target, and then makes this a 4.
      exit: 1,
      cause,
    });
  }
}
