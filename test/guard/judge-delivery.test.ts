import { describe, expect, it } from 'vitest';
import { type DeliveredFeed, judgeDelivery } from '../../src/guard/judge-delivery.ts';

const asOf = '2026-06-10T02:15:00.000Z';
const last = {
  runId: 'run-9',
  sha256: 'newer',
  modifiedAt: '2026-06-09T00:00:00.000Z',
  at: '2026-06-09T02:15:00.000Z',
};
const earlier = { ...last, runId: 'run-8', sha256: 'older', at: '2026-06-08T02:15:00.000Z' };

/** A feed of today, with only the differences stated. */
function delivered(
  difference: {
    readonly settings?: Partial<DeliveredFeed['settings']>;
    readonly facts?: Partial<DeliveredFeed['facts']>;
    readonly last?: DeliveredFeed['last'];
    readonly same?: DeliveredFeed['same'];
  } = {},
): DeliveredFeed {
  return {
    last: difference.last === undefined ? last : difference.last,
    same: difference.same ?? null,
    settings: { mode: 'full', maxAgeMs: null, older: 'hold', ...difference.settings },
    facts: {
      path: '/in/hr.csv',
      sha256: 'today',
      modifiedAt: '2026-06-10T00:00:00.000Z',
      partial: false,
      ...difference.facts,
    },
  };
}

function tripped(feed: DeliveredFeed): readonly string[] {
  return judgeDelivery([feed], asOf)
    .filter((guard) => guard.tripped)
    .map(({ name }) => name);
}

describe('the guard feedAge', () => {
  const hourMs = 3_600_000;

  it.each([
    [2 * hourMs, ['feedAge']],
    [2.25 * hourMs, []],
  ])('allows an age of %i ms', (maxAgeMs, expected) => {
    expect(tripped(delivered({ settings: { maxAgeMs } }))).toEqual(expected);
  });

  it('says limit and age in seconds, and when the file was written', () => {
    const [guard] = judgeDelivery([delivered({ settings: { maxAgeMs: hourMs } })], asOf);
    expect(guard).toMatchObject({ name: 'feedAge', limit: 3_600, actual: 8_100, tripped: true });
    expect(guard?.advice).toContain('2026-06-10T00:00:00.000Z');
  });

  it('says nothing of what is no file', () => {
    const feed = delivered({ settings: { maxAgeMs: 1 }, facts: { modifiedAt: null }, last: null });
    expect(judgeDelivery([feed], asOf)).toEqual([]);
  });
});

describe('the guard feedOlder', () => {
  it('is content with a newer file, the same bytes again, and a first feed', () => {
    expect(tripped(delivered())).toEqual([]);
    const again = { facts: { sha256: 'newer', modifiedAt: '2026-06-01T00:00:00.000Z' }, same: last };
    expect(tripped(delivered(again))).toEqual([]);
    expect(judgeDelivery([delivered({ last: null })], asOf)).toEqual([]);
  });

  it('holds the bytes of an earlier feed, however new the file is, and says which run took them', () => {
    const [guard] = judgeDelivery([delivered({ facts: { sha256: 'older' }, same: earlier })], asOf);
    expect(guard).toMatchObject({ name: 'feedOlder', limit: 0, actual: 1, tripped: true });
    expect(guard?.advice).toMatch(
      /run run-8 took at 2026-06-08.*run run-9 took others since.*feed\.older: take/,
    );
  });

  it('holds a full feed that was written before the last one, and lets a delta pass', () => {
    const facts = { modifiedAt: '2026-06-08T23:59:59.000Z' };
    expect(tripped(delivered({ facts }))).toEqual(['feedOlder']);
    expect(tripped(delivered({ facts, settings: { mode: 'delta' } }))).toEqual([]);
  });

  it('is silent where the job takes older feeds, and over mended rows', () => {
    const older = { facts: { sha256: 'older' }, same: earlier };
    expect(tripped(delivered({ ...older, settings: { older: 'take' } }))).toEqual([]);
    expect(tripped(delivered({ ...older, facts: { sha256: 'older', partial: true } }))).toEqual([]);
  });
});
