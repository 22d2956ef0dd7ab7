import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Import } from './import-rule.ts';

// Every text in quotes that looks like a file counts, so that no way of importing escapes.
const file = /(['"`])(\.{1,2}\/[^'"`\s]+\.ts)\1/g;
const named = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'".][^'"]*)\1/g;

/** All imports of the sources below a folder, types included. */
export function readImports(folder: string): readonly Import[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return names.flatMap((name) => {
    const from = name.split(path.sep).join('/');
    return importsIn(from, readFileSync(path.join(folder, name), 'utf8'));
  });
}

/** The imports of one source. */
export function importsIn(from: string, source: string): readonly Import[] {
  const files = [...source.matchAll(file)].map((match) =>
    path.posix.join(path.posix.dirname(from), match[2] ?? ''),
  );
  const packages = [...source.matchAll(named)].map((match) => match[2] ?? '');
  return [...files, ...packages].map((to) => ({ from, to }));
}
