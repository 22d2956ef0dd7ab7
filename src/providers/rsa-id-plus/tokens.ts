import { randomUUID } from 'node:crypto';
import type { JWK } from 'jose';
import { SignJWT } from 'jose/jwt/sign';
import { importJWK } from 'jose/key/import';
import type { Tools } from '../../contracts/provider.ts';
import { Failure, TargetFailure } from '../../domain/failure.ts';
import type { RawAnswer } from './answers.ts';
import type { ApiClient } from './api-client.ts';
import { assertionSeconds, renewEarlyMs, tokenSecondsDefault } from './limits.ts';
import { PrivateJwk, parseJson, TokenAnswer, TokenRefusal } from './wire.ts';

export interface Tokens {
  /** The access token to send; fetched when there is none or it is about to end. One fetch serves all who wait. */
  current(): Promise<string>;
  /** Says that the service did not take this token: the next `current` is another one. */
  discard(token: string): void;
}

interface Held {
  readonly token: string;
  readonly endsAt: number;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** OAuth client credentials with private_key_jwt (RFC 7523), the only way in that the vendor has for writing users. */
export function openTokens(client: () => Promise<ApiClient>, tools: Tools): Tokens {
  let held: Held | null = null;
  let fetching: Promise<Held> | null = null;
  /** The key that was taken last: the one that is being replaced is not tried again at each renewal. */
  let first = 0;

  const fetchToken = async (): Promise<Held> => {
    const api = await client();
    const order = [...api.keys.keys()].map((offset) => (first + offset) % api.keys.length);
    let refused: RawAnswer | null = null;
    for (const position of order) {
      const key = api.keys[position];
      if (key === undefined) continue;
      const answer = await ask(api, await key.read(), key.name, tools);
      if (answer.status >= 200 && answer.status < 300) {
        first = position;
        return heldOf(answer, tools.now());
      }
      refused = answer;
      if (!isAboutKey(answer)) break;
    }
    throw refusalOf(refused, api.keys.length);
  };

  return {
    async current() {
      if (held !== null && tools.now() < held.endsAt) return held.token;
      fetching ??= fetchToken().finally(() => {
        fetching = null;
      });
      held = await fetching;
      return held.token;
    },
    discard(token) {
      if (held?.token === token) held = null;
    },
  };
}

async function ask(api: ApiClient, jwk: string, name: string, tools: Tools): Promise<RawAnswer> {
  const assertion = await sign(api, jwk, name, tools.now());
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: api.clientId,
    client_assertion_type: assertionType,
    client_assertion: assertion,
    scope: api.scopes.join(' '),
  });
  const answer = await tools.request({
    baseUrl: api.issuer,
    method: 'POST',
    path: '/token',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    safe: true,
    answerBytesMax: 256 * 1024,
  });
  return { status: answer.status, text: await answer.text() };
}

/** Claims as three public clients have them (2026): the audience is the token endpoint, not the issuer. */
async function sign(api: ApiClient, text: string, name: string, nowMs: number): Promise<string> {
  const jwk = PrivateJwk.safeParse(parseJson(text)).data;
  const alg = jwk === undefined ? null : algorithmOf(jwk);
  if (jwk === undefined || alg === null) throw badKey(name);
  const issuedAt = Math.floor(nowMs / 1_000);
  try {
    return await new SignJWT()
      .setProtectedHeader({ alg, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
      .setIssuer(api.clientId)
      .setSubject(api.clientId)
      .setAudience(`${api.issuer}/token`)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionSeconds)
      .sign(await importJWK(jwk as JWK, alg));
  } catch {
    // What the library says might quote the key, so that it is not handed on as a cause either.
    throw badKey(name);
  }
}

function algorithmOf({ kty, crv }: PrivateJwk): 'RS256' | 'ES256' | null {
  if (kty === 'RSA') return 'RS256';
  return crv === 'P-256' ? 'ES256' : null;
}

function badKey(name: string): Failure {
  return new Failure({
    code: 'BAD_KEY',
    message: `${name} holds no private key as a JWK, of type RSA or EC with the curve P-256.`,
    hint: 'Take the private key file as the console gave it: a JSON object with kty, kid and d.',
    exit: 1,
  });
}

function heldOf(answer: RawAnswer, nowMs: number): Held {
  const parsed = TokenAnswer.safeParse(parseJson(answer.text));
  if (!parsed.success) {
    throw new TargetFailure({
      trouble: 'unreadable',
      message: 'The answer of the token endpoint holds no access token.',
      hint: 'A sign-in page or a proxy may have answered: check target.auth.issuer and target.http.',
    });
  }
  const seconds = parsed.data.expires_in ?? tokenSecondsDefault;
  return { token: parsed.data.access_token, endsAt: nowMs + Math.max(0, seconds * 1_000 - renewEarlyMs) };
}

/** A refusal that another key may mend: not one of the permissions, nor of the form of the request. */
function isAboutKey({ status, text }: RawAnswer): boolean {
  if (status !== 400 && status !== 401) return false;
  const error = TokenRefusal.safeParse(parseJson(text)).data?.error;
  return error !== 'invalid_scope' && error !== 'unsupported_grant_type';
}

function refusalOf(answer: RawAnswer | null, keys: number): TargetFailure {
  const status = answer?.status ?? 0;
  const error = answer === null ? undefined : TokenRefusal.safeParse(parseJson(answer.text)).data?.error;
  const word = error !== undefined && /^[a-z_]{1,40}$/.test(error) ? error : null;
  const message = `The token endpoint refused to sign the API client in (HTTP ${status}${word === null ? '' : `, ${word}`}).`;
  const more = { message, providerCode: word };
  if (status === 403 || word === 'invalid_scope') {
    const hint =
      'A permission was asked for that the API client lacks: grant it in the console, or name in ' +
      'target.auth.scopes those that it has. Without the licence for the Admin API only audit permissions exist.';
    return new TargetFailure({ ...more, trouble: 'unauthorised', hint });
  }
  if (status === 400 || status === 401) {
    const tried = keys === 1 ? 'Its key was' : 'Both keys were';
    const hint = `${tried} refused. Check target.auth: client id, key and issuer as the console shows them; and the clock.`;
    return new TargetFailure({ ...more, trouble: 'unauthorised', hint });
  }
  if (status >= 500 || status === 408) return new TargetFailure({ ...more, trouble: 'unavailable' });
  const hint = 'Check target.auth.issuer: the Issuer URL that the console shows.';
  return new TargetFailure({ ...more, trouble: 'misconfigured', hint });
}
