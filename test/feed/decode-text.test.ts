import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/feed/decode-text.ts';
import { collect, readText } from './feeds.ts';

async function decoded(bytes: Buffer, encoding: string, chunkBytes: number): Promise<string> {
  async function* chunks() {
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      yield bytes.subarray(start, start + chunkBytes);
    }
  }
  const parts = await collect(decodeText(chunks(), encoding));
  for (const part of parts) expect(part.toString()).not.toContain('\ufffd');
  return Buffer.concat(parts).toString();
}

const text = 'Zoë,Łukasz,名前,😀\r\nO’Brien\n';

describe('decodeText', () => {
  it.each([3, 4, 5, 7, 1000])('never cuts a character between chunks of %i bytes', async (chunkBytes) => {
    expect(await decoded(Buffer.from(`\ufeff${text}`), 'utf-8', chunkBytes)).toBe(text);
  });

  it.each([
    ['utf-16le', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf-16be', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ])('converts %s and drops its mark', async (encoding, bytes) => {
    expect(await decoded(bytes, encoding, 6)).toBe(text);
  });

  it('converts windows-1252 under any of its labels', async () => {
    const bytes = Buffer.from([0x4d, 0xfc, 0x80, 0x92]);
    expect(await decoded(bytes, 'latin1', 2)).toBe('Mü€’');
  });

  it('gives line and byte of the first invalid byte, chunks before it counted', async () => {
    const bytes = Buffer.concat([Buffer.from('a\nbü\n'), Buffer.from([0x63, 0xff, 0x0a])]);
    await expect(decoded(bytes, 'utf-8', 4)).rejects.toMatchObject({
      code: 'FEED_ENCODING',
      message: expect.stringContaining('line 3, byte 7'),
    });
  });

  it('notices a character that the end of the file cuts', async () => {
    const bytes = Buffer.from('ab ü').subarray(0, -1);
    await expect(decoded(bytes, 'utf-8', 1000)).rejects.toMatchObject({
      message: expect.stringContaining('line 1, byte 3'),
    });
  });

  it('does not advise windows-1252 for bytes that it does not have either', async () => {
    const failing = decoded(Buffer.from([0x61, 0xff, 0x81, 0x0a]), 'utf-8', 1000);
    await expect(failing).rejects.toMatchObject({ hint: expect.not.stringContaining('windows-1252') });
  });
});

describe('a mark that contradicts the declared encoding', () => {
  it.each([
    ['utf-16le', Buffer.from('\ufeffid,login', 'utf16le'), 'utf-8'],
    ['utf-16be', Buffer.from('\ufeffid,login', 'utf16le').swap16(), 'utf-8'],
    ['utf-16le', Buffer.from('id,login', 'utf16le'), 'utf-8'],
    ['utf-8', Buffer.from('\ufeffid,login'), 'windows-1252'],
  ])('advises %s', async (real, bytes, encoding) => {
    await expect(readText(bytes, { encoding })).rejects.toMatchObject({
      code: 'FEED_ENCODING',
      exit: 1,
      hint: `Declare feed.encoding: ${real}.`,
    });
  });
});

it('refuses an encoding that nobody knows', async () => {
  await expect(readText('id', { encoding: 'klingon' })).rejects.toMatchObject({
    code: 'FEED_ENCODING',
    exit: 1,
  });
});
