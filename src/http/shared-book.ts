import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type GrantBook, memoryBook } from './grant-book.ts';
import { grantsAtOnce, newPaceState, type PaceState, takeGrant, takeLate } from './pace.ts';

/** The longest that one process waits for another's entry, in milliseconds: an entry takes microseconds. */
const busyMs = 2_000;
/** Grants taken at once are used within so many milliseconds, or not at all. */
const grantsKeptMs = 20;
/** So often it is looked whether another process was asked to pause, where there is no rate; in milliseconds. */
const pauseSeenMs = 50;

export interface SharedBookSettings {
  /** An SQLite file, made when it is not there. Nothing in it is worth a backup. */
  readonly path: string;
  /** Who shares the limits: a provider's host with a credential, hashed. */
  readonly key: string;
  /** Told once when the file cannot be used; from then on this process holds the limits by itself. */
  readonly onTrouble: (error: unknown) => void;
}

export interface SharedBook extends GrantBook {
  close(): void;
}

/**
 * A book that the processes of a machine share, in an SQLite file of its own. It is not synced: after a power cut the
 * windows are over anyway, and a file that cannot be read is made anew.
 */
export function openSharedBook(settings: SharedBookSettings): SharedBook {
  const own = memoryBook();
  let shared: States | null = openOrTell(settings);
  let kept = { grants: 0, untilMs: 0 };
  let pause = { untilMs: 0, seenMs: Number.NEGATIVE_INFINITY };

  /** What the file gives; `otherwise` once it is of no use. */
  function withStates<T>(use: (states: States) => T, otherwise: () => T): T {
    if (shared === null) return otherwise();
    try {
      return use(shared);
    } catch (error) {
      shared.close();
      shared = null;
      own.pauseUntil(pause.untilMs);
      settings.onTrouble(error);
      return otherwise();
    }
  }

  return {
    take(pace, ask) {
      if (kept.grants > 0 && ask.nowMs <= kept.untilMs && ask.nowMs >= pause.untilMs) {
        kept.grants -= 1;
        return 0;
      }
      const unpaced = pace.rates.length === 0 && pace.recordRates.length === 0;
      if (unpaced && Math.abs(ask.nowMs - pause.seenMs) < pauseSeenMs) {
        return pause.untilMs > ask.nowMs ? pause.untilMs : 0;
      }
      const requests = grantsAtOnce(pace);
      return withStates(
        (states) =>
          states.change((state) => {
            const dueMs = takeGrant(state, pace, { ...ask, requests });
            pause = { untilMs: state.pausedUntilMs, seenMs: ask.nowMs };
            kept = { grants: dueMs === 0 ? requests - 1 : 0, untilMs: ask.nowMs + grantsKeptMs };
            return dueMs;
          }),
        () => own.take(pace, ask),
      );
    },
    late(pace, grantedMs, ask) {
      withStates(
        (states) => states.change((state) => takeLate(state, pace, grantedMs, ask)),
        () => own.late(pace, grantedMs, ask),
      );
    },
    pauseUntil(atMs) {
      pause = { ...pause, untilMs: Math.max(pause.untilMs, atMs) };
      withStates(
        (states) =>
          states.change((state) => {
            state.pausedUntilMs = Math.max(state.pausedUntilMs, atMs);
          }),
        () => own.pauseUntil(atMs),
      );
    },
    pausedUntilMs: () => Math.max(pause.untilMs, own.pausedUntilMs()),
    close() {
      shared?.close();
      shared = null;
    },
  };
}

interface States {
  /** Reads the state, lets it be changed, and writes it, while all other processes wait. */
  change<T>(by: (state: PaceState) => T): T;
  close(): void;
}

function openOrTell(settings: SharedBookSettings): States | null {
  try {
    return openStates(settings);
  } catch (error) {
    settings.onTrouble(error);
    return null;
  }
}

function openStates({ path, key }: SharedBookSettings): States {
  const database = openFile(path);
  const select = database.prepare('SELECT state FROM grants WHERE key = ?');
  const upsert = database.prepare(
    'INSERT INTO grants (key, state) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state',
  );
  return {
    change(by) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const row = select.get(key);
        const state = row === undefined ? newPaceState() : (JSON.parse(String(row.state)) as PaceState);
        const result = by(state);
        upsert.run(key, JSON.stringify(state));
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function openFile(path: string): DatabaseSync {
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    return prepared(path);
  }
}

function prepared(path: string): DatabaseSync {
  // Made beforehand, so that it is its owner's only, as all files beside a ledger are.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    database.exec('CREATE TABLE IF NOT EXISTS grants (key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (error.errcode === 11 || error.errcode === 26);
}
