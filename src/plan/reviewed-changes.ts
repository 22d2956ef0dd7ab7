import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Change } from '../domain/change.ts';

/** The changes of a reviewed plan, by person; on disk, so that memory does not grow with the plan. */
export interface ReviewedChanges {
  /**
   * The change for this person that nobody has asked for yet; of several users of one person that of this user.
   * Null when the plan has none.
   */
  take(linkKey: string, userId: string | null): Change | null;
  /** Those that nobody has asked for. */
  rest(): Generator<Change>;
  close(): void;
}

/**
 * @param folder where the scratch file may lie: it belongs to this run alone, and is deleted before and after
 */
export function openReviewedChanges(folder: string, changes: Iterable<Change>): ReviewedChanges {
  // A run that was killed could not clean up behind itself.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path.join(folder, 'plan.db'));
  const close = (): void => {
    if (database.isOpen) database.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    stage(database, changes);
  } catch (error) {
    close();
    throw error;
  }
  const select = database.prepare(
    `SELECT seq, body FROM reviewed WHERE link_key = ? AND taken = 0 ORDER BY user_id IS ? DESC, seq LIMIT 1`,
  );
  // Of each row that comes as an object some 70 bytes stay until the next full collection.
  select.setReturnArrays(true);
  const mark = database.prepare('UPDATE reviewed SET taken = 1 WHERE seq = ?');
  return {
    take(linkKey, userId) {
      const row = select.get(linkKey, userId) as unknown as readonly [seq: number, body: string] | undefined;
      if (row === undefined) return null;
      mark.run(row[0]);
      return JSON.parse(row[1]) as Change;
    },
    *rest() {
      const rest = database.prepare('SELECT body FROM reviewed WHERE taken = 0 ORDER BY seq');
      rest.setReturnArrays(true);
      for (const row of rest.iterate() as Iterable<unknown> as Iterable<readonly [string]>) {
        yield JSON.parse(row[0]) as Change;
      }
    },
    close,
  };
}

function stage(database: DatabaseSync, changes: Iterable<Change>): void {
  // Nothing here outlives the run, as with the file in which people and users meet.
  database.exec(`
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = FILE;
    PRAGMA cache_size = -8192;
    BEGIN;
    CREATE TABLE reviewed (
      seq INTEGER PRIMARY KEY, link_key TEXT NOT NULL, user_id TEXT, taken INTEGER NOT NULL, body TEXT NOT NULL);
  `);
  const insert = database.prepare('INSERT INTO reviewed VALUES (?, ?, ?, 0, ?)');
  for (const change of changes) {
    insert.run(change.seq, change.linkKey, change.userId, JSON.stringify(change));
  }
  database.exec('CREATE INDEX reviewed_by_link ON reviewed (link_key)');
}
