import { randomBytes, randomUUID } from 'node:crypto';
import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
} from 'jose';
import type { SandboxAccount } from '../sandbox.ts';
import type { Tenant } from './directory.ts';
import { allPermissions } from './facts.ts';

interface Client {
  readonly clientId: string;
  readonly keys: readonly JWK[];
  readonly scopes: readonly string[];
}

interface Token {
  readonly endsAt: number;
  readonly scopes: readonly string[];
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What the token endpoint answers: RFC 6749, sections 5.1 and 5.2. */
export interface TokenResponse {
  readonly status: 200 | 400 | 401 | 403;
  readonly body: Readonly<Record<string, string | number>>;
}

/** The API clients of the tenant and the tokens that they hold. */
export class SignIn {
  readonly #account: SandboxAccount;
  readonly #tokenSeconds: number;
  readonly #clients: Map<string, Client>;
  readonly #tokens = new Map<string, Token>();
  /** An assertion is good for one token (RFC 7523, section 3, allows a server to insist). */
  readonly #usedAssertions = new Set<string>();
  readonly #ownKey: JWK;
  readonly #ownId = 'sandbox-client';

  constructor(account: SandboxAccount, tenant: Tenant, ownKey: JWK) {
    this.#account = account;
    this.#tokenSeconds = tenant.tokenSeconds;
    this.#ownKey = ownKey;
    const { d: _, ...publicKey } = ownKey;
    const own: Client = { clientId: this.#ownId, keys: [publicKey], scopes: allPermissions };
    const others = tenant.apiClients.map(({ clientId, keys, scopes }) => ({
      clientId,
      keys: keys as JWK[],
      scopes: scopes ?? allPermissions,
    }));
    this.#clients = new Map([own, ...others].map((client) => [client.clientId, client]));
  }

  /** What the vendor's console would hand out, for whoever has the sandbox's own credentials; null for others. */
  clientFor(authorization: string | undefined, origin: string): object | null {
    const { username, password } = this.#account;
    const expected = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
    if (authorization !== expected) return null;
    return { issuer: `${origin}/oauth`, clientId: this.#ownId, key: this.#ownKey };
  }

  async grant(form: URLSearchParams, tokenUrl: string): Promise<TokenResponse> {
    const assertion = form.get('client_assertion');
    if (form.get('grant_type') !== 'client_credentials') return refusal(400, 'unsupported_grant_type');
    if (assertion === null || form.get('client_assertion_type') !== assertionType) {
      return refusal(400, 'invalid_request');
    }
    const client = this.#clients.get(form.get('client_id') ?? '');
    if (client === undefined || !(await this.#proves(client, assertion, tokenUrl))) {
      return refusal(401, 'invalid_client');
    }
    const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    if (scopes.length === 0) return refusal(400, 'invalid_scope');
    // Asking for a permission that the client lacks fails the whole request (a public client's guide, 2026).
    if (scopes.some((scope) => !client.scopes.includes(scope))) return refusal(403, 'invalid_scope');
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(token, { endsAt: Date.now() + this.#tokenSeconds * 1_000, scopes });
    return {
      status: 200,
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: this.#tokenSeconds,
        scope: scopes.join(' '),
      },
    };
  }

  /** The permissions of a header's token; `missing` without one, `bad` for one that is unknown or has ended. */
  scopesOf(authorization: string | undefined): readonly string[] | 'missing' | 'bad' {
    const [, value] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
    if (value === undefined) return 'missing';
    const token = this.#tokens.get(value);
    return token === undefined || token.endsAt <= Date.now() ? 'bad' : token.scopes;
  }

  async #proves(client: Client, assertion: string, tokenUrl: string): Promise<boolean> {
    try {
      const { kid } = decodeProtectedHeader(assertion);
      const { jti, iat, exp } = decodeJwt(assertion);
      const key = client.keys.find((candidate) => candidate.kid === kid);
      if (key === undefined || jti === undefined || iat === undefined || exp === undefined) return false;
      if (this.#usedAssertions.has(jti) || exp - iat > 3_600) return false;
      const alg = key.kty === 'RSA' ? 'RS256' : 'ES256';
      await jwtVerify(assertion, await importJWK(key, alg), {
        algorithms: [alg],
        issuer: client.clientId,
        subject: client.clientId,
        audience: tokenUrl,
        clockTolerance: 5,
      });
      this.#usedAssertions.add(jti);
      return true;
    } catch {
      return false;
    }
  }
}

/** A key of the sandbox's own, made anew at every start. */
export async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID() };
}

function refusal(status: 400 | 401 | 403, error: string): TokenResponse {
  return { status, body: { error } };
}
