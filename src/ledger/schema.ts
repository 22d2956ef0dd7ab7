import type { DatabaseSync } from 'node:sqlite';
import { Failure } from '../domain/failure.ts';
import type { Connection } from './connection.ts';

/** Says in the file's header whose file it is: "rlcl" in ASCII. */
export const applicationId = 0x726c636c;

/** Entry n brings a ledger from schema version n to n + 1. Entries are only ever added. */
const migrations: readonly string[] = [
  `
  CREATE TABLE ledger (lineage TEXT NOT NULL) STRICT;

  CREATE TABLE scopes (
    scope_id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    origin TEXT NOT NULL,
    complete_read_at TEXT,
    accepted_feed TEXT,
    UNIQUE (job, origin)
  ) STRICT;

  CREATE TABLE accounts (
    scope_id INTEGER NOT NULL REFERENCES scopes,
    user_id TEXT NOT NULL CHECK (user_id <> ''),
    active INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    link_key TEXT,
    key TEXT,
    disabled TEXT,
    leaver_since TEXT,
    absent TEXT,
    PRIMARY KEY (scope_id, user_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lock_holders (
    scope_id INTEGER PRIMARY KEY REFERENCES scopes,
    run_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    since TEXT NOT NULL
  ) STRICT;

  CREATE TABLE runs (
    run_number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    as_of TEXT NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    operator TEXT NOT NULL,
    exit_code INTEGER,
    facts TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_by_scope ON runs (scope_id, run_number);

  CREATE TABLE changes (
    run_number INTEGER NOT NULL REFERENCES runs,
    seq INTEGER NOT NULL CHECK (seq > 0),
    body TEXT NOT NULL,
    PRIMARY KEY (run_number, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE quarantine (
    entry INTEGER PRIMARY KEY,
    run_number INTEGER NOT NULL REFERENCES runs,
    line INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX quarantine_by_line ON quarantine (run_number, line, entry);

  -- One row per step that was about to be sent (batch is set), has an outcome (result is set), or both.
  CREATE TABLE steps (
    run_number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    step INTEGER NOT NULL,
    batch INTEGER,
    attempt INTEGER,
    intended_at TEXT,
    result TEXT,
    error_code TEXT,
    provider_code TEXT,
    message TEXT,
    user_id TEXT,
    attempts INTEGER,
    settled_at TEXT,
    PRIMARY KEY (run_number, seq, step),
    FOREIGN KEY (run_number, seq) REFERENCES changes
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE failures (
    entry INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    error_code TEXT NOT NULL,
    since_run INTEGER NOT NULL REFERENCES runs,
    seen_run INTEGER NOT NULL REFERENCES runs,
    UNIQUE (scope_id, key, operation, error_code)
  ) STRICT;
  `,
  `
  ALTER TABLE scopes DROP COLUMN accepted_feed;

  CREATE TABLE accepted_feeds (
    entry INTEGER PRIMARY KEY,
    run_number INTEGER NOT NULL REFERENCES runs,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    feed TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    modified_at TEXT,
    accepted_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX accepted_feeds_by_name ON accepted_feeds (scope_id, feed, entry);
  CREATE INDEX accepted_feeds_by_hash ON accepted_feeds (scope_id, feed, sha256, entry);
  `,
  `
  CREATE TABLE duplicates (
    entry INTEGER PRIMARY KEY,
    run_number INTEGER NOT NULL REFERENCES runs,
    line INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX duplicates_by_line ON duplicates (run_number, line, entry);
  `,
  'ALTER TABLE accounts ADD COLUMN feed TEXT',
  `
  -- What happened to steps, in the order in which it did: see step-entries.ts.
  CREATE TABLE step_entries (
    entry INTEGER PRIMARY KEY,
    run_number INTEGER NOT NULL,
    slice INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    result TEXT,
    body TEXT NOT NULL,
    FOREIGN KEY (run_number, first_seq) REFERENCES changes,
    FOREIGN KEY (run_number, last_seq) REFERENCES changes
  ) STRICT;
  CREATE INDEX step_entries_by_slice ON step_entries (run_number, slice, entry);

  INSERT INTO step_entries (run_number, slice, first_seq, last_seq, result, body)
  SELECT run_number, (seq - 1) / 1000, seq, seq, NULL,
    json_array(json_array(batch, attempt, intended_at, json_array(seq, step)))
  FROM steps WHERE batch IS NOT NULL ORDER BY run_number, seq, step;

  INSERT INTO step_entries (run_number, slice, first_seq, last_seq, result, body)
  SELECT run_number, (seq - 1) / 1000, seq, seq, result,
    json_object('errorCode', error_code, 'providerCode', provider_code, 'message', message,
      'attempts', attempts, 'at', settled_at, 'steps', json_array(seq, step), 'userIds', json_array(user_id))
  FROM steps WHERE result IS NOT NULL ORDER BY run_number, seq, step;

  DROP TABLE steps;
  `,
  `
  CREATE TABLE plans (
    run_number INTEGER PRIMARY KEY REFERENCES runs,
    plan_hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX plans_by_hash ON plans (plan_hash, run_number);

  CREATE TABLE decisions (
    entry INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    run_number INTEGER NOT NULL REFERENCES runs,
    -- Without a kind it is still being written, or its writer was killed: then it says nothing.
    kind TEXT,
    plan_hash TEXT NOT NULL,
    planned_by TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    operator TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    expires_at TEXT,
    guards TEXT NOT NULL
  ) STRICT;
  CREATE INDEX decisions_by_scope ON decisions (scope_id, entry);

  CREATE TABLE decided_changes (
    scope_id INTEGER NOT NULL,
    link_key TEXT NOT NULL,
    operation TEXT NOT NULL,
    digest TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES decisions,
    PRIMARY KEY (scope_id, link_key, operation, digest, entry)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bars (
    scope_id INTEGER NOT NULL REFERENCES scopes,
    link_key TEXT NOT NULL,
    key TEXT NOT NULL,
    barred_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    barred_at TEXT NOT NULL,
    PRIMARY KEY (scope_id, link_key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What only some accounts have, as JSON: see accounts.ts.
  ALTER TABLE accounts ADD COLUMN more TEXT;

  CREATE TABLE protections (
    scope_id INTEGER NOT NULL REFERENCES scopes,
    link_key TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL,
    operator TEXT NOT NULL,
    protected_at TEXT NOT NULL,
    protected_until TEXT NOT NULL,
    PRIMARY KEY (scope_id, link_key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE departed (
    entry INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL REFERENCES scopes,
    link_key TEXT NOT NULL,
    login TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    UNIQUE (scope_id, link_key, login)
  ) STRICT;
  `,
  `
  -- Set in a backup: when it was made. Set in a ledger that was put back: when, and how old the backup was.
  ALTER TABLE ledger ADD COLUMN backed_up_at TEXT;
  ALTER TABLE ledger ADD COLUMN restored_at TEXT;
  -- A run whose changes and rows have been deleted for their age.
  ALTER TABLE runs ADD COLUMN pruned_at TEXT;
  `,
  // Why a run ended that left no report.
  'ALTER TABLE runs ADD COLUMN broken_off TEXT',
  `
  -- 1 while the accounts may not have been told of all outcomes of the run: see untold.ts.
  ALTER TABLE runs ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE told (
    run_number INTEGER NOT NULL REFERENCES runs,
    slice INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (run_number, slice)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO told (run_number, slice, entry)
  SELECT run_number, slice, max(entry) FROM step_entries
  WHERE run_number IN (SELECT run_number FROM runs WHERE state IN ('running', 'stopped'))
  GROUP BY run_number, slice;
  `,
];

export const schemaVersion = migrations.length;

/** Fills an empty database, in one transaction. */
export function buildSchema(database: DatabaseSync, lineage: string): void {
  database.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${applicationId}`);
  for (const migration of migrations) database.exec(migration);
  database.prepare('INSERT INTO ledger (lineage) VALUES (?)').run(lineage);
  database.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

/** Refuses a newer schema; brings an older one up to date, or refuses it when nothing may be written. */
export function requireSchema(connection: Connection, options: { readonly readOnly: boolean }): void {
  const version = readVersion(connection);
  if (version > schemaVersion) throw newer(connection.path, version);
  if (version === schemaVersion) return;
  if (options.readOnly) throw older(connection.path, version);
  migrate(connection, migrations);
}

/** Takes the steps that the ledger has not taken yet, all in one transaction. */
export function migrate(connection: Connection, steps: readonly string[]): void {
  connection.transaction(() => {
    // Read again under the lock: another process may have migrated in the meantime.
    for (const step of steps.slice(readVersion(connection))) connection.exec(step);
    connection.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

/** The ledger's lineage, made with it: a ledger that was put back from a backup has a new one. */
export function readLineage(connection: Connection): string {
  const row = connection.query<{ lineage: string }>('SELECT lineage FROM ledger').get();
  if (row !== undefined) return row.lineage;
  throw new Failure({
    code: 'LEDGER_DAMAGED',
    message: `The ledger ${connection.path} has lost its lineage.`,
    hint: 'Put back a backup of it.',
    exit: 1,
  });
}

function readVersion(connection: Connection): number {
  return connection.query<{ user_version: number }>('PRAGMA user_version').get()?.user_version ?? 0;
}

function newer(path: string, version: number): Failure {
  return new Failure({
    code: 'LEDGER_NEWER',
    message: `The ledger ${path} was written by a newer rollcall (schema ${version}; this one knows ${schemaVersion}).`,
    hint: 'Use the newer rollcall, or put back a backup from before the upgrade.',
    exit: 1,
  });
}

function older(path: string, version: number): Failure {
  return new Failure({
    code: 'LEDGER_OLDER',
    message: `The ledger ${path} was written by an older rollcall (schema ${version}; this one needs ${schemaVersion}).`,
    hint: 'The next `plan` or `apply` of one of its jobs brings it up to date.',
    exit: 1,
  });
}
