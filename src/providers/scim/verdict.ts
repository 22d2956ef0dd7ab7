import type { Step } from '../../domain/change.ts';
import { identicalValue } from '../../domain/comparison.ts';
import type { User } from '../../domain/user.ts';
import { folded, minus, setOf, takenRoles } from './steps.ts';
import { ownValues } from './users.ts';

export type Verdict = 'applied' | 'notApplied' | 'cannotTell';

/** Whether a write in doubt took effect, from what a look-up found. */
export function verdict(step: Step, found: User | undefined): Verdict {
  switch (step.action) {
    case 'create':
      return either(found !== undefined && isOurs(step, found));
    case 'update':
    case 'enable':
    case 'disable':
      return found === undefined ? 'cannotTell' : either(hasValues(step, found));
    case 'remove':
      // A removal that deactivates, or a service whose DELETE does, leaves the user, inactive.
      return either(found === undefined || (step.values.active === true && !found.active));
    case 'add-to-group':
      return membership(step, found, true);
    case 'remove-from-group':
      return found === undefined ? 'applied' : membership(step, found, false);
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/**
 * The same where nobody is looked up by login. A create is then not repeated without a key either: who is refused as
 * existing would stay without an id, and so without a link.
 */
export const verdictUnseen: typeof verdict = (step, found) =>
  step.action === 'create' && found === undefined ? 'cannotTell' : verdict(step, found);

/** `userName` is unique (RFC 7643, section 4.1.1): creating somebody who exists is refused and changes nothing. */
export function createOnly(step: Step): boolean {
  return step.action === 'create';
}

/** Somebody else may have taken the login in the meantime: then the lasting ids differ. */
function isOurs(step: Step, found: User): boolean {
  const wanted = step.values.externalId;
  const has = found.attributes.externalId;
  return wanted == null || has == null || wanted === has;
}

function hasValues(step: Step, found: User): boolean {
  if (typeof step.values.active === 'boolean' && found.active !== step.values.active) return false;
  return Object.entries(ownValues(step)).every(([name, value]) => {
    const has = found.attributes[name];
    if (name !== 'roles') return identicalValue(has, value);
    const taken = minus(step.values[takenRoles], minus(step.values[takenRoles], has));
    return minus(value, has).length === 0 && taken.length === 0;
  });
}

function membership(step: Step, found: User | undefined, wanted: boolean): Verdict {
  const groups = found?.attributes.groups;
  if (groups === undefined) return 'cannotTell';
  return either(setOf(groups).map(folded).includes(folded(step.subject)) === wanted);
}

function either(isApplied: boolean): Verdict {
  return isApplied ? 'applied' : 'notApplied';
}
