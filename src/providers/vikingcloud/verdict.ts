import type { Step } from '../../domain/change.ts';
import type { User } from '../../domain/user.ts';
import { lists } from './fields.ts';
import { lacking } from './users.ts';

export type Verdict = 'applied' | 'notApplied' | 'cannotTell';

/**
 * Whether a write in doubt took effect, from what a look-up found. Who is not found may have been renamed or moved to
 * another organisation, so only a create is certainly not taken then.
 */
export function verdict(step: Step, found: User | undefined): Verdict {
  if (found === undefined) return step.action === 'create' ? 'notApplied' : 'cannotTell';
  if (lacking(step, found).length === 0) return 'applied';
  // Somebody else may have made an account under this name: it is not ours to take for this person.
  if (step.action === 'create') return 'cannotTell';
  return step.action === 'access' && hidesAccess(step, found) ? 'cannotTell' : 'notApplied';
}

/** Whether a list that the step is about is not shown. */
function hidesAccess(step: Step, found: User): boolean {
  return lists.some(
    ({ attribute, added, taken }) =>
      found.attributes[attribute] === undefined &&
      (step.values[added] !== undefined || step.values[taken] !== undefined),
  );
}

/** PUT creates only: a user who exists is left as it is and answered with 409 (page Create user, 2026). */
export function createOnly(step: Step): boolean {
  return step.action === 'create';
}
