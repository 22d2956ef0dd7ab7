import type { Ledger } from '../contracts/ledger.ts';
import type { Change, Sendable, Tellable } from '../domain/change.ts';
import type { Connection, Query } from './connection.ts';
import { pageSize, pages } from './pages.ts';
import type { RunNumbers } from './runs.ts';
import type { WhileSending } from './while-sending.ts';

export interface ChangeRow {
  readonly seq: number;
  readonly body: string;
}

/** The changes of a run's plan. */
export function changeEntries(
  connection: Connection,
  { numberOf, sending }: { readonly numberOf: RunNumbers; readonly sending: WhileSending },
): Pick<Ledger, 'storeChanges' | 'changes' | 'sendable'> {
  const insert = connection.command('INSERT INTO changes (run_number, seq, body) VALUES (?, ?, ?)');
  const select = changePages(connection);

  return {
    async storeChanges(runId, changes) {
      const run = numberOf(runId);
      connection.transaction(() => {
        for (const change of changes) insert.run(run, change.seq, JSON.stringify(change));
      });
    },
    async *changes(runId) {
      const run = numberOf(runId);
      for await (const page of pages<ChangeRow>((last) => select.all(run, last?.seq ?? 0))) {
        yield page.map(changeOf);
      }
    },
    async *sendable(runId, atOnce) {
      const request = { run: numberOf(runId), limit: Math.min(Math.max(atOnce, pageMin), pageMax) };
      const read = (afterSeq: number): Promise<PlanPage> =>
        unheeded(sending.readPlan({ ...request, afterSeq }));
      // Two pages ahead: the one that comes next is then there although the disk was busy.
      const following = (page: Promise<PlanPage>): Promise<PlanPage> =>
        unheeded(page.then(({ lastSeq }) => (lastSeq === null ? endOfPlan : read(lastSeq))));
      let next = read(0);
      let nextButOne = following(next);
      for (;;) {
        const { json, lastSeq } = await next;
        if (lastSeq === null) return;
        next = nextButOne;
        nextButOne = following(next);
        yield JSON.parse(json) as readonly Sendable[];
      }
    },
  };
}

/** Whoever stops reading hears of no trouble with what comes after. */
function unheeded<T>(reading: Promise<T>): Promise<T> {
  reading.catch(() => undefined);
  return reading;
}

export interface PlanPage {
  /** An array of `Sendable`. */
  readonly json: string;
  /** Null beyond the end of the plan. */
  readonly lastSeq: number | null;
}

const endOfPlan: PlanPage = { json: '[]', lastSeq: null };

/** Changes of a page that is sent from one thread to another. */
const pageMin = 100;
const pageMax = 250;

/** What `Sendable` leaves out. */
const unsent = [
  'reason',
  'key',
  'linkKey',
  'rows',
  'cause',
  'feed',
  'before',
  'remember',
  'conflict',
  'undo',
];

/** Which page of which run's plan, by the run's number. */
export interface PageRequest {
  readonly run: number;
  readonly afterSeq: number;
  /** Changes, at most. */
  readonly limit: number;
}

/** Reads a page of a plan, as far as sending needs it. */
export function planReader(connection: Pick<Connection, 'query'>): (request: PageRequest) => PlanPage {
  const select = connection.query<ChangeRow>(
    `SELECT seq, json_remove(body, ${pathsOf(unsent)}) AS body FROM changes
     WHERE run_number = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  return ({ run, afterSeq, limit }) => {
    const page = select.all(run, afterSeq, limit);
    const lastSeq = page.at(-1)?.seq ?? null;
    return { json: `[${page.map(({ body }) => body).join(',')}]`, lastSeq };
  };
}

function pathsOf(names: readonly string[]): string {
  return names.map((name) => `'$.${name}'`).join(', ');
}

/** A page of a run's changes in the order of the plan: takes the run's number and the last `seq` before. */
export function changePages(connection: Connection): Query<ChangeRow> {
  return connection.query<ChangeRow>(
    `SELECT seq, body FROM changes WHERE run_number = ? AND seq > ? ORDER BY seq LIMIT ${pageSize}`,
  );
}

/** What `Tellable` leaves out. */
const untellable = ['disposition', 'reason', 'user', 'rows', 'before', 'conflict', 'undo'];

/** Reads a change by its run's number and its `seq`, as far as accounts need it. */
export function tellableReader(
  connection: Pick<Connection, 'query'>,
): (run: number, seq: number) => Tellable | null {
  const select = connection.query<{ key: string; link_key: string; body: string }>(
    // The ids come beside the rest: nearly all differ, and whatever is short and comes out of JSON.parse is kept in a
    // table that only a full collection clears.
    `SELECT body ->> '$.key' AS key, body ->> '$.linkKey' AS link_key,
       json_remove(body, '$.key', '$.linkKey', ${pathsOf(untellable)}) AS body
     FROM changes WHERE run_number = ? AND seq = ?`,
  );
  return (run, seq) => {
    const row = select.get(run, seq);
    if (row === undefined) return null;
    return { ...(JSON.parse(row.body) as Tellable), key: row.key, linkKey: row.link_key };
  };
}

/** Takes the run's number, the first `seq` and the last. */
export function changesBetween(connection: Connection): Query<ChangeRow> {
  return connection.query<ChangeRow>(
    'SELECT seq, body FROM changes WHERE run_number = ? AND seq BETWEEN ? AND ? ORDER BY seq',
  );
}

export function changeOf(row: ChangeRow): Change {
  return JSON.parse(row.body) as Change;
}
