import type { Sandbox, SeenRequest } from '../sandbox.ts';
import { loadDirectory } from './directory.ts';
import { paths } from './facts.ts';
import { buildApp, vendorPath } from './routes.ts';
import { Tokens } from './tokens.ts';
import { writes } from './writes.ts';

/** Users of the VikingCloud Portal as its user-service shows them: `/user-service/v1/user`. */
export const vikingcloud: Sandbox = {
  id: 'vikingcloud',
  account: { username: 'admin', password: 'sandbox' },
  operations: [...writes.map(({ op }) => op), 'search', 'token'],
  // The vendor has no CSV of users; the header is the sandbox's own, in the names of the User schema.
  csvColumns: {
    username: 'username',
    firstName: 'firstName',
    lastName: 'lastName',
    email: 'email',
  },
  describe,
  async open({ account, users, journal }) {
    const directory = await loadDirectory(users);
    return {
      app: buildApp({ directory, journal }, new Tokens(account)),
      recall: (line) => directory.recall(line),
    };
  },
};

function describe({ method, path, json }: SeenRequest): { op: string | null; users: readonly string[] } {
  const own = vendorPath(path);
  if (own === paths.token) return { op: 'token', users: [] };
  if (own === paths.search) return { op: 'search', users: textOf(json, 'username') };
  const write = own === paths.user ? writes.find((candidate) => candidate.method === method) : undefined;
  if (write === undefined) return { op: null, users: [] };
  const key = write.keyOf(json);
  return { op: write.op, users: key === null ? [] : [key.username] };
}

function textOf(json: unknown, name: string): readonly string[] {
  const value = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  return value.flatMap(([key, text]) => (key === name && typeof text === 'string' ? [text] : []));
}
