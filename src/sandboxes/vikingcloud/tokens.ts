import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SandboxAccount } from '../sandbox.ts';
import { tokenLifeSeconds } from './facts.ts';

const Credentials = z.object({ username: z.string(), password: z.string() });

interface Issued {
  readonly accessToken: string;
  readonly expiresAtMs: number;
}

/** The tokens that this sandbox has issued and takes. */
export class Tokens {
  readonly #byIdToken = new Map<string, Issued>();
  readonly #account: SandboxAccount;

  constructor(account: SandboxAccount) {
    this.#account = account;
  }

  /** The answer of the token call; null for wrong credentials. */
  issue(json: unknown): object | null {
    const given = Credentials.safeParse(json).data;
    if (given?.username !== this.#account.username || given.password !== this.#account.password) return null;
    const nowMs = Date.now();
    const exp = Math.floor(nowMs / 1000) + tokenLifeSeconds;
    const idToken = unsigned({ typ: 'id', exp });
    const accessToken = unsigned({ typ: 'access', exp });
    this.#byIdToken.set(idToken, { accessToken, expiresAtMs: exp * 1000 });
    return {
      accessToken,
      expiresIn: tokenLifeSeconds,
      idToken,
      refreshToken: randomBytes(16).toString('base64url'),
      tokenType: 'Bearer',
    };
  }

  /**
   * Whether a request may pass: by the idToken as bearer (not by the accessToken), by the account's password as API
   * key, or by Basic authentication, which is the sandbox's own.
   */
  admits(header: (name: string) => string | undefined): boolean {
    if (header('x-auth-token') !== undefined) return header('x-auth-token') === this.#account.password;
    const [scheme = '', credentials = ''] = (header('authorization') ?? '').split(' ');
    if (scheme.toLowerCase() === 'basic') return this.#isBasic(credentials);
    const issued = this.#byIdToken.get(credentials);
    if (scheme !== 'Bearer' || issued === undefined || issued.expiresAtMs <= Date.now()) return false;
    const assertion = header('x-jwt-assertion');
    return assertion === undefined || assertion === issued.accessToken;
  }

  #isBasic(credentials: string): boolean {
    const { username, password } = this.#account;
    return Buffer.from(credentials, 'base64').toString('utf8') === `${username}:${password}`;
  }
}

/** A JSON Web Token in form; nobody checks its signature here. */
function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.${randomBytes(16).toString('base64url')}`;
}
