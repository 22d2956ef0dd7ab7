import { decodeJwt } from 'jose/jwt/decode';
import type { Tools } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { redactor } from '../../domain/redaction.ts';
import { failureOfStatus, unreadable } from './answers.ts';
import type { Config } from './config.ts';
import { answerBytesMax, renewAheadMs } from './limits.ts';
import { jsonOf, TokenAnswer } from './wire.ts';

/** What signing in came to. */
export interface Identity {
  /** Headers that every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** From when on it has to be renewed, in milliseconds since 1970; null when it does not say. */
  readonly renewAtMs: number | null;
  /** The user name that signs in; null when the credentials do not say. */
  readonly username: string | null;
  /** What no message may show. */
  readonly secrets: readonly string[];
}

type TokenAuth = Extract<Config['auth'], { type: 'token' }>;

/** Reads the credentials anew from where they are kept, and fetches tokens where the job says so. */
export async function signIn({ auth }: Config, tools: Tools): Promise<Identity> {
  if (auth.type === 'apiKey') {
    const key = (await tools.secret(auth.key)).trim();
    const headers = { [auth.header.toLowerCase()]: key };
    return { headers, renewAtMs: null, username: null, secrets: [key] };
  }
  const username = isReference(auth.username) ? (await tools.secret(auth.username)).trim() : auth.username;
  const password = await tools.secret(auth.password);
  if (auth.type === 'token') return fetchTokens(auth, { username, password }, tools);
  const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  const headers = { authorization: `Basic ${encoded}` };
  return { headers, renewAtMs: null, username, secrets: [password, encoded] };
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

async function fetchTokens(auth: TokenAuth, credentials: Credentials, tools: Tools): Promise<Identity> {
  const { username, password } = credentials;
  const call = { method: 'POST', path: auth.path } as const;
  const answer = await tools.request({
    ...call,
    ...tokenHost(auth, tools),
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
    // A token changes nothing; core repeats it only while the host can't be reached or says that it can't now.
    safe: true,
    answerBytesMax,
  });
  const raw = { status: answer.status, text: await answer.text() };
  const redact = redactor(new Set([username.toLowerCase()]), [password]);
  const failure = failureOfStatus(raw, call, redact);
  // A wrong password, a locked user and a request that it does not understand all end here, for good.
  if (failure?.trouble === 'refused') throw refused(failure);
  if (failure !== null) throw failure;
  const tokens = TokenAnswer.safeParse(jsonOf(raw.text)).data ?? {};
  const bearer = tokens[auth.bearer];
  if (!bearer) throw unreadable(call, `it has no ${auth.bearer}`);
  const assertion = auth.accessTokenHeader === undefined ? null : (tokens.accessToken ?? null);
  if (auth.accessTokenHeader !== undefined && assertion === null) {
    throw unreadable(call, 'it has no accessToken');
  }
  return {
    headers: {
      authorization: `Bearer ${bearer}`,
      // Raw, without a prefix (page Token overview, 2026).
      ...(assertion === null ? {} : { [String(auth.accessTokenHeader).toLowerCase()]: assertion }),
    },
    renewAtMs: renewAt(bearer, tokens.expiresIn ?? null, tools.now()),
    username,
    secrets: [password, ...[tokens.idToken, tokens.accessToken].filter((token) => token != null)],
  };
}

/** Against a target on this machine, such as the sandbox, no credentials leave for another host. */
function tokenHost(auth: TokenAuth, tools: Tools): { baseUrl?: string } {
  const isLocal = /^http:\/\/(localhost|127\.|\[::1\])/.test(tools.baseUrl);
  return auth.baseUrl === undefined || isLocal ? {} : { baseUrl: auth.baseUrl };
}

/** The expiry stands in the token's `exp`, in seconds (page Use token, 2026); `expiresIn` is the second best. */
function renewAt(token: string, expiresInSeconds: number | null, nowMs: number): number | null {
  const expiresAtMs =
    expiryOf(token) ?? (expiresInSeconds === null ? null : nowMs + expiresInSeconds * 1_000);
  // A token that lives shorter than that is used until it is refused.
  return expiresAtMs === null || expiresAtMs - renewAheadMs <= nowMs ? null : expiresAtMs - renewAheadMs;
}

function expiryOf(token: string): number | null {
  try {
    const { exp } = decodeJwt(token);
    return exp === undefined ? null : exp * 1_000;
  } catch {
    return null;
  }
}

function refused(failure: TargetFailure): TargetFailure {
  return new TargetFailure({
    trouble: 'unauthorised',
    message: failure.message,
    hint: 'Check target.auth: the user may be locked, the password wrong, or the path of the token call another.',
    providerCode: failure.providerCode,
  });
}

function isReference(text: string): boolean {
  return /^(env|file):/.test(text);
}
