import type { Sandbox, SeenRequest } from '../sandbox.ts';
import { loadDirectory } from './directory.ts';
import { filterOf, loginsOf } from './payload.ts';
import { buildApp, paths, security, vendorPath } from './routes.ts';
import { writes } from './writes.ts';

const reads: ReadonlyMap<string, string> = new Map([
  [paths.users, 'list-users'],
  [paths.groups, 'list-groups'],
  [paths.roles, 'list-roles'],
]);

/** Users, groups and roles of Oracle Fusion Cloud EPM as its REST API shows them: `/interop/rest/security`. */
export const oracleEpm: Sandbox = {
  id: 'oracle-epm',
  account: { username: 'admin', password: 'sandbox' },
  operations: [...writes.map(({ op }) => op), ...reads.values()],
  csvColumns: { firstname: 'First Name', lastname: 'Last Name', email: 'Email', userlogin: 'User Login' },
  describe,
  async open({ account, users, journal }) {
    const directory = await loadDirectory(users);
    return {
      app: buildApp({ account, directory, journal }),
      recall: (line) => directory.recall(line),
    };
  },
};

function describe({ path, json }: SeenRequest): { op: string | null; users: readonly string[] } {
  const own = vendorPath(path);
  const write = writes.find((candidate) => `${security}${candidate.path}` === own);
  if (write !== undefined) {
    return { op: write.op, users: loginsOf(json) };
  }
  return { op: reads.get(own) ?? null, users: filterOf(json) };
}
