import { setImmediate } from 'node:timers/promises';
import type { ChangeInRun, Ledger, OpenStep, RunMode, RunState } from '../contracts/ledger.ts';
import { type ChangeRow, changeOf, changePages, changesBetween } from './changes.ts';
import type { Connection } from './connection.ts';
import type { WhileSending } from './while-sending.ts';
import { pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';
import type { ScopeIds } from './scopes.ts';
import {
  type Entry,
  intentsOf,
  madeAt,
  packIntents,
  outcomesOf,
  sliceOf,
  type StepStates,
  statesOf,
} from './step-entries.ts';

type EntryRow = Pick<Entry, 'result' | 'body'>;

/** What was about to be sent, and what became of it. */
export function stepEntries(
  connection: Connection,
  {
    find,
    numberOf,
    sending,
  }: Pick<ScopeIds, 'find'> & { readonly numberOf: RunNumbers; readonly sending: WhileSending },
): Pick<
  Ledger,
  | 'prepareToSend'
  | 'recordIntents'
  | 'openSteps'
  | 'results'
  | 'history'
  | 'lastEntryAt'
  | 'intendedAt'
  | 'lastBatch'
> {
  const changes = changePages(connection);
  const { nextSlice, entries } = sliceQueries(connection);
  const between = changesBetween(connection);
  const ofPerson = changesOfPerson(connection);
  const lastEntry = connection.query<EntryRow>(
    `SELECT result, body FROM step_entries WHERE entry =
       (SELECT max(entry) FROM step_entries WHERE run_number = (SELECT run_number FROM runs WHERE run_id = ?))`,
  );
  const lastBatch = connection.query<{ batch: number | null }>(
    `SELECT max(json_extract(intent.value, '$[0]')) AS batch FROM step_entries, json_each(step_entries.body) AS intent
     WHERE run_number = ? AND result IS NULL`,
  );

  return {
    prepareToSend: () => sending.ready(),
    async recordIntents(runId, intents) {
      const run = numberOf(runId);
      await sending.append(run, packIntents(intents));
    },
    async *openSteps(runId) {
      const run = numberOf(runId);
      for (let slice = nextSlice.get(run, -1)?.slice; typeof slice === 'number'; ) {
        const open = openOf(statesOf(entries.all(run, slice, slice)));
        const [first, last] = [open[0]?.seq, open.at(-1)?.seq];
        if (first !== undefined && last !== undefined) {
          yield withChanges(runId, open, between.all(run, first, last));
        }
        // Without a turn of the event loop, a long scan would hold up timers and sockets.
        await setImmediate();
        slice = nextSlice.get(run, slice)?.slice;
      }
    },
    async *results(runId) {
      const run = numberOf(runId);
      for await (const page of pages<ChangeRow>((last) => changes.all(run, last?.seq ?? 0))) {
        const [first, last] = [page[0]?.seq ?? 0, page.at(-1)?.seq ?? 0];
        const states = statesOf(entries.all(run, sliceOf(first), sliceOf(last)));
        yield page.map((row) => ({ change: changeOf(row), outcomes: outcomesOf(states, row.seq) }));
      }
    },
    async lastEntryAt(runId) {
      const row = lastEntry.get(runId);
      return row === undefined ? null : madeAt(row);
    },
    async intendedAt(runId, steps) {
      const run = numberOf(runId);
      const found = new Map<string, string>();
      for (const slice of new Set(steps.map(({ seq }) => sliceOf(seq)))) {
        for (const { ref, at } of intentsOf(entries.all(run, slice, slice))) {
          const name = `${ref.seq}:${ref.step}`;
          if (!found.has(name)) found.set(name, at);
        }
      }
      return steps.map(({ seq, step }) => found.get(`${seq}:${step}`) ?? null);
    },
    async lastBatch(runId) {
      return lastBatch.get(numberOf(runId))?.batch ?? 0;
    },
    async history(scope, linkKey, limit) {
      const scopeId = find(scope);
      if (scopeId === null) return [];
      // Quotes inside of values are escaped, so that only the field itself reads so.
      const rows = ofPerson.all(scopeId, `"linkKey":${JSON.stringify(linkKey)}`, limit);
      return rows.map((row) => {
        const states = statesOf(entries.all(row.run_number, sliceOf(row.seq), sliceOf(row.seq)));
        return { run: runOf(row), change: changeOf(row), outcomes: outcomesOf(states, row.seq) };
      });
    },
  };
}

function sliceQueries(connection: Connection) {
  return {
    nextSlice: connection.query<{ slice: number | null }>(
      'SELECT min(slice) AS slice FROM step_entries WHERE run_number = ? AND slice > ?',
    ),
    entries: connection.query<EntryRow>(
      'SELECT result, body FROM step_entries WHERE run_number = ? AND slice BETWEEN ? AND ? ORDER BY entry',
    ),
  };
}

interface HistoryRow extends ChangeRow {
  readonly run_number: number;
  readonly run_id: string;
  readonly mode: RunMode;
  readonly state: RunState;
  readonly as_of: string;
  readonly started_at: string;
  readonly exit_code: number | null;
}

function changesOfPerson(connection: Connection) {
  return connection.query<HistoryRow>(
    `SELECT c.seq, c.body, r.run_number, r.run_id, r.mode, r.state, r.as_of, r.started_at, r.exit_code
     FROM runs r CROSS JOIN changes c ON c.run_number = r.run_number
     WHERE r.scope_id = ? AND instr(c.body, ?) > 0 ORDER BY r.run_number DESC, c.seq LIMIT ?`,
  );
}

function runOf(row: HistoryRow): ChangeInRun['run'] {
  const { run_id: id, mode, state, as_of: asOf, started_at: startedAt, exit_code: exitCode } = row;
  return { id, mode, state, asOf, startedAt, exitCode };
}

type OpenRef = Pick<OpenStep, 'seq' | 'step'>;

/** In the order of the plan and of the steps. */
function openOf(states: StepStates): readonly OpenRef[] {
  const open: OpenRef[] = [];
  for (const [seq, steps] of states) {
    for (const [step, outcome] of steps) {
      if (outcome === null || outcome.result === 'unknown') open.push({ seq, step });
    }
  }
  return open.sort((one, other) => one.seq - other.seq || one.step - other.step);
}

function withChanges(
  runId: string,
  open: readonly OpenRef[],
  rows: readonly ChangeRow[],
): readonly OpenStep[] {
  const bySeq = Map.groupBy(open, ({ seq }) => seq);
  return rows.flatMap((row) => {
    const steps = bySeq.get(row.seq) ?? [];
    if (steps.length === 0) return [];
    const change = changeOf(row);
    return steps.map(({ seq, step }) => ({ runId, seq, step, change }));
  });
}
