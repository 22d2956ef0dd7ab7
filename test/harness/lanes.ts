import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

// Several processes at work on one list; each tells of every entry when it is done.

/** How many entries one process takes before another one takes its place. */
const shareMax = 250;

export interface Lanes {
  /** Gets `first` and its share of the entries as arguments, and sends one message for each. */
  readonly module: string;
  readonly first: readonly string[];
  /** Processes at the same time. */
  readonly lanes: number;
}

/** @param onDone called with each message; all work stops once it gives false */
export async function inLanes<Message>(
  names: readonly string[],
  { module, first, lanes }: Lanes,
  onDone: (message: Message) => boolean,
): Promise<void> {
  const shares: (readonly string[])[] = [];
  const size = Math.max(1, Math.min(shareMax, Math.ceil(names.length / lanes)));
  for (let at = 0; at < names.length; at += size) shares.push(names.slice(at, at + size));
  const children = new Set<ChildProcess>();
  // Whatever a killed process leaves lies in here.
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-lanes-'));
  let goesOn = true;
  const lane = async (): Promise<void> => {
    for (let share = shares.shift(); share !== undefined && goesOn; share = shares.shift()) {
      const child = fork(module, [...first, ...share], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, TMPDIR: folder },
      });
      children.add(child);
      let told = 0;
      child.on('message', (message) => {
        told += 1;
        if (!onDone(message as Message)) goesOn = false;
        if (!goesOn) child.kill('SIGKILL');
      });
      await once(child, 'close');
      children.delete(child);
      if (goesOn && told < share.length)
        throw new Error(`A process ended after ${told} of ${share.length} entries.`);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    const gone = [...children].map((child) => once(child, 'close'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(gone);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder in memory where there is one: what is judged here does not depend on the disk's speed. */
export function fastFolder(name: string): { readonly path: string; remove(): void } {
  const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const path = mkdtempSync(join(root, `rollcall-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function range(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
