import type { Bar, Ledger } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import type { ScopeIds } from './scopes.ts';

interface BarRow {
  readonly link_key: string;
  readonly key: string;
  readonly barred_by: string;
  readonly reason: string;
  readonly barred_at: string;
}

/** Who was disabled by key, and stays so. They are few. */
export function barEntries(
  connection: Connection,
  { idOf, find }: ScopeIds,
): Pick<Ledger, 'bar' | 'bars' | 'liftBars'> {
  const save = connection.command(
    `INSERT INTO bars (scope_id, link_key, key, barred_by, reason, barred_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (scope_id, link_key) DO UPDATE SET
       key = excluded.key, barred_by = excluded.barred_by, reason = excluded.reason, barred_at = excluded.barred_at`,
  );
  const select = connection.query<BarRow>(
    'SELECT link_key, key, barred_by, reason, barred_at FROM bars WHERE scope_id = ? ORDER BY link_key',
  );
  const lift = connection.command('DELETE FROM bars WHERE scope_id = ? AND link_key = ?');

  return {
    async bar(scope, { linkKey, key, by, reason, at }) {
      save.run(idOf(scope), linkKey, key, by, reason, at);
    },
    async bars(scope) {
      const id = find(scope);
      return id === null ? [] : select.all(id).map(barOf);
    },
    async liftBars(scope, linkKeys) {
      const id = idOf(scope);
      connection.transaction(() => {
        for (const linkKey of linkKeys) lift.run(id, linkKey);
      });
    },
  };
}

function barOf(row: BarRow): Bar {
  return {
    linkKey: row.link_key,
    key: row.key,
    by: row.barred_by,
    reason: row.reason,
    at: row.barred_at,
  };
}
