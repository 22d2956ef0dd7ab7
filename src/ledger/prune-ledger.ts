import { setImmediate } from 'node:timers/promises';
import { type Connection, connect } from './connection.ts';
import { checkLedgerFile } from './ledger-file.ts';
import { requireSchema } from './schema.ts';

export interface PrunedRun {
  readonly id: string;
  readonly finishedAt: string;
  readonly changes: number;
  /** Folder of its report; null when it left none. */
  readonly directory: string | null;
}

export interface PruneOptions {
  /** ISO 8601: runs that ended before it are pruned. */
  readonly before: string;
  /** ISO 8601, now. */
  readonly at: string;
  /** Only tells what would be deleted. */
  readonly dryRun: boolean;
}

interface OldRun {
  readonly run_number: number;
  readonly run_id: string;
  readonly finished_at: string;
  readonly directory: string | null;
  readonly changes: number;
}

/** Of a plan's changes, so many go in one transaction, so that a run never waits long for its turn. */
const changesAtOnce = 20_000;

/**
 * Deletes what old runs did change by change, and their quarantined rows. Runs stay listed, and so does all that later
 * runs need: accounts and links, accepted feeds, decisions, protections, and since when failures are known. The last
 * run of each target that wrote something, and whatever is not settled, is never pruned. The file is
 * no smaller afterwards: see `shrinkLedger`.
 */
export async function pruneLedger(path: string, options: PruneOptions): Promise<readonly PrunedRun[]> {
  const connection = connect(checkLedgerFile(path, { thorough: !options.dryRun }), {
    readOnly: options.dryRun,
  });
  try {
    requireSchema(connection, { readOnly: options.dryRun });
    const old = oldRuns(connection, options.before);
    if (!options.dryRun) {
      for (const run of old) await pruneRun(connection, run, options.at);
      dropExpired(connection, options.before);
    }
    return old.map(({ run_id: id, finished_at: finishedAt, directory, changes }) => ({
      id,
      finishedAt,
      changes,
      directory,
    }));
  } finally {
    connection.close();
  }
}

/** One whose pruning was killed has the mark, and something left. */
function oldRuns(connection: Connection, before: string): readonly OldRun[] {
  return connection
    .query<OldRun>(
      `SELECT run_number, run_id, finished_at, json_extract(facts, '$.directory') AS directory,
         (SELECT count(*) FROM changes c WHERE c.run_number = r.run_number) AS changes
       FROM runs r
       WHERE finished_at < ? AND state IN ('finished', 'superseded') AND untold = 0
         AND (pruned_at IS NULL
           OR EXISTS (SELECT 1 FROM changes c WHERE c.run_number = r.run_number)
           OR EXISTS (SELECT 1 FROM quarantine q WHERE q.run_number = r.run_number)
           OR EXISTS (SELECT 1 FROM duplicates d WHERE d.run_number = r.run_number))
         AND run_number NOT IN
           (SELECT max(run_number) FROM runs WHERE mode = 'apply' AND exit_code IN (0, 2, 4) GROUP BY scope_id)
       ORDER BY run_number`,
    )
    .all(before);
}

async function pruneRun(connection: Connection, { run_number: run }: OldRun, at: string): Promise<void> {
  const last = connection.query<{ seq: number | null }>(
    'SELECT max(seq) AS seq FROM changes WHERE run_number = ?',
  );
  const dropSome = connection.command('DELETE FROM changes WHERE run_number = ? AND seq > ?');
  connection.transaction(() => {
    connection.command('UPDATE runs SET pruned_at = ? WHERE run_number = ?').run(at, run);
    connection.command('DELETE FROM step_entries WHERE run_number = ?').run(run);
    connection.command('DELETE FROM told WHERE run_number = ?').run(run);
    connection.command('DELETE FROM quarantine WHERE run_number = ?').run(run);
    connection.command('DELETE FROM duplicates WHERE run_number = ?').run(run);
  });
  for (let seq = last.get(run)?.seq ?? null; seq !== null; seq = last.get(run)?.seq ?? null) {
    dropSome.run(run, seq - changesAtOnce);
    await setImmediate();
  }
}

/** What approvals were about that hold no more. */
function dropExpired(connection: Connection, before: string): void {
  connection
    .command('DELETE FROM decided_changes WHERE entry IN (SELECT entry FROM decisions WHERE expires_at < ?)')
    .run(before);
}
