import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellText, csvLines, neutralise } from '../../src/report/csv.ts';

describe('neutralise', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\nx', ' =1', '\u200b@x', '＝1+1', "'＠x"])(
    'puts an apostrophe before %j',
    (text) => {
      expect(neutralise(text)).toBe(`'${text}`);
    },
  );

  it('leaves all other cells alone', () => {
    for (const text of ['', 'Ada', "O'Brien", "'tis", 'a=b', ' a', '−1']) expect(neutralise(text)).toBe(text);
  });

  it('can be undone by taking one apostrophe off', () => {
    const cell = fc.string({ unit: fc.constantFrom("'", '=', '-', 'a', '\t') });
    fc.assert(
      fc.property(cell, (text) => {
        expect(neutralise(text).replace(/^'(?='*[=+\-@\t\r])/, '')).toBe(text);
      }),
    );
  });
});

describe('csvLines', () => {
  it('writes what csv-parse reads back, quotes and line breaks included', () => {
    const records = [
      ['a"b', 'c,d', 'e\nf', 'g\rh', ''],
      ['é', "'=x", ' ', '"', ';'],
    ];
    expect(parse(csvLines(records))).toEqual(records);
  });
});

describe('cellText', () => {
  it('joins a list with semicolons', () => {
    expect(cellText(['Viewer', 'Planner'])).toBe('Viewer;Planner');
  });

  it('is empty for a cell that the row does not have', () => {
    expect(cellText(undefined)).toBe('');
  });
});
