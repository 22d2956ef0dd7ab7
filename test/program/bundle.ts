import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

const project = path.join(import.meta.dirname, '../..');
const cache = path.join(project, 'node_modules/.cache');
let folder: string | null = null;

/** Makes one file of the program before the tests start. */
export async function setup(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(path.join(cache, 'rollcall-program-'));
  const bundle = await rolldown({ input: path.join(project, 'src/main.ts'), platform: 'node' });
  // The program looks for its package.json two folders above its modules, and for its entry one above.
  await bundle.write({ dir: path.join(folder, 'dist'), format: 'esm', chunkFileNames: 'program/[name].js' });
  await bundle.close();
  copyFileSync(path.join(project, 'package.json'), path.join(folder, 'package.json'));
  process.env.ROLLCALL_TEST_PROGRAM = path.join(folder, 'dist/main.js');
}

export function teardown(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
}
