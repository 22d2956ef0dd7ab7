import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Staging {
  readonly database: DatabaseSync;
  /** Deletes the file. */
  close(): void;
}

/**
 * A scratch database for one run: people and users meet there sorted by the disk, so that memory does not grow
 * with the feed. It holds personal data, hence a folder that only its owner may enter, gone after the run.
 */
export function openStaging(folder: string): Staging {
  // A run that was killed could not clean up behind itself.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path.join(folder, 'staging.db'));
  // Nothing here outlives the run, so neither journal, sync nor commit is worth its time; 8 MiB of pages is
  // the bound.
  database.exec(`
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = FILE;
    PRAGMA cache_size = -8192;
    PRAGMA locking_mode = EXCLUSIVE;
    BEGIN;
    CREATE TABLE person (
      line INTEGER NOT NULL, feed INTEGER NOT NULL, link_key TEXT NOT NULL, match_key TEXT NOT NULL, body TEXT NOT NULL);
    CREATE TABLE mentioned (link_key TEXT, match_key TEXT, feed INTEGER NOT NULL, set_aside INTEGER NOT NULL);
    CREATE TABLE unusual_key (match_key TEXT NOT NULL, skeleton TEXT NOT NULL);
    CREATE TABLE account (user_id TEXT NOT NULL, link_key TEXT, match_key TEXT, state TEXT NOT NULL, known TEXT NOT NULL);
    CREATE TABLE user (user_id TEXT NOT NULL, match_key TEXT, listed INTEGER NOT NULL, state TEXT NOT NULL);
    CREATE TABLE memory (user_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE change (
      rank INTEGER NOT NULL, line INTEGER NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, wave INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE freed (change INTEGER NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL);
    CREATE TABLE waits (change INTEGER NOT NULL, owner INTEGER NOT NULL, PRIMARY KEY (change, owner)) WITHOUT ROWID;
    CREATE TABLE move (change INTEGER PRIMARY KEY, user_id TEXT);
    CREATE TABLE taken (change INTEGER NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL);
    CREATE TABLE placed (change INTEGER PRIMARY KEY, body TEXT NOT NULL);
  `);
  return {
    database,
    close: () => {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
