import { TargetFailure } from '../../domain/failure.ts';
import type { Redact } from '../../domain/redaction.ts';
import { ErrorAnswer, jsonOf } from './wire.ts';

/** A call as errors name it: method and path hold nothing personal, for all else travels in the body. */
export interface CallName {
  readonly method: string;
  readonly path: string;
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** What the service says of an error. */
export interface Said {
  /** The error's own name, such as `Bad Request`, or else the status; nothing personal. */
  readonly code: string;
  readonly message: string | null;
}

/** Reads an error in Spring Boot's form; whatever else the body is, it is not repeated. */
export function saidBy({ status, text }: RawAnswer, redact: Redact): Said {
  const read = ErrorAnswer.safeParse(jsonOf(text)).data;
  const error = read?.error ?? '';
  const isName = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,60}$/.test(error) && redact(error) === error;
  return {
    code: isName ? error : `HTTP ${status}`,
    message: read?.message ? redact(read.message) : null,
  };
}

/** What an HTTP status other than success means when it is not about one user; null for 2xx. */
export function failureOfStatus(raw: RawAnswer, call: CallName, redact: Redact): TargetFailure | null {
  const { status } = raw;
  if (status >= 200 && status < 300) return null;
  const { code, message: text } = saidBy(raw, redact);
  const message = `VikingCloud answered ${nameOf(call)} with HTTP ${status}${text === null ? '' : `: ${text}`}.`;
  const providerCode = code;
  if (status === 401) {
    const hint =
      'Check target.auth: user name and password, the path of the token call, and which header is used.';
    return new TargetFailure({ trouble: 'unauthorised', message, hint, providerCode });
  }
  if (status === 403) {
    const hint =
      'The account needs USER_READ and USER_UPDATE, and access to target.orgIds. If single users are forbidden to ' +
      'it by design, set target.forbidden: item.';
    return new TargetFailure({ trouble: 'unauthorised', message, hint, providerCode });
  }
  if (status === 404 || status === 405 || status === 501) {
    const hint = 'Check target.baseUrl: it is what stands before /user-service/v1.';
    return new TargetFailure({ trouble: 'misconfigured', message, hint, providerCode });
  }
  if (status >= 500 || status === 408)
    return new TargetFailure({ trouble: 'unavailable', message, providerCode });
  return new TargetFailure({ trouble: 'refused', message, providerCode });
}

export function unreadable(call: CallName, what: string): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `The answer to ${nameOf(call)} is not what VikingCloud documents: ${what}.`,
    hint: 'A sign-in page or a proxy may have answered: check target.baseUrl and target.http.',
  });
}

function nameOf({ method, path }: CallName): string {
  return `${method} ${path}`;
}
