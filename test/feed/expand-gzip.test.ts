import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expandGzip } from '../../src/feed/expand-gzip.ts';
import { findFeedFile, newTally, readContent } from '../../src/feed/feed-file.ts';
import { defaultFeedLimits } from '../../src/job/feed-limits.ts';
import { collect, readText, temporaryDirectory } from './feeds.ts';

const csv = `id,login,first\n${Array.from({ length: 500 }, (_, row) => `${row},user${row},Ana${row * 7919}\n`).join('')}`;
const half = Math.floor(csv.length / 2);
const first = gzipSync(csv.slice(0, half));
const second = gzipSync(csv.slice(half));
const twoMembers = Buffer.concat([first, second]);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function expanded(bytes: Buffer, size = 997, ratioMax = 100): Promise<string> {
  return Buffer.concat(await collect(expandGzip(inPieces(bytes, size), ratioMax))).toString();
}

/** A header with every optional part. */
function withEveryHeaderField(member: Buffer): Buffer {
  const header = Buffer.from(member.subarray(0, 10));
  header[3] = 2 + 4 + 8 + 16;
  const extra = Buffer.from([3, 0, 1, 2, 3]);
  const texts = Buffer.from('hr.csv\0from payroll\0');
  return Buffer.concat([header, extra, texts, Buffer.from([0, 0]), member.subarray(10)]);
}

describe('gzip', () => {
  it.each([1, 7, 64, first.length, first.length - 1, 1e6])(
    'of several members is one stream, read %i bytes at a time',
    async (size) => {
      expect(await expanded(twoMembers, size)).toBe(csv);
    },
  );

  it.each([
    ['with every field of the header', withEveryHeaderField(gzipSync(csv))],
    ['padded with zeros', Buffer.concat([gzipSync(csv), Buffer.alloc(700)])],
    ['that is none', Buffer.from(csv)],
  ])('%s is read', async (_, bytes) => {
    expect(await expanded(bytes)).toBe(csv);
  });

  it('that is cut at any byte is refused, but between two members, where nobody can tell', async () => {
    const unnoticed: number[] = [];
    for (let bytes = 2; bytes < twoMembers.length; bytes += 1) {
      const result = await expanded(twoMembers.subarray(0, bytes)).catch((error: unknown) => error);
      if (typeof result === 'string') unnoticed.push(bytes);
      else expect(result).toMatchObject({ code: 'FEED_GZIP', exit: 1 });
    }
    expect(unnoticed).toEqual([first.length]);
  });

  it('that breaks off says at which byte', async () => {
    await expect(expanded(twoMembers.subarray(0, 1000))).rejects.toThrow('break off at byte 1000');
  });

  it('with any one byte changed gives the same text or is refused', async () => {
    const member = gzipSync(csv.slice(0, 2000));
    let refused = 0;
    for (let at = 2; at < member.length; at += 1) {
      const damaged = Buffer.from(member);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const result = await expanded(damaged).catch(() => null);
      if (result === null) refused += 1;
      else expect(result).toBe(csv.slice(0, 2000));
    }
    expect(refused).toBeGreaterThan(member.length - 20);
  });

  it('with something else behind it is refused, with the place', async () => {
    const bytes = Buffer.concat([twoMembers, Buffer.from('E9,di,Di\n')]);
    await expect(expanded(bytes)).rejects.toThrow(`at byte ${twoMembers.length}, stands something else`);
  });

  it('passes on what went wrong below it', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield twoMembers.subarray(0, 100);
      throw new Error('the disk is gone');
    };
    await expect(collect(expandGzip(broken(), 100))).rejects.toThrow('the disk is gone');
  });

  it('may expand as far as the job allows', async () => {
    const spaces = gzipSync(' '.repeat(3_000_000));
    await expect(expanded(spaces)).rejects.toThrow('expand to more than 100 times their size');
    expect(await expanded(spaces, 997, 2000)).toHaveLength(3_000_000);
  });

  it('of 10 GB in 10 MB is given up before two megabytes have come out', async () => {
    const path = join(await temporaryDirectory(), 'bomb.csv.gz');
    const zeros = Buffer.alloc(1024 * 1024);
    const bomb = gzipSync(Buffer.concat(Array.from({ length: 64 }, () => zeros)));
    // Members that follow each other are one stream, and quicker made than one of 10 GB.
    const members = Math.ceil((10 * 1024 ** 3) / (64 * zeros.length));
    await pipeline(Readable.from(Array.from({ length: members }, () => bomb)), createWriteStream(path));
    expect((await stat(path)).size).toBeGreaterThan(9 * 1024 ** 2);
    let bytes = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of readContent(await findFeedFile(path), newTally(), defaultFeedLimits))
        bytes += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'FEED_GZIP', exit: 1 });
    expect(bytes).toBeLessThan(2 * 1024 ** 2);
  });

  it('of a feed gives its rows, and the hash and size of the file itself', async () => {
    const { people, facts } = await readText(twoMembers);
    expect(people).toHaveLength(500);
    expect(facts.bytes).toBe(twoMembers.length);
    const plain = await readText(csv);
    expect(plain.people).toEqual(people);
    expect(plain.facts.sha256).not.toBe(facts.sha256);
  });

  it('of a feed that expands over the size that a file may have is refused', async () => {
    const limits = { ...defaultFeedLimits, fileBytes: csv.length - 1 };
    await expect(readText(gzipSync(csv), { limits })).rejects.toMatchObject({ code: 'FEED_TOO_LARGE' });
    await expect(readText(csv, { limits })).rejects.toMatchObject({ code: 'FEED_TOO_LARGE', exit: 1 });
    expect((await readText(csv, { limits: { ...limits, fileBytes: csv.length } })).people).toHaveLength(500);
  });
});
