import { describe, expect, it } from 'vitest';
import type { ActionColumn, Preference } from '../../src/domain/settings.ts';
import { column, columns } from './feeds.ts';
import { faultIn, mapRow, personIn } from './one-row.ts';

describe('the rank of a row', () => {
  const dates = { formats: ['yyyy-MM-dd', 'dd.MM.yyyy'], timeZone: 'UTC', timeZoneColumn: null };
  const rankOf = (cell: string, rule: Preference) => {
    const onePerson = { kind: 'prefer', rules: [rule] } as const;
    const rank = personIn(mapRow({ cell }, { onePerson, dates })).rank?.[0];
    return Number(rank);
  };

  it('is not worked out where nothing asks for it', () => {
    expect(personIn(mapRow({}))).not.toHaveProperty('rank');
  });

  it('puts the word before all others, without case', () => {
    const rule: Preference = { kind: 'is', column: 'cell', word: 'active' };
    expect(rankOf(' ACTIVE ', rule)).toBeGreaterThan(rankOf('Terminated', rule));
    expect(rankOf('', rule)).toBe(rankOf('Terminated', rule));
  });

  it.each([
    ['latest', '2026-01-01', '31.12.2025'],
    ['earliest', '31.12.2025', '2026-01-01'],
    ['highest', '10', '9.5'],
    ['highest', '-1', '-2'],
    ['lowest', '9.5', '10'],
  ] as const)('by %s puts %s before %s', (kind, winner, loser) => {
    const rule: Preference = { kind, column: 'cell' };
    expect(rankOf(winner, rule)).toBeGreaterThan(rankOf(loser, rule));
  });

  it.each(['latest', 'earliest', 'highest', 'lowest'] as const)(
    'by %s is the lowest for a cell that cannot be ranked, and survives JSON',
    (kind) => {
      const rule: Preference = { kind, column: 'cell' };
      const lowest = rankOf('', rule);
      expect(JSON.parse(JSON.stringify(lowest))).toBe(lowest);
      for (const cell of ['soon', '2026-02-30', '1,5', '0x10', '1e9', '9'.repeat(40)]) {
        expect(rankOf(cell, rule)).toBe(lowest);
      }
      for (const cell of kind === 'latest' || kind === 'earliest'
        ? ['0001-01-01', '9999-12-31']
        : ['-999999999999999', '999999999999999']) {
        expect(rankOf(cell, rule)).toBeGreaterThan(lowest);
      }
    },
  );

  it('has one number for each rule, in their order', () => {
    const rules: Preference[] = [
      { kind: 'is', column: 'a', word: 'y' },
      { kind: 'highest', column: 'b' },
    ];
    expect(personIn(mapRow({ a: 'Y', b: '7' }, { onePerson: { kind: 'prefer', rules } })).rank).toEqual([
      1, 7,
    ]);
  });
});

describe('the action of a row', () => {
  const words = { create: ['add'], update: ['chg'], enable: [], disable: ['off'], remove: ['del', 'x'] };
  const action: ActionColumn = { column: 'act', words, several: 'refuse', unlinked: 'conflict' };
  const title = column('title', 'title', { empty: 'reject' });
  const mail = column('emails.work', 'mail');
  const settings = { mode: 'delta', action, columns: [...columns.slice(0, 2), title, mail] } as const;
  const row = (act: string, cells: Readonly<Record<string, string>> = {}) =>
    mapRow({ act, title: 'Clerk', mail: 'ana@example.com', ...cells }, settings);

  it('is told by the words of the job, without case', () => {
    expect(personIn(row(' ADD '))).toMatchObject({ actions: ['create'], active: true });
    expect(personIn(row('chg')).actions).toEqual(['update']);
    expect(personIn(row('X'))).toMatchObject({ actions: ['remove'], active: false });
  });

  it.each(['', 'create', 'toString'])(
    '%j is no word of the job: the row is set aside, and says which are',
    (act) => {
      const fault = faultIn(row(act));
      expect(fault).toMatchObject({ code: 'BAD_VALUE', column: 'act', linkKey: '1', matchKey: 'ana' });
      expect(fault.message).toContain('Known: add, chg, off, del, x.');
    },
  );

  it.each(['off', 'del'])('%s needs nothing of the row but whose it is', (act) => {
    const person = personIn(row(act, { title: '', mail: 'gone' }));
    expect(person).toMatchObject({ active: false, linkKey: '1', attributes: { userName: 'ana' } });
    expect(Object.keys(person.attributes)).toEqual(['userName']);
    expect(faultIn(row(act, { id: '' })).code).toBe('MISSING_KEY');
    expect(faultIn(row(act, { login: 'a\u0000' })).code).toBe('BAD_VALUE');
  });

  it.each(['add', 'chg'])('%s needs a row without faults', (act) => {
    expect(faultIn(row(act, { title: '' })).code).toBe('EMPTY_REJECTED');
    expect(faultIn(row(act, { mail: 'gone' })).code).toBe('BAD_VALUE');
  });

  it('does not touch a row outside the conditions', () => {
    const where = [{ column: 'co', is: ['acme'], isNot: null, like: null, empty: null }];
    expect(mapRow({ act: 'del', co: 'Other' }, { ...settings, where })).toMatchObject({ reason: 'outside' });
  });
});
