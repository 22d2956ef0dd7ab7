import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import type { PlannedNeed } from '../../src/match/order-changes.ts';
import { openReviewedChanges } from '../../src/plan/reviewed-changes.ts';
import { type Choice, chooseReviewed, chooseSelected, everything } from '../../src/run/choice.ts';
import { change } from '../ledger/build.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function reviewed(changes: readonly Change[]): Choice {
  const folder = join(mkdtempSync(join(tmpdir(), 'rollcall-choice-')), 'scratch');
  const store = openReviewedChanges(folder, changes);
  closing.push(() => {
    store.close();
    rmSync(dirname(folder), { recursive: true });
  });
  return chooseReviewed(store, everything);
}

/** What making the plan anew gives for somebody. */
function anew({ seq: _, disposition: __, reason: ___, steps, ...need }: Change): PlannedNeed {
  return { need, steps };
}

const update = change(1, {
  operation: 'update',
  userId: 'u1',
  before: { title: 'Clerk', roles: ['Viewer'] },
  after: { title: 'Manager', roles: ['Planner', 'Viewer'] },
  steps: [{ action: 'set', subject: '', values: { title: 'Manager' } }],
});

describe('the choice of a reviewed plan', () => {
  it('is the same change, whatever its place in the plan and the line of its row', () => {
    const same = anew({ ...update, seq: 7, rows: [{ line: 99, cells: [] }] });
    expect(reviewed([update]).take(same)).toBe(same);
    const reordered = anew({ ...update, before: { roles: ['Viewer'], title: 'Clerk' } });
    expect(reviewed([update]).take(reordered)).toBe(reordered);
  });

  it.each<[string, Partial<Change>]>([
    ['another operation', { operation: 'enable' }],
    ['another user', { userId: 'u2' }],
    ['another value before', { before: { title: 'Cook', roles: ['Viewer'] } }],
    ['another value after', { after: { title: 'Manager', roles: ['Viewer'] } }],
    ['one attribute more', { after: { ...update.after, department: 'Sales' } }],
    ['one attribute fewer', { after: { title: 'Manager' } }],
    ['something else to remember', { remember: { roles: [] } }],
    ['another call', { steps: [{ action: 'put', subject: '', values: { title: 'Manager' } }] }],
    [
      'one call more',
      { steps: [...update.steps, { action: 'assign-role', subject: 'Planner', values: {} }] },
    ],
    ['a conflict', { conflict: { code: 'LOGIN_TAKEN', message: 'taken' } }],
  ])('is a conflict for %s', (_, difference) => {
    const taken = reviewed([update]).take(anew({ ...update, ...difference }));
    expect(taken?.need.conflict?.code).toBe('CHANGED_SINCE_PLAN');
    expect(taken?.steps).toEqual([]);
    // What is shown is what was reviewed.
    expect(taken?.need).toMatchObject({ operation: 'update', userId: 'u1', after: update.after });
  });

  it('sends nothing that was a conflict when it was reviewed', () => {
    const conflict = { code: 'DISABLED_ELSEWHERE', message: 'disabled' };
    const choice = reviewed([{ ...update, conflict, steps: [] }]);
    expect(choice.take(anew(update))?.need.conflict).toEqual(conflict);
  });

  it('takes nobody whom the plan does not name, and nobody twice', () => {
    const choice = reviewed([update]);
    expect(choice.take(anew({ ...update, linkKey: 'e2' }))).toBeNull();
    expect(choice.take(anew(update))).not.toBeNull();
    expect(choice.take(anew(update))).toBeNull();
    expect(choice.gone('e1', 'u1')).toBeNull();
  });

  it('makes a conflict of whoever needs nothing any more, met or not', () => {
    const choice = reviewed([update, { ...update, seq: 2, linkKey: 'e2', userId: 'u2' }]);
    expect(choice.gone('e1', 'u1')?.need.conflict?.code).toBe('CHANGED_SINCE_PLAN');
    expect([...choice.rest()].map(({ need }) => [need.linkKey, need.conflict?.code])).toEqual([
      ['e2', 'CHANGED_SINCE_PLAN'],
    ]);
  });
});

describe('the choice of some operations and people', () => {
  it('takes exactly what both name, and knows whom it never met', () => {
    const choice = chooseSelected({ only: ['disable'], people: ['E1', 'e2', 'E9'] });
    for (const n of [1, 2, 3]) choice.meet({ key: `E${n}`, linkKey: `e${n}` });
    const taken = [1, 2, 3].flatMap((n) =>
      (['disable', 'update'] as const).filter(
        (operation) => choice.take(anew(change(n, { operation }))) !== null,
      ),
    );
    expect(taken).toEqual(['disable', 'disable']);
    expect(choice.unmet()).toEqual(['E9']);
    expect([choice.isPartial, chooseSelected(everything).isPartial]).toEqual([true, false]);
  });
});
