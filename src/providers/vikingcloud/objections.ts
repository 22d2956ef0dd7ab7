import type { Item } from '../../contracts/provider.ts';
import type { ErrorCode } from '../../domain/error-code.ts';
import { type Config, authenticatorsOf } from './config.ts';
import { orgId, phone, phoneCountryCode } from './fields.ts';
import type { UserKey } from './key.ts';

export interface Objection {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why an item must not be sent, from what the vendor documents and the job says; null when nothing is against it. */
export function objectionTo(item: Item, key: UserKey, config: Config): Objection | null {
  const { action } = item.step;
  if (action === 'create') return keyObjection(key, config) ?? contentObjection(item, config);
  return action === 'update' ? contentObjection(item, config) : null;
}

function keyObjection({ username, authenticator }: UserKey, config: Config): Objection | null {
  // The user name becomes a segment of a path elsewhere (page Create user, 2026).
  if (/\/|%2f/i.test(username)) {
    return objection('REFUSED', 'VikingCloud takes no user name that holds "/" or "%2F"; it was not sent.');
  }
  if (!authenticatorsOf(config).includes(authenticator)) {
    const message =
      'The authenticator is none of target.authenticators, so the next run would not find the user; it was not sent.';
    return objection('REFUSED', message);
  }
  return null;
}

function contentObjection({ step, attributes }: Item, config: Config): Objection | null {
  const phoneNow = attributes[phone];
  const touchesPhone = step.values[phone] !== undefined || step.values[phoneCountryCode] !== undefined;
  if (touchesPhone && phoneNow && !attributes[phoneCountryCode] && !step.values[phoneCountryCode]) {
    const message =
      'A phone number needs its country code (vikingcloud.primaryPhoneCountryCode), and neither the feed nor the ' +
      'user has one; it was not sent.';
    return objection('MISSING_REQUIRED', message);
  }
  return orgObjection(step.values[orgId], step.action, config);
}

function orgObjection(wanted: unknown, action: string, { orgIds }: Config): Objection | null {
  if (orgIds.length === 0) return null;
  if (typeof wanted === 'string' && !orgIds.includes(wanted)) {
    const message =
      'The organisation is none of target.orgIds, so the next run would not find the user; it was not sent.';
    return objection('REFUSED', message);
  }
  if (wanted === null || (wanted === undefined && action === 'create' && orgIds.length > 1)) {
    const message = 'The user would be in none of target.orgIds: map vikingcloud.orgId; it was not sent.';
    return objection('MISSING_REQUIRED', message);
  }
  return null;
}

function objection(code: ErrorCode, message: string): Objection {
  return { code, message };
}
