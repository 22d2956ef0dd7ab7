import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { FeedSettings } from '../../src/domain/settings.ts';
import { findFeedFile } from '../../src/feed/feed-file.ts';
import { openFeed } from '../../src/feed/read-feed.ts';
import { readPasswords } from '../../src/feed/read-passwords.ts';
import { feedFile, keys, lines, readAll, settingsOf } from './feeds.ts';

const csv = 'id,login,first,pass\nE1,ada,Ada,Larch-1\nE2,ben,Ben,Larch-2\nE3,cy,Cy,\n';

async function settingsFor(content: string, difference: Partial<FeedSettings> = {}): Promise<FeedSettings> {
  return settingsOf(await feedFile(content), { passwordColumn: 'pass', ...difference });
}

async function passwords(
  settings: FeedSettings,
  wanted: readonly number[],
): Promise<readonly (readonly [number, string])[]> {
  const sha256 = createHash('sha256')
    .update(await readFile(settings.path))
    .digest('hex');
  const found = await readPasswords(settings, await findFeedFile(settings.path), {
    lines: new Set(wanted),
    sha256,
  });
  return [...found].map(([line, secret]) => [line, secret.reveal()] as const);
}

describe('the first passwords of a feed', () => {
  it('are read for the rows that are asked for, and none for an empty cell', async () => {
    const settings = await settingsFor(csv);
    expect(await passwords(settings, [3, 4])).toEqual([[3, 'Larch-2']]);
  });

  it('keep their blanks, commas and quotes', async () => {
    const settings = await settingsFor('id,login,first,pass\nE1,ada,Ada," a,""b "\nE2,ben,Ben,"  "\n');
    expect(await passwords(settings, [2, 3])).toEqual([[2, ' a,"b ']]);
  });

  it('stand on the lines that the first reading gave, after broken and long rows too', async () => {
    const content =
      'id,login,first,pass\nE1,ada,"Ada\nof two lines",Larch-1\nE2,ben\nE3,cy,C"y,x\nE4,di,Di,Larch-4\n';
    const settings = await settingsFor(content);
    const read = await readAll(settings);
    expect(lines(read)).toContain('6 E4');
    expect(await passwords(settings, [2, 6])).toEqual([
      [2, 'Larch-1'],
      [6, 'Larch-4'],
    ]);
    expect(JSON.stringify([read.people, read.quarantined, read.facts])).not.toContain('Larch');
  });

  it.each(['json', 'ndjson'] as const)('are read from %s', async (format) => {
    const records = [
      { id: 'E1', login: 'ada', first: 'Ada', pass: 'Larch-1' },
      { id: 'E2', login: 'ben', first: 'Ben' },
    ];
    const content =
      format === 'json' ? JSON.stringify(records) : records.map((one) => JSON.stringify(one)).join('\n');
    const settings = await settingsFor(content, { format });
    expect(await passwords(settings, [1, 2])).toEqual([[1, 'Larch-1']]);
  });

  it('that are no text stop the run before anything is sent', async () => {
    const content = JSON.stringify({ id: 'E1', login: 'ada', first: 'Ada', pass: ['Larch-1'] });
    const settings = await settingsFor(content, { format: 'ndjson' });
    await expect(passwords(settings, [1])).rejects.toThrow(/:1: the cell of feed.passwordColumn is not text/);
  });

  it('are not taken from a feed that is not the one that was compared', async () => {
    const settings = await settingsFor(csv);
    const sha256 = createHash('sha256').update(csv).digest('hex');
    await appendFile(settings.path, 'E4,di,Di,Larch-4\n');
    const file = await findFeedFile(settings.path);
    await expect(readPasswords(settings, file, { lines: new Set([2]), sha256 })).rejects.toMatchObject({
      code: 'FEED_CHANGED',
      exit: 1,
    });
  });
});

describe('the column of the passwords', () => {
  it('has to be in the header, and a row in place of the header is not shown', async () => {
    const settings = await settingsFor('E1,ada,Ada,Larch-1\nE2,ben,Ben,Larch-2\n');
    const opening = openFeed(settings, keys);
    await expect(opening).rejects.toThrow('The feed has no column "pass", which feed.passwordColumn names.');
    await expect(opening).rejects.not.toThrow('Larch');
  });

  it('has to be added to a mended rejects file, which never holds it', async () => {
    const settings = await settingsFor('id,login,first,rollcall_line\nE1,ada,Ada,2\n');
    await expect(openFeed(settings, keys)).rejects.toMatchObject({
      hint: expect.stringContaining('A rejects file holds no passwords'),
    });
  });
});
