import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

const project = path.join(import.meta.dirname, '../..');
const cache = path.join(project, 'node_modules/.cache');

/** A program in one file. */
export interface Bundle {
  readonly file: string;
  remove(): void;
}

/** Makes one file of the program as its sources are now: it starts in less than half the time. */
export async function bundleProgram(): Promise<Bundle> {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'rollcall-program-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const input = {
      main: path.join(project, 'src/main.ts'),
      // A thread begins with a file of its own, which stands beside the module that starts it.
      'program/sending-thread': path.join(project, 'src/ledger/sending-thread.ts'),
    };
    const bundle = await rolldown({ input, platform: 'node' });
    // The program looks for its package.json two folders above its modules, and for its entry one above.
    await bundle.write({
      dir: path.join(folder, 'dist'),
      entryFileNames: '[name].js',
      format: 'esm',
      chunkFileNames: 'program/[name].js',
    });
    await bundle.close();
    copyFileSync(path.join(project, 'package.json'), path.join(folder, 'package.json'));
    return { file: path.join(folder, 'dist/main.js'), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

let made: Bundle | null = null;
let scratch: string | null = null;

/** Makes one file of the program before the tests start, and the folder in which theirs will lie. */
export async function setup(): Promise<void> {
  made = await bundleProgram();
  process.env.ROLLCALL_TEST_PROGRAM = made.file;
  if (!isRoomy(memory)) return;
  // The workers take it for the system's folder. A run syncs its ledger often, for which the tests wait on a disk.
  scratch = mkdtempSync(path.join(memory, 'rollcall-tests-'));
  process.env.TMPDIR = scratch;
}

export function teardown(): void {
  made?.remove();
  if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
}

const memory = '/dev/shm';
const scratchBytes = 2 ** 31;

/** True where there is such a file system with room for all that tests write; containers often have little of it. */
function isRoomy(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= scratchBytes;
}
