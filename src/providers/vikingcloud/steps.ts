import type { Need, Step } from '../../domain/change.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import {
  lists,
  minusAll,
  phone,
  phoneCountryCode,
  pick,
  attributes as rules,
  setOf,
  singleNames,
} from './fields.ts';

/** The provider's calls; each is about one user. */
export type Action = 'create' | 'update' | 'access' | 'enable' | 'disable';

/** The calls that a need takes. There is no call that removes a user. */
export function steps(need: Need, user: User | null): readonly Step[] {
  switch (need.operation) {
    case 'create':
      return [{ action: 'create', subject: '', values: pick(need.after, Object.keys(rules)) }];
    case 'update':
      return [...attributeSteps(need.after, user), ...accessSteps(need)];
    case 'enable':
      return [
        { action: 'enable', subject: '', values: {} },
        ...attributeSteps(need.after, user),
        ...accessSteps(need),
      ];
    case 'disable':
      return [{ action: 'disable', subject: '', values: {} }];
    case 'remove':
      throw new Error('VikingCloud documents no call that removes a user.');
  }
}

/** Disabling changes `enabled` alone, so there is nothing that enabling has to give back. */
export function remembers(): Attributes {
  return {};
}

/**
 * One step with only what changes, or none. A phone travels with its country code, changed or not: the service
 * refuses the one without the other (page Update user, 2026).
 */
function attributeSteps(after: Attributes, user: User | null): readonly Step[] {
  const values = pick(after, singleNames);
  if (Object.keys(values).length === 0) return [];
  const known = user?.attributes[phoneCountryCode];
  if (values[phone] && values[phoneCountryCode] === undefined && known) values[phoneCountryCode] = known;
  return [{ action: 'update', subject: '', values }];
}

/** What is given and what is taken, not the whole set: somebody else may change it before this is sent. */
function accessSteps({ before, after }: Need): readonly Step[] {
  const values: Record<string, Value> = {};
  for (const { attribute, added, taken } of lists) {
    const had = setOf(before[attribute]);
    const wanted = setOf(after[attribute]);
    if (wanted.some((name) => !had.includes(name))) values[added] = minusAll(wanted, had);
    if (had.some((name) => !wanted.includes(name))) values[taken] = minusAll(had, wanted);
  }
  return Object.keys(values).length === 0 ? [] : [{ action: 'access', subject: '', values }];
}
