import { isAscii, isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedForm } from '../../src/domain/feed-facts.ts';
import type { QuarantinedRow, Row } from '../../src/domain/person.ts';
import { withoutApostrophe } from '../../src/feed/header.ts';
import { readRecords } from '../../src/feed/read-records.ts';
import { neutralise } from '../../src/report/csv.ts';
import { rejectsTable } from '../../src/report/rejects-csv.ts';
import { collect, readText, settingsOf } from './feeds.ts';

describe('a cell that goes out in rejects.csv and comes back', () => {
  it.each(['=1+1', "'=1+1", "''@x", "O'Brien", "'quoted'", '-5', '+49 30', '\ttab', "'", ''])(
    'is %j again',
    (cell) => {
      expect(withoutApostrophe(neutralise(cell))).toBe(cell);
    },
  );

  it('is itself again, whatever it holds', () => {
    const cell = fc.oneof(fc.string(), fc.stringMatching(/^'{0,3}[=+\-@\t\r]?.*$/));
    fc.assert(fc.property(cell, (text) => withoutApostrophe(neutralise(text)) === text));
  });
});

const headers = ['id', 'size'];

const plainForm: FeedForm = {
  encoding: 'utf-8',
  byteOrderMark: false,
  delimiter: ',',
  quote: '"',
  escape: '"',
  separators: [';', ';'],
};

const naughty = [
  '=cmd|x',
  "'",
  "''=1",
  '"',
  '""',
  '\\',
  '\\"',
  '\n',
  'a\r\nb',
  '\r',
  '\t',
  ' x ',
  '\u00a0',
  'TRAILER',
  'a,b;c|d',
];

/** The file with these rows, and what the feed's own reader makes of it. */
async function fedBack(
  form: FeedForm,
  rows: readonly (readonly string[])[],
): Promise<readonly Row['cells'][]> {
  const bytes = bytesOf(form, rows);
  const settings = settingsOf('', { ...form, finalNewline: 'required' });
  const shape = { headers: [], partial: false, warnings: [] };
  async function* chunks(): AsyncGenerator<Buffer> {
    yield bytes;
  }
  const options = { headers, headerAliases: {}, shape };
  const records = (await collect(readRecords(chunks(), settings, options))).flat();
  expect(shape.partial).toBe(true);
  return records.map(({ cells }) => cells);
}

function bytesOf(form: FeedForm, rows: readonly (readonly string[])[], message = 'Not a – number…'): Buffer {
  const table = rejectsTable(headers, form);
  const quarantined = rows.map(
    (cells, index): QuarantinedRow => ({
      row: { line: index + 2, cells },
      code: 'BAD_VALUE',
      column: 'size',
      message,
      linkKey: null,
      matchKey: null,
    }),
  );
  return Buffer.concat([table.header, table.quarantined(quarantined)]);
}

const rowsOf = (cell: fc.Arbitrary<string>): fc.Arbitrary<string[][]> =>
  fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 4 });

describe('a rejects file in the form of its feed', () => {
  const delimiters = fc.constantFrom(',', ';', '\t', '|', '^', '.');
  const quotes = fc.constantFrom<Pick<FeedForm, 'escape'> & { readonly quote: string }>(
    { quote: '"', escape: '"' },
    { quote: "'", escape: "'" },
    { quote: '"', escape: '\\' },
    { quote: '$', escape: '^' },
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(...naughty),
  );

  it('gives back every cell, whatever it holds, in any delimiter and quote', async () => {
    const encodings = fc.constantFrom('utf-8', 'utf-16le', 'utf-16be');
    await fc.assert(
      fc.asyncProperty(
        delimiters,
        quotes,
        encodings,
        fc.boolean(),
        rowsOf(text),
        async (delimiter, dialect, encoding, mark, rows) => {
          fc.pre(![dialect.quote, dialect.escape].includes(delimiter));
          const byteOrderMark = mark || encoding !== 'utf-8';
          const form = { ...plainForm, ...dialect, delimiter, encoding, byteOrderMark };
          expect(await fedBack(form, rows)).toEqual(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives back every cell of a feed without quotes', async () => {
    const bare = text.map((cell) => cell.replace(/[\r\n;]/g, '"'));
    await fc.assert(
      fc.asyncProperty(rowsOf(bare), async (rows) => {
        const form = { ...plainForm, quote: null, delimiter: ';' };
        expect(await fedBack(form, rows)).toEqual(rows);
      }),
    );
  });

  const singleByte = [
    'windows-1252',
    'windows-1250',
    'iso-8859-15',
    'koi8-u',
    'macintosh',
    'x-mac-cyrillic',
    'windows-874',
  ];
  it.each(singleByte)('gives back every cell of a feed in %s', async (encoding) => {
    const decoder = new TextDecoder(encoding);
    const all = [...decoder.decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))];
    const nothing = encoding === 'windows-1252' ? /[\ufffd\u0080-\u009f]/ : /\ufffd/;
    const known = all.filter((character) => !nothing.test(character));
    const cell = fc.string({ unit: fc.constantFrom(...known) });
    await fc.assert(
      fc.asyncProperty(rowsOf(cell), async (rows) => {
        const form = { ...plainForm, encoding };
        const bytes = bytesOf(form, rows);
        // The reader refuses a feed in such an encoding that is UTF-8 by chance: a few bytes may be.
        fc.pre(isAscii(bytes) || !isUtf8(bytes));
        expect(await fedBack(form, rows)).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  it.each(['shift_jis', 'euc-jp', 'gbk', 'gb18030', 'big5', 'euc-kr'])(
    'gives back every cell of a feed in %s',
    async (encoding) => {
      const decoder = new TextDecoder(encoding, { fatal: true });
      const pair = fc.tuple(fc.integer({ min: 0x81, max: 0xfe }), fc.integer({ min: 0x40, max: 0xfe }));
      const character = pair
        .map((bytes) => {
          try {
            return decoder.decode(Uint8Array.from(bytes));
          } catch {
            return 'x';
          }
        })
        .filter((decoded) => !decoded.includes('\ufffd'));
      await fc.assert(
        fc.asyncProperty(
          rowsOf(fc.string({ unit: 'grapheme-ascii' }).chain((ascii) => character.map((one) => ascii + one))),
          async (rows) => {
            expect(await fedBack({ ...plainForm, encoding }, rows)).toEqual(rows);
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  it('spells in ASCII what only the reason holds and the encoding lacks', () => {
    const bytes = bytesOf({ ...plainForm, encoding: 'iso-8859-15' }, [['1', '€']], 'L’état – “中”…');
    const text = new TextDecoder('iso-8859-15').decode(bytes);
    expect(text).toContain(`1,€,2,BAD_VALUE,size,"L'etat ? ""?""..."`);
  });

  it('keeps reasons on their line where nothing encloses a cell', () => {
    const form = { ...plainForm, quote: null, delimiter: ';' };
    expect(bytesOf(form, [['1', 'x']], 'one; two\nthree').toString()).toBe(
      'id;size;rollcall_line;rollcall_code;rollcall_column;rollcall_message\n1;x;2;BAD_VALUE;size;one  two three\n',
    );
  });

  it('is in UTF-8, with a mark, where the encoding cannot be written', () => {
    const bytes = bytesOf({ ...plainForm, encoding: 'iso-2022-jp' }, [['1', '中']]);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(bytes.toString()).toContain('中');
  });

  it('joins a list by what the job splits it by', () => {
    const table = rejectsTable(headers, { ...plainForm, separators: [';', '|'] });
    const row = { line: 2, cells: ['1', ['a', 'b']] };
    const rows: readonly QuarantinedRow[] = [
      { row, code: 'BAD_VALUE', column: null, message: '', linkKey: null, matchKey: null },
    ];
    expect(table.quarantined(rows).toString()).toBe('1,a|b,2,BAD_VALUE,,\n');
  });
});

describe('the form of a feed', () => {
  const csv = 'id;login;first\n1;a;ü\n';

  it.each([
    ['UTF-8', Buffer.from(csv), 'auto', 'utf-8', false],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${csv}`), 'auto', 'utf-8', true],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${csv}`, 'utf16le'), 'auto', 'utf-16le', true],
    ['UTF-16 without a mark', Buffer.from(csv, 'utf16le'), 'auto', 'utf-16le', true],
    ['a declared encoding', Buffer.from(csv, 'latin1'), 'latin1', 'windows-1252', false],
  ])('is found for %s', async (_, bytes, declared, encoding, byteOrderMark) => {
    const { facts } = await readText(bytes, { encoding: declared, delimiter: ';' });
    expect(facts.form).toEqual({
      encoding,
      byteOrderMark,
      delimiter: ';',
      quote: '"',
      escape: '"',
      separators: [';', ';', ';'],
    });
  });

  it('is plain CSV where the feed is none', async () => {
    const { facts } = await readText('[{"id":"1","login":"a","first":"ü"}]', {
      format: 'json',
      delimiter: ';',
    });
    expect(facts.form).toMatchObject({ encoding: 'utf-8', byteOrderMark: true, delimiter: ',' });
  });
});
