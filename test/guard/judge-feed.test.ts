import { describe, expect, it } from 'vitest';
import { defaultGuards } from '../../src/job/resolve-guards.ts';
import type { GuardFacts } from '../../src/guard/judge-guards.ts';
import { feed, judged, last, limits, percentOf, trippedBy } from './build.ts';

const { feedRows, feedBytes, feedColumns, emptyCells, rowsSetAside } = defaultGuards;
const usual = limits({ feedRows, feedBytes, feedColumns, emptyCells, rowsSetAside });

function trippedFor(difference: Parameters<typeof feed>[0]): readonly string[] {
  return trippedBy({ limits: usual, feeds: [feed(difference)] });
}

describe('a feed without rows', () => {
  const empty = { rows: 0, whole: 'unproven' } as const;

  it('is held when it should name everybody', () => expect(trippedFor(empty)).toEqual(['feedRows']));
  it('is held even when it is proven', () => {
    expect(trippedFor({ ...empty, whole: 'proven' })).toEqual(['feedRows']);
  });
  it('is held when the one before had none either', () => {
    expect(trippedFor({ ...empty, last: last({ rows: 0 }) })).toEqual(['feedRows']);
  });
  it('is nothing special when it names only some', () => {
    expect(trippedFor({ ...empty, mode: 'delta' })).toEqual([]);
    expect(trippedFor({ ...empty, partial: true })).toEqual([]);
  });
  it('is told from a feed with one', () => expect(trippedFor({ ...empty, rows: 1 })).toEqual([]));
  it('holds the run beside others that have rows, and is named', () => {
    const feeds = [feed({ name: 'employees', rows: 90 }), feed({ ...empty, name: 'contractors' })];
    expect(trippedBy({ feeds })).toEqual(['feedRows']);
    expect(judged('feedRows', { feeds: feeds.slice(1) })).toMatchObject({
      subject: 'contractors',
      advice: expect.stringContaining('contractors'),
    });
  });
});

describe('the proof that a feed is whole', () => {
  const contradicted = { whole: 'contradicted', contradiction: 'It says 100 rows.' } as const;

  it('holds a feed that it contradicts, full or not', () => {
    for (const mode of ['full', 'delta'] as const) {
      expect(trippedFor({ ...contradicted, mode })).toEqual(['feedWhole']);
    }
  });
  it('is content with a feed that it proves, and says nothing where there is none', () => {
    expect(judged('feedWhole', { feeds: [feed()] })?.tripped).toBe(false);
    expect(judged('feedWhole', { feeds: [feed({ whole: 'unproven' })] })).toBeUndefined();
  });
});

describe('a full feed beside the last one', () => {
  it.each([
    // rows before, fewest that pass: ten percent may go, and three always
    [1, 1],
    [12, 9],
    [100, 90],
    [10_000, 9_000],
  ])('of %i rows may shrink to %i', (before, least) => {
    const held = (rows: number) =>
      trippedFor({
        rows,
        readable: rows,
        last: last({ rows: before }),
      });
    expect([held(least + 1), held(least), held(least - 1)]).toEqual([[], [], ['feedRows']]);
  });

  it('is held when it lost more than 30 % of its bytes and kept its rows', () => {
    const held = (bytes: number) => trippedFor({ bytes, last: last({ bytes: 10_000 }) });
    expect([held(7_000), held(6_999)]).toEqual([[], ['feedBytes']]);
  });

  it('may lose the bytes of three rows however few it has', () => {
    expect(trippedFor({ rows: 2, bytes: 200, last: last({ rows: 5, bytes: 500 }) })).toEqual([]);
    expect(trippedFor({ rows: 2, bytes: 199, last: last({ rows: 5, bytes: 500 }) })).toEqual(['feedBytes']);
  });

  it('is held when its header lost more than a fifth of its columns, and named are those', () => {
    const lost = (headers: readonly string[]) => ({ headers, last: last() });
    expect(trippedFor(lost(['ID', 'Email', 'Floor', 'Desk', 'Fax']))).toEqual([]);
    expect(trippedFor(lost(['ID', 'Email', 'Floor', 'Fax', 'Site']))).toEqual(['feedColumns']);
    const guard = judged('feedColumns', { limits: usual, feeds: [feed(lost(['ID', 'Email', 'Floor']))] });
    expect(guard).toMatchObject({ limit: 1, actual: 2, advice: expect.stringContaining('Desk, Phone') });
  });

  it('is not judged by the columns that are new', () => {
    expect(
      trippedFor({ headers: ['ID', 'Email', 'Floor', 'Desk', 'Phone', 'A', 'B', 'C'], last: last() }),
    ).toEqual([]);
  });

  it.each([
    // rows, empty before (of 100), most that may be empty
    [100, 0, 10],
    [100, 40, 50],
    [1_000, 40, 500],
    [12, 0, 3],
    [10_000, 1, 1_100],
  ])('of %i rows, with %i %% empty before, may have %i empty cells in a column', (rows, before, most) => {
    const held = (count: number) =>
      trippedFor({
        rows,
        readable: rows,
        bytes: rows * 50,
        empty: [0, count],
        last: last({ empty: [0, before], readable: 100, rows, bytes: rows * 50 }),
      });
    expect([held(most - 1), held(most), held(most + 1)]).toEqual([[], [], ['emptyCells']]);
  });

  it('names the column, whatever the job makes of an empty cell there', () => {
    const feeds = [feed({ empty: [0, 100], last: last() })];
    const guard = judged('emptyCells', { limits: usual, feeds });
    expect(guard).toMatchObject({ subject: 'Email', limit: 10, actual: 100 });
    expect(guard?.advice).toContain(
      'In the column Email 100 of 100 cells are empty, 100 more than the 0 that would be usual',
    );
  });

  it('knows a column again by its header, and takes a new one as it comes', () => {
    const moved = { columns: ['Email', 'ID'], empty: [0, 50], last: last({ empty: [50, 0] }) };
    expect(trippedFor(moved)).toEqual([]);
    expect(trippedFor({ columns: ['ID', 'Title'], empty: [0, 100], last: last() })).toEqual([]);
  });

  it('is never held for the very same bytes', () => {
    const same = { sha256: 'before', empty: [0, 100], headers: [], last: last() };
    expect(trippedFor(same)).toEqual([]);
  });

  it('is judged neither where it is a delta nor where it is a mended part', () => {
    const shrunk = { rows: 1, bytes: 10, headers: [], empty: [1, 1], readable: 1, last: last() };
    expect(trippedFor({ ...shrunk, mode: 'delta' })).toEqual([]);
    expect(trippedFor({ ...shrunk, partial: true })).toEqual([]);
    expect(trippedFor(shrunk)).toEqual(['feedRows', 'feedBytes', 'feedColumns']);
  });

  it('may shrink further while an event is expected', () => {
    const event = {
      from: '2026-12-01',
      to: '2026-12-05',
      what: 'feedRows' as const,
      attribute: null,
      upTo: percentOf(40),
      why: 'The plant in Gent is sold',
      by: 'Ines Roca',
    };
    const shrunk = (rows: number): Partial<GuardFacts> => ({
      limits: { ...usual, expected: [event] },
      feeds: [feed({ rows, bytes: 4_000, last: last() })],
    });
    expect(judged('feedRows', shrunk(60))).toMatchObject({ limit: 60, tripped: false, released: true });
    expect(judged('feedRows', shrunk(59))).toMatchObject({ limit: 60, tripped: true });
  });
});

describe('rows that are set aside', () => {
  it.each([
    // rows, set aside before (of 100), most that may be set aside now
    [100, 0, 10],
    [100, 5, 15],
    [12, 0, 3],
    [1_000, 1, 110],
  ])('of %i rows, with %i %% before, may be %i', (total, before, most) => {
    const held = (quarantined: number) =>
      trippedBy({
        limits: usual,
        rows: { total, quarantined },
        lastRows: { total: 100, quarantined: before },
      });
    expect([held(most), held(most + 1)]).toEqual([[], ['rowsSetAside']]);
  });

  it('are not judged in a first feed', () => {
    expect(trippedBy({ limits: usual, rows: { total: 100, quarantined: 100 } })).toEqual([]);
  });
});
