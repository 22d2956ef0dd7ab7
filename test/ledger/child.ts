import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LockHolder, Scope } from '../../src/contracts/ledger.ts';
import type { Said, Source } from './hold-lock.ts';

export interface Child {
  readonly pid: number;
  readonly said: Said;
  signal(signal: 'SIGKILL' | 'SIGSTOP'): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a process that tries to lock the scope, and waits for what it says. */
export async function lockInChild(source: Source, scope: Scope, holder: LockHolder): Promise<Child> {
  const helper = fileURLToPath(new URL('hold-lock.ts', import.meta.url));
  const child = spawn(process.execPath, [helper, JSON.stringify({ source, scope, holder })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  const exited = once(child, 'exit');
  const line = await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => null)]);
  if (line === null) throw new Error('The process ended without a word.');
  return {
    pid: child.pid ?? 0,
    said: JSON.parse(String(line[0])) as Said,
    async signal(signal) {
      child.kill(signal);
      if (signal === 'SIGKILL') await exited;
    },
  };
}

/** Ends every process that a test has started, stopped ones too. */
export async function endChildren(): Promise<void> {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }
  running.clear();
}
