import { describe, expect, it } from 'vitest';
import type { FeedRecord } from '../../../src/feed/feed-record.ts';
import { readCsv } from '../../../src/feed/read-csv.ts';
import { collect, plainFeed } from '../feeds.ts';
import { brokenFiles, brokenHeaders, soundFiles } from './csv-parsing.ts';

async function* inChunks(text: string, bytes: number): AsyncGenerator<Buffer> {
  const whole = Buffer.from(text);
  for (let start = 0; start < whole.length; start += bytes) yield whole.subarray(start, start + bytes);
}

async function read(text: string, headers: readonly string[], chunkBytes = 10_000): Promise<FeedRecord[]> {
  const shape = { headers: [], partial: false, warnings: [] };
  const options = { ...plainFeed, headers, headerAliases: {}, trailer: null, shape };
  return (await collect(readCsv(inChunks(text, chunkBytes), options))).flat();
}

describe('reading CSV', () => {
  it.each(Object.entries(soundFiles))('takes %s exactly', async (_, [text, [header = [], ...rows]]) => {
    for (const chunkBytes of [1, 3, 10_000]) {
      const records = await read(text, header, chunkBytes);
      expect(records.map(({ cells }) => cells)).toEqual(rows);
      expect(records.map(({ fault }) => fault)).toEqual(rows.map(() => null));
    }
  });

  it.each(Object.entries(brokenFiles))(
    'sets %s aside, and its neighbours not',
    async (_, [text, setAside]) => {
      const records = await read(text, ['a', 'b']);
      const broken = records.flatMap(({ line, fault }) => (fault === null ? [] : [`${line} ${fault.code}`]));
      expect(broken).toEqual(setAside);
      expect(records.length).toBe(2);
    },
  );

  it.each(Object.entries(brokenHeaders))('refuses a header with %s', async (_, text) => {
    await expect(read(text, ['a'])).rejects.toMatchObject({ code: 'FEED_HEADER', exit: 1 });
  });
});
