import type { Ledger, Run, RunMode, RunState } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Connection } from './connection.ts';
import type { ScopeIds } from './scopes.ts';

/** The number under which a run's entries are kept; throws a `Failure` for a run that the ledger does not have. */
export type RunNumbers = (runId: string) => number;

interface RunRow {
  readonly run_id: string;
  readonly job: string;
  readonly origin: string;
  readonly mode: RunMode;
  readonly state: RunState;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly as_of: string;
  readonly pid: number;
  readonly host: string;
  readonly operator: string;
  readonly exit_code: number | null;
  readonly facts: string;
  readonly pruned_at: string | null;
  readonly broken_off: string | null;
}

type RunMethods = Pick<
  Ledger,
  | 'startRun'
  | 'saveRunFacts'
  | 'finishRun'
  | 'runs'
  | 'run'
  | 'openRuns'
  | 'untoldRuns'
  | 'sendersSince'
  | 'isLater'
>;

/** The runs, in the order in which they were started. */
export function runEntries(
  connection: Connection,
  scopes: ScopeIds,
): { readonly entries: RunMethods; readonly numberOf: RunNumbers } {
  const numberOf = runNumbers(connection);
  const writes = runWrites(connection);
  const reads = runReads(connection);

  const entries: RunMethods = {
    async startRun(run) {
      writes.start.run(
        run.id,
        scopes.idOf(run.scope),
        run.mode,
        run.state,
        run.startedAt,
        run.finishedAt,
        run.asOf,
        run.pid,
        run.host,
        run.operator,
        run.exitCode,
        jsonOf(run.facts),
      );
    },
    async saveRunFacts(runId, facts) {
      writes.facts.run(jsonOf(facts), numberOf(runId));
    },
    async finishRun(runId, end) {
      const { state, finishedAt, exitCode, brokenOff = null } = end;
      writes.finish.run(state, finishedAt, exitCode, brokenOff, numberOf(runId));
    },
    async runs(filter) {
      const { scope, job, limit } = filter;
      return reads.some.all(scope?.job ?? null, scope?.origin ?? null, job ?? null, limit).map(runOf);
    },
    async run(runId) {
      const row = reads.one.get(runId);
      return row === undefined ? null : runOf(row);
    },
    async openRuns(scope) {
      const scopeId = scopes.find(scope);
      return scopeId === null ? [] : reads.open.all(scopeId).map(runOf);
    },
    async untoldRuns(scope) {
      const scopeId = scopes.find(scope);
      return scopeId === null ? [] : reads.untold.all(scopeId).map(runOf);
    },
    async sendersSince(scope, since) {
      const scopeId = scopes.find(scope);
      return scopeId === null ? [] : reads.senders.all(scopeId, since).map(({ run_id }) => run_id);
    },
    async isLater(runId, than) {
      return numberOf(runId) > numberOf(than);
    },
  };
  return { entries, numberOf };
}

function runWrites(connection: Connection) {
  return {
    start: connection.command(
      `INSERT INTO runs (run_id, scope_id, mode, state, started_at, finished_at, as_of, pid, host, operator,
         exit_code, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    facts: connection.command('UPDATE runs SET facts = ? WHERE run_number = ?'),
    finish: connection.command(
      'UPDATE runs SET state = ?, finished_at = ?, exit_code = ?, broken_off = ? WHERE run_number = ?',
    ),
  };
}

function runReads(connection: Connection) {
  const select = `SELECT run_id, job, origin, mode, state, started_at, finished_at, as_of, pid, host, operator,
    exit_code, facts, pruned_at, broken_off FROM runs JOIN scopes USING (scope_id)`;
  return {
    one: connection.query<RunRow>(`${select} WHERE run_id = ?`),
    some: connection.query<RunRow>(
      `${select} WHERE (?1 IS NULL OR (job = ?1 AND origin = ?2))
         AND (?3 IS NULL OR job = ?3)
       ORDER BY run_number DESC LIMIT ?4`,
    ),
    open: connection.query<RunRow>(
      `${select} WHERE scope_id = ? AND state IN ('running', 'stopped') ORDER BY run_number`,
    ),
    untold: connection.query<RunRow>(`${select} WHERE scope_id = ? AND untold = 1 ORDER BY run_number`),
    senders: connection.query<Pick<RunRow, 'run_id'>>(
      `SELECT run_id FROM runs
       WHERE scope_id = ? AND mode = 'apply' AND (finished_at IS NULL OR finished_at >= ?) AND EXISTS
         (SELECT 1 FROM step_entries WHERE step_entries.run_number = runs.run_number)
       ORDER BY run_number`,
    ),
  };
}

function runNumbers(connection: Connection): RunNumbers {
  const known = new Map<string, number>();
  const select = connection.query<{ run_number: number }>('SELECT run_number FROM runs WHERE run_id = ?');
  return (runId) => {
    const number = known.get(runId) ?? select.get(runId)?.run_number;
    if (number === undefined) throw unknownRun(connection.path, runId);
    known.set(runId, number);
    return number;
  };
}

function unknownRun(path: string, runId: string): Failure {
  return new Failure({
    code: 'RUN_UNKNOWN',
    message: `The ledger ${path} has no run ${runId}.`,
    hint: '`rollcall runs` lists those that it has.',
    exit: 1,
  });
}

/** JSON has no undefined; facts that nobody gave are null. */
function jsonOf(facts: unknown): string {
  return JSON.stringify(facts ?? null);
}

function runOf(row: RunRow): Run {
  return {
    id: row.run_id,
    scope: { job: row.job, origin: row.origin },
    mode: row.mode,
    state: row.state,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    asOf: row.as_of,
    pid: row.pid,
    host: row.host,
    operator: row.operator,
    exitCode: row.exit_code,
    facts: JSON.parse(row.facts) as unknown,
    ...(row.pruned_at === null ? {} : { prunedAt: row.pruned_at }),
    ...(row.broken_off === null ? {} : { brokenOff: row.broken_off }),
  };
}
