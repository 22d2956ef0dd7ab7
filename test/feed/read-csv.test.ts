import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/domain/failure.ts';
import { codes, lines, readText } from './feeds.ts';

const head = 'id,login,first\n';

describe('lines', () => {
  it('counts the lines inside quotes and the blank ones', async () => {
    const read = await readText(`${head}1,ana,"Ana\nMaria"\n\n\n2,bo,Bo\n  \n3,cy,"C\ny"\n4,di,Di`);
    expect(lines(read)).toEqual(['2 1', '6 2', '8 3', '10 4']);
    expect(read.people[0]?.rows[0]?.cells).toEqual(['1', 'ana', 'Ana\nMaria']);
  });

  it('counts alike when lines end with a carriage return as well, or with it alone', async () => {
    const windows = await readText('id,login,first\r\n1,ana,"A\r\nB"\r\n2,bo,"Bo"\r\n');
    expect(lines(windows)).toEqual(['2 1', '4 2']);
    const oldMac = await readText('id,login,first\r1,ana,"A"\r2,bo,Bo\r');
    expect(lines(oldMac)).toEqual(['2 1', '3 2']);
  });

  it('skips blank lines before the header', async () => {
    expect(lines(await readText(`\n\n${head}1,ana,Ana\n`))).toEqual(['4 1']);
  });

  it('keeps the count over many chunks', async () => {
    const rows = Array.from(
      { length: 9000 },
      (_, index) => `${index},user${index},"${'x\n'.repeat(index % 4)}"`,
    );
    const read = await readText(`${head}${rows.join('\n')}\n`);
    let line = 2;
    const expected = rows.map((_, index) => {
      const text = `${line} ${index}`;
      line += 1 + (index % 4);
      return text;
    });
    expect(lines(read)).toEqual(expected);
  });
});

describe('the header', () => {
  it('is compared exactly after trimming', async () => {
    const read = await readText('\ufeff id ,"login" , first\n1,ana,Ana\n'.replace('"login" ', '"login"'));
    expect(read.people).toHaveLength(1);
    await expect(readText('ID,login,first\n')).rejects.toMatchObject({
      message: expect.stringContaining('no column "id"'),
    });
  });

  it('may have columns that the job does not map, which stay out of the cells', async () => {
    const read = await readText('x,first,login,id,,\n9,Ana,ana,1,8,7\n');
    expect(read.people[0]?.rows[0]?.cells).toEqual(['1', 'ana', 'Ana']);
  });

  it('that was written with another delimiter says so', async () => {
    const refused = async (header: string, difference = {}) =>
      (await readText(`${header}\n`, difference).catch((error: unknown) => error)) as Failure;
    expect(await refused('id;login;first')).toMatchObject({
      code: 'FEED_HEADER',
      message: expect.stringContaining('no column "id", "login", "first": "," leaves its header in 1 piece.'),
      hint: 'The header seems to be separated by ";": say `delimiter: ";"` (feed.delimiter).',
    });
    expect((await refused('id\tlogin\tfirst')).hint).toContain('`delimiter: tab`');
    expect((await refused('id|login|name, first')).hint).toContain('`delimiter: "|"`');
    expect((await refused('id,login,first', { delimiter: ';' })).hint).toContain('`delimiter: ","`');
    // Such a character in a name says nothing by itself.
    expect((await refused('id,login,first;last')).message).toContain('It has: "id", "login", "first;last"');
    expect((await readText('id;login;first\n1;ana;Ana\n', { delimiter: ';' })).people).toHaveLength(1);
  });

  it('with a broken quote stops the run with its line', async () => {
    await expect(readText('id,"login,first\n1,ana,Ana\n')).rejects.toMatchObject({
      code: 'FEED_HEADER',
      exit: 1,
      message: expect.stringContaining('line 1'),
    });
  });
});

describe('broken quotes', () => {
  it('cost the line on which the record begins, wherever the parser notices', async () => {
    const read = await readText(`${head}1,"ana,Ana\n2,bo,Bo\n3,cy,"Cy"\n4,di,Di\n`);
    expect(codes(read)).toEqual(['2 UNCLOSED_QUOTE']);
    expect(lines(read)).toEqual(['3 2', '4 3', '5 4']);
  });

  it('are told apart: one inside the text, one that is never closed', async () => {
    const read = await readText(`${head}1,ana,A"na\n2,bo,"Bo" x\n3,cy,"Cy\n`);
    expect(codes(read)).toEqual(['2 BAD_QUOTE', '3 BAD_QUOTE', '4 UNCLOSED_QUOTE']);
    expect(read.quarantined.map((one) => one.column)).toEqual(['first', 'first', 'first']);
  });

  it('on neighbouring lines cost only those lines', async () => {
    const read = await readText(`${head}1,"O"ne,x\n2,"T"wo,x\n\n3,"Three,x\n4,di,Di\n`);
    expect(codes(read)).toEqual(['2 BAD_QUOTE', '3 BAD_QUOTE', '5 UNCLOSED_QUOTE']);
    expect(lines(read)).toEqual(['6 4']);
  });

  it('set the rest aside line by line when the next line is no whole row', async () => {
    const read = await readText(`${head}1,ana,Ana\n2,"bo,Bo\nsome prose\n\n3,cy,Cy\n4,di,Di`);
    expect(lines(read)).toEqual(['2 1']);
    expect(codes(read)).toEqual([
      '3 UNCLOSED_QUOTE',
      '4 UNCLOSED_QUOTE',
      '6 UNCLOSED_QUOTE',
      '7 UNCLOSED_QUOTE',
    ]);
    expect(read.quarantined[3]?.message).toContain('not closed on line 3');
    expect(read.facts.rows).toBe(5);
  });

  it('are noticed at the end of the file when nothing else closes them', async () => {
    const read = await readText(`${head}1,ana,Ana\n2,bo,"Bo`);
    expect(codes(read)).toEqual(['3 UNCLOSED_QUOTE']);
    expect(lines(read)).toEqual(['2 1']);
  });

  it('do not swallow a large feed', async () => {
    const rows = Array.from({ length: 60_000 }, (_, index) => `${index},user${index},Invented Name ${index}`);
    rows[100] = '100,"user100,Ana';
    rows[59_998] = '59998,user59998,A"na';
    const read = await readText(`${head}${rows.join('\n')}\n`);
    expect(codes(read)).toEqual(['102 UNCLOSED_QUOTE', '60000 BAD_QUOTE']);
    expect(read.people).toHaveLength(59_998);
    expect(lines(read).at(-1)).toBe('60001 59999');
  });

  it('keep no cell and no key of the row', async () => {
    const read = await readText(`${head}1,"ana,Ana\n`);
    expect(read.quarantined[0]).toMatchObject({
      row: { cells: ['', '', ''] },
      linkKey: null,
      matchKey: null,
    });
  });
});

describe('rows of the wrong shape', () => {
  it('say which lines a ragged row spans', async () => {
    const read = await readText(`${head}1,"ana\nx\ny",Ana,z\n2,bo,Bo\n`);
    expect(read.quarantined[0]?.message).toContain('lines 2 to 4');
    expect(lines(read)).toEqual(['5 2']);
  });

  it('cost only themselves when they are longer than any record may be', async () => {
    const read = await readText(`${head}1,ana,${'x'.repeat(3_000_000)}\n2,bo,Bo\n`);
    expect(codes(read)).toEqual(['2 RECORD_TOO_LONG']);
    expect(lines(read)).toEqual(['3 2']);
  });
});

describe('line ends', () => {
  it('may be mixed in one file, and are text inside quotes', async () => {
    const read = await readText('id,login,first\r\n1,ana,Ana\r2,bo,"B\r\no\nx\ry"\n3,cy,Cy\r\n');
    expect(lines(read)).toEqual(['2 1', '7 3']);
    expect(read.quarantined.map(({ row }) => [row.line, row.cells[2]])).toEqual([[3, 'B\r\no\nx\ry']]);
  });

  it('may be cut between two chunks', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => `${index},user${index},"A\r\nb${index}"`);
    const read = await readText(`id,login,first\r\n${rows.join('\r\n')}\r\n`);
    expect(lines(read).at(-1)).toBe('6000 2999');
    expect(read.quarantined).toEqual([]);
  });

  it('show that the last row is whole, unless none is asked for', async () => {
    const cut = `${head}1,ana,Ana\n2,bo,B`;
    const read = await readText(cut, { finalNewline: 'required' });
    expect(lines(read)).toEqual(['2 1']);
    expect(codes(read)).toEqual(['3 NO_LINE_END']);
    expect(read.quarantined[0]).toMatchObject({
      row: { cells: ['2', 'bo', 'B'] },
      message: expect.stringContaining('feed.finalNewline: optional'),
    });
    expect(lines(await readText(cut))).toEqual(['2 1', '3 2']);
    expect(codes(await readText(`${cut}\r`, { finalNewline: 'required' }))).toEqual([]);
  });

  it('are asked for where there is one row, or a header only', async () => {
    expect(codes(await readText(`${head}1,ana,Ana`, { finalNewline: 'required' }))).toEqual([
      '2 NO_LINE_END',
    ]);
    await expect(readText('id,login,first', { finalNewline: 'required' })).rejects.toMatchObject({
      code: 'FEED_HEADER',
      message: expect.stringContaining('line 1'),
    });
    expect((await readText(head, { finalNewline: 'required' })).facts.rows).toBe(0);
  });

  it('are not asked for in a mended rejects file', async () => {
    const read = await readText('id,login,first,rollcall_code\n1,ana,Ana,X', { finalNewline: 'required' });
    expect(lines(read)).toEqual(['2 1']);
  });
});

describe('the dialect', () => {
  it.each([';', '\t', '|', ':', '§'])('may separate cells by %j', async (delimiter) => {
    const read = await readText(`id,login,first\n1,ana,"A${delimiter}B"\n`.replaceAll(',', delimiter), {
      delimiter,
    });
    expect(read.people[0]?.rows[0]?.cells).toEqual(['1', 'ana', `A${delimiter}B`]);
  });

  it('may have another quote, another escape, or no quote at all', async () => {
    const single = await readText(`${head}1,ana,'O''Brien, "A"'\n`, { quote: "'", escape: "'" });
    expect(single.people[0]?.rows[0]?.cells[2]).toBe('O\'Brien, "A"');
    const backslash = await readText(`${head}1,ana,"A \\"x\\" \\\\"\n`, { escape: '\\' });
    expect(backslash.people[0]?.rows[0]?.cells[2]).toBe('A "x" \\');
    const none = await readText(`${head}1,ana,"A" b\n2,bo,"\n`, { quote: null });
    expect(none.people.map(({ rows }) => rows[0]?.cells[2])).toEqual(['"A" b', '"']);
  });
});

describe('a row beside a fragment', () => {
  it('is set aside when a line break cut its last cell', async () => {
    const read = await readText(`${head}1,ana,Ana\n2,bo,Bo\nSmith\n3,cy,Cy\n4,di,Di\n`);
    expect(lines(read)).toEqual(['2 1', '6 4']);
    expect(codes(read)).toEqual(['3 TORN_ROW', '4 RAGGED_ROW', '5 TORN_ROW']);
    expect(read.quarantined[0]?.row.cells).toEqual(['2', 'bo', 'Bo']);
  });

  it('is set aside when its opening quote is lost and a later line closes the cell', async () => {
    const read = await readText(`${head}1,ana,Ana\n2,bo,x\ny, z"\n3,cy,Cy\n`);
    expect(codes(read)).toEqual(['3 TORN_ROW', '4 BAD_QUOTE']);
    expect(lines(read)).toEqual(['2 1', '5 3']);
  });

  it('is kept where the cell that may be cut is not used', async () => {
    const read = await readText('id,login,first,note\n1,ana,Ana,x\nmore\n2,bo,Bo,y\n3,cy,Cy,z\n');
    expect(lines(read)).toEqual(['2 1', '5 3']);
  });

  it('is kept beside a row that lacks a delimiter, or has another one', async () => {
    const read = await readText(`${head}1,ana,Ana\n2,boBo\n3,cy,Cy\n4;di;Di\n5,ed,Ed\n`);
    expect(lines(read)).toEqual(['2 1', '4 3', '6 5']);
    expect(codes(read)).toEqual(['3 RAGGED_ROW', '5 RAGGED_ROW']);
  });
});

describe('an unclosed quote before several lines of its cell', () => {
  it('costs these lines, and not what comes after them', async () => {
    const wide = 'id,login,first,note\n';
    const read = await readText(`${wide}1,"ana\nbo,Ana,x\n2,bo,Bo,y\n3,cy,Cy,z\n`);
    expect(codes(read)).toEqual(['2 UNCLOSED_QUOTE', '3 UNCLOSED_QUOTE']);
    expect(lines(read)).toEqual(['4 2', '5 3']);
  });

  it('costs a whole row that may be the end of the broken one', async () => {
    const read = await readText(`${head}"1\n0,ana,Ana\n2,bo,Bo\n`);
    expect(codes(read)).toEqual(['2 UNCLOSED_QUOTE', '3 UNCLOSED_QUOTE']);
    expect(lines(read)).toEqual(['4 2']);
  });
});

describe('two files in one', () => {
  it('show by the header that comes again', async () => {
    const read = await readText(`${head}1,ana,Ana\n${head}2,bo,Bo\n\ufeff3,cy,Cy\n`);
    expect(codes(read)).toEqual(['3 HEADER_AGAIN', '5 BAD_VALUE']);
    expect(lines(read)).toEqual(['2 1', '4 2']);
  });
});

describe('limits', () => {
  it('set a row with too long a cell aside', async () => {
    const read = await readText(`${head}1,ana,${'ü'.repeat(40_000)}\n2,bo,${'x'.repeat(40_000)}\n`);
    expect(codes(read)).toEqual(['2 FIELD_TOO_LONG']);
    expect(read.quarantined[0]?.column).toBe('first');
    expect(lines(read)).toEqual(['3 2']);
  });

  it('refuse a header with too many columns, or with a damaged name', async () => {
    await expect(readText(`${head.trim()}${',x'.repeat(998)}\n`)).rejects.toThrow('1001 columns');
    await expect(readText('id,login,first,na\ufffdme\n')).rejects.toThrow('column 4');
  });

  it('end a row of nothing but delimiters', async () => {
    const read = await readText(`${head}1,ana,Ana\n${','.repeat(30_000_000)}\n2,bo,Bo\n`);
    expect(codes(read)).toEqual(['3 RECORD_TOO_LONG']);
    expect(lines(read)).toEqual(['2 1', '4 2']);
    await expect(readText(`${head}1,ana,Ana\n${','.repeat(70_000_000)}\n`)).rejects.toMatchObject({
      code: 'FEED_RECORD_TOO_LONG',
      message: expect.stringContaining('line 3'),
    });
  });
});
