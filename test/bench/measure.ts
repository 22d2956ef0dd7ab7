import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** What a program came to, from its start to its end. */
export interface Measured {
  readonly wallMs: number;
  /** Processor time: it says more than the clock where others work on the same machine. */
  readonly cpuMs: number;
  /** The most resident memory that it ever had. */
  readonly peakBytes: number;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const reportUsage = fileURLToPath(new URL('report-usage.ts', import.meta.url));

/** Runs a Node program in a process of its own. */
export async function measure(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', reportUsage, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const exited = once(child, 'exit').then(([code]) => ({
    exitCode: typeof code === 'number' ? code : null,
    wallMs: performance.now() - started,
  }));
  const [stdout, stderr, usage] = await Promise.all([
    // All three are pipes, though the types cannot know.
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
  ]);
  return {
    ...(await exited),
    ...(JSON.parse(usage) as Pick<Measured, 'cpuMs' | 'peakBytes'>),
    stdout,
    stderr,
  };
}
