import type { Sandbox, SeenRequest } from '../sandbox.ts';
import { loadDirectory } from './directory.ts';
import { buildApp, vendorPath } from './routes.ts';

/** Which operation a request is, by its method and its path. */
const operations: readonly (readonly [op: string, method: string, path: RegExp])[] = [
  ['versions', 'GET', /^\/api\/versions$/],
  ['login', 'POST', /^\/cloudapi\/1\.0\.0\/sessions(\/provider)?$/],
  ['token', 'POST', /\/oauth\/.*\/?token$/],
  ['logout', 'DELETE', /^\/cloudapi\/1\.0\.0\/sessions\/current$/],
  ['list-orgs', 'GET', /^\/cloudapi\/1\.0\.0\/orgs$/],
  ['list-roles', 'GET', /^\/cloudapi\/1\.0\.0\/roles$/],
  ['list-users', 'GET', /^\/cloudapi\/1\.0\.0\/users$/],
  ['get-user', 'GET', /^\/cloudapi\/1\.0\.0\/users\/[^/]+$/],
  ['list-groups', 'GET', /^\/cloudapi\/1\.0\.0\/groups$/],
  ['get-groups', 'GET', /^\/cloudapi\/1\.0\.0\/users\/[^/]+\/groups$/],
  ['set-groups', 'PUT', /^\/cloudapi\/1\.0\.0\/users\/[^/]+\/groups$/],
  ['get-task', 'GET', /^\/api\/task\/[^/]+$/],
  ['create', 'POST', /^\/cloudapi\/1\.0\.0\/users$/],
  ['update', 'PUT', /^\/cloudapi\/1\.0\.0\/users\/[^/]+$/],
  ['take-ownership', 'POST', /^\/cloudapi\/1\.0\.0\/users\/[^/]+\/takeOwnership$/],
  ['delete', 'DELETE', /^\/cloudapi\/1\.0\.0\/users\/[^/]+$/],
];

/** Users of VMware Cloud Director or VCF Automation, as CloudAPI shows them: `/cloudapi/1.0.0/users`. */
export const cloudDirector: Sandbox = {
  id: 'cloud-director',
  account: { username: 'admin', password: 'sandbox' },
  operations: operations.map(([op]) => op),
  csvColumns: { username: 'Username', fullName: 'Full Name', email: 'Email' },
  describe,
  async open({ account, users, journal }) {
    const directory = await loadDirectory(users);
    return {
      app: buildApp({ account, directory, journal }),
      recall: (line) => directory.recall(line),
    };
  },
};

/** Whom a request is about: by name where its body has one, else by id, for the path has nothing more. */
function describe({ method, path, json }: SeenRequest): { op: string | null; users: readonly string[] } {
  const own = vendorPath(path);
  const [op] = operations.find((one) => one[1] === method && one[2].test(own)) ?? [];
  const [, urn] = /\/users\/([^/]+)/.exec(own) ?? [];
  const named = typeof json === 'object' && json !== null && 'username' in json ? json.username : undefined;
  const users = [named, urn].filter((one) => typeof one === 'string');
  return { op: op ?? null, users };
}
