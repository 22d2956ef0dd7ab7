import type { Ledger, Scope } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';

export interface ScopeIds {
  /** The number of a scope, which is entered when it is new. */
  idOf(scope: Scope): number;
  /** The number of a scope; null when the ledger has never heard of it. */
  find(scope: Scope): number | null;
}

interface MemoryRow {
  readonly complete_read_at: string | null;
}

/** What the ledger knows of a scope besides its accounts. */
export function scopeEntries(
  connection: Connection,
): ScopeIds & { readonly memory: Pick<Ledger, 'scope' | 'noteCompleteRead'> } {
  const ids = scopeIds(connection);
  const memory = connection.query<MemoryRow>('SELECT complete_read_at FROM scopes WHERE scope_id = ?');
  // A run that ended with 1, 3, 5 or 75 wrote nothing, nor did one without facts, for which no feed waited. One that
  // was killed has no exit code, but intents.
  const lastApplied = connection.query<{ run_id: string }>(
    `SELECT run_id FROM runs
     WHERE scope_id = ? AND mode = 'apply' AND (exit_code IN (2, 4) OR (exit_code = 0 AND facts <> 'null') OR EXISTS (
       SELECT 1 FROM step_entries WHERE step_entries.run_number = runs.run_number AND result IS NULL))
     ORDER BY run_number DESC LIMIT 1`,
  );
  const noteRead = connection.command('UPDATE scopes SET complete_read_at = ? WHERE scope_id = ?');

  return {
    ...ids,
    memory: {
      async scope(scope) {
        const id = ids.find(scope);
        const row = id === null ? undefined : memory.get(id);
        return {
          completeReadAt: row?.complete_read_at ?? null,
          lastAppliedRun: id === null ? null : (lastApplied.get(id)?.run_id ?? null),
        };
      },
      async noteCompleteRead(scope, at) {
        noteRead.run(at, ids.idOf(scope));
      },
    },
  };
}

function scopeIds(connection: Connection): ScopeIds {
  const known = new Map<string, number>();
  const select = connection.query<{ scope_id: number }>(
    'SELECT scope_id FROM scopes WHERE job = ? AND origin = ?',
  );
  const insert = connection.command('INSERT INTO scopes (job, origin) VALUES (?, ?) ON CONFLICT DO NOTHING');

  function find(scope: Scope): number | null {
    const name = JSON.stringify([scope.job, scope.origin]);
    const id = known.get(name) ?? select.get(scope.job, scope.origin)?.scope_id ?? null;
    if (id !== null) known.set(name, id);
    return id;
  }

  return {
    find,
    // Callers ask before they begin their transaction, so a roll-back cannot take a remembered number with it.
    idOf(scope) {
      const id = find(scope);
      if (id !== null) return id;
      insert.run(scope.job, scope.origin);
      return select.get(scope.job, scope.origin)?.scope_id ?? never(scope);
    },
  };
}

function never(scope: Scope): never {
  throw new Error(`The scope of job ${scope.job} was entered and is not there.`);
}
