import { describe, expect, it } from 'vitest';
import type { Column } from '../../src/domain/settings.ts';
import { column, columns, readText } from './feeds.ts';
import { faultIn, mapColumns, personIn } from './one-row.ts';

const title = (difference: Partial<Column> = {}) => column('title', 'cell', difference);

describe('an empty cell, an explicit clear and an absent name', () => {
  it('are three things', () => {
    const cleared = title({ clearWords: ['-', 'null'] });
    expect(personIn(mapColumns([cleared], { cell: '' })).attributes).not.toHaveProperty('title');
    expect(personIn(mapColumns([cleared], { cell: ' NULL ' })).attributes.title).toBeNull();
    const clearing = title({ empty: 'clear' });
    expect(personIn(mapColumns([clearing], { cell: '' })).attributes.title).toBeNull();
    expect(personIn(mapColumns([clearing], { cell: undefined })).attributes).not.toHaveProperty('title');
  });

  it('clear by a word whatever an empty cell means', () => {
    const rejecting = title({ empty: 'reject', clearWords: ['-'] });
    expect(personIn(mapColumns([rejecting], { cell: '-' })).attributes.title).toBeNull();
    expect(faultIn(mapColumns([rejecting], { cell: '' })).code).toBe('EMPTY_REJECTED');
    expect(faultIn(mapColumns([rejecting], { cell: undefined })).code).toBe('EMPTY_REJECTED');
  });

  it('clear before a transform sees the word, and not a longer text with it', () => {
    const dated = title({ clearWords: ['-'], transform: [{ fn: 'date', from: 'dd.MM.yyyy', to: 'yyyy' }] });
    expect(personIn(mapColumns([dated], { cell: '-' })).attributes.title).toBeNull();
    expect(personIn(mapColumns([title({ clearWords: ['-'] })], { cell: 'a-b' })).attributes.title).toBe(
      'a-b',
    );
  });

  it('clear a set only when nothing else stands there', () => {
    const roles = column('roles', 'cell', { clearWords: ['none'] });
    expect(personIn(mapColumns([roles], { cell: 'None' })).attributes.roles).toBeNull();
    expect(personIn(mapColumns([roles], { cell: ['none'] })).attributes.roles).toBeNull();
    expect(personIn(mapColumns([roles], { cell: 'none;Viewer' })).attributes.roles).toEqual(['Viewer']);
  });

  it('never clear what says who the row is about', () => {
    const login = column('userName', 'login', { clearWords: ['-'] });
    const [id] = columns;
    const mapped = mapColumns([], { login: '-' }, { columns: id === undefined ? [] : [id, login] });
    expect(faultIn(mapped)).toMatchObject({ code: 'MISSING_KEY', column: 'login', linkKey: '1' });
  });

  it('are told apart in JSON', async () => {
    const people = [
      { id: '1', login: 'a', cell: 'x' },
      { id: '2', login: 'b', cell: null },
      { id: '3', login: 'c', cell: '' },
      { id: '4', login: 'd' },
    ];
    const settings = { columns: [...columns.slice(0, 2), title({ empty: 'clear' })] };
    for (const [format, text] of [
      ['json', JSON.stringify(people)],
      ['ndjson', people.map((one) => JSON.stringify(one)).join('\n')],
    ] as const) {
      const read = await readText(text, { ...settings, format });
      expect(read.people.map(({ attributes }) => attributes.title)).toEqual(['x', null, null, undefined]);
    }
  });
});
