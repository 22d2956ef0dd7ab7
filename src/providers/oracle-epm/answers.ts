import { TargetFailure } from '../../domain/failure.ts';
import type { Redact } from '../../domain/redaction.ts';
import { codeOf, isUnauthorised, wordingOf } from './codes.ts';

/** A call as errors name it: method and path hold nothing personal, for all else travels in the body. */
export interface CallName {
  readonly method: string;
  readonly path: string;
}

const rightsHint =
  'Check the account: writing users takes Identity Domain Administrator and any predefined role, ' +
  'listing and assigning roles takes Service Administrator.';

/** The failure that the credentials or rights of the account are wrong. */
export function unauthorisedFailure(call: CallName, said: string, code: string | null): TargetFailure {
  return new TargetFailure({
    trouble: 'unauthorised',
    message: `Oracle EPM refused ${nameOf(call)}: ${said}.`,
    hint: `${rightsHint} Accounts with multi-factor sign-on cannot use basic authentication here.`,
    providerCode: code,
  });
}

/** What an HTTP status other than success means when the body says nothing usable; null for 2xx. */
export function failureOfStatus(status: number, call: CallName): TargetFailure | null {
  if (status >= 200 && status < 300) return null;
  const message = `Oracle EPM answered ${nameOf(call)} with HTTP ${status}.`;
  if (status === 401 || status === 403) return unauthorisedFailure(call, `HTTP ${status}`, null);
  if (status === 404 || status === 405 || status === 501) {
    return new TargetFailure({ trouble: 'misconfigured', message, hint: missingHint(call) });
  }
  if (status >= 500 || status === 408) return new TargetFailure({ trouble: 'unavailable', message });
  const hint = status === 413 ? 'Lower target.limits.batchSize or batchBytes.' : null;
  return new TargetFailure({ trouble: 'refused', message, ...(hint === null ? {} : { hint }) });
}

/** The whole request was refused by the service itself, with a code or without. */
export function failureOfError(
  status: number,
  error: { readonly errorcode?: unknown; readonly errormessage?: unknown } | null | undefined,
  call: CallName,
  redact: Redact,
): TargetFailure {
  const code = codeOf(typeof error?.errorcode === 'string' ? error.errorcode : null);
  const vendorText = typeof error?.errormessage === 'string' ? redact(error.errormessage) : null;
  const said = wordingOf(code) ?? vendorText ?? 'it did not say why';
  if (isUnauthorised(code)) return unauthorisedFailure(call, said, code);
  return new TargetFailure({
    trouble: 'refused',
    message: `Oracle EPM refused the whole request ${nameOf(call)} (status ${status}${code === null ? '' : `, ${code}`}): ${said}`,
    providerCode: code,
  });
}

export function unreadable(call: CallName, what: string): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `The answer to ${nameOf(call)} is not what Oracle EPM documents: ${what}.`,
    hint: 'A sign-in page or a proxy may have answered: check target.baseUrl and target.http.',
  });
}

function missingHint(call: CallName): string {
  const since = call.path.endsWith('/v2/users/update')
    ? 'Update Users (v2) came with build 25.10'
    : call.path.endsWith('/v1/users/list')
      ? 'List Users came with build 25.07'
      : 'the environment may be of an older build';
  return `Check target.baseUrl (the address of the service without /epmcloud) and the build: ${since}.`;
}

function nameOf(call: CallName): string {
  return `${call.method} ${call.path}`;
}
