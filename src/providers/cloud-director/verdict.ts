import type { Step } from '../../domain/change.ts';
import { identicalValue, sameValue } from '../../domain/comparison.ts';
import type { User, Value } from '../../domain/user.ts';
import { groupsAdded, groupsRemoved, rolesAdded, rolesRemoved, setOf } from './users.ts';

export type Verdict = 'applied' | 'notApplied' | 'cannotTell';

/**
 * Whether a write in doubt took effect, from what a look-up found. The list of an organisation is whole, but a new
 * user may show in it only after some seconds (SDK govcd/user.go waits up to ten, 2026).
 */
export function verdict(step: Step, found: User | undefined): Verdict {
  switch (step.action) {
    case 'create':
      return found === undefined ? 'cannotTell' : 'applied';
    case 'update':
      return either(found !== undefined && hasValues(step, found));
    case 'enable':
      return either(found?.active === true && hasValues(step, found));
    case 'disable':
      return either(found !== undefined && !found.active);
    case 'set-groups':
      // A look-up shows them only where the job still reads groups.
      if (found !== undefined && found.attributes.groups === undefined) return 'cannotTell';
      return either(found !== undefined && hasValues(step, found));
    case 'take-ownership':
      // What a user owns cannot be seen; who is gone owns nothing.
      return found === undefined ? 'applied' : 'cannotTell';
    case 'delete':
      return either(found === undefined);
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** A user who exists is refused, not changed, by another create; taking over what is taken over changes nothing. */
export function createOnly(step: Step): boolean {
  return step.action === 'create' || step.action === 'take-ownership';
}

function hasValues(step: Step, found: User): boolean {
  return Object.entries(step.values).every(([name, value]) => hasValue(name, value, found));
}

function hasValue(name: string, value: Value | null, found: User): boolean {
  const { roles, groups } = found.attributes;
  if (name === rolesAdded) return setOf(value).every((role) => setOf(roles).includes(role));
  if (name === rolesRemoved) return !setOf(value).some((role) => setOf(roles).includes(role));
  if (name === groupsAdded) return setOf(value).every((group) => setOf(groups).includes(group));
  if (name === groupsRemoved) return !setOf(value).some((group) => setOf(groups).includes(group));
  if (name === 'userName') return sameValue(found.attributes[name], value, { caseExact: false });
  return identicalValue(found.attributes[name], value);
}

function either(isApplied: boolean): Verdict {
  return isApplied ? 'applied' : 'notApplied';
}
