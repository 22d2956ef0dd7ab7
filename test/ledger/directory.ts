import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Directory {
  path(...names: readonly string[]): string;
  remove(): void;
}

/** A new directory among the system's temporary ones. */
export function makeDirectory(): Directory {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-ledger-'));
  return {
    path: (...names) => join(root, ...names),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
