import { describe, expect, it } from 'vitest';
import type { Column, Transform } from '../../src/domain/settings.ts';
import type { Value } from '../../src/domain/user.ts';
import { column } from './feeds.ts';
import { faultIn, mapColumns, personIn } from './one-row.ts';

/** What a cell becomes in an attribute with one value. */
function become(cell: string, ...transform: readonly Transform[]): Value | null | undefined {
  return personIn(mapColumns([column('title', 'cell', { transform })], { cell })).attributes.title;
}

/** Why a cell is set aside. */
function refused(cell: string, ...transform: readonly Transform[]): string {
  const fault = faultIn(mapColumns([column('title', 'cell', { transform })], { cell }));
  expect(fault).toMatchObject({ code: 'BAD_VALUE', column: 'cell', linkKey: '1', matchKey: 'ana' });
  expect(fault.message).not.toContain(cell);
  return fault.message;
}

describe('lower and upper', () => {
  it('change the case of all letters', () => {
    expect(become(' ÄÖ Straße ', { fn: 'lower' })).toBe('äö straße');
    expect(become('ä1', { fn: 'upper' })).toBe('Ä1');
  });
});

describe('replace', () => {
  it('replaces literal text wherever it stands', () => {
    expect(become('a.b.c', { fn: 'replace', find: '.', by: '-' })).toBe('a-b-c');
    expect(become('a+b', { fn: 'replace', find: '+', by: '$&$1' })).toBe('a$&$1b');
  });

  it('may leave nothing, which is an empty cell', () => {
    const transform: Transform[] = [{ fn: 'replace', find: 'none', by: '' }, { fn: 'upper' }];
    expect(become('none', ...transform)).toBeUndefined();
    const table: Transform = { fn: 'map', table: { a: 'b' }, otherwise: 'reject' };
    expect(become('none', ...transform, table)).toBeUndefined();
    const clearing = column('title', 'cell', { transform, empty: 'clear' });
    expect(personIn(mapColumns([clearing], { cell: 'none' })).attributes.title).toBeNull();
    const rejecting = column('title', 'cell', { transform, empty: 'reject' });
    expect(faultIn(mapColumns([rejecting], { cell: 'none' })).code).toBe('EMPTY_REJECTED');
  });
});

describe('part', () => {
  it.each([
    [1, 'ana'],
    [2, 'example'],
    [-1, 'com'],
    [-3, 'ana'],
  ])('%i is counted from 1, or from the end', (take, part) => {
    expect(become('ana . example.com', { fn: 'part', split: '.', take })).toBe(part);
  });

  it('that is not there is an empty cell', () => {
    expect(become('ana', { fn: 'part', split: '@', take: 2 })).toBeUndefined();
    expect(become('ana', { fn: 'part', split: '@', take: -2 })).toBeUndefined();
  });
});

describe('date', () => {
  const german: Transform = { fn: 'date', from: 'dd.MM.yyyy', to: 'yyyy-MM-dd' };

  it('rewrites a date, whatever the zone and language of the machine', () => {
    expect(become('31.12.2025', german)).toBe('2025-12-31');
    expect(become('3-Mar-26', { fn: 'date', from: 'd-MMM-yy', to: 'dd/MM/yyyy' })).toBe('03/03/2026');
    const withZone: Transform = { fn: 'date', from: "yyyy-MM-dd'T'HH:mm:ssZZ", to: 'yyyy-MM-dd' };
    expect(become('2026-01-01T00:30:00+09:00', withZone)).toBe('2026-01-01');
  });

  it.each([
    '2025-12-31',
    '31.12.25',
    '31.02.2025',
    '1.1.2025',
    '31.12.2025 x',
    '٣١.١٢.٢٠٢٥',
    '3'.repeat(100),
  ])('takes nothing that is not strictly of its form: %s', (cell) => {
    expect(refused(cell, german)).toBe('The cell is no date of the form dd.MM.yyyy.');
  });
});

describe('phone', () => {
  it.each([
    ['+49 (0)30 1234567', null, '+49301234567'],
    ['030 / 1234567', 'DE', '+49301234567'],
    ['0049 30 1234567', 'DE', '+49301234567'],
    ['(212) 555-0100', 'US', '+12125550100'],
    ['+44 20 7946 0958', 'DE', '+442079460958'],
    ['06 1234567', 'IT', '+39061234567'],
  ])('%s of %s becomes E.164', (cell, country, number) => {
    expect(become(cell, { fn: 'phone', country })).toBe(number);
  });

  it.each(['+49 123', '+49 30', 'call me', '+1 212 555 0100 +1', 'tel 030 1234567', '+999 1234567'])(
    'refuses %s as no valid number',
    (cell) => {
      expect(refused(cell, { fn: 'phone', country: 'DE' })).toBe('The cell is not a valid telephone number.');
    },
  );

  it('asks for the country code where the job names no country', () => {
    expect(refused('030 1234567', { fn: 'phone', country: null })).toMatch(/country code.*phone: DE/);
  });

  it('refuses an extension rather than losing it', () => {
    expect(refused('030 1234567 ext. 12', { fn: 'phone', country: 'DE' })).toMatch(/extension/);
  });
});

describe('a map table', () => {
  const table = { de: 'Germany', 'n/a': '', __proto__x: 'y' };

  it('compares words trimmed and without case, in composed form', () => {
    expect(become(' De ', { fn: 'map', table, otherwise: 'reject' })).toBe('Germany');
    expect(become('N/A', { fn: 'map', table, otherwise: 'reject' })).toBeUndefined();
    const composed = { fn: 'map', table: { '\u00e9': 'x' }, otherwise: 'reject' } as const;
    expect(become('E\u0301', composed)).toBe('x');
  });

  it('keeps, empties or rejects another word, as the job says', () => {
    expect(become('FR', { fn: 'map', table, otherwise: 'keep' })).toBe('FR');
    expect(become('FR', { fn: 'map', table, otherwise: 'empty' })).toBeUndefined();
    expect(refused('FR', { fn: 'map', table, otherwise: 'reject' })).toMatch(/otherwise: keep/);
  });

  it.each(['__proto__', 'constructor', 'toString'])('has no word %s of its own accord', (word) => {
    expect(refused(word, { fn: 'map', table, otherwise: 'reject' })).toMatch(/does not have/);
  });
});

describe('transforms', () => {
  it('are applied from left to right, each to a trimmed text', () => {
    const transform: Transform[] = [
      { fn: 'part', split: ',', take: 2 },
      { fn: 'lower' },
      { fn: 'map', table: { hq: 'Berlin' }, otherwise: 'keep' },
    ];
    expect(become('x ,  HQ ', ...transform)).toBe('Berlin');
  });

  it('apply to each entry of a set', () => {
    const roles = column('roles', 'cell', {
      transform: [{ fn: 'map', table: { a: 'Viewer', b: 'Planner', c: '' }, otherwise: 'reject' }],
    });
    const mapped = (cell: string | string[]) => mapColumns([roles], { cell });
    expect(personIn(mapped('A; b;a;C')).attributes.roles).toEqual(['Viewer', 'Planner']);
    expect(personIn(mapped(['B', 'a'])).attributes.roles).toEqual(['Planner', 'Viewer']);
    expect(faultIn(mapped('A;X')).code).toBe('BAD_VALUE');
  });

  it('apply to a status, before its word is looked up', () => {
    const status = column('active', 'cell', {
      transform: [{ fn: 'part', split: '-', take: 1 }],
      activeWords: ['A'],
      leaverWords: ['T'],
    });
    expect(personIn(mapColumns([status], { cell: 'T - resigned' })).active).toBe(false);
    expect(faultIn(mapColumns([status], { cell: 'X - ?' })).code).toBe('BAD_VALUE');
  });

  it('do not make a damaged text sound', () => {
    expect(refused('M\ufffdller', { fn: 'upper' })).toMatch(/damaged/);
  });

  it('give what the attribute takes, or the row is set aside', () => {
    const mail = column('emails.work', 'cell', { transform: [{ fn: 'replace', find: '@', by: ' at ' }] });
    expect(faultIn(mapColumns([mail], { cell: 'a@example.com' })).message).toMatch(
      /no.*e-mail|not an e-mail/,
    );
  });
});

describe('several columns of one attribute', () => {
  const name = (difference: Partial<Column> = {}) =>
    column('name.givenName', null, { from: ['first', 'middle', 'last'], join: ' ', ...difference });
  const named = (first: string, middle: string, last: string, difference: Partial<Column> = {}) =>
    mapColumns([name(difference)], { first, middle, last });

  it('are joined, and empty ones left out with what would stand between', () => {
    expect(personIn(named(' Ana ', '', 'Roy')).attributes['name.givenName']).toBe('Ana Roy');
    expect(personIn(named('', '', ' ')).attributes).not.toHaveProperty(['name.givenName']);
    expect(personIn(named('Ana', 'M', 'Roy', { join: ', ' })).attributes['name.givenName']).toBe(
      'Ana, M, Roy',
    );
  });

  it('are transformed once they are joined', () => {
    const transform: Transform[] = [{ fn: 'part', split: ' ', take: -1 }, { fn: 'upper' }];
    expect(personIn(named('Ana', 'M', 'Roy', { transform })).attributes['name.givenName']).toBe('ROY');
  });

  it('give the entries of all of them to a set', () => {
    const roles = column('roles', null, { from: ['a', 'b'], join: '+' });
    const mapped = mapColumns([roles], { a: 'Viewer;Planner', b: ['viewer', 'Admin'] });
    expect(personIn(mapped).attributes.roles).toEqual(['Viewer', 'Planner', 'Admin']);
  });

  it('can be cleared only by saying nothing but that', () => {
    const words = { clearWords: ['-'] };
    expect(personIn(named('-', '', '-', words)).attributes['name.givenName']).toBeNull();
    expect(personIn(named('Ana', '-', 'Roy', words)).attributes['name.givenName']).toBe('Ana Roy');
  });

  it('are all named where one of them is no good', () => {
    const mapped = mapColumns([name()], { first: ['a', 'b'], middle: '', last: 'x' });
    expect(faultIn(mapped).column).toBe('first, middle, last');
  });
});
