import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/domain/settings.ts';
import { findFiles } from '../../src/feed/find-files.ts';
import { temporaryDirectory } from './feeds.ts';

const anyTime: Delivery = { marker: null, stableMs: 0, waitMs: 0 };

/** A folder with these files; each may have the day of June on which it was written. */
async function folderWith(files: Readonly<Record<string, number>>, name = 'inbox'): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, name), { recursive: true });
  for (const [file, day] of Object.entries(files)) {
    await writeFile(join(directory, name, file), 'x');
    const time = new Date(Date.UTC(2026, 5, day));
    await utimes(join(directory, name, file), time, time);
  }
  return directory;
}

async function found(
  directory: string,
  pick: 'newest' | 'all',
  pattern = 'inbox/hr-*.csv',
  delivery = anyTime,
): Promise<readonly string[]> {
  const files = await findFiles({ kind: 'pattern', directory, pattern, pick }, delivery);
  return files.map(({ name }) => basename(name));
}

describe('a pattern', () => {
  it('gives the newest file, the last by name among equally new ones', async () => {
    const directory = await folderWith({ 'hr-1.csv': 3, 'hr-3.csv': 2, 'hr-2.csv': 3, 'it.csv': 9 });
    expect(await found(directory, 'newest')).toEqual(['hr-2.csv']);
  });

  it('gives all files in the order of their names, whenever they were written', async () => {
    const directory = await folderWith({ 'hr-3.csv': 1, 'hr-1.csv': 3, 'hr-2.csv': 2 });
    expect(await found(directory, 'all')).toEqual(['hr-1.csv', 'hr-2.csv', 'hr-3.csv']);
  });

  it('passes over folders, hidden files and markers', async () => {
    const directory = await folderWith({ 'hr-1.csv': 1, 'hr-1.csv.done': 2, '.hr-2.csv': 3 });
    await mkdir(join(directory, 'inbox', 'hr-3.csv'));
    const delivery = { ...anyTime, marker: '*.done' };
    expect(await found(directory, 'all', 'inbox/*', delivery)).toEqual(['hr-1.csv']);
  });

  it('that nothing matches says how many files lie there', async () => {
    const directory = await folderWith({ 'hr-1.CSV': 1, 'HR-2.csv': 1, 'read.me': 1 });
    await expect(found(directory, 'newest')).rejects.toMatchObject({
      code: 'FEED_MISSING',
      exit: 1,
      message: expect.stringContaining(`3 files of ${join(directory, 'inbox')} did not match`),
    });
    expect(await found(directory, 'all')).toEqual([]);
  });

  it.each(['newest', 'all'] as const)('whose folder is not there is refused (%s)', async (pick) => {
    const directory = await temporaryDirectory();
    await expect(found(directory, pick)).rejects.toThrow(`there is no folder ${join(directory, 'inbox')}`);
  });

  it('is sought below a folder whose own name looks like a pattern', async () => {
    const directory = join(await folderWith({ 'hr-1.csv': 1 }, '[prod]/inbox'), '[prod]');
    expect(await found(directory, 'newest')).toEqual(['hr-1.csv']);
  });
});
