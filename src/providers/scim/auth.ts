import type { z } from 'zod';
import type { HttpAnswer, HttpRequest, Tools } from '../../contracts/provider.ts';
import { Failure, TargetFailure } from '../../domain/failure.ts';
import type { Config } from './config.ts';
import { tokenMarginMs } from './limits.ts';
import { ErrorBody, jsonOf, TokenAnswer } from './wire.ts';

/** What signing in takes. */
export interface Identity {
  /** Value of the Authorization header. */
  readonly authorization: string;
  /** What no message may show. */
  readonly secrets: readonly string[];
  /** When it has to be renewed; null when that is not known. */
  readonly until: number | null;
}

/**
 * The credentials, read anew from where their references point; with OAuth, a token fetched with them. Throws a
 * `Failure` for a user name that cannot be sent, a `TargetFailure` when the token host gives no token.
 */
export async function readIdentity(config: Config, tools: Tools): Promise<Identity> {
  const { auth } = config;
  if (auth.type === 'bearer') {
    const token = (await tools.secret(auth.token)).trim();
    return { authorization: `Bearer ${token}`, secrets: [token], until: null };
  }
  if (auth.type === 'oauth') return fetchToken(auth, tools);
  const username = await inClear(auth.username, tools);
  if (username.includes(':')) {
    throw new Failure({
      code: 'BAD_USERNAME',
      message: 'target.auth.username holds a colon, which basic authentication cannot carry.',
      exit: 1,
    });
  }
  const password = await tools.secret(auth.password);
  const encoded = base64(`${username}:${password}`);
  return { authorization: `Basic ${encoded}`, secrets: [password, encoded], until: null };
}

type OAuth = Extract<Config['auth'], { type: 'oauth' }>;

/** RFC 6749, section 4.4. */
async function fetchToken(auth: OAuth, tools: Tools): Promise<Identity> {
  const clientId = (await inClear(auth.clientId, tools)).trim();
  const clientSecret = (await tools.secret(auth.clientSecret)).trim();
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth.scope !== undefined) form.set('scope', auth.scope);
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  // Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
  const encoded = base64(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`);
  if (auth.clientAuthentication === 'basic') headers.authorization = `Basic ${encoded}`;
  else {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  const url = new URL(auth.tokenUrl);
  const request: HttpRequest = {
    baseUrl: url.origin,
    method: 'POST',
    path: `${url.pathname}${url.search}`,
    headers,
    body: form.toString(),
    // Another token more does no harm, so core may repeat it.
    safe: true,
  };
  const askedAt = tools.now();
  const answer = await tools.request(request);
  const token = await tokenOf(answer);
  const secrets = [clientSecret, encoded, token.access_token];
  const lifeMs = token.expires_in == null ? null : token.expires_in * 1000;
  // A life shorter than twice the margin would have every request ask for a token.
  const until = lifeMs === null ? null : askedAt + Math.max(lifeMs - tokenMarginMs, lifeMs / 2);
  return { authorization: `Bearer ${token.access_token}`, secrets, until };
}

async function tokenOf(answer: HttpAnswer): Promise<z.infer<typeof TokenAnswer>> {
  const json = jsonOf(await answer.text());
  const { status } = answer;
  const refusal = isErrorWord(json) ? json.error : null;
  if (status >= 500) {
    throw new TargetFailure({
      trouble: 'unavailable',
      message: `The token endpoint answered with HTTP ${status}.`,
    });
  }
  if (status === 400 || status === 401 || status === 403) {
    throw new TargetFailure({
      trouble: 'unauthorised',
      message: `The token endpoint gave no token (HTTP ${status}${refusal === null ? '' : `, ${refusal}`}).`,
      hint: 'Check target.auth: clientId, the secret behind clientSecret, scope and clientAuthentication.',
      providerCode: refusal,
    });
  }
  const parsed = TokenAnswer.safeParse(json);
  if (status === 200 && parsed.success) {
    const type = parsed.data.token_type;
    if (type == null || type.toLowerCase() === 'bearer') return parsed.data;
  }
  throw new TargetFailure({
    trouble: 'misconfigured',
    message: `The token endpoint answered with HTTP ${status} and no bearer token.`,
    hint: 'Check target.auth.tokenUrl.',
  });
}

/** The words of RFC 6749, section 5.2: anything else might hold what was sent. */
function isErrorWord(json: unknown): json is { readonly error: string } {
  const error = (json as { readonly error?: unknown } | null | undefined)?.error;
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) && ErrorBody.safeParse(json).success;
}

function inClear(text: string, tools: Tools): Promise<string> {
  return /^(env|file):/.test(text) ? tools.secret(text) : Promise.resolve(text);
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
