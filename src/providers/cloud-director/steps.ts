import type { Need, Step } from '../../domain/change.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import { minusAll, rolesAdded, rolesRemoved, setOf, textFields } from './users.ts';

/** Each is about one user; `update`, `enable` and `disable` are the same whole-object PUT. */
export type Action = 'create' | 'update' | 'enable' | 'disable' | 'take-ownership' | 'delete';

const writable: ReadonlySet<string> = new Set(['userName', ...textFields.map(([attribute]) => attribute)]);

/**
 * The calls that a need takes. A user with all roles is one object, so all but a removal is one step; what a user
 * owns is moved before the removal, which would fail for running machines and take stopped ones along.
 */
export function steps(need: Need): readonly Step[] {
  switch (need.operation) {
    case 'create':
      return [step('create', { ...pick(need.after), roles: setOf(need.after.roles) })];
    case 'update':
    case 'enable':
      return [step(need.operation, changes(need))];
    case 'disable':
      return [step('disable', {})];
    case 'remove':
      return [step('take-ownership', {}), step('delete', {})];
  }
}

/** Disabling takes nothing but the flag, so there is nothing to give back. */
export function remembers(_user: User): Attributes {
  return {};
}

function changes({ before, after }: Need): Attributes {
  const values: Record<string, Value | null> = { ...pick(after) };
  const [had, wanted] = [setOf(before.roles), setOf(after.roles)];
  const added = minusAll(wanted, had);
  const removed = minusAll(had, wanted);
  if (added.length > 0) values[rolesAdded] = added;
  if (removed.length > 0) values[rolesRemoved] = removed;
  return values;
}

function pick(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => writable.has(name)));
}

function step(action: Action, values: Attributes): Step {
  return { action, subject: '', values };
}
