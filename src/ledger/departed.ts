import type { Ledger } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import { pages } from './pages.ts';
import type { ScopeIds } from './scopes.ts';

interface DepartedRow {
  readonly entry: number;
  readonly link_key: string;
  readonly login: string;
  readonly removed_at: string;
}

const departedAtOnce = 500;

/** Whom this job removed. */
export function departedEntries(
  connection: Connection,
  { find }: Pick<ScopeIds, 'find'>,
): Pick<Ledger, 'departed'> {
  const select = connection.query<DepartedRow>(
    `SELECT entry, link_key, login, removed_at FROM departed
     WHERE scope_id = ? AND entry > ? ORDER BY entry LIMIT ${departedAtOnce}`,
  );
  return {
    async *departed(scope) {
      const scopeId = find(scope);
      if (scopeId === null) return;
      const read = (last: DepartedRow | null) => select.all(scopeId, last?.entry ?? 0);
      for await (const page of pages(read, departedAtOnce)) {
        yield page.map(({ link_key: linkKey, login, removed_at: at }) => ({
          linkKey,
          login: login === '' ? null : login,
          at,
        }));
      }
    },
  };
}

/**
 * Notes that a run removed the user, from what the ledger knows of it until then; belongs inside a transaction. Users
 * who were linked to nobody are noted by their own id.
 */
export function departureWriter(
  connection: Connection,
): (runNumber: number, scopeId: number, userId: string) => void {
  const note = connection.command(
    `INSERT INTO departed (scope_id, link_key, login, removed_at)
     SELECT a.scope_id, coalesce(a.link_key, a.user_id), coalesce(json_extract(a.attributes, '$.userName'), ''), r.as_of
     FROM accounts a CROSS JOIN runs r
     WHERE r.run_number = ? AND a.scope_id = ? AND a.user_id = ?
     ON CONFLICT (scope_id, link_key, login) DO UPDATE SET removed_at = excluded.removed_at`,
  );
  return (runNumber, scopeId, userId) => {
    note.run(runNumber, scopeId, userId);
  };
}
