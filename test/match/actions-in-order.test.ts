import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Operation, operations } from '../../src/domain/change.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Attributes } from '../../src/domain/user.ts';
import { actionsInOrder } from '../../src/match/actions-in-order.ts';
import { buildColumn } from '../diff/build.ts';
import { buildPerson } from './build.ts';

const rules = {
  columns: [buildColumn('roles', { owned: ['EPM-*'] }), buildColumn('groups')],
  attributes: { roles: { caseExact: true }, groups: { caseExact: false } },
};

function row(
  line: number,
  action: Operation,
  attributes: Attributes = {},
  more: Partial<Person> = {},
): Person {
  return buildPerson(1, { rows: [{ line, cells: [] }], actions: [action], attributes, ...more });
}

function personOf(...rows: readonly Person[]): Person {
  const one = actionsInOrder(rows, rules);
  if (one.kind === 'none') throw new Error(one.message);
  return one.person;
}

describe('rows of one person in a delta', () => {
  it('lay their values over each other in their order, and keep all rows and actions', () => {
    const person = personOf(
      row(2, 'create', { title: 'Clerk', 'emails.work': 'a@example.com' }),
      row(9, 'update', { title: 'Manager' }),
      row(11, 'update', { 'emails.work': null }),
    );
    expect(person.attributes).toEqual({ title: 'Manager', 'emails.work': null });
    expect(person.rows.map(({ line }) => line)).toEqual([2, 9, 11]);
    expect(person.actions).toEqual(['create', 'update', 'update']);
  });

  it('let sets grow, but for what the job owns and the later row no longer names', () => {
    const person = personOf(
      row(2, 'update', { roles: ['EPM-Old', 'Viewer'], groups: ['Finance'] }),
      row(3, 'update', { roles: ['EPM-New'], groups: ['finance', 'Audit'] }),
    );
    expect(person.attributes.roles).toEqual(['Viewer', 'EPM-New']);
    expect(person.attributes.groups).toEqual(['finance', 'Audit']);
    expect(
      personOf(row(2, 'update', { roles: ['EPM-A'] }), row(3, 'update', { roles: null })).attributes,
    ).toEqual({
      roles: null,
    });
  });

  it('take the last status', () => {
    const person = personOf(row(2, 'update', {}, { onLeave: true }), row(3, 'update', {}, { active: false }));
    expect([person.active, person.onLeave]).toEqual([false, undefined]);
  });

  it('contradict each other when something follows a removal', () => {
    for (const action of operations) {
      const one = actionsInOrder([row(2, 'remove'), row(3, action)], rules);
      expect(one.kind === 'none' ? one.code : 'taken').toBe(
        action === 'remove' ? 'taken' : 'CONTRADICTING_ACTIONS',
      );
    }
  });

  it('contradict each other when they name different logins', () => {
    const one = actionsInOrder([row(2, 'update'), row(3, 'update', {}, { matchKey: 'other' })], rules);
    expect(one).toMatchObject({ kind: 'none', code: 'CONTRADICTING_ACTIONS' });
  });

  it('are never lost, whatever they ask for', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...operations), { minLength: 1, maxLength: 6 }), (actions) => {
        const people = actions.map((action, index) => row(index + 2, action));
        const one = actionsInOrder(people, rules);
        if (one.kind === 'one') expect(one.person.rows).toHaveLength(actions.length);
        else expect(actions.slice(0, -1)).toContain('remove');
      }),
    );
  });
});
