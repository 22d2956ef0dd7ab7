import type { Tools } from '../../contracts/provider.ts';
import { Failure } from '../../domain/failure.ts';
import type { Config } from './config.ts';
import { idOfLogin, ownIdOf, ownIdsOf } from './login.ts';

/** What signing in takes, read anew from where the references point. */
export interface Identity {
  /** Value of the Authorization header. */
  readonly authorization: string;
  /** The likeliest id of the account that signs in; null when unknown. */
  readonly ownId: string | null;
  /** Every id that may be this account's. */
  readonly ownIds: ReadonlySet<string>;
  /** What no message may show. */
  readonly secrets: readonly string[];
}

/** Reads the credentials and says whose they are. Throws a `Failure` for a user name that cannot be sent. */
export async function readIdentity(config: Config, tools: Tools): Promise<Identity> {
  const { auth, ownLogin } = config;
  if (auth.type === 'bearer') {
    const token = (await tools.secret(auth.token)).trim();
    return { authorization: `Bearer ${token}`, secrets: [token], ...ownership(ownLogin, null) };
  }
  const username = isReference(auth.username) ? (await tools.secret(auth.username)).trim() : auth.username;
  if (username.includes(':')) {
    throw new Failure({
      code: 'BAD_USERNAME',
      message: 'target.auth.username holds a colon, which basic authentication cannot carry.',
      hint: 'Give identitydomain.login, or the login alone.',
      exit: 1,
    });
  }
  const password = await tools.secret(auth.password);
  // Over UTF-8 bytes, as the vendor's page on authentication demands (PREST authentication, 2026).
  const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  const secrets = [password, encoded];
  return { authorization: `Basic ${encoded}`, secrets, ...ownership(ownLogin, username) };
}

function ownership(
  ownLogin: string | undefined,
  username: string | null,
): Pick<Identity, 'ownId' | 'ownIds'> {
  if (ownLogin !== undefined) {
    const ownId = idOfLogin(ownLogin);
    return { ownId, ownIds: new Set([ownId]) };
  }
  if (username === null) return { ownId: null, ownIds: new Set() };
  return { ownId: ownIdOf(username), ownIds: new Set(ownIdsOf(username)) };
}

function isReference(text: string): boolean {
  return /^(env|file):/.test(text);
}
