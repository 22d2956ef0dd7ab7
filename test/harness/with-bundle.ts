import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { bundleProgram } from '../program/bundle.ts';

/*
 *   node test/harness/with-bundle.ts crash.ts --people 500
 *
 * Runs a script of this folder with one file of the program, made just before, in the place of its sources: what
 * starts the program a thousand times takes half as long.
 */

const [script = '', ...args] = process.argv.slice(2);
const { file, remove } = await bundleProgram();
try {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ROLLCALL_TEST_PROGRAM: file },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'close')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  remove();
}
