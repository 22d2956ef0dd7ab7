import type { Body } from './requests.ts';
import { parseJson } from './wire.ts';

/** What the service says of the save that a create or an update asked for. */
export interface Saved {
  /** `save_succeeded`, which decides: HTTP 200 only says that the request was taken. */
  readonly succeeded: boolean;
  readonly userId: string | null;
  readonly duplicate: boolean;
  /** The flags that are false, in the order of the page. */
  readonly faults: readonly Fault[];
  /** What else it says, in its own words. */
  readonly reasons: readonly string[];
}

/** A flag that says that a property is not valid. */
export interface Fault {
  /** As in the answer: `email_valid`. */
  readonly flag: string;
  /** Of what we sent: the attribute by our name, and for lists which entries. */
  readonly about: string;
  /** Whether we sent a value there at all. */
  readonly sent: boolean;
  readonly reason: string | null;
}

interface Flag {
  readonly flag: string;
  /** Property of the request. */
  readonly field: string;
  readonly about: string;
  readonly reason?: string;
  /** True where entries are no personal values, so that a message may name them. */
  readonly quotable?: true;
}

/** The flags of the Update Local User page (2026), the list flags in the order of the lists that were sent. */
const flags: readonly Flag[] = [
  { flag: 'first_name_valid', field: 'firstName', about: 'name.givenName' },
  { flag: 'last_name_valid', field: 'lastName', about: 'name.familyName' },
  { flag: 'username_valid', field: 'userName', about: 'userName' },
  { flag: 'email_valid', field: 'email', about: 'emails.work', reason: 'email_failure_reason' },
  { flag: 'sms_phone_valid', field: 'defaultSmsPhone', about: 'phoneNumbers.mobile' },
  { flag: 'voice_phone_valid', field: 'defaultVoicePhone', about: 'phoneNumbers.work' },
  {
    flag: 'manager_email_valid',
    field: 'managerEmail',
    about: 'manager',
    reason: 'manager_email_failure_reason',
  },
  { flag: 'identity_source_valid', field: 'identitySource', about: 'the identity source', quotable: true },
  { flag: 'password_valid', field: 'password', about: 'the password' },
  {
    flag: 'initial_password_email_valid',
    field: 'initialPasswordEmail',
    about: 'the address for the first password',
  },
  {
    flag: 'password_send_method_valid',
    field: 'passwordSendMethod',
    about: 'target.password.send',
    quotable: true,
  },
  { flag: 'alternate_username_valid', field: 'alternateUsernames', about: 'rsa-id-plus.alternateUsernames' },
  { flag: 'virtualgroups_valid', field: 'groupMemberships', about: 'groups', quotable: true },
  { flag: 'sms_phone_list_valid', field: 'smsPhoneNumbers', about: 'rsa-id-plus.smsPhones' },
  { flag: 'voice_phone_list_valid', field: 'voicePhoneNumbers', about: 'rsa-id-plus.voicePhones' },
];

/**
 * Reads the answer to a create or an update; null when it does not say whether the save succeeded. The page's
 * sample has `save_succeeded`, its table of codes `saveSucceeded`: both spellings are taken, of every name.
 */
export function readSaved(text: string, sent: Body): Saved | null {
  const json = parseJson(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const answer = new Map(Object.entries(json).map(([name, value]) => [snakeCase(name), value as unknown]));
  const succeeded = booleanOf(answer.get('save_succeeded'));
  if (succeeded === null) return null;
  return {
    succeeded,
    userId: textOf(answer.get('user_id')),
    duplicate: booleanOf(answer.get('duplicate_username')) === true,
    faults: flags.flatMap((flag) => faultOf(flag, answer, sent) ?? []),
    reasons: [answer.get('save_failure_reason'), ...listOf(answer.get('validation_errors'))].flatMap(
      (reason) => textOf(reason) ?? [],
    ),
  };
}

function faultOf(flag: Flag, answer: ReadonlyMap<string, unknown>, sent: Body): Fault | null {
  const value = answer.get(flag.flag);
  const given = sent[flag.field];
  const reason = flag.reason === undefined ? null : textOf(answer.get(flag.reason));
  if (!Array.isArray(value)) {
    if (booleanOf(value) !== false) return null;
    const named = flag.quotable && typeof given === 'string' ? `${flag.about} (${given})` : flag.about;
    return { flag: flag.flag, about: named, sent: isFilled(given), reason };
  }
  const wrong = [...value.keys()].filter((index) => booleanOf(value[index]) === false);
  if (wrong.length === 0) return null;
  const entries = typeof given === 'object' && given !== null ? given : [];
  return {
    flag: flag.flag,
    about: `${flag.about}: ${wrong.map((index) => entryName(index, entries, flag)).join(', ')}`,
    sent: wrong.some((index) => index < entries.length),
    reason,
  };
}

/** The arrays of flags follow the arrays that were sent: by position, a group by its name, a phone by its place. */
function entryName(index: number, entries: readonly string[], flag: Flag): string {
  const entry = entries[index];
  return flag.quotable && entry !== undefined ? entry : `entry ${index + 1} of ${entries.length}`;
}

function isFilled(value: Body[string] | undefined): boolean {
  return value !== undefined && value !== null && value.length > 0;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function booleanOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  return value === 'false' ? false : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
