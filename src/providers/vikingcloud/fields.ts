import type { AttributeRule } from '../../contracts/provider.ts';
import type { Attributes, Value } from '../../domain/user.ts';

export const phone = 'phoneNumbers.work';
export const phoneCountryCode = 'vikingcloud.primaryPhoneCountryCode';
export const orgId = 'vikingcloud.orgId';
export const privileges = 'vikingcloud.privileges';

const text = { type: 'string', caseExact: true, writable: 'always', required: false } as const;
const key = { ...text, writable: 'onCreate' } as const;

/** The attributes and their rules. Which of them a create needs "depends on the type of user" (page Update user). */
export const attributes: Readonly<Record<string, AttributeRule>> = {
  userName: { ...key, required: true },
  'vikingcloud.authenticator': key,
  'name.givenName': text,
  'name.familyName': text,
  // Without case, since the service may fold addresses: a difference in case alone is not worth a write.
  'emails.work': { ...text, caseExact: false, format: 'email' },
  [phone]: text,
  [phoneCountryCode]: text,
  'vikingcloud.primaryPhoneExtension': text,
  [orgId]: text,
  locale: text,
  timezone: text,
  'vikingcloud.notes': text,
  'vikingcloud.isSsoUser': { type: 'boolean', caseExact: true, writable: 'onCreate', required: false },
  roles: { type: 'set', caseExact: true, writable: 'always', required: false },
  [privileges]: { type: 'set', caseExact: true, writable: 'always', required: false },
};

/** The attributes with one value, and the property of the User schema that holds each (page Update user, 2026). */
export const properties = {
  'name.givenName': 'firstName',
  'name.familyName': 'lastName',
  'emails.work': 'email',
  [phone]: 'primaryPhone',
  [phoneCountryCode]: 'primaryPhoneCountryCode',
  'vikingcloud.primaryPhoneExtension': 'primaryPhoneExtension',
  [orgId]: 'orgId',
  locale: 'locale',
  timezone: 'timeZone',
  'vikingcloud.notes': 'notes',
} as const;

export const singleNames = Object.keys(properties) as readonly (keyof typeof properties)[];

/** The two lists of a user that are written; what a step gives and takes stands under these names. */
export const lists = [
  { attribute: 'roles', property: 'roles', added: 'roles.added', taken: 'roles.taken' },
  {
    attribute: privileges,
    property: 'privileges',
    added: 'vikingcloud.privileges.added',
    taken: 'vikingcloud.privileges.taken',
  },
] as const;

/** The entries of a set, each once, in a fixed order. */
export function setOf(value: Value | null | undefined): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(value.map((entry) => entry.normalize('NFC')))].sort();
}

/** Those that the second set lacks. */
export function minusAll(ones: readonly string[], others: readonly string[]): readonly string[] {
  const held = new Set(others);
  return ones.filter((one) => !held.has(one));
}

/** Only the named attributes, as far as they are given. */
export function pick(from: Attributes, names: readonly string[]): Record<string, Value | null> {
  const picked: Record<string, Value | null> = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
