import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const page = readFileSync('ARCHITECTURE.md', 'utf8');

interface Entry {
  readonly name: string;
  readonly why: string;
}

/** Rows of a table whose first cell is a name in backticks. */
function rowsBelow(heading: string): readonly Entry[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, name = '', why = '']) => ({
    name,
    why: why.trim(),
  }));
}

function namesOf(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ name }) => name).sort();
}

function foldersOf(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.posix.join(entry.parentPath.split(path.sep).join('/'), entry.name))
    .sort();
}

describe('ARCHITECTURE.md', () => {
  it('names exactly the folders of src', () => {
    expect(namesOf(rowsBelow('Map'))).toEqual(foldersOf('src'));
  });

  it('names exactly the dependencies of package.json', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const declared = [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort();
    expect(namesOf(rowsBelow('Dependencies'))).toEqual(declared);
  });

  it('says something of each', () => {
    const silent = [...rowsBelow('Map'), ...rowsBelow('Dependencies')].filter(({ why }) => why.length < 10);
    expect(silent).toEqual([]);
  });

  it('names only files that exist', () => {
    const named = [...page.matchAll(/`((?:src|test|jobs|fixtures)\/[\w./-]+\.\w+)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(named.length).toBeGreaterThan(0);
    for (const file of named) expect(() => readFileSync(file), file).not.toThrow();
  });
});
