import type { Step } from '../../domain/change.ts';
import { sameValue } from '../../domain/comparison.ts';
import type { User } from '../../domain/user.ts';
import { attributes } from './attributes.ts';
import { attributesOf, isMarked, unseenAttributes } from './users.ts';

export type Verdict = 'applied' | 'notApplied' | 'cannotTell';

/** Whether a write in doubt took effect, from what a look-up found. */
export function verdict(step: Step, found: User | undefined): Verdict {
  switch (step.action) {
    case 'create':
      return either(found !== undefined);
    case 'update':
      return found === undefined ? 'cannotTell' : updateVerdict(step, found);
    case 'enable':
      return found === undefined ? 'cannotTell' : either(found.active);
    case 'disable':
      return found === undefined ? 'cannotTell' : either(!found.active);
    case 'unmark-deleted':
      return found === undefined ? 'cannotTell' : either(!isMarked(found));
    case 'remove':
      return either(found === undefined || isMarked(found));
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/**
 * A create of a user name that exists is refused, and an update writes values, not differences: sending either
 * twice does no harm.
 */
export function createOnly(step: Step): boolean {
  return step.action === 'create' || step.action === 'update';
}

/**
 * An update is taken whole or not at all, so the attributes that a look-up shows speak for those that it does not.
 * These prove nothing themselves: what stands there is what was known before, or wanted.
 */
function updateVerdict(step: Step, found: User): Verdict {
  const shown = Object.entries(attributesOf(step)).filter(([name]) => !unseenAttributes.includes(name));
  if (shown.length === 0) return 'cannotTell';
  return either(shown.every(([name, value]) => sameValue(found.attributes[name], value, attributes[name])));
}

function either(isApplied: boolean): Verdict {
  return isApplied ? 'applied' : 'notApplied';
}
