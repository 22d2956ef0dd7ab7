import { describe, expect, it } from 'vitest';
import { type JobSettings, jobChanges, judgeJob } from '../../src/guard/judge-job.ts';
import { defaultGuards } from '../../src/job/resolve-guards.ts';

const settings: JobSettings = {
  guards: defaultGuards,
  fields: {
    match: 'userName',
    'policy.create': true,
    'policy.leavers.disable': 30,
    'feeds.0.mode': 'full',
    'feeds.0.older': 'hold',
    'feeds.0.whole.trailer': 'TRAILER',
    'feeds.0.columns.title': '{"from":["Title"]}',
  },
};

/** What changes with these fields, and whether it lets more pass. */
function changed(fields: JobSettings['fields']): readonly (readonly [string, boolean])[] {
  const after = { ...settings, fields: { ...settings.fields, ...fields } };
  return jobChanges(settings, after, 100).map(({ field, weakens }) => [field, weakens]);
}

function guarded(
  guards: Partial<JobSettings['guards']>,
  managed = 100,
): readonly (readonly [string, boolean])[] {
  const after = { ...settings, guards: { ...settings.guards, ...guards } };
  return jobChanges(settings, after, managed).map(({ field, weakens }) => [field, weakens]);
}

describe('what changed in a job', () => {
  it('is nothing for the same settings', () => {
    expect(jobChanges(settings, structuredClone(settings), 100)).toEqual([]);
  });

  it('is told field by field, with the values before and after', () => {
    const after = {
      ...settings,
      fields: { ...settings.fields, 'policy.create': false, 'policy.onLeave': 'keep' },
    };
    expect(jobChanges(settings, after, 100)).toEqual([
      { field: 'policy.create', before: 'true', after: 'false', weakens: false },
      { field: 'policy.onLeave', before: null, after: '"keep"', weakens: false },
    ]);
  });

  it.each([
    ['match', 'emails.work'],
    ['policy.leavers.disable', 7],
    ['policy.leavers.remove', 90],
    ['feeds.0.older', 'take'],
    ['feeds.0.whole.trailer', null],
    ['policy.protected.keys', '["E1"]'],
  ])('lets more pass when %s becomes %s', (field, value) => {
    expect(changed({ [field]: value })).toEqual([[field, true]]);
  });

  it.each([
    ['policy.leavers.disable', 60],
    ['feeds.0.whole.trailer', 'END'],
    ['feeds.0.columns.title', '{"from":["Job"]}'],
  ])('lets no more pass when %s becomes %s', (field, value) => {
    expect(changed({ [field]: value })).toEqual([[field, false]]);
  });

  it('lets no more pass when a feed has another name', () => {
    const renamed = Object.fromEntries(
      Object.entries(settings.fields).map(([field, value]) => [
        field.replace('feeds.0', 'feeds.staff'),
        value,
      ]),
    );
    const changes = jobChanges(settings, { ...settings, fields: renamed }, 100);
    expect(changes).toHaveLength(8);
    expect(changes.filter((change) => change.weakens)).toEqual([]);
  });

  it('lets more pass by a higher limit, one over time included, and no more by a lower one', () => {
    const { blanked, disables } = defaultGuards;
    expect(guarded({ blanked: { ...blanked, percent: 6 } })).toEqual([['guards.blanked', true]]);
    expect(guarded({ blanked: { ...blanked, percent: 4 } })).toEqual([['guards.blanked', false]]);
    expect(guarded({ disables: { ...disables, per24h: { percent: 11, count: null } } })).toEqual([
      ['guards.disables.per24h', true],
    ]);
    expect(
      guarded({ attributes: { '*': { percent: 30, count: null }, title: { percent: 40, count: null } } }),
    ).toEqual([['guards.attributes.title', true]]);
  });

  it('compares a percentage and a count by the users there are', () => {
    const ten = { blanked: { percent: null, count: 10 } };
    expect(guarded(ten, 100)).toEqual([['guards.blanked', true]]);
    expect(guarded(ten, 10_000)).toEqual([['guards.blanked', false]]);
  });

  it('lets no more pass by an expected event, which has dates, a reason and a name', () => {
    const event = {
      from: '2026-12-01',
      to: '2026-12-05',
      what: 'disables' as const,
      attribute: null,
      upTo: { percent: 40, count: null },
      why: 'x',
      by: 'y',
    };
    expect(guarded({ expected: [event] })).toEqual([['guards.expected', false]]);
  });
});

describe('the guard jobChanged', () => {
  const limit = { percent: 20, count: null };
  const change = { field: 'policy.create', before: 'true', after: 'false', weakens: false };
  const base = { changes: [change], accepted: null, limit, people: 0, managed: 100 };

  it('says nothing of a job that did not change', () => {
    expect(judgeJob({ ...base, changes: [], people: 100 })).toEqual([]);
  });

  it('holds a changed job whose plan concerns more than a fifth', () => {
    const tripped = (people: number) => judgeJob({ ...base, people })[0]?.tripped;
    expect([tripped(20), tripped(21)]).toEqual([false, true]);
    expect(judgeJob({ ...base, people: 21 })[0]?.advice).toContain('policy.create');
  });

  it('holds whatever lets more pass, even with nothing to do', () => {
    const [guard] = judgeJob({ ...base, changes: [{ ...change, field: 'guards.disables', weakens: true }] });
    expect(guard).toMatchObject({ limit: 0, actual: 0, tripped: true });
    expect(guard?.advice).toMatch(/guards\.disables: true -> false.*--accept-job-change/);
  });

  it('lets it pass once a person says why, and tells so', () => {
    const accepted = 'accepted by mina: the new HR system';
    expect(judgeJob({ ...base, people: 21, accepted })).toEqual([
      {
        name: 'jobChanged',
        limit: 20,
        actual: 21,
        tripped: false,
        advice: null,
        allowedBy: accepted,
        released: true,
      },
    ]);
  });
});
