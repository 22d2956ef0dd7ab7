import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/domain/person.ts';
import type { Condition } from '../../src/domain/settings.ts';
import { matchesPattern } from '../../src/feed/matches-pattern.ts';
import { columns, readText } from './feeds.ts';
import { faultIn, mapRow, personIn } from './one-row.ts';

function condition(difference: Partial<Condition>): Condition {
  return { column: 'co', is: null, isNot: null, like: null, empty: null, ...difference };
}

/** Whether a cell is inside. */
function isInside(co: Cell | undefined, difference: Partial<Condition>): boolean {
  return 'rows' in mapRow({ co }, { where: [condition(difference)] });
}

describe('a condition', () => {
  it.each([
    [' ACME ', { is: ['acme', 'x'] }, true],
    ['ACME Ltd', { is: ['acme'] }, false],
    ['E\u0301', { is: ['\u00e9'] }, true],
    ['', { is: ['acme'] }, false],
    ['B', { isNot: ['a', 'b'] }, false],
    ['', { isNot: ['a'] }, true],
    ['DE-Ber', { like: ['fr-*', 'de-???'] }, true],
    ['DE-Bern', { like: ['de-???'] }, false],
    [' ', { empty: true }, true],
    ['x', { empty: true }, false],
    [' ', { empty: false }, false],
    ['x', { isNot: ['y'], like: ['?'], empty: false }, true],
    [['x', 'ACME'], { is: ['acme'] }, true],
    [['x', 'ACME'], { isNot: ['acme'] }, false],
    [[], { empty: true }, true],
  ] as const)('of %j by %j holds: %s', (cell, difference, holds) => {
    expect(isInside(typeof cell === 'string' ? cell : [...cell], difference)).toBe(holds);
  });

  it('has to hold together with all others', () => {
    const where = [condition({ is: ['a'] }), condition({ column: 'site', is: ['b'] })];
    expect('rows' in mapRow({ co: 'A', site: 'B' }, { where })).toBe(true);
    expect('rows' in mapRow({ co: 'A', site: 'C' }, { where })).toBe(false);
  });
});

describe('a pattern', () => {
  it.each([
    ['', '', true],
    ['', '*', true],
    ['abc', '*c', true],
    ['abc', 'a*b*c', true],
    ['abc', 'a?c', true],
    ['a😀c', 'a?c', true],
    ['abc', 'ab', false],
    ['ab', 'abc', false],
    ['a.c', 'a.c', true],
    ['axc', 'a.c', false],
    ['aab', '*ab', true],
  ])('%j against %j: %s', (text, pattern, matches) => {
    expect(matchesPattern(text, pattern)).toBe(matches);
  });
});

describe('a row outside', () => {
  const where = [condition({ is: ['acme'] })];

  it('is excluded before anything else of it is judged', () => {
    expect(mapRow({ co: 'Other', first: ['x', 'y'] }, { where, columns })).toMatchObject({
      reason: 'outside',
      linkKey: '1',
      matchKey: 'ana',
      row: { line: 2 },
    });
  });

  it('is excluded without a name when nobody can read whose it is', () => {
    expect(mapRow({ co: 'Other', id: '', login: '' }, { where })).toMatchObject({
      reason: 'outside',
      linkKey: null,
      matchKey: null,
    });
  });

  it('is a leaver where the job says so, if it says who that is', () => {
    const outside = 'leaver';
    const leaver = personIn(mapRow({ co: 'Other', first: 'Ana' }, { where, outside, columns }));
    expect(leaver).toMatchObject({ active: false, linkKey: '1', attributes: { userName: 'ana' } });
    expect(leaver.attributes).not.toHaveProperty(['name.givenName']);
    const nameless = mapRow({ co: 'Other', login: '' }, { where, outside });
    expect(nameless).toMatchObject({ reason: 'outside', linkKey: '1', matchKey: null });
  });

  it('is none by a cell that is damaged or holds what no cell should', () => {
    expect(faultIn(mapRow({ co: 'ACM\ufffd' }, { where, outside: 'leaver' }))).toMatchObject({
      code: 'BAD_VALUE',
      column: 'co',
      linkKey: '1',
    });
    const unfit = new Map([[2, 'holds an object.']]);
    expect(faultIn(mapRow({ co: '' }, { where }, { unfit })).message).toBe('The cell holds an object.');
    expect(personIn(mapRow({ co: 'acme', site: '\ufffd' }, { where }))).toMatchObject({ active: true });
  });

  it('is counted among the rows of the feed', async () => {
    const read = await readText('id,login,first,co\n1,a,x,ACME\n2,b,x,Other\n3,,x,Other\n', { where });
    expect(read.excluded.map(({ row, reason }) => `${row.line} ${reason}`)).toEqual([
      '3 outside',
      '4 outside',
    ]);
    expect(read.people).toHaveLength(1);
    expect(read.facts).toMatchObject({ rows: 3, excluded: 2 });
  });
});
