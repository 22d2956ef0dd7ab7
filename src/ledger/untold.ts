import { setImmediate } from 'node:timers/promises';
import type { AccountChanges, Ledger, Untold } from '../contracts/ledger.ts';
import { accountWriter } from './accounts.ts';
import { entryAppender } from './append-entries.ts';
import { tellableReader } from './changes.ts';
import type { Connection } from './connection.ts';
import { departureWriter } from './departed.ts';
import type { RunNumbers } from './runs.ts';
import type { ScopeIds } from './scopes.ts';
import { type Entry, outcomesOf, packOutcomes, statesOf } from './step-entries.ts';
import type { WhileSending } from './while-sending.ts';

/*
 * While a run sends, it writes down outcomes alone; what they mean for the accounts follows, portion by portion of a slice of the plan:
 *
 *   outcomes ──recordOutcomes──> untold ──tellAccounts──> told
 *
 * The accounts change in the same transaction that notes up to which entry of the slice they know, so whoever is killed
 * in between tells them nothing twice. A run that may have left something untold is marked, for the next run to go on.
 * What `settle` writes is told at once.
 */

/** Outcomes as they are told to accounts, and accounts as they learn of them. */
export function untoldEntries(
  connection: Connection,
  {
    idOf,
    numberOf,
    sending,
  }: Pick<ScopeIds, 'idOf'> & { readonly numberOf: RunNumbers; readonly sending: WhileSending },
): Pick<Ledger, 'recordOutcomes' | 'untold' | 'tellAccounts' | 'noteAllTold' | 'settle'> {
  const append = entryAppender(connection);
  const change = accountChanger(connection);
  const { nextSlice, outcomes, lastEntry } = untoldQueries(connection);
  const changeAt = tellableReader(connection);
  const tell = connection.command(
    `INSERT INTO told (run_number, slice, entry) VALUES (?, ?, ?)
     ON CONFLICT (run_number, slice) DO UPDATE SET entry = excluded.entry`,
  );
  const mark = connection.command('UPDATE runs SET untold = ? WHERE run_number = ?');
  /** Numbers of the runs that bear the mark. */
  const marked = new Set<number>();

  function resultsOf(run: number, entries: readonly UntoldEntry[]): Untold['results'] {
    const states = statesOf(entries);
    const seqs = [...states.keys()].sort((one, other) => one - other);
    return seqs.flatMap((seq) => {
      const change = changeAt(run, seq);
      return change === null ? [] : [{ change, outcomes: outcomesOf(states, seq) }];
    });
  }

  return {
    async recordOutcomes(runId, outcomes) {
      const run = numberOf(runId);
      // Before the first of them: whoever comes after a crash has to know that there may be some.
      if (!marked.has(run)) mark.run(1, run);
      marked.add(run);
      await sending.append(run, packOutcomes(outcomes));
    },
    async *untold(runId) {
      const run = numberOf(runId);
      for (let slice = nextSlice.get(run, -1)?.slice; slice !== undefined; ) {
        for (const entries of portionsOf(outcomes.all(run, slice))) {
          yield { runId, results: resultsOf(run, entries), slice, upTo: entries.at(-1)?.entry ?? 0 };
          // Without a turn of the event loop, a long scan would hold up timers and signals.
          await setImmediate();
        }
        slice = nextSlice.get(run, slice)?.slice;
      }
    },
    async tellAccounts(scope, { runId, slice, upTo }, changes) {
      const run = numberOf(runId);
      const scopeId = idOf(scope);
      connection.transaction(() => {
        change(run, scopeId, changes);
        tell.run(run, slice, upTo);
      });
    },
    async noteAllTold(runId) {
      const run = numberOf(runId);
      marked.delete(run);
      mark.run(0, run);
    },
    async settle(runId, scope, settlement) {
      const run = numberOf(runId);
      const scopeId = idOf(scope);
      const packed = packOutcomes(settlement.outcomes);
      connection.transaction(() => {
        for (const { slice } of packed) {
          if (outcomes.get(run, slice) === undefined) continue;
          throw new Error(`The accounts have to be told of slice ${slice} of run ${runId} first.`);
        }
        append(run, packed);
        for (const { slice } of packed) tell.run(run, slice, lastEntry.get(run, slice)?.entry ?? 0);
        change(run, scopeId, settlement);
      });
    },
  };
}

interface UntoldEntry extends Pick<Entry, 'result' | 'body'> {
  readonly entry: number;
  /** How many it is about. */
  readonly steps: number;
}

/** Steps that are told of at once, unless one entry has more: what is in memory then is soon over, and young. */
const stepsAtOnce = 250;

function* portionsOf(entries: readonly UntoldEntry[]): Generator<readonly UntoldEntry[]> {
  let portion: UntoldEntry[] = [];
  let steps = 0;
  for (const entry of entries) {
    if (portion.length > 0 && steps + entry.steps > stepsAtOnce) {
      yield portion;
      portion = [];
      steps = 0;
    }
    portion.push(entry);
    steps += entry.steps;
  }
  if (portion.length > 0) yield portion;
}

function accountChanger(
  connection: Connection,
): (run: number, scopeId: number, changes: AccountChanges) => void {
  const accounts = accountWriter(connection);
  const noteDeparture = departureWriter(connection);
  return (run, scopeId, changes) => {
    for (const account of changes.accounts) accounts.save(scopeId, account);
    for (const userId of changes.removed) {
      noteDeparture(run, scopeId, userId);
      accounts.forget(scopeId, userId);
    }
  };
}

function untoldQueries(connection: Connection) {
  const isUntold = `result IS NOT NULL AND e.entry > coalesce(
    (SELECT t.entry FROM told t WHERE t.run_number = e.run_number AND t.slice = e.slice), 0)`;
  return {
    nextSlice: connection.query<{ slice: number }>(
      `SELECT slice FROM step_entries e WHERE run_number = ? AND slice > ? AND ${isUntold} ORDER BY slice LIMIT 1`,
    ),
    outcomes: connection.query<UntoldEntry>(
      `SELECT entry, result, body, json_array_length(body, '$.steps') / 2 AS steps FROM step_entries e
       WHERE run_number = ? AND slice = ? AND ${isUntold} ORDER BY entry`,
    ),
    lastEntry: connection.query<{ entry: number }>(
      'SELECT max(entry) AS entry FROM step_entries WHERE run_number = ? AND slice = ?',
    ),
  };
}
