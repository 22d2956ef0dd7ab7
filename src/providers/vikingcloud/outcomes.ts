import type { Item } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
import type { ErrorCode } from '../../domain/error-code.ts';
import { outcome, succeeded } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import { type CallName, failureOfStatus, type RawAnswer, saidBy, unreadable } from './answers.ts';
import { idOfKey, isSameKey, type UserKey } from './key.ts';
import { lacking, userOf } from './users.ts';
import { jsonOf, WireUser } from './wire.ts';

export interface Judging {
  readonly item: Item;
  readonly key: UserKey;
  readonly call: CallName;
  readonly forbidden: 'stop' | 'item';
  readonly redact: Redact;
}

/**
 * What became of a write. Success is claimed only when the user who is answered has what was asked for: a property
 * that the service does not know is ignored there, not refused (page Partial user updates, 2026). Throws a
 * `TargetFailure` when the answer is not about the user.
 */
export function judgeWrite(raw: RawAnswer, judging: Judging): Outcome {
  const { item, key, call, redact } = judging;
  if (isAboutUser(raw.status, judging.forbidden)) return refusal(raw, item, redact);
  const failure = failureOfStatus(raw, call, redact);
  if (failure !== null) throw failure;
  const answered = WireUser.safeParse(jsonOf(raw.text)).data;
  if (answered === undefined) throw unreadable(call, 'it shows no user');
  if (!isSameKey(answered.userKey, key)) throw unreadable(call, 'it shows another user');
  const missing = lacking(item.step, userOf(answered));
  if (missing.length > 0) return ignored(missing);
  return succeeded(item.step.action === 'create' ? idOfKey(key) : null);
}

/** 409 on a create. What the service shows under that name and authenticator is the account that exists. */
export function existing(raw: RawAnswer, shown: boolean, key: UserKey, redact: Redact): Outcome {
  const { code } = saidBy(raw, redact);
  if (shown) {
    const message = 'A user with this name and authenticator exists; it was left as it is.';
    return { ...outcome('conflict', 'ALREADY_EXISTS', code, message), userId: idOfKey(key) };
  }
  // Not ALREADY_EXISTS, which core may take for this person's account: nobody has seen it.
  const message =
    'The service says that the user conflicts with one who exists, and shows none of this name: it may be in another ' +
    'organisation, or have this e-mail address or another spelling of the name.';
  return outcome('conflict', 'REFUSED', code, message);
}

export function failed(errorCode: ErrorCode, message: string): Outcome {
  return outcome('failed', errorCode, null, message);
}

export const alreadySo: Outcome = outcome(
  'succeeded',
  'ALREADY_SO',
  null,
  'The user had these roles already when the change was to be sent.',
);

export const ownAccount: Outcome = failed(
  'OWN_ACCOUNT',
  'This is the account that rollcall signs in with; it is never written.',
);

export const gone: Outcome = failed('REFUSED', 'The service does not show this user any more.');

/** What would be written back cannot be seen. */
export function unseen(property: string): Outcome {
  const message = `The service does not show ${property} of this user, so writing it back could lose something; it was not sent.`;
  return failed('UNACCEPTABLE', message);
}

/** A role or a privilege of which only the name is known. */
export function notDefined(attribute: string, name: string): Outcome {
  const message =
    `No user in reach holds “${name}” (${attribute}), so what it consists of is not known; it was not sent. Give it ` +
    'to one user by hand, or declare it in full in the job.';
  return failed('UNACCEPTABLE', message);
}

function isAboutUser(status: number, forbidden: 'stop' | 'item'): boolean {
  if (status === 403) return forbidden === 'item';
  return [400, 404, 409, 422].includes(status);
}

function refusal(raw: RawAnswer, item: Item, redact: Redact): Outcome {
  const { code, message } = saidBy(raw, redact);
  if (raw.status === 404 && item.step.action !== 'create') {
    const what = 'The user is gone, or a role or organisation that it refers to is';
    return outcome('failed', 'REFUSED', code, `${what}${message === null ? '' : `: ${message}`}.`);
  }
  const said = message ?? `HTTP ${raw.status}`;
  return outcome('failed', 'REFUSED', code, `VikingCloud refused this user: ${said}`);
}

function ignored(names: readonly string[]): Outcome {
  const message = `The service answered with success, and the user it shows does not have what was asked for in ${names.join(', ')}.`;
  return outcome('failed', 'NOT_APPLIED', null, message);
}
