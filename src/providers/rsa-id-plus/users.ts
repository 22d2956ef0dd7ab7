import type { Step } from '../../domain/change.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import type { LookedUp } from './wire.ts';

/** Attributes of the provider's own. */
export const own = {
  smsPhones: 'rsa-id-plus.smsPhones',
  voicePhones: 'rsa-id-plus.voicePhones',
  alternateUsernames: 'rsa-id-plus.alternateUsernames',
  /** Read only: the source that the account belongs to. */
  identitySource: 'rsa-id-plus.identitySource',
  /** Read only: the account is disabled and goes within seven days. */
  markDeleted: 'rsa-id-plus.markDeleted',
} as const;

/** The lists of the update page, none of which a look-up shows. */
export const listFields: readonly (readonly [attribute: string, field: string])[] = [
  ['groups', 'groupMemberships'],
  [own.smsPhones, 'smsPhoneNumbers'],
  [own.voicePhones, 'voicePhoneNumbers'],
  [own.alternateUsernames, 'alternateUsernames'],
];

/** The optional single fields. A look-up shows the numbers in some tenants, the manager in none. */
export const singleFields: readonly (readonly [attribute: string, field: string])[] = [
  ['phoneNumbers.mobile', 'defaultSmsPhone'],
  ['phoneNumbers.work', 'defaultVoicePhone'],
  ['manager', 'managerEmail'],
];

const numberFields = [
  ['phoneNumbers.mobile', 'smsNumber'],
  ['phoneNumbers.work', 'voiceNumber'],
] as const;

const textFields = [
  ['userName', 'principalUsername'],
  ['name.givenName', 'firstName'],
  ['name.familyName', 'lastName'],
  ['emails.work', 'emailAddress'],
  [own.identitySource, 'identitySource'],
] as const;

/** What a look-up may leave out: for these, what was last written is all that is known. */
export const unseenAttributes: readonly string[] = [...listFields, ...singleFields].map(([name]) => name);

/**
 * A user as a look-up shows it.
 * @param remembered last known values of the same account: they stand in for what the look-up cannot show
 */
export function userOf(found: LookedUp, remembered: Attributes): User {
  const enabled = found.userStatus.toLowerCase() === 'enabled';
  // Who is enabled is not marked; of others an answer that is silent says nothing.
  const marked = found.markDeleted === undefined && !enabled ? undefined : found.markDeleted === true;
  const attributes: Record<string, Value | null> = {};
  for (const name of unseenAttributes) {
    const value = remembered[name];
    if (value !== undefined) attributes[name] = value;
  }
  for (const [name, field] of numberFields) {
    const number = found[field];
    if (number !== undefined) attributes[name] = number || null;
  }
  for (const [name, field] of textFields) {
    const text = found[field];
    if (text !== undefined) attributes[name] = text || null;
  }
  if (marked !== undefined) attributes[own.markDeleted] = marked;
  return { id: found.id, active: enabled && marked !== true, attributes };
}

/** A user from a search or an export, with what it does not show as it was last known. */
export function listed(user: User, known: User): User {
  return { ...user, attributes: { ...known.attributes, ...user.attributes } };
}

export function isMarked(user: User): boolean {
  return user.attributes[own.markDeleted] === true;
}

/** The account after a step took effect. */
export function applied(step: Step, user: User | null, userId: string): User {
  const now: User = user ?? { id: userId, active: true, attributes: {} };
  switch (step.action) {
    case 'create':
      return { id: userId, active: true, attributes: { ...newcomer, ...attributesOf(step) } };
    case 'update':
      return { ...now, attributes: { ...now.attributes, ...attributesOf(step) } };
    case 'enable':
      return { ...now, active: true };
    case 'disable':
      return { ...now, active: false };
    case 'unmark-deleted':
      return { ...now, attributes: { ...now.attributes, [own.markDeleted]: false } };
    case 'remove':
      return { ...now, active: false, attributes: { ...now.attributes, [own.markDeleted]: true } };
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** What a step carries beside attributes: under which names the account is found before it is renamed, and more. */
export const beside = {
  userName: 'was.userName',
  email: 'was.emails.work',
  /** Names of the lists that a step writes and whose present entries nobody knows. */
  unseen: 'unseen',
} as const;

const besideNames: ReadonlySet<string> = new Set(Object.values(beside));

/** The attributes among a step's values. */
export function attributesOf(step: Step): Attributes {
  return Object.fromEntries(Object.entries(step.values).filter(([name]) => !besideNames.has(name)));
}

/** A new account has the lists, phones and manager that it was created with, and no others. */
const newcomer: Attributes = Object.fromEntries([
  ...listFields.map(([name]) => [name, []]),
  ...singleFields.map(([name]) => [name, null]),
]);
