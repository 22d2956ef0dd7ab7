import type { Operation } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';

/**
 * What the rows of a delta leave a person in, taken one after the other: the last action but updates, which say
 * nothing of whether somebody works here. Null where the feed has no actions.
 */
export function stateAsked({ actions }: Person): Operation | null {
  if (actions === undefined || actions.length === 0) return null;
  return actions.findLast((action) => action !== 'update') ?? 'update';
}
