import { deflateRawSync } from 'node:zlib';
import { type WriteSheet, writeXlsx } from 'hucre';
import { describe, expect, it } from 'vitest';
import type { FeedSettings } from '../../src/domain/settings.ts';
import { codes, column, columns, lines, readText } from './feeds.ts';

type Row = readonly (string | number | boolean | Date | null)[];

async function workbook(rows: readonly Row[], difference: Partial<WriteSheet> = {}): Promise<Buffer> {
  return book([{ name: 'People', rows: rows.map((row) => [...row]), ...difference }]);
}

async function book(sheets: WriteSheet[]): Promise<Buffer> {
  return Buffer.from(await writeXlsx({ sheets }));
}

async function read(bytes: Buffer, difference: Partial<FeedSettings> = {}) {
  return readText(bytes, { format: 'xlsx', encoding: 'auto', ...difference });
}

const head = ['id', 'login', 'first'];
const styled = (value: number | Date, numFmt: string) => ({ value, style: { numFmt } });

describe('a sheet of Excel', () => {
  it('gives rows by their numbers in the sheet, without the empty ones', async () => {
    const feed = await read(
      await workbook([[], head, ['1', 'ana', 'Ana'], [null, '', null], ['2', 'bo', 'Bö']]),
    );
    expect(lines(feed)).toEqual(['3 1', '5 2']);
    expect(feed.people[1]?.attributes).toEqual({ userName: 'bo', 'name.givenName': 'Bö' });
  });

  it('gives numbers, dates and truth as a person sees them', async () => {
    const seen = ['n', 'p', 'd', 'local', 'long', 't', 'money'];
    const cells = new Map([
      ['1,3', styled(7, '00000')],
      ['1,4', styled(0.25, '0%')],
      ['1,5', styled(new Date(Date.UTC(2026, 0, 31)), 'dd.mm.yyyy')],
      ['1,6', styled(new Date(Date.UTC(2026, 0, 31)), 'm/d/yyyy')],
      ['1,9', styled(1234.5, '#,##0.00')],
    ]);
    const bytes = await workbook(
      [
        [...head, ...seen],
        [1, 'ana', 'Ana', 7, 0.25, null, null, 123456789012, true, 1234.5],
      ],
      {
        cells,
      },
    );
    const feed = await read(bytes, {
      columns: [...columns, ...seen.map((name) => column(`x.${name}`, name))],
    });
    expect(feed.people[0]?.rows[0]?.cells).toEqual([
      '1',
      'ana',
      'Ana',
      '00007',
      '25%',
      '31.01.2026',
      '2026-01-31',
      '123456789012',
      'TRUE',
      '1,234.50',
    ]);
  });

  it('sets aside what shows no certain text', async () => {
    const cells = new Map([['3,2', { value: null, formula: 'A1&B1' }]]);
    const bytes = await workbook(
      [head, [1234567890123456, 'ana', 'Ana'], ['2', 'bo', 'Bo'], ['3', 'cy', null], ['4', 'di', 'x']],
      {
        cells,
        merges: [{ startRow: 1, endRow: 2, startCol: 2, endCol: 2 }],
      },
    );
    const feed = await read(bytes);
    expect(codes(feed)).toEqual(['2 BAD_VALUE', '3 BAD_VALUE', '4 BAD_VALUE']);
    expect(feed.quarantined.map(({ message }) => message)).toEqual([
      expect.stringContaining('more digits'),
      expect.stringContaining('merged'),
      expect.stringContaining('formula'),
    ]);
    expect(lines(feed)).toEqual(['5 4']);
  });

  it('takes the value that was saved with a formula', async () => {
    const cells = new Map([['1,2', { value: 'Ana', formula: 'B2', formulaResult: 'Ana' }]]);
    expect(
      (await read(await workbook([head, ['1', 'ana', 'Ana']], { cells }))).people[0]?.rows[0]?.cells[2],
    ).toBe('Ana');
  });

  it('is the first that is visible, or the one that the job names', async () => {
    const bytes = await book([
      { name: 'Old', hidden: true, rows: [head, ['1', 'old', 'Old']] },
      { name: 'People', rows: [head, ['2', 'ana', 'Ana']] },
      { name: 'More', rows: [head, ['3', 'bo', 'Bo']] },
    ]);
    expect(lines(await read(bytes))).toEqual(['2 2']);
    expect(lines(await read(bytes, { sheet: 'More' }))).toEqual(['2 3']);
    expect(lines(await read(bytes, { sheet: 'Old' }))).toEqual(['2 1']);
    await expect(read(bytes, { sheet: 'None' })).rejects.toThrow(
      'no sheet "None". It has: "Old", "People", "More"',
    );
  });

  it('keeps the rules of headers, widths, sizes and trailers', async () => {
    await expect(read(await workbook([['id', 'login']]))).rejects.toMatchObject({ code: 'FEED_HEADER' });
    const rows: Row[] = [head, head, ['1', 'ana', 'Ana', 'x'], ['2', 'bo', 'ü'.repeat(40)], ['END', 1, '']];
    const feed = await read(await workbook(rows), {
      whole: { rows: null, manifest: null, trailer: 'END' },
      limits: { fileBytes: 1e6, recordBytes: 1e6, fieldBytes: 50, columns: 3, jsonDepth: 3, gzipRatio: 100 },
    });
    expect(codes(feed)).toEqual(['2 HEADER_AGAIN', '3 RAGGED_ROW', '4 FIELD_TOO_LONG']);
    expect(feed.facts.contradiction).toContain('says 1 rows');
  });
});

describe('a file that is no workbook', () => {
  it.each([
    [
      'old or encrypted',
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]),
      'encrypted',
    ],
    ['text', Buffer.from('id,login,first\n'), 'no .xlsx workbook'],
    ['empty', Buffer.alloc(0), 'no .xlsx workbook'],
  ])('is refused when it is %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'FEED_XLSX',
      exit: 1,
      message: expect.stringContaining(message),
    });
  });

  it('is refused wherever it is cut, or changed', async () => {
    const bytes = await workbook([head, ['1', 'ana', 'Ana']]);
    for (let at = 0; at < bytes.length; at += 97) {
      await expect(read(bytes.subarray(0, at))).rejects.toMatchObject({ code: 'FEED_XLSX' });
    }
    const broken = Buffer.from(bytes);
    const sheet = bytes.indexOf('xl/worksheets/sheet1.xml');
    broken.fill(0xff, sheet + 40, sheet + 60);
    await expect(read(broken)).rejects.toMatchObject({ code: 'FEED_XLSX' });
  });

  it('is refused before it expands beyond all measure', async () => {
    const bomb = zipOf('xl/worksheets/sheet1.xml', Buffer.alloc(50_000_000, 0x20));
    await expect(read(bomb)).rejects.toThrow('would expand to 50000000 bytes');
  });
});

/** An archive with one entry. */
function zipOf(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const before = Buffer.concat([local, Buffer.from(name), packed]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(before.length, 16);
  return Buffer.concat([before, entry, Buffer.from(name), end]);
}
