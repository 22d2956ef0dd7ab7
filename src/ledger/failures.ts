import type { Ledger } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import { pageSize, pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';
import type { ScopeIds } from './scopes.ts';

interface FailureRow {
  readonly entry: number;
}

/** The failures of each scope's last run, with the run in which each was first seen. */
export function failureEntries(
  connection: Connection,
  { idOf, find, numberOf }: ScopeIds & { readonly numberOf: RunNumbers },
): Pick<Ledger, 'noteFailures' | 'failuresSince'> {
  const note = connection.command(
    `INSERT INTO failures (scope_id, key, operation, error_code, since_run, seen_run) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (scope_id, key, operation, error_code) DO UPDATE SET seen_run = excluded.seen_run`,
  );
  const gone = connection.query<FailureRow>(
    `SELECT entry FROM failures WHERE scope_id = ? AND seen_run <> ? AND entry > ?
     ORDER BY entry LIMIT ${pageSize}`,
  );
  const forget = connection.command('DELETE FROM failures WHERE entry = ?');
  const since = connection.query<{ run_id: string }>(
    `SELECT run_id FROM failures JOIN runs ON run_number = since_run
     WHERE failures.scope_id = ? AND key = ? AND operation = ? AND error_code = ?`,
  );

  return {
    // A kill in the middle loses nothing: what did not come again is forgotten only at the end.
    async noteFailures(scope, runId, failures) {
      const scopeId = idOf(scope);
      const run = numberOf(runId);
      for await (const page of failures) {
        connection.transaction(() => {
          for (const { key, operation, errorCode } of page) {
            note.run(scopeId, key, operation, errorCode, run, run);
          }
        });
      }
      for await (const page of pages<FailureRow>((last) => gone.all(scopeId, run, last?.entry ?? 0))) {
        connection.transaction(() => {
          for (const { entry } of page) forget.run(entry);
        });
      }
    },
    async failuresSince(scope, failures) {
      const scopeId = find(scope);
      if (scopeId === null) return failures.map(() => null);
      return failures.map(
        ({ key, operation, errorCode }) => since.get(scopeId, key, operation, errorCode)?.run_id ?? null,
      );
    },
  };
}
