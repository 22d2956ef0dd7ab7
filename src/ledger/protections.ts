import type { Ledger, Protection } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import type { ScopeIds } from './scopes.ts';

interface ProtectionRow {
  readonly link_key: string;
  readonly key: string;
  readonly reason: string;
  readonly operator: string;
  readonly protected_at: string;
  readonly protected_until: string;
}

/** Whose account is kept as it is for a while. They are few. */
export function protectionEntries(
  connection: Connection,
  { idOf, find }: ScopeIds,
): Pick<Ledger, 'protect' | 'protections' | 'unprotect'> {
  const save = connection.command(
    `INSERT INTO protections (scope_id, link_key, key, reason, operator, protected_at, protected_until)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (scope_id, link_key) DO UPDATE SET
       key = excluded.key, reason = excluded.reason, operator = excluded.operator,
       protected_at = excluded.protected_at, protected_until = excluded.protected_until`,
  );
  const select = connection.query<ProtectionRow>(
    `SELECT link_key, key, reason, operator, protected_at, protected_until FROM protections
     WHERE scope_id = ? ORDER BY link_key`,
  );
  const lift = connection.command('DELETE FROM protections WHERE scope_id = ? AND link_key = ?');

  return {
    async protect(scope, { linkKey, key, reason, operator, at, until }) {
      save.run(idOf(scope), linkKey, key, reason, operator, at, until);
    },
    async protections(scope) {
      const id = find(scope);
      return id === null ? [] : select.all(id).map(protectionOf);
    },
    async unprotect(scope, linkKeys) {
      const id = idOf(scope);
      connection.transaction(() => {
        for (const linkKey of linkKeys) lift.run(id, linkKey);
      });
    },
  };
}

function protectionOf(row: ProtectionRow): Protection {
  return {
    linkKey: row.link_key,
    key: row.key,
    reason: row.reason,
    operator: row.operator,
    at: row.protected_at,
    until: row.protected_until,
  };
}
