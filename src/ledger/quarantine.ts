import type { Ledger } from '../contracts/ledger.ts';
import type { DuplicateRow, QuarantinedRow, Row } from '../domain/person.ts';
import type { Connection } from './connection.ts';
import { pageSize, pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';

/** The rows that a run did not take: set aside, or lost to another row of the same person. */
export function quarantineEntries(
  connection: Connection,
  numberOf: RunNumbers,
): Pick<Ledger, 'storeQuarantine' | 'quarantine' | 'storeDuplicates' | 'duplicates'> {
  const quarantine = rowEntries<QuarantinedRow>('quarantine', connection, numberOf);
  const duplicates = rowEntries<DuplicateRow>('duplicates', connection, numberOf);
  return {
    storeQuarantine: quarantine.store,
    quarantine: quarantine.read,
    storeDuplicates: duplicates.store,
    duplicates: duplicates.read,
  };
}

interface StoredRow {
  readonly line: number;
  readonly entry: number;
  readonly body: string;
}

interface RowEntries<Entry> {
  store(runId: string, entries: readonly Entry[]): Promise<void>;
  /** In the order of the lines: several rows of one person are found late, and stored in another order. */
  read(runId: string): AsyncIterable<readonly Entry[]>;
}

function rowEntries<Entry extends { readonly row: Row }>(
  table: 'quarantine' | 'duplicates',
  connection: Connection,
  numberOf: RunNumbers,
): RowEntries<Entry> {
  const insert = connection.command(`INSERT INTO ${table} (run_number, line, body) VALUES (?, ?, ?)`);
  const select = connection.query<StoredRow>(
    `SELECT line, entry, body FROM ${table}
     WHERE run_number = ? AND (line, entry) > (?, ?) ORDER BY line, entry LIMIT ${pageSize}`,
  );
  return {
    async store(runId, entries) {
      const run = numberOf(runId);
      if (entries.length === 0) return;
      connection.transaction(() => {
        for (const entry of entries) insert.run(run, entry.row.line, JSON.stringify(entry));
      });
    },
    async *read(runId) {
      const run = numberOf(runId);
      const after = (last: StoredRow | null) => select.all(run, last?.line ?? -1, last?.entry ?? -1);
      for await (const page of pages<StoredRow>(after)) {
        yield page.map((row) => JSON.parse(row.body) as Entry);
      }
    },
  };
}
