import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutApostrophe } from '../../src/feed/header.ts';
import { neutralise } from '../../src/report/csv.ts';

describe('a cell that goes out in rejects.csv and comes back', () => {
  it.each([
    '=1+1',
    "'=1+1",
    "''@x",
    "O'Brien",
    "'quoted'",
    '-5',
    '+49 30',
    '\ttab',
    "'",
    '',
    ' =1',
    "' ＝1",
    '\n-',
    '\u200b@x',
  ])('is %j again', (cell) => {
    expect(withoutApostrophe(neutralise(cell))).toBe(cell);
  });

  it('is itself again, whatever it holds', () => {
    const cell = fc.oneof(fc.string(), fc.stringMatching(/^'{0,3}[ \n\u200b]?[=+\-@\t\r＝＠]?.*$/));
    fc.assert(fc.property(cell, (text) => withoutApostrophe(neutralise(text)) === text));
  });
});
