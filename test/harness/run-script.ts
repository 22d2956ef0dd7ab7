import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Each of these tests starts hundreds of processes or runs: only a hang shall fail them. */
export const unhurried = { timeout: 900_000 };

/** Runs one of the harness's scripts to its end. */
export async function runScript(
  name: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
