import type { HttpAnswer } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { withoutRequestId } from './redact.ts';
import { VendorError } from './wire.ts';

/** A call as errors name it. Paths hold ids, and queries names: queries are left out. */
export interface CallName {
  readonly method: string;
  readonly path: string;
}

/** An answer read to its end. */
export interface Read {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

export interface Said {
  readonly code: string | null;
  /** Without the request's id; may still hold personal values. */
  readonly message: string | null;
}

const rightsHint =
  'Check the account: reading takes the right "View Group / User", writing "Create / Edit / Delete User", of an ' +
  'organisation administrator or of a provider administrator.';

export async function readAnswer(answer: HttpAnswer): Promise<Read> {
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: jsonOf(text) };
}

/** The code and message of an error's body: `{minorErrorCode, message, stackTrace}`, which may be missing. */
export function saidIn(json: unknown): Said {
  const read = VendorError.safeParse(json);
  if (!read.success) return { code: null, message: null };
  const { minorErrorCode, message } = read.data;
  return { code: codeOf(minorErrorCode), message: message == null ? null : withoutRequestId(message) };
}

/** A code as it came, when it has a code's form; other text might hold anything. */
export function codeOf(text: string | null | undefined): string | null {
  return text != null && /^[A-Z][A-Z0-9_]{1,79}$/.test(text) ? text : null;
}

export function isSuccess(read: Read): boolean {
  return read.status >= 200 && read.status < 300;
}

/** Throws what an answer means that is about the whole world, not about one user. */
export function throwForWorld(read: Read, call: CallName): void {
  const { status } = read;
  const { code } = saidIn(read.json);
  if (status === 401) throw unauthorised(call, 'the session is over and a new one did not help', code);
  if (status === 405 || status === 406 || status === 415 || status === 501) throw misfit(read, call);
  if (status >= 500 || status === 408) {
    throw new TargetFailure({
      trouble: 'unavailable',
      message: `Cloud Director answered ${nameOf(call)} with HTTP ${status}${inBrackets(code)}.`,
      providerCode: code,
    });
  }
}

/** The failure of a read that was not answered with success. */
export function failureOfRead(read: Read, call: CallName): TargetFailure {
  throwForWorld(read, call);
  const { code } = saidIn(read.json);
  if (read.status === 403) return unauthorised(call, 'HTTP 403', code);
  if (read.status === 404) return misfit(read, call);
  return new TargetFailure({
    trouble: 'refused',
    message: `Cloud Director refused ${nameOf(call)} with HTTP ${read.status}${inBrackets(code)}.`,
    providerCode: code,
  });
}

export function unauthorised(call: CallName, said: string, code: string | null): TargetFailure {
  return new TargetFailure({
    trouble: 'unauthorised',
    message: `Cloud Director refused ${nameOf(call)}: ${said}${inBrackets(code)}.`,
    hint: rightsHint,
    providerCode: code,
  });
}

export function unreadable(call: CallName, what: string): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `The answer to ${nameOf(call)} is not what Cloud Director documents: ${what}.`,
    hint: 'A sign-in page or a proxy may have answered: check target.baseUrl and target.http.',
  });
}

function misfit(read: Read, call: CallName): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `Cloud Director answered ${nameOf(call)} with HTTP ${read.status}.`,
    hint: hintOfMisfit(read, call),
  });
}

function hintOfMisfit({ status }: Read, { path }: CallName): string {
  if (status === 406)
    return 'It does not serve this API version: check target.apiVersion and target.flavour.';
  if (/\/groups(\?|$)/.test(path)) {
    return 'This server does not know groups: they came with API 40.0 of VCF Automation. Take target.groups out.';
  }
  return 'Check target.baseUrl (the address before /cloudapi) and the version: users came with 35.0.';
}

function nameOf({ method, path }: CallName): string {
  const [plain = path] = path.split('?');
  return `${method} ${plain}`;
}

function inBrackets(code: string | null): string {
  return code === null ? '' : ` (${code})`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
