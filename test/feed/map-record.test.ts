import { describe, expect, it } from 'vitest';
import type { Column } from '../../src/domain/settings.ts';
import { codes, column, columns, keys, readText, rule } from './feeds.ts';

/** Reads one row whose last cell fills the given column. */
async function readCell(cell: string, filled: Column, feedKeys = keys) {
  const quoted = `"${cell.replaceAll('"', '""')}"`;
  const content = `id,login,first,cell\n1,ana,Ana,${quoted}\n`;
  return readText(content, { columns: [...columns, filled] }, feedKeys);
}

describe('text', () => {
  it('is trimmed, and kept as it came in the row', async () => {
    const read = await readText('id,login,first\n\u00a01 , Ana.One ,  Ana Maria \n');
    expect(read.people[0]).toMatchObject({
      key: '1',
      linkKey: '1',
      matchKey: 'ana.one',
      attributes: { userName: 'Ana.One', 'name.givenName': 'Ana Maria' },
      rows: [{ line: 2, cells: ['\u00a01 ', ' Ana.One ', '  Ana Maria '] }],
    });
  });

  it('may hold tabs and line breaks, but no other control character', async () => {
    const department = column('title', 'cell');
    expect((await readCell('a\tb\r\nc', department)).people[0]?.attributes.title).toBe('a\tb\r\nc');
    for (const bad of ['a\u0000b', 'a\u001bb', 'a\u007fb', 'a\u0085b', 'a\rb']) {
      expect(codes(await readCell(bad, department))).toEqual(['2 BAD_VALUE']);
    }
  });

  it('that was damaged before it came here is set aside', async () => {
    const read = await readCell('M\ufffdller', column('title', 'cell'));
    expect(read.quarantined[0]).toMatchObject({ code: 'BAD_VALUE', column: 'cell', linkKey: '1' });
  });

  it('is measured in characters, and the message does not repeat it', async () => {
    const department = column('department', 'cell');
    expect((await readCell('😀😀😀😀😀', department)).people).toHaveLength(1);
    const read = await readCell('Secret', department);
    expect(codes(read)).toEqual(['2 BAD_VALUE']);
    expect(read.quarantined[0]?.message).toBe('The cell has 6 characters; the target takes 5 at most.');
  });

  it.each(['ana@example.com', "o'b+x@sub.example.com", 'ü@exämple.com'])(
    '%s is an e-mail address',
    async (good) => {
      expect((await readCell(good, column('emails.work', 'cell'))).people).toHaveLength(1);
    },
  );

  it.each(['ana', '@example.com', 'ana@', 'a@b@c', 'a na@example.com', 'ana@exam\nple.com'])(
    '%j is no e-mail address',
    async (bad) => {
      expect(codes(await readCell(bad, column('emails.work', 'cell')))).toEqual(['2 BAD_VALUE']);
    },
  );
});

describe('typed attributes', () => {
  it('sets are split, trimmed and freed of repetitions', async () => {
    const read = await readCell(' Viewer;;Planner ; viewer', column('roles', 'cell'));
    expect(read.people[0]?.attributes.roles).toEqual(['Viewer', 'Planner']);
    const other = await readCell('Viewer;x|Planner', column('roles', 'cell', { split: '|' }));
    expect(other.people[0]?.attributes.roles).toEqual(['Viewer;x', 'Planner']);
  });

  it('sets without an entry are empty cells', async () => {
    const read = await readCell(' ; ', column('roles', 'cell', { empty: 'clear' }));
    expect(read.people[0]?.attributes.roles).toBeNull();
  });

  it.each([
    ['TRUE', true],
    ['1', true],
    ['Yes', true],
    ['false', false],
    ['0', false],
    ['no', false],
  ])('%s is the truth value %s', async (word, value) => {
    expect((await readCell(word, column('vip', 'cell'))).people[0]?.attributes.vip).toBe(value);
  });

  it('another word is no truth value', async () => {
    expect(codes(await readCell('maybe', column('vip', 'cell')))).toEqual(['2 BAD_VALUE']);
  });
});

describe('the status', () => {
  const status = column('active', 'cell', {
    activeWords: ['Active', 'on leave'],
    leaverWords: ['Terminated'],
  });

  it('makes a leaver only by a declared word', async () => {
    const leaver = await readCell(' TERMINATED ', status);
    expect(leaver.people[0]).toMatchObject({ active: false });
    expect(leaver.people[0]?.attributes).not.toHaveProperty('active');
    expect((await readCell('ON LEAVE', status)).people[0]?.active).toBe(true);
  });

  it.each(['', 'retired', 'false', '0'])('sets the row aside for %j, with its identity', async (word) => {
    const read = await readCell(word, status);
    expect(read.quarantined[0]).toMatchObject({
      code: 'BAD_VALUE',
      column: 'cell',
      linkKey: '1',
      matchKey: 'ana',
    });
  });
});

describe('empty cells', () => {
  it.each(['', '   '])('%j leave the value, clear it or set the row aside, as declared', async (cell) => {
    const kept = await readCell(cell, column('title', 'cell'));
    expect(kept.people[0]?.attributes).not.toHaveProperty('title');
    const cleared = await readCell(cell, column('title', 'cell', { empty: 'clear' }));
    expect(cleared.people[0]?.attributes.title).toBeNull();
    const rejected = await readCell(cell, column('title', 'cell', { empty: 'reject' }));
    expect(rejected.quarantined[0]).toMatchObject({ code: 'EMPTY_REJECTED', column: 'cell', linkKey: '1' });
  });

  it('of an attribute that a create needs are left out, for the diff to judge', async () => {
    const required = { ...keys, rules: { ...keys.rules, title: rule({ required: true }) } };
    const read = await readCell('', column('title', 'cell'), required);
    expect(read.people[0]?.attributes).not.toHaveProperty('title');
  });
});

describe('constants', () => {
  it('give their value to every row and take no cell', async () => {
    const constant = column('roles', null, { value: 'Viewer;Planner' });
    const read = await readText('id,login,first\n1,ana,Ana\n', { columns: [constant, ...columns] });
    expect(read.people[0]?.attributes.roles).toEqual(['Viewer', 'Planner']);
    expect(read.people[0]?.rows[0]?.cells).toEqual(['1', 'ana', 'Ana']);
    expect(read.facts.columns).toEqual(['id', 'login', 'first']);
  });
});

describe('keys', () => {
  it('the lasting id is compared to the letter, in composed form, and shown as spelt', async () => {
    const read = await readText('id,login,first\ne\u0301X-7,ana,Ana\n');
    expect(read.people[0]).toMatchObject({ key: 'e\u0301X-7', linkKey: '\u00e9X-7' });
  });

  it('the lasting id is an attribute only where the target knows one', async () => {
    const content = 'id,login,first\n1,ana,Ana\n';
    expect((await readText(content)).people[0]?.attributes).not.toHaveProperty('externalId');
    const known = { ...keys, rules: { ...keys.rules, externalId: rule({ caseExact: true }) } };
    expect((await readText(content, {}, known)).people[0]?.attributes.externalId).toBe('1');
  });

  it('the lasting id can be what people are matched by', async () => {
    const byId = { ...keys, match: ['externalId'] };
    const read = await readText('id,login,first\nE1,ana,Ana\n', {}, byId);
    expect(read.people[0]).toMatchObject({ linkKey: 'E1', matchKey: 'e1' });
    expect(read.people[0]?.attributes).not.toHaveProperty('externalId');
  });

  it('without a lasting id the match key is the link, shown as spelt', async () => {
    const read = await readText('login,first\nAna.One,Ana\n', { columns: columns.slice(1) });
    expect(read.people[0]).toMatchObject({ key: 'Ana.One', linkKey: 'ana.one', matchKey: 'ana.one' });
  });

  it('that are missing set the row aside, and the other key is kept', async () => {
    const read = await readText('id,login,first\n,Ana,x\n2,,x\n,,x\n');
    expect(read.quarantined).toMatchObject([
      { code: 'MISSING_KEY', column: 'id', linkKey: null, matchKey: 'ana' },
      { code: 'MISSING_KEY', column: 'login', linkKey: '2', matchKey: null },
      { code: 'MISSING_KEY', column: 'id', linkKey: null, matchKey: null },
    ]);
    expect(read.quarantined[0]?.row.cells).toEqual(['', 'Ana', 'x']);
  });

  it('that are not sound are not used to recognise anybody', async () => {
    const read = await readText('id,login,first\n1,"an\ta",x\n"2\n3",bo,x\n4,c\ufffd,x\n');
    expect(read.quarantined).toMatchObject([
      { code: 'BAD_VALUE', column: 'login', linkKey: '1', matchKey: null },
      { code: 'BAD_VALUE', column: 'id', linkKey: null, matchKey: 'bo' },
      { code: 'BAD_VALUE', column: 'login', linkKey: '4', matchKey: null },
    ]);
  });

  it('that no column fills make no person', async () => {
    const read = await readText('id,login,first\n1,ana,x\n', {}, { ...keys, match: ['emails.work'] });
    expect(read.quarantined).toMatchObject([{ code: 'MISSING_KEY', column: 'emails.work', linkKey: '1' }]);
  });
});
