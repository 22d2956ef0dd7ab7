import type { Need, Step } from '../../domain/change.ts';
import { fold } from '../../domain/comparison.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import { places } from './places.ts';

/** Steps of groups may share a request; each of the others is about one user. */
export type Action =
  | 'create'
  | 'update'
  | 'enable'
  | 'disable'
  | 'remove'
  | 'add-to-group'
  | 'remove-from-group';

/** Roles that an update takes away, beside `roles`, the set as it shall be. */
export const takenRoles = 'scim.takenRoles';

/**
 * The calls that a need takes. Groups are resources of their own, so each membership is a step; a user is enabled
 * before it joins a group, for services refuse inactive members, and leaves groups after its other changes.
 */
export function steps(need: Need, user: User | null, _restore: Attributes | null): readonly Step[] {
  const values = valuesOf(need);
  switch (need.operation) {
    case 'create':
      return [{ action: 'create', subject: '', values }, ...groupSteps(need)];
    case 'update':
      return [
        ...(Object.keys(values).length === 0 ? [] : [{ action: 'update', subject: '', values }]),
        ...groupSteps(need),
      ];
    case 'enable':
      return [{ action: 'enable', subject: '', values: { active: true, ...values } }, ...groupSteps(need)];
    case 'disable':
      return [{ action: 'disable', subject: '', values: { active: false } }];
    case 'remove':
      // By `active` a look-up tells a removal that only deactivates from one that did not take effect.
      return [{ action: 'remove', subject: '', values: { active: user?.active ?? true } }];
  }
}

/** The same where `remove` only deactivates: it takes no call for somebody who is inactive already. */
export const deactivatingSteps: typeof steps = (need, user, restore) =>
  need.operation === 'remove' && user?.active === false ? [] : steps(need, user, restore);

/** Nothing has to be given back: `active` is all that a disable changes. */
export function remembers(): Attributes {
  return {};
}

function valuesOf({ before, after }: Need): Attributes {
  const values: Record<string, Value | null> = {};
  for (const [name, value] of Object.entries(after)) if (Object.hasOwn(places, name)) values[name] = value;
  const taken = minus(before.roles, after.roles);
  if (after.roles !== undefined && taken.length > 0) values[takenRoles] = taken;
  return values;
}

function groupSteps({ before, after }: Need): readonly Step[] {
  if (after.groups === undefined) return [];
  return [
    ...each('add-to-group', minus(after.groups, before.groups)),
    ...each('remove-from-group', minus(before.groups, after.groups)),
  ];
}

function each(action: Action, subjects: readonly string[]): readonly Step[] {
  return subjects.map((subject) => ({ action, subject, values: {} }));
}

/** Entries of the first set that the second lacks; both compare without case. */
export function minus(ones: Value | null | undefined, others: Value | null | undefined): readonly string[] {
  const held = new Set(setOf(others).map(folded));
  return setOf(ones).filter((one) => !held.has(folded(one)));
}

export function setOf(value: Value | null | undefined): readonly string[] {
  return typeof value === 'object' && value !== null ? [...new Set(value)].sort() : [];
}

export function folded(text: string): string {
  return fold(text, { caseExact: false });
}
