import type { Need, Step } from '../../domain/change.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import type { Config } from './config.ts';
import {
  groupsAdded,
  groupsRemoved,
  minusAll,
  rolesAdded,
  rolesRemoved,
  setOf,
  textFields,
} from './users.ts';

/** Each is about one user; `update`, `enable` and `disable` are the same whole-object PUT. */
export type Action = 'create' | 'update' | 'enable' | 'disable' | 'set-groups' | 'take-ownership' | 'delete';

const writable: ReadonlySet<string> = new Set(['userName', ...textFields.map(([attribute]) => attribute)]);

/**
 * The calls that a need takes. A user with all roles is one object and one step; groups are another, written once the
 * user is there. Unless the job says otherwise, what a user owns is moved before the removal, which would fail for
 * running machines and take stopped ones along.
 */
export function steps(
  need: Need,
  { takeOwnershipBeforeRemove }: Pick<Config, 'takeOwnershipBeforeRemove'>,
): readonly Step[] {
  switch (need.operation) {
    case 'create':
      return [step('create', { ...pick(need.after), roles: setOf(need.after.roles) }), ...groupSteps(need)];
    case 'update': {
      const values = changes(need);
      return [...(Object.keys(values).length > 0 ? [step('update', values)] : []), ...groupSteps(need)];
    }
    case 'enable':
      return [step('enable', changes(need)), ...groupSteps(need)];
    case 'disable':
      return [step('disable', {})];
    case 'remove':
      return [...(takeOwnershipBeforeRemove ? [step('take-ownership', {})] : []), step('delete', {})];
  }
}

/** Disabling takes nothing but the flag, and leaves roles and groups alone, so there is nothing to give back. */
export function remembers(_user: User): Attributes {
  return {};
}

function changes({ before, after }: Need): Attributes {
  return { ...pick(after), ...difference(before.roles, after.roles, [rolesAdded, rolesRemoved]) };
}

function groupSteps({ before, after }: Need): readonly Step[] {
  const values = difference(before.groups, after.groups, [groupsAdded, groupsRemoved]);
  return Object.keys(values).length > 0 ? [step('set-groups', values)] : [];
}

/** What a set gains and loses, under these names; a name is left out when there is nothing under it. */
function difference(
  before: Value | null | undefined,
  after: Value | null | undefined,
  [add, remove]: readonly [add: string, remove: string],
): Attributes {
  const [had, wanted] = [setOf(before), setOf(after)];
  const added = minusAll(wanted, had);
  const removed = minusAll(had, wanted);
  return {
    ...(added.length > 0 ? { [add]: added } : {}),
    ...(removed.length > 0 ? { [remove]: removed } : {}),
  };
}

function pick(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => writable.has(name)));
}

function step(action: Action, values: Attributes): Step {
  return { action, subject: '', values };
}
