import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { checkLedgerFile } from './ledger-file.ts';
import { schemaVersion } from './schema.ts';
import { isDamage, ledgerTrouble } from './trouble.ts';

export interface LedgerCheck {
  /** The file's real path. */
  readonly file: string;
  readonly bytes: number;
  /** Of the write-ahead log beside it. */
  readonly logBytes: number;
  readonly schema: number;
  /** ISO 8601; null for a ledger that never was a backup, or was never put back. */
  readonly backedUpAt: string | null;
  readonly restoredAt: string | null;
  /** What is wrong, in words; empty for a ledger in good health. */
  readonly problems: readonly string[];
}

const problemsMax = 100;

/**
 * Reads every page and every reference of a ledger, or of a backup, and writes nothing.
 * @throws Failure (exit 1) for a file that is missing, no ledger, or cannot be read at all
 */
export function checkLedger(given: string): LedgerCheck {
  const file = checkLedgerFile(given, { thorough: false });
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    const schema = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    const health = brokenPages(database);
    const isReadable = health.length === 0;
    const facts = isReadable && schema === schemaVersion ? ledgerFacts(database) : noFacts;
    return {
      file,
      bytes: statSync(file).size,
      logBytes: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      schema,
      ...facts,
      problems: [
        ...health,
        ...(isReadable ? brokenReferences(database) : []),
        ...(isReadable ? lineageProblems(database) : []),
        ...(schema > schemaVersion ? [`it was written by a newer rollcall (schema ${schema})`] : []),
      ],
    };
  } catch (error) {
    throw ledgerTrouble(error, file);
  } finally {
    database.close();
  }
}

/** Whether and when a ledger was a backup, or was put back. */
export function checkLedgerFacts(file: string): Pick<LedgerCheck, 'backedUpAt' | 'restoredAt'> {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    return ledgerFacts(database);
  } finally {
    database.close();
  }
}

function brokenPages(database: DatabaseSync): readonly string[] {
  try {
    const rows = database.prepare(`PRAGMA integrity_check(${problemsMax})`).all();
    const found = rows.map(({ integrity_check: text }) => String(text));
    return found.filter((text) => text !== 'ok');
  } catch (error) {
    if (!isDamage(error)) throw error;
    return ['its pages are so damaged that they cannot all be read'];
  }
}

function brokenReferences(database: DatabaseSync): readonly string[] {
  const counts = new Map<string, number>();
  for (const { table, parent } of database.prepare('PRAGMA foreign_key_check').iterate()) {
    const name = `${String(table)} that refer to missing ${String(parent)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} rows of ${name}`);
}

function lineageProblems(database: DatabaseSync): readonly string[] {
  const lineages = Number(database.prepare('SELECT count(*) AS count FROM ledger').get()?.count ?? 0);
  return lineages === 1 ? [] : [`it has ${lineages} lineages instead of one`];
}

const noFacts = { backedUpAt: null, restoredAt: null };

function ledgerFacts(database: DatabaseSync): Pick<LedgerCheck, 'backedUpAt' | 'restoredAt'> {
  const row = database.prepare('SELECT backed_up_at, restored_at FROM ledger').get();
  return { backedUpAt: textOf(row?.backed_up_at), restoredAt: textOf(row?.restored_at) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
