import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { password, type World } from '../../cli/world.ts';
import { mainFile } from '../../program/main-file.ts';

export function hasStrace(): boolean {
  return spawnSync('strace', ['-V']).status === 0;
}

/** Runs `apply` in a world under strace. */
export async function applyUnderStrace(
  world: World,
  options: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const env = { PATH: process.env.PATH, HOME: world.folder, EPM_USER: 'admin', EPM_PASSWORD: password };
  const args = ['-f', ...options, process.execPath, mainFile, 'apply', 'job.yaml'];
  const child = spawn('strace', args, { cwd: world.folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}
