import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bugs } from './planted/bugs.ts';

const sources = path.join(import.meta.dirname, '../../src');

describe('planted bugs', () => {
  // Trying them takes minutes, and is done by hand; that they have their places is seen at once.
  it.each(bugs)('$name: has its places in the program, each once', ({ edits }) => {
    for (const { file, find, put } of edits) {
      const parts = readFileSync(path.join(sources, file), 'utf8').split(find);
      expect(parts, `${find} in ${file}`).toHaveLength(2);
      expect(put).not.toBe(find);
    }
  });
});
