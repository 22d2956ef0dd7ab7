import type { ChangeResult, Ledger, StepOutcome } from '../contracts/ledger.ts';
import type { Result } from '../domain/change.ts';
import { accountWriter } from './accounts.ts';
import { type ChangeRow, changeOf, changePages } from './changes.ts';
import type { Connection } from './connection.ts';
import { pageSize, pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';
import type { ScopeIds } from './scopes.ts';

// A step's row goes through these states:
//   (none) -> intended -> settled        the usual way
//   (none) -> settled                    never sent: a predecessor failed, the run stopped
//   settled -> intended -> settled       sent again: the earlier outcome says nothing about the new request
// A step is open while it is intended, and while the outcome that settled it is `unknown`.

interface OutcomeRow {
  readonly seq: number;
  readonly step: number;
  readonly result: Result;
  readonly error_code: string | null;
  readonly provider_code: string | null;
  readonly message: string | null;
  readonly user_id: string | null;
  readonly attempts: number;
  readonly settled_at: string;
}

interface OpenStepRow extends ChangeRow {
  readonly step: number;
}

/** What was about to be sent, and what became of it. */
export function stepEntries(
  connection: Connection,
  { idOf, numberOf }: Pick<ScopeIds, 'idOf'> & { readonly numberOf: RunNumbers },
): Pick<Ledger, 'recordIntents' | 'settle' | 'openSteps' | 'results'> {
  const writes = stepWriter(connection);
  const accounts = accountWriter(connection);
  const changes = changePages(connection);
  const open = openStepPages(connection);
  const outcomes = outcomesBetween(connection);

  return {
    async recordIntents(runId, intents) {
      const run = numberOf(runId);
      connection.transaction(() => {
        for (const { batch, attempt, at, steps } of intents) {
          for (const { seq, step } of steps) writes.intend.run(run, seq, step, batch, attempt, at);
        }
      });
    },
    async settle(runId, scope, settlement) {
      const run = numberOf(runId);
      const scopeId = idOf(scope);
      connection.transaction(() => {
        for (const outcome of settlement.outcomes) writes.settle(run, outcome);
        for (const account of settlement.accounts) accounts.save(scopeId, account);
        for (const userId of settlement.removed) accounts.forget(scopeId, userId);
      });
    },
    async *openSteps(runId) {
      const run = numberOf(runId);
      const read = (last: OpenStepRow | null) => open.all(run, last?.seq ?? 0, last?.step ?? 0);
      for await (const page of pages<OpenStepRow>(read)) {
        yield page.map((row) => ({ runId, seq: row.seq, step: row.step, change: changeOf(row) }));
      }
    },
    async *results(runId) {
      const run = numberOf(runId);
      for await (const page of pages<ChangeRow>((last) => changes.all(run, last?.seq ?? 0))) {
        yield withOutcomes(page, outcomes.all(run, page.at(0)?.seq ?? 0, page.at(-1)?.seq ?? 0));
      }
    },
  };
}

function stepWriter(connection: Connection) {
  const intend = connection.command(
    `INSERT INTO steps (run_number, seq, step, batch, attempt, intended_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (run_number, seq, step) DO UPDATE SET
       batch = excluded.batch, attempt = excluded.attempt, intended_at = excluded.intended_at,
       result = NULL, error_code = NULL, provider_code = NULL, message = NULL, user_id = NULL,
       attempts = NULL, settled_at = NULL`,
  );
  const settle = connection.command(
    `INSERT INTO steps (run_number, seq, step, result, error_code, provider_code, message, user_id, attempts,
       settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (run_number, seq, step) DO UPDATE SET
       result = excluded.result, error_code = excluded.error_code, provider_code = excluded.provider_code,
       message = excluded.message, user_id = excluded.user_id, attempts = excluded.attempts,
       settled_at = excluded.settled_at`,
  );
  return {
    intend,
    settle(run: number, outcome: StepOutcome): void {
      settle.run(
        run,
        outcome.seq,
        outcome.step,
        outcome.result,
        outcome.errorCode,
        outcome.providerCode,
        outcome.message,
        outcome.userId,
        outcome.attempts,
        outcome.at,
      );
    },
  };
}

function openStepPages(connection: Connection) {
  return connection.query<OpenStepRow>(
    `SELECT seq, step, body FROM steps JOIN changes USING (run_number, seq)
     WHERE run_number = ? AND (seq, step) > (?, ?) AND (result IS NULL OR result = 'unknown')
     ORDER BY seq, step LIMIT ${pageSize}`,
  );
}

function outcomesBetween(connection: Connection) {
  return connection.query<OutcomeRow>(
    `SELECT seq, step, result, error_code, provider_code, message, user_id, attempts, settled_at FROM steps
     WHERE run_number = ? AND seq BETWEEN ? AND ? AND result IS NOT NULL ORDER BY seq, step`,
  );
}

/** Merges a page of changes with their outcomes; both are in the order of the plan. */
function withOutcomes(page: readonly ChangeRow[], outcomes: readonly OutcomeRow[]): readonly ChangeResult[] {
  const bySeq = Map.groupBy(outcomes, (outcome) => outcome.seq);
  return page.map((row) => ({
    change: changeOf(row),
    outcomes: (bySeq.get(row.seq) ?? []).map(outcomeOf),
  }));
}

function outcomeOf(row: OutcomeRow): StepOutcome {
  return {
    seq: row.seq,
    step: row.step,
    result: row.result,
    errorCode: row.error_code,
    providerCode: row.provider_code,
    message: row.message,
    userId: row.user_id,
    attempts: row.attempts,
    at: row.settled_at,
  };
}
