import type { Config } from './config.ts';
import type { Named, WireUser } from './wire.ts';

export type Kind = 'roles' | 'privileges';

/**
 * Roles and privileges in full, by name. A user holds them as objects, and no call that lists them is documented, so
 * they are learned from the users that are read. A name alone is never sent: a role without its privileges could be
 * taken for a change of the role itself.
 */
export class Catalogue {
  readonly #known = { roles: new Map<string, Named>(), privileges: new Map<string, Named>() };
  readonly #declared: { readonly [K in Kind]: ReadonlyMap<string, Named> };

  constructor(config: Pick<Config, 'roles' | 'privileges'>) {
    this.#declared = { roles: byName(config.roles), privileges: byName(config.privileges) };
  }

  /** Takes up what a user shows; what the user holds itself goes before what is derived. */
  learn(user: WireUser): void {
    for (const kind of ['roles', 'privileges'] as const) {
      const known = this.#known[kind];
      for (const entry of user[kind] ?? []) if (isWhole(kind, entry)) known.set(nameOf(entry), entry);
      const derived = (kind === 'roles' ? user.allRoles : user.allPrivileges) ?? [];
      for (const entry of derived) {
        if (isWhole(kind, entry) && !known.has(nameOf(entry))) known.set(nameOf(entry), entry);
      }
    }
  }

  /** The role or privilege as users show it, or as the job declares it; null when neither does. */
  find(kind: Kind, name: string): Named | null {
    return this.#known[kind].get(name) ?? this.#declared[kind].get(name) ?? null;
  }
}

function isWhole(kind: Kind, entry: Named): boolean {
  return kind === 'privileges' || Array.isArray(entry.privileges);
}

function byName(entries: readonly Named[]): ReadonlyMap<string, Named> {
  return new Map(entries.map((entry) => [nameOf(entry), entry]));
}

function nameOf(entry: Named): string {
  return entry.name.normalize('NFC');
}
