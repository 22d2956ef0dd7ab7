import type { Step } from '../../domain/change.ts';
import { identicalValue } from '../../domain/comparison.ts';
import type { User } from '../../domain/user.ts';
import { setOf } from './users.ts';

export type Verdict = 'applied' | 'notApplied' | 'cannotTell';

/**
 * Whether a write in doubt took effect, from what a look-up found. Not to be found proves little here: the list
 * leaves out every account without a role.
 */
export function verdict(step: Step, found: User | undefined): Verdict {
  switch (step.action) {
    case 'add':
      return found === undefined ? 'cannotTell' : 'applied';
    case 'update':
      return found === undefined ? 'cannotTell' : either(hasValues(step, found));
    case 'assign-role':
      return found === undefined ? 'notApplied' : membership(step, found, 'roles', true);
    case 'unassign-role':
      return found === undefined ? 'applied' : membership(step, found, 'roles', false);
    case 'add-to-group':
      return found === undefined ? 'cannotTell' : membership(step, found, 'groups', true);
    case 'remove-from-group':
      return found === undefined ? 'cannotTell' : membership(step, found, 'groups', false);
    case 'remove':
      if (found !== undefined) return 'notApplied';
      return step.values.listed === true ? 'applied' : 'cannotTell';
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** An account that exists is not changed by adding it again, so repeating an add does no harm. */
export function createOnly(step: Step): boolean {
  return step.action === 'add';
}

/**
 * The same where the job names the codes of "gone already": then a removal may be repeated too, for its answer tells
 * what became of an account that no list shows. No page documents such a code (PREST Remove Users v2, 2026).
 */
export function repeatable(step: Step): boolean {
  return createOnly(step) || step.action === 'remove';
}

function hasValues(step: Step, found: User): boolean {
  return Object.entries(step.values).every(([name, value]) => identicalValue(found.attributes[name], value));
}

function membership(step: Step, found: User, name: 'roles' | 'groups', wanted: boolean): Verdict {
  const held = found.attributes[name];
  if (held === undefined) return 'cannotTell';
  return either(setOf(held).includes(step.subject.normalize('NFC')) === wanted);
}

function either(isApplied: boolean): Verdict {
  return isApplied ? 'applied' : 'notApplied';
}
