import type { Need, Step } from '../../src/domain/change.ts';
import type { Attributes, User, Value } from '../../src/domain/user.ts';

// What a made-up target can do with its users: create, update, enable, disable, remove, and give and take roles one by one.

/** The steps of a change, roles one by one. */
export function stepsOf({ operation, before, after }: Need, restore: Attributes | null): readonly Step[] {
  const { roles: _, active: __, ...values } = after;
  const had = setOf(before.roles);
  const restored = operation === 'enable' ? setOf(restore?.roles) : [];
  const wanted = [...new Set([...setOf(after.roles), ...restored])];
  const given = wanted.filter((role) => !had.includes(role)).map((role) => step('give', role));
  const taken =
    after.roles === undefined
      ? []
      : had.filter((role) => !wanted.includes(role)).map((role) => step('take', role));
  switch (operation) {
    case 'create':
      return [step('create', '', values), ...given];
    case 'update':
      return [...(Object.keys(values).length > 0 ? [step('update', '', values)] : []), ...given, ...taken];
    case 'enable':
      return [step('enable', '', values), ...given, ...taken];
    default:
      return [step(operation)];
  }
}

function step(action: string, subject = '', values: Attributes = {}): Step {
  return { action, subject, values };
}

export function setOf(value: Value | null | undefined): readonly string[] {
  return typeof value === 'object' && value !== null ? value : [];
}

/** The user after a step: what the provider tells core, and what the table does, are the same. */
export function applied({ action, subject, values }: Step, user: User | null, id: string): User {
  const now: User = user ?? { id, active: true, attributes: { roles: [] } };
  const roles = new Set(setOf(now.attributes.roles));
  if (action === 'give') roles.add(subject);
  if (action === 'take') roles.delete(subject);
  const active = action === 'enable' || (action !== 'disable' && action !== 'remove' && now.active);
  return { id, active, attributes: { ...now.attributes, ...values, roles: [...roles].sort() } };
}
