import type { Step } from '../../domain/change.ts';
import type { User } from '../../domain/user.ts';
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
  return step.action === 'create' ? 'cannotTell' : 'notApplied';
}

/** PUT creates only: a user who exists is left as it is and answered with 409 (page Create user, 2026). */
export function createOnly(step: Step): boolean {
  return step.action === 'create';
}
