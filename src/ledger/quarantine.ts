import type { Ledger } from '../contracts/ledger.ts';
import type { QuarantinedRow } from '../domain/person.ts';
import type { Connection } from './connection.ts';
import { pageSize, pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';

interface QuarantineRow {
  readonly line: number;
  readonly entry: number;
  readonly body: string;
}

/** The rows that a run set aside. */
export function quarantineEntries(
  connection: Connection,
  numberOf: RunNumbers,
): Pick<Ledger, 'storeQuarantine' | 'quarantine'> {
  const insert = connection.command('INSERT INTO quarantine (run_number, line, body) VALUES (?, ?, ?)');
  // Duplicates of a person are found late, so rows are not stored in the order of their lines.
  const select = connection.query<QuarantineRow>(
    `SELECT line, entry, body FROM quarantine
     WHERE run_number = ? AND (line, entry) > (?, ?) ORDER BY line, entry LIMIT ${pageSize}`,
  );

  return {
    async storeQuarantine(runId, rows) {
      const run = numberOf(runId);
      connection.transaction(() => {
        for (const quarantined of rows) insert.run(run, quarantined.row.line, JSON.stringify(quarantined));
      });
    },
    async *quarantine(runId) {
      const run = numberOf(runId);
      const read = (last: QuarantineRow | null) => select.all(run, last?.line ?? -1, last?.entry ?? -1);
      for await (const page of pages<QuarantineRow>(read)) {
        yield page.map((row) => JSON.parse(row.body) as QuarantinedRow);
      }
    },
  };
}
