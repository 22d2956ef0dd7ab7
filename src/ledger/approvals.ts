import type { DecidedChange, KeptDecision, Ledger } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import type { RunNumbers } from './runs.ts';
import type { ScopeIds } from './scopes.ts';

interface DecisionRow {
  readonly entry: number;
  readonly kind: KeptDecision['kind'];
  readonly plan_hash: string;
  readonly run_id: string;
  readonly planned_by: string;
  readonly decided_by: string;
  readonly operator: string;
  readonly reason: string;
  readonly decided_at: string;
  readonly expires_at: string | null;
  readonly guards: string;
}

type ApprovalMethods = Pick<Ledger, 'notePlan' | 'plans' | 'decide' | 'decisions' | 'isApproved'>;

/** The plans that runs made, what people decided about them, and the changes that each decision is about. */
export function approvalEntries(
  connection: Connection,
  { idOf, find, numberOf }: ScopeIds & { readonly numberOf: RunNumbers },
): ApprovalMethods {
  const notePlan = connection.command(
    'INSERT INTO plans (run_number, plan_hash) VALUES (?, ?) ON CONFLICT DO UPDATE SET plan_hash = excluded.plan_hash',
  );
  // A range instead of LIKE, which would not use the index. All hashes are hex.
  const plans = connection.query<{ run_id: string; plan_hash: string }>(
    `SELECT run_id, plan_hash FROM plans JOIN runs USING (run_number)
     WHERE plan_hash >= ?1 AND plan_hash < ?1 || 'g' ORDER BY run_number DESC`,
  );
  const decisions = connection.query<DecisionRow>(
    `SELECT entry, kind, plan_hash, run_id, planned_by, decided_by, decisions.operator, reason, decided_at,
       expires_at, guards FROM decisions JOIN runs USING (run_number)
     WHERE decisions.scope_id = ? AND kind IS NOT NULL ORDER BY entry DESC`,
  );
  const approved = connection.query<{ is_approved: number }>(
    `SELECT count(*) FILTER (WHERE c.entry = ?5) = 1 AND
       count(*) FILTER (WHERE c.entry > ?5 AND d.kind = 'rejected') = 0 AS is_approved
     FROM decided_changes c JOIN decisions d USING (entry)
     WHERE c.scope_id = ?1 AND link_key = ?2 AND operation = ?3 AND digest = ?4`,
  );
  const scopeOf = connection.query<{ scope_id: number }>('SELECT scope_id FROM decisions WHERE entry = ?');

  return {
    async notePlan(runId, planHash) {
      notePlan.run(numberOf(runId), planHash);
    },
    async plans(hashPrefix) {
      return plans.all(hashPrefix).map(({ run_id, plan_hash }) => ({ runId: run_id, planHash: plan_hash }));
    },
    decide: decisionWriter(connection, { idOf, numberOf }),
    async decisions(scope) {
      const id = find(scope);
      return id === null ? [] : decisions.all(id).map(decisionOf);
    },
    async isApproved({ entry }, changes) {
      const scopeId = scopeOf.get(entry)?.scope_id;
      if (scopeId === undefined) return false;
      return changes.every(
        ({ linkKey, operation, digest }) =>
          approved.get(scopeId, linkKey, operation, digest, entry)?.is_approved === 1,
      );
    },
  };
}

function decisionWriter(
  connection: Connection,
  { idOf, numberOf }: Pick<ScopeIds, 'idOf'> & { readonly numberOf: RunNumbers },
): Ledger['decide'] {
  const insert = connection.query<{ entry: number }>(
    `INSERT INTO decisions (scope_id, run_number, plan_hash, planned_by, decided_by, operator, reason, decided_at,
       expires_at, guards) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING entry`,
  );
  const insertChange = connection.command(
    `INSERT INTO decided_changes (scope_id, link_key, operation, digest, entry) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const complete = connection.command('UPDATE decisions SET kind = ? WHERE entry = ?');

  return async (scope, decision, changes) => {
    const scopeId = idOf(scope);
    const { kind, planHash, runId, plannedBy, by, operator, reason, at, expiresAt, guards } = decision;
    const row = insert.get(
      ...[scopeId, numberOf(runId), planHash, plannedBy, by, operator, reason, at, expiresAt],
      JSON.stringify(guards),
    );
    const entry = row?.entry ?? 0;
    for await (const page of changes) keep(page, entry);
    complete.run(kind, entry);
    return { ...decision, entry };

    function keep(page: readonly DecidedChange[], under: number): void {
      connection.transaction(() => {
        for (const { linkKey, operation, digest } of page) {
          insertChange.run(scopeId, linkKey, operation, digest, under);
        }
      });
    }
  };
}

function decisionOf(row: DecisionRow): KeptDecision {
  return {
    entry: row.entry,
    kind: row.kind,
    planHash: row.plan_hash,
    runId: row.run_id,
    plannedBy: row.planned_by,
    by: row.decided_by,
    operator: row.operator,
    reason: row.reason,
    at: row.decided_at,
    expiresAt: row.expires_at,
    guards: JSON.parse(row.guards) as readonly string[],
  };
}
