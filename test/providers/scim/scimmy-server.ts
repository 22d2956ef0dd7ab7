import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';

/** A user or group as the store has it, in plain JSON. */
export interface Stored {
  readonly id: string;
  readonly [attribute: string]: unknown;
}

export interface ScimmyServer extends AsyncDisposable {
  readonly baseUrl: string;
  /** Users by id. */
  readonly users: Map<string, Stored>;
  readonly groups: Map<string, Stored>;
  /** Writes that reached the store: created, replaced, removed. */
  readonly writes: { readonly kind: string; readonly op: string }[];
}

const plain = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value));

interface Member {
  readonly value: string;
}

/** A SCIM server that we did not write: its own parsing, filters, paging, PATCH and bulk, over two maps. */
export async function startScimmy(token: string): Promise<ScimmyServer> {
  const users = new Map<string, Stored>();
  const groups = new Map<string, Stored>();
  const writes: { kind: string; op: string }[] = [];

  const notFound = () => new SCIMMY.Types.Error(404, null as unknown as string, 'There is no such resource.');
  const store = (
    kind: string,
    map: Map<string, Stored>,
    id: string | undefined,
    instance: unknown,
  ): Stored => {
    if (id !== undefined && !map.has(id)) throw notFound();
    const stored = { ...plain(instance), id: id ?? randomUUID() };
    map.set(stored.id, stored);
    writes.push({ kind, op: id === undefined ? 'create' : 'replace' });
    return stored;
  };
  const groupsOf = (id: string) =>
    [...groups.values()]
      .filter(({ members }) => (members as readonly Member[] | undefined)?.some(({ value }) => value === id))
      .map((group) => ({ value: group.id, display: group.displayName, type: 'direct' }));
  const shown = (user: Stored) => ({ ...structuredClone(user), groups: groupsOf(user.id) });

  // The handlers' types bind every attribute of the schema as a class of SCIMMY's; the store holds plain JSON.
  const asStored = <Instance>(stored: unknown): Instance => stored as Instance;

  SCIMMY.Resources.declare(SCIMMY.Resources.User, {
    extensions: [{ schema: SCIMMY.Schemas.EnterpriseUser, required: false }],
    ingress: (resource: { id?: string }, instance: unknown) => {
      const login = String(plain(instance).userName).toLowerCase();
      const taken = [...users.values()].some(
        (user) => user.id !== resource.id && String(user.userName).toLowerCase() === login,
      );
      if (taken) throw new SCIMMY.Types.Error(409, 'uniqueness', 'This userName is taken.');
      return asStored(shown(store('user', users, resource.id, instance)));
    },
    egress: (resource: { id?: string; filter?: { match(values: object[]): object[] } }) => {
      if (resource.id !== undefined) {
        const user = users.get(resource.id);
        if (user === undefined) throw notFound();
        return asStored(shown(user));
      }
      const all = [...users.values()].map(shown);
      return asStored(resource.filter === undefined ? all : resource.filter.match(all));
    },
    degress: (resource: { id?: string }) => {
      if (!users.delete(resource.id ?? '')) throw notFound();
      writes.push({ kind: 'user', op: 'remove' });
    },
  });
  SCIMMY.Resources.declare(SCIMMY.Resources.Group, {
    ingress: (resource: { id?: string }, instance: unknown) =>
      asStored(store('group', groups, resource.id, instance)),
    egress: (resource: { id?: string; filter?: { match(values: object[]): object[] } }) => {
      if (resource.id !== undefined) {
        const group = groups.get(resource.id);
        if (group === undefined) throw notFound();
        return asStored(structuredClone(group));
      }
      const all = [...groups.values()].map((group) => structuredClone(group));
      return asStored(resource.filter === undefined ? all : resource.filter.match(all));
    },
    degress: (resource: { id?: string }) => {
      if (!groups.delete(resource.id ?? '')) throw notFound();
    },
  });

  const app = express();
  const routers = new SCIMMYRouters({
    type: 'bearer',
    handler: (request) => {
      if (request.header('authorization') !== `Bearer ${token}`) throw new Error('Not authorised.');
      return 'rollcall';
    },
  });
  app.use('/scim/v2', asStored<express.RequestHandler>(routers));
  const server = createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/scim/v2`,
    users,
    groups,
    writes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
