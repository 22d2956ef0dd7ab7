import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FeedRecord } from '../../src/feed/feed-record.ts';
import { readCsv } from '../../src/feed/read-csv.ts';
import { collect, plainFeed } from './feeds.ts';

const headers: readonly string[] = ['a', 'b'];

async function* cut(text: string, bytes: number): AsyncGenerator<Buffer> {
  const whole = Buffer.from(text);
  for (let start = 0; start < whole.length; start += bytes) yield whole.subarray(start, start + bytes);
}

async function read(text: string, chunkBytes: number): Promise<FeedRecord[]> {
  const shape = { headers: [], partial: false, warnings: [] };
  const options = { ...plainFeed, headers, headerAliases: {}, trailer: null, shape };
  return (await collect(readCsv(cut(text, chunkBytes), options))).flat();
}

const pieces = fc.constantFrom('x', 'y', ',', ',', '"', '"', '""', '\n', '\n', '\r\n', '1,2\n', '"p\nq",r\n');
const body = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));

it('reads the same records however the file is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(body, fc.integer({ min: 4, max: 9 }), async (text, chunkBytes) => {
      const content = `a,b\n${text}`;
      expect(await read(content, chunkBytes)).toEqual(await read(content, 10_000));
    }),
    { numRuns: 500 },
  );
});

it('gives no line to two records, and none to a blank line', async () => {
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const physical = `a,b\n${text}`.split('\n').map((line) => line.trim());
      const begins = (await read(`a,b\n${text}`, 10_000)).map((record) => record.line);
      expect(begins).toEqual([...new Set(begins)].sort((one, other) => one - other));
      for (const line of begins) expect(physical[line - 1]).not.toBe('');
    }),
    { numRuns: 500 },
  );
});

/** How many physical lines the record says that it takes. */
function linesOf({ line, cells, fault }: FeedRecord): number {
  const lastLine = /spans the lines \d+ to (\d+)/.exec(fault?.message ?? '')?.[1];
  return lastLine === undefined ? cells.join('').split('\n').length : Number(lastLine) - line + 1;
}

it('accounts for every line, whatever the quotes are', async () => {
  const cell = fc.constantFrom('x', '"x"', '"x', 'x"', 'x"x', '"x"x', '');
  const row = fc.array(cell, { minLength: 1, maxLength: 3 }).map((cells) => `w${cells.join(',')}`);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
      const records = await read(`a,b\n${rows.join('\n')}`, 10_000);
      let line = 2;
      for (const record of records) {
        expect(record.line).toBe(line);
        line += linesOf(record);
      }
      expect(line).toBe(rows.length + 2);
    }),
    { numRuns: 1000 },
  );
});
