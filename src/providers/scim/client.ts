import type { HttpAnswer, Tools } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { type Redact, redactor, wordsOf } from '../../domain/redaction.ts';
import { type Identity, readIdentity } from './auth.ts';
import type { Config } from './config.ts';
import { keyHeader } from './keys.ts';
import { ErrorBody, jsonOf } from './wire.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** The path as messages show it: ids and filters may be personal. */
  readonly name: string;
  readonly body?: unknown;
  readonly ifMatch?: string | null;
  readonly safe: boolean;
  /** How many resources it writes; one when absent. */
  readonly records?: number;
  /** `Item.key` and `Item.leaveBefore` of a write of one user. */
  readonly key?: string;
  readonly leaveBefore?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
  /** Undefined when the body is not JSON, or empty. */
  readonly json: unknown;
  readonly isEmpty: boolean;
}

/** Sends calls with the credentials and reads their answers. */
export interface Client {
  send(call: Call): Promise<Answer>;
  /** Masks the secrets and the given personal values in what the service says. */
  redact(values: readonly unknown[]): Redact;
}

export async function openClient(config: Config, tools: Tools): Promise<Client> {
  let identity = await readIdentity(config, tools);
  let renewing: Promise<void> | null = null;

  /** Renews once for all requests that find the same credentials worn out. */
  const renew = async (worn: Identity): Promise<void> => {
    if (identity !== worn) return;
    renewing ??= readIdentity(config, tools)
      .then((fresh) => {
        identity = fresh;
      })
      .finally(() => {
        renewing = null;
      });
    await renewing;
  };

  const sendWith = (call: Call, used: Identity): Promise<HttpAnswer> => {
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    const headers: Record<string, string> = {
      // Many services know only the plain type, and RFC 7644, section 3.1, lets them answer with it.
      accept: 'application/scim+json, application/json;q=0.9',
      authorization: used.authorization,
      ...keyHeader(call.key, config),
    };
    if (call.body !== undefined) headers['content-type'] = 'application/scim+json';
    if (call.ifMatch != null) headers['if-match'] = call.ifMatch;
    const { method, path, safe, records = 1, leaveBefore } = call;
    const until = leaveBefore === undefined ? {} : { leaveBefore };
    return tools.request({ method, path, headers, safe, records, ...body, ...until });
  };

  return {
    async send(call) {
      if (identity.until !== null && tools.now() >= identity.until) await renew(identity);
      const used = identity;
      const answer = await sendWith(call, used);
      if (answer.status !== 401) return readAnswer(answer);
      await renew(used);
      // The same credentials a second time would only help to lock the account.
      if (identity.authorization === used.authorization) return readAnswer(answer);
      await answer.text();
      return readAnswer(await sendWith(call, identity));
    },
    redact: (values) => redactor(wordsOf(values.flat()), identity.secrets),
  };
}

async function readAnswer(answer: HttpAnswer): Promise<Answer> {
  const text = await answer.text();
  const { status, headers } = answer;
  return { status, headers, json: jsonOf(text), isEmpty: text.trim() === '' };
}

/** What an error body says; null for a body that is none. */
export function errorOf(answer: Pick<Answer, 'json' | 'status'>): ErrorBody | null {
  const parsed = ErrorBody.safeParse(answer.json);
  if (!parsed.success) return null;
  const { status, scimType, detail } = parsed.data;
  return status == null && scimType == null && detail == null ? null : parsed.data;
}

/** `scimType`, or else the status (RFC 7644, section 3.12); other words might hold anything. */
export function providerCodeOf(status: number, error: ErrorBody | null): string {
  const type = error?.scimType;
  return type != null && /^[A-Za-z][A-Za-z0-9]{1,40}$/.test(type) ? type : String(status);
}

/** What an answer means that is not about a single user; null for success. */
export function failureOf(answer: Answer, call: Pick<Call, 'method' | 'name'>): TargetFailure | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return null;
  const what = `${call.method} ${call.name}`;
  const providerCode = providerCodeOf(status, errorOf(answer));
  const details = { message: `The SCIM service answered ${what} with HTTP ${status}.`, providerCode };
  if (status === 401 || status === 403) {
    const hint = 'Check target.auth, and that its token may provision users and groups.';
    return new TargetFailure({ trouble: 'unauthorised', ...details, hint });
  }
  if (status === 404 || status === 405 || status === 501) {
    return new TargetFailure({ trouble: 'misconfigured', ...details, hint: missingHint });
  }
  if (status === 429) return new TargetFailure({ trouble: 'throttled', ...details });
  if (status === 408 || status >= 500) return new TargetFailure({ trouble: 'unavailable', ...details });
  return new TargetFailure({ trouble: 'refused', ...details });
}

const missingHint =
  'Check target.baseUrl (with its path, often /scim/v2) and target.use: the service may lack what its own ' +
  'ServiceProviderConfig promises.';

export function unreadable(call: Pick<Call, 'method' | 'name'>, what: string): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `The answer to ${call.method} ${call.name} is not SCIM: ${what}.`,
    hint: 'A sign-in page or a proxy may have answered: check target.baseUrl and target.http.',
  });
}
