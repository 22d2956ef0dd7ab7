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

describe('what is certain of an encoding', () => {
  it.each([
    ['a mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['the zeros of UTF-16', Buffer.from(text, 'utf16le')],
    ['the zeros of UTF-16, the other way round', Buffer.from(text, 'utf16le').swap16()],
    ['strict UTF-8', Buffer.from(text)],
  ])('is taken from %s', async (_, bytes) => {
    for (const chunkBytes of [1, 2, 3, 1000]) expect(await decoded(bytes, 'auto', chunkBytes)).toBe(text);
  });

  it('refuses bytes that are in no windows-1252, with line and byte', async () => {
    await expect(decoded(Buffer.from([0x61, 0x0d, 0x62, 0xfc, 0x81]), 'latin1', 1000)).rejects.toMatchObject({
      code: 'FEED_ENCODING',
      message: expect.stringContaining('line 2, byte 4'),
    });
  });

  it.each(['windows-1252', 'iso-8859-15', 'windows-1251'])(
    'refuses %s that is all UTF-8',
    async (encoding) => {
      await expect(decoded(Buffer.from('a\nb\nZoë\n'), encoding, 4)).rejects.toMatchObject({
        message: expect.stringContaining('from line 3 on'),
        hint: 'Declare feed.encoding: utf-8.',
      });
      expect(await decoded(Buffer.from('Zoe\n'), encoding, 4)).toBe('Zoe\n');
    },
  );

  it('refuses UTF-16 the other way round, and UTF-32', async () => {
    const swapped = Buffer.from('id,login', 'utf16le').swap16();
    await expect(decoded(swapped, 'utf-16le', 1000)).rejects.toThrow('utf-16be');
    await expect(decoded(Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'auto', 1000)).rejects.toThrow(
      'UTF-32',
    );
  });

  it('counts lines of UTF-16 by characters, not by bytes', async () => {
    const bytes = Buffer.concat([Buffer.from('ĊĊĊ\nab', 'utf16le'), Buffer.from([0x00, 0xd8, 0x61, 0x00])]);
    await expect(decoded(bytes, 'utf-16le', 1000)).rejects.toThrow('line 2');
  });

  it.each([
    ['shift_jis', '8abf8e9a', '漢字'],
    ['iso-8859-2', 'b3f3', 'łó'],
    ['gb18030', 'c1aacda8', '联通'],
    ['koi8-r', 'd0d2', 'пр'],
  ])('reads %s', async (encoding, hex, expected) => {
    expect(await decoded(Buffer.from(hex, 'hex'), encoding, 1)).toBe(expected);
  });
});
