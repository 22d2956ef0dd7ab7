import type { Ledger, FeedAcceptance } from '../contracts/ledger.ts';
import type { Connection } from './connection.ts';
import type { RunNumbers } from './runs.ts';
import type { ScopeIds } from './scopes.ts';

interface FeedRow {
  readonly feed: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  readonly modified_at: string | null;
  readonly accepted_at: string;
  readonly run_id: string;
  readonly exit_code: number | null;
}

/** The feeds that were accepted, in the order in which they were. */
export function acceptedFeedEntries(
  connection: Connection,
  { find, numberOf }: Pick<ScopeIds, 'find'> & { readonly numberOf: RunNumbers },
): Pick<Ledger, 'acceptFeed' | 'lastAcceptedFeed' | 'acceptedFeeds'> {
  const insert = connection.command(
    `INSERT INTO accepted_feeds (run_number, scope_id, feed, sha256, file, bytes, rows, modified_at, accepted_at)
     SELECT run_number, scope_id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM runs WHERE run_number = ?1`,
  );
  const select = `SELECT feed, file, sha256, bytes, rows, modified_at, accepted_at, run_id, exit_code
    FROM accepted_feeds JOIN runs USING (run_number)
    WHERE accepted_feeds.scope_id = ? AND feed = ?`;
  const last = connection.query<FeedRow>(`${select} ORDER BY entry DESC LIMIT 1`);
  const same = connection.query<FeedRow>(`${select} AND sha256 = ? ORDER BY entry DESC`);

  return {
    async acceptFeed(runId, { feed, sha256, file, bytes, rows, modifiedAt, at }) {
      insert.run(numberOf(runId), feed, sha256, file, bytes, rows, modifiedAt, at);
    },
    async lastAcceptedFeed(scope, feed) {
      const id = find(scope);
      const row = id === null ? undefined : last.get(id, feed);
      return row === undefined ? null : feedOf(row);
    },
    async acceptedFeeds(scope, feed, sha256) {
      const id = find(scope);
      return id === null ? [] : same.all(id, feed, sha256).map(feedOf);
    },
  };
}

function feedOf(row: FeedRow): FeedAcceptance {
  const { feed, file, sha256, bytes, rows } = row;
  return {
    ...{ feed, file, sha256, bytes, rows },
    modifiedAt: row.modified_at,
    at: row.accepted_at,
    runId: row.run_id,
    exitCode: row.exit_code,
  };
}
