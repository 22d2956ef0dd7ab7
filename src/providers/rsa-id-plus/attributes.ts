import type { AttributeRule } from '../../contracts/provider.ts';
import { own } from './users.ts';

const always = { writable: 'always', required: false } as const;
const set: AttributeRule = { type: 'set', caseExact: true, ...always };

/** The attributes that a job may map; lengths and formats of numbers are not documented. */
export const attributes: Readonly<Record<string, AttributeRule>> = {
  // Accounts are looked up by either (User Details page, 2026), and a save flags `duplicate_username` and `email_valid`.
  userName: { type: 'string', caseExact: false, writable: 'always', required: true, unique: true },
  'name.givenName': { type: 'string', caseExact: true, writable: 'always', required: true },
  'name.familyName': { type: 'string', caseExact: true, ...always },
  // Whether the service keeps the case of an address is not documented: a change of case alone is not written.
  'emails.work': {
    type: 'string',
    caseExact: false,
    writable: 'always',
    required: true,
    format: 'email',
    unique: true,
  },
  'phoneNumbers.mobile': { type: 'string', caseExact: true, ...always },
  'phoneNumbers.work': { type: 'string', caseExact: true, ...always },
  manager: { type: 'string', caseExact: false, ...always, reference: true },
  groups: set,
  [own.smsPhones]: set,
  [own.voicePhones]: set,
  [own.alternateUsernames]: { ...set, caseExact: false },
};
