import type { Ledger } from '../contracts/ledger.ts';
import type { Change } from '../domain/change.ts';
import type { Connection, Query } from './connection.ts';
import { pageSize, pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';

export interface ChangeRow {
  readonly seq: number;
  readonly body: string;
}

/** The changes of a run's plan. */
export function changeEntries(
  connection: Connection,
  numberOf: RunNumbers,
): Pick<Ledger, 'storeChanges' | 'changes'> {
  const insert = connection.command('INSERT INTO changes (run_number, seq, body) VALUES (?, ?, ?)');
  const select = changePages(connection);

  return {
    async storeChanges(runId, changes) {
      const run = numberOf(runId);
      connection.transaction(() => {
        for (const change of changes) insert.run(run, change.seq, JSON.stringify(change));
      });
    },
    async *changes(runId) {
      const run = numberOf(runId);
      for await (const page of pages<ChangeRow>((last) => select.all(run, last?.seq ?? 0))) {
        yield page.map(changeOf);
      }
    },
  };
}

/** A page of a run's changes in the order of the plan: takes the run's number and the last `seq` before. */
export function changePages(connection: Connection): Query<ChangeRow> {
  return connection.query<ChangeRow>(
    `SELECT seq, body FROM changes WHERE run_number = ? AND seq > ? ORDER BY seq LIMIT ${pageSize}`,
  );
}

export function changeOf(row: ChangeRow): Change {
  return JSON.parse(row.body) as Change;
}
