import type { SandboxAccount } from '../sandbox.ts';
import { foldLogin } from './directory.ts';

/** The identity domain that may stand before the user name, as in `sandbox.admin`. */
const identityDomain = 'sandbox';

/** Whether an Authorization header is the account's: Basic with UTF-8, or Bearer with the password as the token. */
export function isAuthorised(header: string | undefined, account: SandboxAccount): boolean {
  const [scheme = '', credentials = ''] = header?.split(' ') ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic':
      return isBasic(Buffer.from(credentials, 'base64').toString('utf8'), account);
    case 'bearer':
      return credentials === account.password;
    default:
      return false;
  }
}

function isBasic(pair: string, account: SandboxAccount): boolean {
  const colon = pair.indexOf(':');
  const username = foldLogin(pair.slice(0, colon));
  const expected = foldLogin(account.username);
  return (
    colon !== -1 &&
    (username === expected || username === `${identityDomain}.${expected}`) &&
    pair.slice(colon + 1) === account.password
  );
}
