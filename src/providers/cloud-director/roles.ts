import { unreadable } from './answers.ts';
import { readPages, type Send } from './pages.ts';
import { Named, type RoleReference, urn } from './wire.ts';

/** The roles of the one organisation that is written. */
export interface Roles {
  /** The role of this name, spelt exactly so; undefined when the organisation has none. */
  named(name: string): Named | undefined;
  /** The name of a user's role; its id when neither the reference nor the organisation knows one. */
  nameOf(reference: RoleReference): string;
}

/**
 * Reads the roles of the organisation that the session acts on. Each organisation has its own: roles of the same name
 * have other ids elsewhere, so nothing of it is kept beyond the connection.
 */
export async function readRoles(send: Send): Promise<Roles> {
  const path = '/cloudapi/1.0.0/roles';
  const byName = new Map<string, Named>();
  const byId = new Map<string, string>();
  for await (const values of readPages(send, { path, query: { sortAsc: 'name' } })) {
    for (const value of values) {
      const role = Named.safeParse(value).data;
      if (role === undefined) throw unreadable({ method: 'GET', path }, 'a role has no id and name');
      // Only roles can be given to users; blueprints of the provider (`globalRole`) cannot (37.2).
      if (!urn('role').test(role.id)) continue;
      byName.set(role.name, role);
      byId.set(role.id.toLowerCase(), role.name);
    }
  }
  return {
    named: (name) => byName.get(name),
    nameOf: (reference) => byId.get(reference.id.toLowerCase()) ?? reference.name ?? reference.id,
  };
}
