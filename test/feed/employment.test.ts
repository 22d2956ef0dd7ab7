import { describe, expect, it } from 'vitest';
import type { FeedDates, FeedSettings } from '../../src/domain/settings.ts';
import { column, columns } from './feeds.ts';
import { faultIn, mapRow, personIn } from './one-row.ts';

const start = { column: 'from', leadDays: 0 };
const end = { column: 'to', inclusive: true };
const dates: FeedDates = { formats: ['yyyy-MM-dd'], timeZone: 'UTC', timeZoneColumn: null };

/** What becomes of a person with these dates: who works, has left, is not due yet, or is set aside. */
function verdict(
  from: string,
  to: string,
  difference: Partial<FeedSettings> = {},
  asOf = '2026-03-15T12:00:00Z',
): string {
  const mapped = mapRow({ from, to }, { employment: { start, end }, dates, ...difference }, { asOf });
  if ('code' in mapped) return `${mapped.code} ${mapped.column}`;
  if ('reason' in mapped) return mapped.reason;
  return mapped.active ? 'works' : 'left';
}

describe('the dates of employment', () => {
  it.each([
    ['2026-03-15', '', 'works'],
    ['2026-03-16', '', 'notYetDue'],
    ['', '', 'works'],
    ['2020-01-01', '2026-03-15', 'works'],
    ['2020-01-01', '2026-03-14', 'left'],
    ['', '9999-12-31', 'works'],
    ['2026-03-16', '2026-12-31', 'notYetDue'],
  ])('from %s to %s: %s', (from, to, expected) => {
    expect(verdict(from, to)).toBe(expected);
  });

  it('let people in some days before the first, where the job says so', () => {
    const employment = { start: { column: 'from', leadDays: 3 }, end };
    expect(verdict('2026-03-18', '', { employment })).toBe('works');
    expect(verdict('2026-03-19', '', { employment })).toBe('notYetDue');
  });

  it('end before the last day where it is not included', () => {
    const employment = { start, end: { column: 'to', inclusive: false } };
    expect(verdict('', '2026-03-16', { employment })).toBe('works');
    expect(verdict('', '2026-03-15', { employment })).toBe('left');
  });

  it('are days of the zone of the job', () => {
    const late = '2026-03-15T23:30:00Z';
    expect(verdict('', '2026-03-15', {}, late)).toBe('works');
    const berlin = { dates: { ...dates, timeZone: 'Europe/Berlin' } };
    expect(verdict('', '2026-03-15', berlin, late)).toBe('left');
    expect(verdict('2026-03-16', '', berlin, late)).toBe('works');
    // An hour of the night of 29 March is missing there; the day is not.
    expect(verdict('', '2026-03-29', berlin, '2026-03-29T21:59:00Z')).toBe('works');
    expect(verdict('', '2026-03-29', berlin, '2026-03-29T22:00:00Z')).toBe('left');
  });

  it('are days of the zone that the row names', () => {
    const late = { asOf: '2026-03-15T23:30:00Z' };
    const settings = { employment: { start, end }, dates: { ...dates, timeZoneColumn: 'zone' } };
    const at = (zone: string) => mapRow({ from: '', to: '2026-03-15', zone }, settings, late);
    expect(personIn(at('America/New_York')).active).toBe(true);
    expect(personIn(at('Asia/Tokyo')).active).toBe(false);
    expect(personIn(at(' ')).active).toBe(true);
    expect(faultIn(at('Berlin'))).toMatchObject({ code: 'BAD_VALUE', column: 'zone', linkKey: '1' });
  });

  it('are read by the first form that fits, strictly', () => {
    const both = { dates: { ...dates, formats: ['dd.MM.yyyy', 'yyyy-MM-dd'] } };
    expect(verdict('', '14.03.2026', both)).toBe('left');
    expect(verdict('', '2026-03-14', both)).toBe('left');
    for (const bad of ['14.3.2026', '2026-02-30', '2026-03-14T00:00', 'soon', '\ufffd']) {
      expect(verdict('', bad, both)).toBe('BAD_VALUE to');
      expect(verdict(bad, '', both)).toBe('BAD_VALUE from');
    }
  });

  it('never make a leaver of a row whose last day lies before its first', () => {
    expect(verdict('2026-01-01', '2025-06-30')).toBe('BAD_VALUE to');
  });
});

describe('dates and status', () => {
  const words = { activeWords: ['a'], leaverWords: ['t'], leaveWords: ['loa'] };
  const status = column('active', 'status', words);
  const settings = {
    columns: [...columns.slice(0, 2), status],
    employment: { start, end },
    dates,
  };
  const row = (word: string, from: string, to: string) => mapRow({ status: word, from, to }, settings);

  it('both have to say that the person works here', () => {
    expect(personIn(row('A', '2020-01-01', '')).active).toBe(true);
    expect(personIn(row('T', '2020-01-01', '')).active).toBe(false);
    expect(personIn(row('A', '2020-01-01', '2021-01-01')).active).toBe(false);
  });

  it('leave a leaver by status a leaver, whatever the dates say', () => {
    expect(personIn(row('T', '2027-01-01', '')).active).toBe(false);
  });

  it('know leave of absence as a status of its own', () => {
    expect(personIn(row('LOA', '2020-01-01', ''))).toMatchObject({ active: true, onLeave: true });
    expect(personIn(row('A', '2020-01-01', ''))).not.toHaveProperty('onLeave');
    const left = personIn(row('LOA', '2020-01-01', '2021-01-01'));
    expect(left.active).toBe(false);
    expect(left).not.toHaveProperty('onLeave');
  });

  it('set aside a row of which either cannot be read', () => {
    expect(faultIn(row('X', '2020-01-01', '2021-01-01'))).toMatchObject({ column: 'status' });
    expect(faultIn(row('T', '?', ''))).toMatchObject({ code: 'BAD_VALUE', column: 'from' });
  });
});
