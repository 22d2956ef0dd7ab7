import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const source = path.join(import.meta.dirname, '../../src');
const loading = /^(?:import|export)\s(?!type\b)(?:[^;'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm;

/** What has to be loaded before the first line of `entry` runs: its own sources, and packages. */
function loadedBy(entry: string): { readonly sources: Set<string>; readonly packages: Set<string> } {
  const sources = new Set<string>();
  const packages = new Set<string>();
  const waiting = [path.join(source, entry)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (sources.has(file)) continue;
    sources.add(file);
    for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(loading)) {
      if (to.startsWith('.')) waiting.push(path.join(path.dirname(file), to));
      else packages.add(to);
    }
  }
  return { sources, packages };
}

describe('the start of every command', () => {
  const { sources, packages } = loadedBy('cli/run-program.ts');

  it.each(['undici', 'hucre', 'libphonenumber-js/max', 'hono', '@hono/node-server', 'jose'])(
    'does without %s, which few commands come to need',
    (name) => {
      expect([...packages]).not.toContain(name);
    },
  );

  it('is followed by this test as far as the job, the ledger and the providers', () => {
    expect([...packages]).toEqual(expect.arrayContaining(['commander', 'zod', 'yaml', 'node:sqlite']));
    expect(sources.size).toBeGreaterThan(300);
  });
});
