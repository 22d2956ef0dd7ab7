import type { Item } from '../../contracts/provider.ts';
import type { Need } from '../../domain/change.ts';
import type { ErrorCode } from '../../domain/error-code.ts';
import type { Attributes } from '../../domain/user.ts';
import { authenticatorsOf, type Config } from './config.ts';
import { orgId, phone, phoneCountryCode } from './fields.ts';
import type { UserKey } from './key.ts';

export interface Objection {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why the service would refuse what a person needs, as far as that hangs on no setting; for the plan. */
export function objectionToNeed({ operation, user, after }: Need): Objection | null {
  if (operation === 'disable' || operation === 'remove') return null;
  const name = operation === 'create' ? nameObjection(after.userName) : null;
  return name ?? phoneObjection({ ...user?.attributes, ...after }, after);
}

/** Why an item must not be sent, from what the vendor documents and the job says; null when nothing is against it. */
export function objectionTo(item: Item, key: UserKey, config: Config): Objection | null {
  const { action, values } = item.step;
  if (action !== 'create' && action !== 'update') return null;
  return (
    (action === 'create' ? (nameObjection(key.username) ?? authenticatorObjection(key, config)) : null) ??
    phoneObjection({ ...item.attributes, ...values }, values) ??
    orgObjection(values[orgId], action, config)
  );
}

/** The user name becomes a segment of a path elsewhere (page Create user, 2026). */
function nameObjection(username: unknown): Objection | null {
  if (typeof username !== 'string' || !/\/|%2f/i.test(username)) return null;
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

/** If a phone is sent, its country code is mandatory (page Update user, 2026). `now`: as the user shall be. */
function phoneObjection(now: Attributes, changes: Attributes): Objection | null {
  if (changes[phone] === undefined && changes[phoneCountryCode] === undefined) return null;
  if (!now[phone] || now[phoneCountryCode]) return null;
  const message =
    'A phone number needs its country code (vikingcloud.primaryPhoneCountryCode), and neither the feed nor the user ' +
    'has one; it was not sent.';
  return objection('UNACCEPTABLE', message);
}

function orgObjection(wanted: unknown, action: string, { orgIds }: Config): Objection | null {
  if (orgIds.length === 0) return null;
  if (typeof wanted === 'string' && !orgIds.includes(wanted)) {
    const message =
      'The organisation is none of target.orgIds, so the next run would not find the user; it was not sent.';
    return objection('UNACCEPTABLE', message);
  }
  if (wanted === null || (wanted === undefined && action === 'create' && orgIds.length > 1)) {
    const message = 'The user would be in none of target.orgIds: map vikingcloud.orgId; it was not sent.';
    return objection('UNACCEPTABLE', message);
  }
  return null;
}

function objection(code: ErrorCode, message: string): Objection {
  return { code, message };
}
