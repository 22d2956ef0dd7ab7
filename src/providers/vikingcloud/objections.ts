import type { Item } from '../../contracts/provider.ts';
import type { Need } from '../../domain/change.ts';
import type { ErrorCode } from '../../domain/error-code.ts';
import type { Attributes } from '../../domain/user.ts';
import { authenticatorsOf, type Config } from './config.ts';
import { orgId, phone, phoneCountryCode } from './fields.ts';
import { keyOfSought, type UserKey } from './key.ts';

export interface Objection {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why the service would refuse what a person needs; for the plan. */
export function objectionToNeed({ operation, user, after }: Need, config: Config): Objection | null {
  if (operation === 'disable' || operation === 'remove') return null;
  const now = { ...user?.attributes, ...after };
  const key = keyOfSought({ userId: null, attributes: now }, config.authenticator);
  return objectionToWrite({ isNew: operation === 'create', key, now, changes: after }, config);
}

/** Why an item must not be sent; null when nothing is against it. */
export function objectionTo(item: Item, key: UserKey, config: Config): Objection | null {
  const { action, values } = item.step;
  if (action !== 'create' && action !== 'update') return null;
  const now = { ...item.attributes, ...values };
  return objectionToWrite({ isNew: action === 'create', key, now, changes: values }, config);
}

interface Write {
  readonly isNew: boolean;
  readonly key: UserKey | null;
  /** The user as it shall be. */
  readonly now: Attributes;
  readonly changes: Attributes;
}

/** What speaks against a write, from what the vendor documents and the job says. */
function objectionToWrite({ isNew, key, now, changes }: Write, config: Config): Objection | null {
  const ofKey = isNew && key !== null ? (nameObjection(key) ?? authenticatorObjection(key, config)) : null;
  return ofKey ?? phoneObjection(now, changes) ?? orgObjection(changes[orgId], isNew, config);
}

/** The user name becomes a segment of a path elsewhere (page Create user, 2026). */
function nameObjection({ username }: UserKey): Objection | null {
  if (!/\/|%2f/i.test(username)) return null;
  return objection(
    'UNACCEPTABLE',
    'VikingCloud takes no user name that holds "/" or "%2F"; it was not sent.',
  );
}

function authenticatorObjection({ authenticator }: UserKey, config: Config): Objection | null {
  if (authenticatorsOf(config).includes(authenticator)) return null;
  const message =
    'The authenticator is none of target.authenticators, so the next run would not find the user; it was not sent.';
  return objection('UNACCEPTABLE', message);
}

/** If a phone is sent, its country code is mandatory (page Update user, 2026). */
function phoneObjection(now: Attributes, changes: Attributes): Objection | null {
  if (changes[phone] === undefined && changes[phoneCountryCode] === undefined) return null;
  if (!now[phone] || now[phoneCountryCode]) return null;
  const message =
    'A phone number needs its country code (vikingcloud.primaryPhoneCountryCode), and neither the feed nor the user ' +
    'has one; it was not sent.';
  return objection('UNACCEPTABLE', message);
}

function orgObjection(wanted: unknown, isNew: boolean, { orgIds }: Config): Objection | null {
  if (orgIds.length === 0) return null;
  if (typeof wanted === 'string' && !orgIds.includes(wanted)) {
    const message =
      'The organisation is none of target.orgIds, so the next run would not find the user; it was not sent.';
    return objection('UNACCEPTABLE', message);
  }
  if (wanted === null || (wanted === undefined && isNew && orgIds.length > 1)) {
    const message = 'The user would be in none of target.orgIds: map vikingcloud.orgId; it was not sent.';
    return objection('UNACCEPTABLE', message);
  }
  return null;
}

function objection(code: ErrorCode, message: string): Objection {
  return { code, message };
}
