import type { Connection } from './connection.ts';
import type { Entry } from './step-entries.ts';

/** Appends what happened to steps of a run, by its number; belongs inside a transaction. */
export type AppendEntries = (run: number, entries: readonly Entry[]) => void;

export function entryAppender(connection: Pick<Connection, 'command'>): AppendEntries {
  const insert = connection.command(
    'INSERT INTO step_entries (run_number, slice, first_seq, last_seq, result, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return (run, entries) => {
    for (const { slice, firstSeq, lastSeq, result, body } of entries) {
      insert.run(run, slice, firstSeq, lastSeq, result, body);
    }
  };
}
