import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** What a clone has: the files that git tracks and that are still there. */
function trackedFiles(): readonly string[] {
  // A clone may belong to another user, as in a container.
  const list = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z'], { encoding: 'utf8' });
  return list.split('\0').filter((file) => file !== '' && existsSync(file));
}

function linesWith(pattern: RegExp): readonly string[] {
  return trackedFiles().flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

it('finds the files of the project', () => {
  expect(trackedFiles()).toContain('src/main.ts');
});

it('has no path of the machine on which it was written', () => {
  expect(linesWith(/(?<![\w.])\/(?:work|root)\//)).toEqual([]);
});

it('leaves nothing to do in a comment', () => {
  expect(linesWith(/\b(?:TO[D]O|FIX[M]E)\b/)).toEqual([]);
});
