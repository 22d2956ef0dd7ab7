import type { DatabaseSync } from 'node:sqlite';

/** Somebody to whom a run did something of this kind. */
export interface RecentAct {
  readonly kind: string;
  readonly linkKey: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Whom earlier runs have written lately, each person once for each kind of act. */
export interface RecentPeople {
  add(acts: readonly RecentAct[]): void;
  /** How many people a kind of act concerned at this moment or later, ISO 8601. */
  count(kind: string, since: string): number;
  /** When it last concerned this person; null: not lately. */
  lastAt(kind: string, linkKey: string): string | null;
}

/** Keeps them in the scratch file of the run. */
export function recentPeople(database: DatabaseSync): RecentPeople {
  database.exec(`
    CREATE TABLE recent (kind TEXT NOT NULL, link_key TEXT NOT NULL, at TEXT NOT NULL,
      PRIMARY KEY (kind, link_key)) WITHOUT ROWID`);
  const insert = database.prepare(`
    INSERT INTO recent VALUES (?, ?, ?)
    ON CONFLICT (kind, link_key) DO UPDATE SET at = max(at, excluded.at)`);
  const number = database.prepare('SELECT count(*) AS n FROM recent WHERE kind = ? AND at >= ?');
  const last = database.prepare('SELECT at FROM recent WHERE kind = ? AND link_key = ?');
  let isEmpty = true;
  return {
    add: (acts) => {
      for (const { kind, linkKey, at } of acts) insert.run(kind, linkKey, at);
      isEmpty &&= acts.length === 0;
    },
    count: (kind, since) => (isEmpty ? 0 : Number(number.get(kind, since)?.n ?? 0)),
    lastAt: (kind, linkKey) => {
      if (isEmpty) return null;
      const at = last.get(kind, linkKey)?.at;
      return typeof at === 'string' ? at : null;
    },
  };
}
