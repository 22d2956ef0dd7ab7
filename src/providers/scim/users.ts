import type { Step } from '../../domain/change.ts';
import type { User, Value } from '../../domain/user.ts';
import { folded, minus, setOf, takenRoles } from './steps.ts';

/** The list shows everybody: whom it leaves out is not looked at. */
export function unlisted(user: User): User {
  return user;
}

/** The user after a step took effect. */
export function applied(step: Step, user: User | null, userId: string): User {
  const now: User = user ?? { id: userId, active: true, attributes: {} };
  switch (step.action) {
    case 'create':
      return { id: userId, active: true, attributes: { groups: [], ...ownValues(step) } };
    case 'update':
      return { ...now, attributes: { ...now.attributes, ...ownValues(step) } };
    case 'enable':
      return { ...now, active: true, attributes: { ...now.attributes, ...ownValues(step) } };
    case 'disable':
    case 'remove':
      return { ...now, active: false };
    case 'add-to-group':
      return withGroups(now, plus(now.attributes.groups, step.subject));
    case 'remove-from-group':
      return withGroups(now, minus(now.attributes.groups, [step.subject]));
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** What a step writes into attributes. */
export function ownValues(step: Step): Readonly<Record<string, Value | null>> {
  const { active: _, [takenRoles]: __, ...values } = step.values;
  return values;
}

function withGroups(user: User, groups: readonly string[]): User {
  return { ...user, attributes: { ...user.attributes, groups } };
}

function plus(value: Value | null | undefined, entry: string): readonly string[] {
  const held = setOf(value);
  return held.some((one) => folded(one) === folded(entry)) ? held : [...held, entry].sort();
}
