import type { Outcome } from '../../domain/change.ts';
import { outcome, succeeded } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import { appErrorOf, failureOfAnswer, type RawAnswer, unreadable } from './answers.ts';
import type { Body, Call } from './requests.ts';
import { type Fault, readSaved, type Saved } from './saved.ts';
import { parseJson, StatusAnswer } from './wire.ts';

/** Flags that say nothing of a user's attributes; the page's sample of a success has the first one false. */
const besideAttributes: ReadonlySet<string> = new Set([
  'initial_password_email_valid',
  'password_valid',
  'password_send_method_valid',
  'identity_source_valid',
]);

/**
 * What became of a create or an update. HTTP 200 only says that the request was taken. Throws a `TargetFailure`
 * when the answer is not about this user.
 */
export function judgeSave(raw: RawAnswer, call: Call, sent: Body, redact: Redact): Outcome | 'duplicate' {
  if (!isSuccess(raw)) return judgeRefusal(raw, call, redact);
  const saved = readSaved(raw.text, sent);
  if (saved === null) throw unreadable(call, 'it does not say whether the save succeeded');
  if (!saved.succeeded) return saved.duplicate ? 'duplicate' : refusedSave(saved, redact);
  const ignored = saved.faults.filter((fault) => fault.sent && !besideAttributes.has(fault.flag));
  if (ignored.length > 0) return refusedValues(ignored, redact);
  if (sent.id === '' && saved.userId === null) {
    return outcome('unknown', 'UNREADABLE_ANSWER', null, 'The answer names no id for the new user.');
  }
  if (sent.id !== '' && saved.userId !== null && saved.userId !== sent.id) {
    // The page's own sample answers with another id than it was asked about, so this is no failure.
    const message = 'The service answered with another id than the one it was asked about.';
    return { ...succeeded(), message };
  }
  return succeeded(sent.id === '' ? saved.userId : null);
}

/** What became of an enable or a disable: the answer repeats the status. */
export function judgeStatus(
  raw: RawAnswer,
  call: Call,
  wanted: 'Enabled' | 'Disabled',
  redact: Redact,
): Outcome {
  if (raw.status === 404 && appErrorOf(raw) !== null) return vanished;
  if (!isSuccess(raw)) return judgeRefusal(raw, call, redact);
  const json = parseJson(raw.text);
  if (json === undefined) throw unreadable(call, 'it is no JSON');
  const status = StatusAnswer.safeParse(json).data?.userStatus;
  if (status?.toLowerCase() === wanted.toLowerCase()) return succeeded();
  return outcome(
    'unknown',
    'CONTRADICTORY_ANSWER',
    null,
    'The answer does not confirm the status asked for.',
  );
}

/** What became of a mark or a deletion; what such an answer holds is not documented, and it may be empty. */
export function judgeRemoval(raw: RawAnswer, call: Call, redact: Redact): Outcome {
  if (raw.status === 405) {
    const code = appErrorOf(raw)?.code ?? '405 METHOD_NOT_ALLOWED';
    const message = 'This account is managed by another source (SCIM), which alone can remove it.';
    return outcome('failed', 'REFUSED', code, message);
  }
  if (!isSuccess(raw)) return judgeRefusal(raw, call, redact);
  if (raw.text.trim() !== '' && parseJson(raw.text) === undefined) throw unreadable(call, 'it is no JSON');
  return succeeded();
}

/** A user name that somebody else has, so that an update cannot give it. */
export const duplicateOnUpdate: Outcome = outcome(
  'failed',
  'REFUSED',
  'duplicate_username',
  'RSA ID Plus refused this user: another user has this user name.',
);

/**
 * A user name that exists although the look-up before showed nobody.
 * @param userId of the account that has exactly this name; null when no look-up shows one
 */
export function duplicateOnCreate(userId: string | null): Outcome {
  if (userId === null) {
    const message =
      'RSA ID Plus refused this user: the user name is taken, and not by an account of this name. It may be ' +
      'an alternate name of somebody else, or an account that look-ups do not show.';
    return outcome('failed', 'REFUSED', 'duplicate_username', message);
  }
  const message = 'An account with this user name exists; it was left as it is.';
  return { ...outcome('conflict', 'ALREADY_EXISTS', 'duplicate_username', message), userId };
}

export function notSent(message: string): Outcome {
  return outcome('failed', 'REFUSED', null, message);
}

export const vanished: Outcome = outcome(
  'conflict',
  'CHANGED_SINCE_PLAN',
  null,
  'The account is not found any more under its id, user name or address. Nothing was written.',
);

/** A refusal in the application's own words is about this user, for every call is about one. */
function judgeRefusal(raw: RawAnswer, call: Call, redact: Redact): Outcome {
  const error = appErrorOf(raw);
  if (error === null) throw failureOfAnswer(raw, call, redact);
  const said = error.description === null ? 'it did not say why' : redact(error.description);
  switch (raw.status) {
    case 400:
      return outcome('failed', 'REFUSED', error.code, `RSA ID Plus refused this user: ${said}`);
    case 404:
    case 409:
      // Gone already, or so already, as like as not: a look-up tells.
      return outcome('unknown', 'ALREADY_SO', error.code, `RSA ID Plus refused this user: ${said}`);
    default:
      throw failureOfAnswer(raw, call, redact);
  }
}

function refusedSave(saved: Saved, redact: Redact): Outcome {
  const faults = saved.faults.filter((fault) => fault.sent || fault.flag !== 'initial_password_email_valid');
  const parts = [...faults.map((fault) => faultText(fault, redact)), ...saved.reasons.map(redact)];
  const message = parts.length === 0 ? 'it did not say why' : parts.join('; ');
  const code = faults[0]?.flag ?? 'save_succeeded';
  return outcome('failed', 'REFUSED', code, `RSA ID Plus refused this user: ${message}`);
}

function refusedValues(faults: readonly Fault[], redact: Redact): Outcome {
  const message = faults.map((fault) => faultText(fault, redact)).join('; ');
  const code = faults[0]?.flag ?? null;
  return outcome('failed', 'REFUSED', code, `RSA ID Plus saved this user, but not all of it: ${message}`);
}

function faultText({ about, reason }: Fault, redact: Redact): string {
  return `${about} is not valid${reason === null ? '' : ` (${redact(reason)})`}`;
}

function isSuccess({ status }: RawAnswer): boolean {
  return status >= 200 && status < 300;
}
