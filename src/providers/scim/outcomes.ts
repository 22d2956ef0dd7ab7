import type { Outcome } from '../../domain/change.ts';
import type { ErrorCode } from '../../domain/error-code.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { outcome, succeeded } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import { type Answer, type Call, errorOf, failureOf, providerCodeOf, unreadable } from './client.ts';
import { saidOfKey } from './keys.ts';
import { idOf } from './resource.ts';
import type { Action } from './steps.ts';
import { isObject, type Resource } from './wire.ts';

/** What became of one item: decided, in trouble that may pass, or a create that met somebody who exists. */
export type Judged =
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly resource: Resource | null }
  | { readonly kind: 'trouble'; readonly failure: TargetFailure }
  | { readonly kind: 'exists'; readonly providerCode: string };

/** Judges the answer to one write about one user. */
export function judge(
  action: Action,
  answer: Answer,
  call: Pick<Call, 'method' | 'name'>,
  redact: Redact,
): Judged {
  const { status } = answer;
  if (status >= 200 && status < 300) return judgeSuccess(action, answer, call);
  const said = saidOfKey(answer);
  if (said !== null) return judgeKey(said, status);
  const error = errorOf(answer);
  const code = providerCodeOf(status, error);
  // RFC 7644, section 3.3: 409 with `uniqueness`; some say 409 alone, some 400 with it.
  if (action === 'create' && (status === 409 || error?.scimType === 'uniqueness')) {
    return { kind: 'exists', providerCode: code };
  }
  if (status === 404 && action === 'remove') {
    return decided(outcome('succeeded', 'ALREADY_SO', code, 'The user was gone already.'));
  }
  if (status === 412) {
    const message =
      'Somebody changed the user at the same moment; nothing was written. The next run looks again.';
    return decided(outcome('conflict', 'CHANGED_SINCE_PLAN', code, message));
  }
  if (error?.scimType === 'noTarget' && action === 'remove-from-group') {
    return decided(outcome('succeeded', 'ALREADY_SO', code, 'The user was not in the group.'));
  }
  if (isAboutTheItem(status, action, error !== null)) {
    return decided(outcome('failed', 'REFUSED', code, refusalText(status, error, redact)));
  }
  return { kind: 'trouble', failure: failureOf(answer, call) ?? unreadable(call, `HTTP ${status}`) };
}

/** An answer about the key says that the service has had a request with it, and not what became of that. */
function judgeKey(said: NonNullable<ReturnType<typeof saidOfKey>>, status: number): Judged {
  const providerCode = String(status);
  if (said === 'missing') {
    const message = 'The service takes no write without an idempotency key.';
    const hint = 'Set target.idempotency, with the header and the lifetime that its documents name.';
    const failure = new TargetFailure({ trouble: 'misconfigured', message, hint, providerCode });
    return { kind: 'trouble', failure };
  }
  const message =
    said === 'pending'
      ? 'The service still works on the first request with this key.'
      : 'The service has had another request with this key, and does not say what became of it.';
  return decided(outcome('unknown', 'UNANSWERED', providerCode, message));
}

/** 403 and 404 with an error body of SCIM speak of this user; without one, of the credentials or the address. */
function isAboutTheItem(status: number, action: Action, isScimError: boolean): boolean {
  if (status === 401 || status === 405 || status === 408 || status === 413 || status === 429) return false;
  if (status === 404) return action !== 'create';
  if (status === 403) return isScimError;
  return status >= 400 && status < 500;
}

function judgeSuccess(action: Action, answer: Answer, call: Pick<Call, 'method' | 'name'>): Judged {
  const resource = isObject(answer.json) ? answer.json : null;
  if (action === 'create') {
    const userId = (resource === null ? null : idOf(resource)) ?? idInLocation(answer.headers.location);
    if (userId === null) return { kind: 'trouble', failure: unreadable(call, 'it names no id') };
    return { kind: 'outcome', outcome: succeeded(userId), resource };
  }
  if (resource === null && !answer.isEmpty) {
    return { kind: 'trouble', failure: unreadable(call, 'it is not JSON') };
  }
  return { kind: 'outcome', outcome: succeeded(), resource };
}

/** The last segment of a resource's address (RFC 7644, section 3.3); the address itself is never followed. */
export function idInLocation(location: string | null | undefined): string | null {
  const segment = location?.split(/[?#]/)[0]?.split('/').at(-1);
  if (segment === undefined || segment === '') return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** RFC 7644, table 9, in our words. */
const wordings: Readonly<Record<string, string>> = {
  uniqueness: 'a value that must be unique belongs to another user',
  tooMany: 'the filter found more than it gives',
  mutability: 'an attribute may not be changed',
  invalidSyntax: 'the request does not fit its schema',
  invalidPath: 'it does not know the path of an attribute; see target.patchDialect',
  noTarget: 'the path of an attribute matches nothing',
  invalidValue: 'a required value is missing, or a value does not fit',
  invalidFilter: 'it does not know the filter',
  sensitive: 'personal values may not stand in an address; see target.lookUp',
};

function refusalText(
  status: number,
  error: {
    readonly scimType?: string | null | undefined;
    readonly detail?: string | null | undefined;
  } | null,
  redact: Redact,
): string {
  const wording =
    wordings[error?.scimType ?? ''] ?? (status === 404 ? 'it has no such user or group any more' : null);
  const said = error?.detail ? redact(error.detail) : null;
  const reasons = [wording, said].filter((reason) => reason !== null && reason !== '');
  return `The service refused this user: ${reasons.join(': ') || 'it did not say why'}`;
}

export function decided(of: Outcome): Judged {
  return { kind: 'outcome', outcome: of, resource: null };
}

export function refused(message: string): Judged {
  return decided(outcome('failed', 'REFUSED', null, message));
}

export const ownAccount: Outcome = outcome(
  'failed',
  'OWN_ACCOUNT',
  null,
  'This is the account that rollcall signs in with (target.ownLogin).',
);

/** Gravest first: what may have been taken must not be thrown as something that was not. */
const gravity = [
  'unanswered',
  'unavailable',
  'unreadable',
  'unauthorised',
  'misconfigured',
  'throttled',
  'unsent',
  'refused',
] as const;

/**
 * One outcome for each item. When every item is in trouble the gravest trouble is thrown, for it is not about single
 * items; beside items that are decided, one in trouble is unknown, and core looks it up.
 */
export function settle(judged: readonly Judged[]): readonly Outcome[] {
  const troubles = judged.flatMap((one) => (one.kind === 'trouble' ? [one.failure] : []));
  if (troubles.length > 0 && troubles.length === judged.length) {
    const rank = (failure: TargetFailure): number => gravity.indexOf(failure.trouble);
    throw troubles.toSorted((one, other) => rank(one) - rank(other))[0];
  }
  return judged.map(settled);
}

function settled(judged: Judged): Outcome {
  switch (judged.kind) {
    case 'outcome':
      return judged.outcome;
    case 'trouble': {
      const { failure } = judged;
      return outcome('unknown', codeOf(failure), failure.providerCode, failure.message);
    }
    case 'exists':
      return outcome('conflict', 'ALREADY_EXISTS', judged.providerCode, 'The user exists already.');
  }
}

function codeOf(failure: TargetFailure): ErrorCode {
  switch (failure.trouble) {
    case 'unreadable':
      return 'UNREADABLE_ANSWER';
    case 'throttled':
      return 'THROTTLED';
    case 'unanswered':
      return 'UNANSWERED';
    default:
      return 'UNAVAILABLE';
  }
}
