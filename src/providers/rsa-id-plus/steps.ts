import type { Need, Reason, Step } from '../../domain/change.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import { beside, isMarked, listFields, singleFields, unseenAttributes } from './users.ts';

export type Action = 'create' | 'update' | 'enable' | 'disable' | 'unmark-deleted' | 'remove';

/** The vendor's table of required properties (Update Local User page, 2026). */
const required = ['userName', 'name.givenName', 'emails.work'] as const;

const writable: readonly string[] = [
  ...required,
  'name.familyName',
  ...singleFields.map(([name]) => name),
  ...listFields.map(([name]) => name),
];

/**
 * The calls that a need takes, in the order in which the service accepts them: who is removed must be disabled
 * first (Mark User Deleted and Delete User Now pages, 2026), and a mark that somebody else set must go before the
 * account can work again.
 * @param said what the feed says of the person, where an update has to know all fields; else empty
 */
export function steps(need: Need, user: User | null, said: Attributes): readonly Step[] {
  switch (need.operation) {
    case 'create':
      return [step('create', pick(need.after))];
    case 'update':
      return updateSteps(need, user, said);
    case 'enable':
      return [
        ...(user !== null && isMarked(user) ? [step('unmark-deleted')] : []),
        step('enable'),
        ...updateSteps(need, user, said),
      ];
    case 'disable':
      return [step('disable')];
    case 'remove':
      // Who is marked is as good as gone: the service deletes the account within seven days.
      if (user !== null && isMarked(user)) return [];
      return user?.active === false ? [step('remove')] : [step('disable'), step('remove')];
  }
}

/** The update page has no way to empty a required property, so a plan says so instead of a refused call. */
export function objection(need: Need): Reason | null {
  const emptied = required.filter((name) => need.after[name] === null || need.after[name] === '');
  if (emptied.length === 0) return null;
  return {
    code: 'NOT_WRITABLE',
    message: `RSA ID Plus needs ${emptied.join(', ')}: it cannot be emptied. Fill it in the feed.`,
  };
}

/** One call with what changes, and what it takes to find the account and to judge the risk; or none. */
function updateSteps(need: Need, user: User | null, said: Attributes): readonly Step[] {
  const values = pick(need.after);
  if (Object.keys(values).length === 0) return [];
  const known = user?.attributes ?? {};
  const unseen = listFields
    .map(([name]) => name)
    .filter((name) => values[name] !== undefined && known[name] === undefined);
  return [
    step('update', {
      ...emptied(said, known),
      ...values,
      ...was(beside.userName, values.userName, known.userName),
      ...was(beside.email, values['emails.work'], known['emails.work']),
      ...(unseen.length === 0 ? {} : { [beside.unseen]: unseen }),
    }),
  ];
}

/** What nobody can read and the feed clears: unknown and empty compare equal, so it is among no changes. */
function emptied(said: Attributes, known: Attributes): Attributes {
  const names = unseenAttributes.filter((name) => said[name] === null && known[name] === undefined);
  return Object.fromEntries(names.map((name) => [name, null]));
}

function was(name: string, next: Value | null | undefined, before: Value | null | undefined): Attributes {
  return next === undefined || typeof before !== 'string' ? {} : { [name]: before };
}

function step(action: Action, values: Attributes = {}): Step {
  return { action, subject: '', values };
}

function pick(attributes: Attributes): Attributes {
  const picked: Record<string, Value | null> = {};
  for (const name of writable) {
    const value = attributes[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
