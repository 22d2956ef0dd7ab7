import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mainFile } from './world.ts';

export interface Sandbox {
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** A sandbox of Oracle EPM in a process of its own, without a journal. */
export async function startSandbox(users: string): Promise<Sandbox> {
  const args = [mainFile, 'sandbox', 'oracle-epm', '--while-stdin', '--port', '0', '--users', users];
  // Its input closes with this process, so that it ends whatever becomes of the bench.
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    exited.then(() => null),
  ]);
  if (line === null) throw new Error('The sandbox did not start.');
  return {
    baseUrl: (JSON.parse(line) as { readonly baseUrl: string }).baseUrl,
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
