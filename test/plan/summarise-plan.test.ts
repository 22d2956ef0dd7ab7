import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import { frequent } from '../../src/plan/frequent.ts';
import { groupOf, summarisePlan } from '../../src/plan/summarise-plan.ts';
import { buildChange } from '../report/build.ts';

function update(before: Change['before'], after: Change['after']): Change {
  return { ...buildChange({ operation: 'update' }), before, after, steps: [], undo: 'full' };
}

describe('the groups in which a plan is read', () => {
  it.each([
    ['update', { title: 'Analyst' }, { title: 'Lead' }],
    ['update', { roles: ['Viewer'] }, { roles: ['Planner', 'Viewer'] }],
    ['accessLost', { roles: ['Planner', 'Viewer'] }, { roles: ['Planner', 'Approver'] }],
    ['accessLost', { groups: ['EPM'] }, { groups: null }],
  ])('take for %s a change from %o to %o', (group, before, after) => {
    expect(groupOf(update(before, after))).toBe(group);
  });

  it('set a conflict apart, whatever its operation is', () => {
    const conflict = { ...update({ roles: ['Viewer'] }, { roles: [] }), disposition: 'conflict' as const };
    expect(groupOf(conflict)).toBe('conflict');
  });
});

describe('the summary of a plan', () => {
  it('counts operations by cause, what can be undone, and steps that may share a request', () => {
    const step = (subject: string) => ({ action: 'assign-role', subject, values: {} });
    const summary = summarisePlan([
      { ...update({ title: 'A' }, { title: 'B' }), steps: [step('Viewer'), step('Planner')] },
      { ...update({ title: 'A' }, { title: null }), steps: [step('Viewer')] },
      { ...buildChange({ operation: 'disable' }), cause: 'absence', undo: 'full', steps: [] },
      { ...buildChange({ operation: 'create' }), cause: 'feed', undo: 'partly', steps: [] },
      {
        ...update({}, {}),
        disposition: 'conflict',
        reason: { code: 'LOGIN_TAKEN', message: '' },
        steps: [step('Viewer')],
      },
    ]);
    expect(summary.byCause).toMatchObject({
      update: { feed: 2 },
      disable: { absence: 1 },
      create: { feed: 1 },
    });
    expect(summary.conflicts).toEqual({ LOGIN_TAKEN: 1 });
    expect(summary.undo).toEqual({ full: 3, partly: 1, no: 0 });
    expect(summary.steps).toEqual([2, 1]);
    expect(summary.groups).toMatchObject({ conflict: 1, disable: 1, update: 2, create: 1 });
  });

  it('tells how often an attribute goes from one value to another, and what sets gain and lose', () => {
    const changes = [
      ...Array.from({ length: 3 }, () => update({ title: 'Analyst' }, { title: 'Lead' })),
      update({ title: 'Analyst' }, { title: null }),
      ...Array.from({ length: 2 }, () =>
        update({ roles: ['Planner', 'Viewer'] }, { roles: ['Approver', 'Viewer'] }),
      ),
      update({ 'emails.work': 'a@example.com' }, { 'emails.work': 'b@example.com' }),
      update({ 'emails.work': 'c@example.com' }, { 'emails.work': 'd@example.com' }),
    ];
    expect(summarisePlan(changes).attributes).toEqual([
      {
        name: 'title',
        changed: 4,
        emptied: 1,
        isExact: true,
        pairs: [{ kind: 'value', from: 'Analyst', to: 'Lead', count: 3 }],
      },
      { name: 'emails.work', changed: 2, emptied: 0, isExact: true, pairs: [] },
      {
        name: 'roles',
        changed: 2,
        emptied: 0,
        isExact: true,
        pairs: [
          { kind: 'entry', from: 'Planner', to: null, count: 2 },
          { kind: 'entry', from: null, to: 'Approver', count: 2 },
        ],
      },
    ]);
  });
});

describe('what comes most often', () => {
  it('is found with few counters, and never counted too often', () => {
    const counts = frequent(4);
    for (let at = 0; at < 1_000; at += 1) counts.add(at % 2 === 0 ? 'often' : `once ${at}`);
    expect(counts.isExact()).toBe(false);
    const [first] = counts.top(1);
    expect(first?.text).toBe('often');
    expect(first?.count).toBeGreaterThan(300);
    expect(first?.count).toBeLessThanOrEqual(500);
    expect(counts.top(10).length).toBeLessThanOrEqual(4);
  });

  it('is counted exactly while there are counters for all', () => {
    const counts = frequent(4);
    for (const text of ['a', 'b', 'a', 'c', 'b', 'a']) counts.add(text);
    expect(counts.top(2)).toEqual([
      { text: 'a', count: 3 },
      { text: 'b', count: 2 },
    ]);
    expect(counts.isExact()).toBe(true);
  });
});
