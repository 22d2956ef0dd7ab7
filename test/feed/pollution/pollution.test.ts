import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cleanFeeds } from './clean-feeds.ts';
import { soundBytes } from './defects.ts';
import { judge } from './judge.ts';
import { pollute, settingsOf } from './pollute.ts';
import { isWellFormed } from './well-formed.ts';

it.each(cleanFeeds.map((feed) => [feed.name, feed] as const))(
  'reads the sound feed "%s" exactly',
  async (_, feed) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-pollution-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const bytes = soundBytes(feed);
    expect(isWellFormed(bytes, feed)).toBe(true);
    expect(await judge(bytes, feed, folder, (difference) => settingsOf(feed, difference))).toMatchObject({
      verdict: 'exact',
    });
  },
);

it('gives no wrong cell, and loses no row without a word, of feeds with one defect each', async () => {
  const counts = { files: 0, apart: 0 };
  await pollute({ seed: 7, files: 350 }, ({ verdict, defect, feed, file, detail }) => {
    expect.soft(verdict, `file ${file}: ${defect}, ${feed}: ${detail}`).not.toMatch(/wrong|lost/);
    counts.files += 1;
    if (verdict === 'narrow') counts.apart += 1;
  });
  expect(counts.files).toBe(350);
  expect(counts.apart).toBeGreaterThan(50);
});
