import { TargetFailure } from '../../domain/failure.ts';
import type { Redact } from '../../domain/redaction.ts';
import { ErrorAnswer, parseJson } from './wire.ts';

/** A call as errors name it: its path without the user's id. */
export interface CallName {
  readonly method: string;
  readonly what: string;
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** An error that the application itself gave, as opposed to a gateway or a proxy before it. */
export interface AppError {
  /** Such as `404 NOT_FOUND`. */
  readonly code: string;
  readonly description: string | null;
}

/** The application's error in an answer; null when somebody else gave it, or it has another form. */
export function appErrorOf({ status, text }: RawAnswer): AppError | null {
  const { code, description } = ErrorAnswer.safeParse(parseJson(text)).data ?? {};
  if (code == null || !/^[45]\d\d [A-Z_]{1,60}$/.test(code) || !code.startsWith(String(status))) return null;
  return { code, description: description ?? null };
}

/**
 * Whether the service did not take the token. It says so with 401, or with 403 and a message about the token (a
 * public client's recorded answer, 2026); any other 403 is about permissions.
 */
export function isBadToken({ status, text }: RawAnswer): boolean {
  if (status === 401) return true;
  if (status !== 403) return false;
  const { message, description } = ErrorAnswer.safeParse(parseJson(text)).data ?? {};
  return /access token/i.test(`${message ?? ''} ${description ?? ''}`);
}

/** What an answer other than success means for the run. Never null: whoever calls has judged single items before. */
export function failureOfAnswer(raw: RawAnswer, call: CallName, redact: Redact): TargetFailure {
  const { status } = raw;
  const error = appErrorOf(raw);
  const said = error?.description ? `: ${redact(error.description)}` : '';
  const message = `RSA ID Plus answered ${nameOf(call)} with HTTP ${status}${said}.`;
  const providerCode = error?.code ?? null;
  const more = { message, providerCode };
  if (isBadToken(raw)) {
    return new TargetFailure({
      ...more,
      trouble: 'unauthorised',
      hint: 'A new access token was refused too: check that target.baseUrl and target.auth.issuer are of one tenant.',
    });
  }
  if (status === 403) return new TargetFailure({ ...more, trouble: 'unauthorised', hint: permissionHint });
  if (status >= 500 || status === 408) return new TargetFailure({ ...more, trouble: 'unavailable' });
  if (status === 404 || status === 405 || status === 415) {
    return new TargetFailure({ ...more, trouble: 'misconfigured', hint: addressHint });
  }
  if (status < 400) return unreadable(call, 'it has no JSON that can be used');
  return new TargetFailure({ ...more, trouble: 'refused' });
}

export function unreadable(call: CallName, what: string, hint = addressOrProxyHint): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `The answer to ${nameOf(call)} is not what RSA ID Plus documents: ${what}.`,
    hint,
  });
}

const addressOrProxyHint =
  'A sign-in page or a proxy may have answered: check target.baseUrl and target.http.';

const permissionHint =
  'The API client lacks a permission. Looking up takes rsa.user.read, enabling and disabling rsa.user.manage, ' +
  'creating and updating rsa.group.users.manage (in some tenants rsa.user.local.manage), marking ' +
  'rsa.user.delete.soft, deleting rsa.user.delete: grant it in the console, or name others in target.auth.scopes.';

const addressHint =
  'Check target.baseUrl: the address of the Administration API without /AdminInterface, such as ' +
  'https://acme.access.securid.com.';

function nameOf(call: CallName): string {
  return `${call.method} ${call.what}`;
}
