import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mainFile } from '../../program/main-file.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real program in a folder, as a user does. */
export async function rollcall(folder: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      said[stream] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}
