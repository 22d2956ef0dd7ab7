import { unreadable } from './answers.ts';
import { readPages, type Send } from './pages.ts';
import { Named, type Reference, urn } from './wire.ts';

/** The roles, or the groups, of the one organisation that is written. */
export interface Names {
  /** Those of this name, spelt exactly so: none or one role; groups of two sources may share a name. */
  named(name: string): readonly Named[];
  /** The name behind a reference; its id when neither the reference nor the organisation knows one. */
  nameOf(reference: Reference): string;
}

/**
 * Reads the roles or groups of the organisation that the session acts on. Each organisation has its own: those of the
 * same name have other ids elsewhere, so nothing of it is kept beyond the connection.
 */
export async function readNames(send: Send, type: 'role' | 'group'): Promise<Names> {
  const path = `/cloudapi/1.0.0/${type}s`;
  const byName = new Map<string, readonly Named[]>();
  const byId = new Map<string, string>();
  for await (const values of readPages(send, { path, query: { sortAsc: 'name' } })) {
    for (const value of values) {
      const read = Named.safeParse(value).data;
      if (read === undefined) throw unreadable({ method: 'GET', path }, `a ${type} has no id and name`);
      // Only roles can be given to users; blueprints of the provider (`globalRole`) cannot (37.2).
      if (!urn(type).test(read.id)) continue;
      byName.set(read.name, [...(byName.get(read.name) ?? []), read]);
      byId.set(read.id.toLowerCase(), read.name);
    }
  }
  return {
    named: (name) => byName.get(name) ?? [],
    nameOf: (reference) => byId.get(reference.id.toLowerCase()) ?? reference.name ?? reference.id,
  };
}
