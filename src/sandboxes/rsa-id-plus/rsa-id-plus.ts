import type { Sandbox } from '../sandbox.ts';
import { loadDirectory } from './directory.ts';
import { clientPath, permissions, tokenPath } from './facts.ts';
import { buildApp, namedIn, operationOf } from './routes.ts';
import { makeKey, SignIn } from './sign-in.ts';

/** Local users of an RSA ID Plus tenant as its Cloud Administration API shows them, with its OAuth issuer. */
export const rsaIdPlus: Sandbox = {
  id: 'rsa-id-plus',
  account: { username: 'admin', password: 'sandbox' },
  operations: [...Object.keys(permissions), 'token', 'api-client'],
  csvColumns: { firstName: 'First Name', lastName: 'Last Name', email: 'Email', userName: 'User Name' },
  describe({ method, path, json }) {
    if (path === tokenPath) return { op: 'token', users: [] };
    if (path === clientPath) return { op: 'api-client', users: [] };
    return { op: operationOf(method, path, json), users: namedIn(path, json) };
  },
  async open({ account, users, journal }) {
    const directory = await loadDirectory(users);
    const signIn = new SignIn(account, directory.tenant, await makeKey());
    return {
      app: buildApp({ directory, journal }, signIn),
      recall: (line) => directory.recall(line),
    };
  },
};
