import type { Outcome } from '../../domain/change.ts';
import { outcome } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import { type Read, saidIn } from './answers.ts';

/** The user is gone: what was to be done to it is done (a removal), or can never be. */
export function alreadyGone(code: string | null): Outcome {
  return outcome('succeeded', 'ALREADY_SO', code, 'The user was gone already.');
}

export const groupsAlreadySo: Outcome = {
  ...outcome('succeeded', 'ALREADY_SO', null, 'The user was in these groups already, and nothing was sent.'),
};

export function missing(code: string | null): Outcome {
  return outcome('failed', 'REFUSED', code, 'The organisation has no user of this id any more.');
}

/** The vendor's refusal of one user, in its own words as far as they may be shown. */
export function refusedByVendor(read: Read, redact: Redact): Outcome {
  const { code, message } = saidIn(read.json);
  const said = message === null ? `HTTP ${read.status}, and it did not say why` : redact(message);
  return outcome('failed', 'REFUSED', code, `Cloud Director refused this user: ${said}`);
}

export function refusedByUs(code: 'REFUSED' | 'NOT_WRITABLE', message: string): Outcome {
  return outcome(code === 'NOT_WRITABLE' ? 'conflict' : 'failed', code, null, message);
}

export function existsAlready(code: string | null, userId: string): Outcome {
  const message = 'A user of this name exists in the organisation; it was left as it is.';
  return { ...outcome('conflict', 'ALREADY_EXISTS', code, message), userId };
}

/** The answer to a write showed other values than those written: a look-up decides. */
export const contradictory: Outcome = {
  ...outcome('unknown', 'CONTRADICTORY_ANSWER', null, 'The user in the answer lacks what was written.'),
};

export const taskGivenUp: Outcome = {
  ...outcome('unknown', 'UNANSWERED', null, 'The task of this write was cancelled before its end.'),
};

export const ownAccount: Outcome = {
  ...outcome('failed', 'OWN_ACCOUNT', null, 'This is the account that rollcall signs in with.'),
};
