import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Failure } from '../domain/failure.ts';

const flushBytes = 1 << 18;

/**
 * Writes a plan's lines to a file that only its owner can read; it appears whole or not at all.
 * @param lines as `planLines` makes them; their return value is the plan's hash
 * @param turn awaited whenever some of it has been written
 * @returns the plan's hash
 */
export async function writePlan(
  path: string,
  lines: Generator<string, string>,
  turn: () => Promise<void> = async () => undefined,
): Promise<string> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    let hash: string;
    try {
      hash = await writeAll(file, lines, turn);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    return hash;
  } catch (cause) {
    rmSync(temporary, { force: true });
    if (!isFileTrouble(cause)) throw cause;
    throw new Failure({
      code: 'PLAN_NOT_WRITTEN',
      message: `The plan could not be written to ${path}.`,
      hint: 'Check that the folder exists, is writable and has room.',
      exit: 1,
      cause,
    });
  }
}

function isFileTrouble(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause;
}

async function writeAll(
  file: number,
  lines: Generator<string, string>,
  turn: () => Promise<void>,
): Promise<string> {
  let pending = '';
  for (;;) {
    const next = lines.next();
    if (next.done === true) {
      writeFileSync(file, pending);
      return next.value;
    }
    pending += next.value;
    if (pending.length < flushBytes) continue;
    writeFileSync(file, pending);
    pending = '';
    await turn();
  }
}
