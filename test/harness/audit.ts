/*
 * The auditor. It judges a run by what lies on the table: the feed's bytes, the target's journal, the files of the
 * report, and the users as they are now. It shares no code with the program and never opens its ledger.
 */

/** One item of a write that reached the target. */
export interface AuditedWrite {
  readonly op: string;
  /** Lasting id of the person. */
  readonly key: string;
  /** Whether the target took it. */
  readonly taken: boolean;
}

/** The parts of `report.json` that are held to the evidence. */
export interface AuditedReport {
  readonly exitCode: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly changes: Readonly<Record<string, number>>;
  readonly byOperation: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export type Cells = Readonly<Record<string, string>>;

export interface Evidence {
  /** CSV with a header; a last record that begins with TRAILER is no row. */
  readonly feed: string;
  /** Header of the column with the lasting id. */
  readonly keyColumn: string;
  readonly report: AuditedReport;
  /** Contents of `results.csv` and `rejects.csv`. */
  readonly results: string;
  readonly rejects: string;
  /** The writes of this run, in their order. */
  readonly journal: readonly AuditedWrite[];
  /** Whether the job is not about the row; no row is when absent. */
  readonly isExcluded?: (cells: Cells) => boolean;
  /** Of several rows of one person, the one with the highest rank counts. */
  readonly rank?: (cells: Cells) => number;
  /** Whether the user is now what the row says. */
  readonly isAsFeed: (key: string, cells: Cells) => boolean;
  /** Whether the user is disabled, or no longer there. */
  readonly isGone: (key: string) => boolean;
}

/** @returns what contradicts the evidence, in words; nothing when all agrees */
export function audit(evidence: Evidence): readonly string[] {
  const rows = rowsOf(evidence);
  const changes = tableOf(evidence.results);
  return [
    ...judgeRows(evidence, rows, changes),
    ...judgeCounts(evidence.report, changes),
    ...judgeJournal(evidence, changes),
    ...judgeEffects(evidence, rows, changes),
  ];
}

interface FeedRow {
  readonly line: number;
  readonly key: string;
  readonly cells: Cells;
}

function rowsOf({ feed, keyColumn }: Evidence): readonly FeedRow[] {
  return tableOf(feed, true).map((cells, index) => ({ line: index + 2, key: cells[keyColumn] ?? '', cells }));
}

/** Every row of the feed is in exactly one bucket, and the buckets are as large as the report says. */
function* judgeRows(
  { report, rejects, isAsFeed, isExcluded = () => false, rank, journal }: Evidence,
  rows: readonly FeedRow[],
  changes: readonly Cells[],
): Generator<string> {
  const counted = report.rows;
  yield* same('rows.total', counted.total, rows.length);
  const changed = new Set(changes.flatMap(({ line = '' }) => line.split(';').filter((part) => part !== '')));
  const rejected = new Set(tableOf(rejects).map((cells) => cells.rollcall_line ?? ''));
  const quarantined = rejected.difference(changed);
  yield* same('rows.changed', counted.changed, changed.size);
  yield* same('rows.quarantined', counted.quarantined, quarantined.size);
  const rest = rows.filter(({ line }) => !changed.has(String(line)) && !quarantined.has(String(line)));
  const excluded = new Set(rest.filter(({ cells }) => isExcluded(cells)));
  const losers = rank === undefined ? new Set<FeedRow>() : losersOf(rows, rank).difference(excluded);
  yield* same('rows.duplicates', counted.duplicates, losers.size);
  const unchanged = rest.filter((row) => !excluded.has(row) && !losers.has(row));
  // Whoever nobody can tell about is left alone, and counts as excluded, too.
  const left = (counted.excluded ?? 0) - excluded.size;
  yield* same('rows.unchanged', counted.unchanged, unchanged.length - left);
  const written = new Set(journal.map(({ key }) => key));
  const wrong = unchanged.filter(({ key, cells }) => written.has(key) || !isAsFeed(key, cells));
  if (wrong.length > left)
    yield `${wrong.length} rows count as unchanged and are not: ${wrong.map(({ key }) => key).join(' ')}`;
}

function losersOf(rows: readonly FeedRow[], rank: (cells: Cells) => number): Set<FeedRow> {
  const losers = new Set<FeedRow>();
  for (const ofPerson of Map.groupBy(rows, ({ key }) => key).values()) {
    const highest = Math.max(...ofPerson.map(({ cells }) => rank(cells)));
    for (const row of ofPerson) if (rank(row.cells) < highest) losers.add(row);
  }
  return losers;
}

const sentResults = ['succeeded', 'failed', 'unknown'];
const results = [...sentResults, 'held', 'conflict', 'notSent', 'planned'];

/** `results.csv` and `report.json` say the same. */
function* judgeCounts(
  { changes: sums, byOperation }: AuditedReport,
  changes: readonly Cells[],
): Generator<string> {
  yield* same('changes.total', sums.total, changes.length);
  for (const result of results) {
    const found = changes.filter((change) => change.result === result);
    yield* same(`changes.${result}`, sums[result], found.length);
    for (const [operation, counts] of Object.entries(byOperation)) {
      const ofOperation = found.filter((change) => change.operation === operation);
      yield* same(`byOperation.${operation}.${result}`, counts[result], ofOperation.length);
    }
  }
  const processed = changes.filter(({ result = '' }) => sentResults.includes(result));
  yield* same('changes.processed', sums.processed, processed.length);
}

/** Every write that reached the target belongs to a change that says so. */
function* judgeJournal({ journal, report }: Evidence, changes: readonly Cells[]): Generator<string> {
  const byKey = Map.groupBy(changes, ({ key = '' }) => key);
  const touched = Map.groupBy(journal, ({ key }) => key);
  for (const [key, writes] of touched) {
    const ends = (byKey.get(key) ?? []).map(({ result = '' }) => result);
    if (ends.length === 0) yield `${writes.length} writes of ${key}, of which the report says nothing`;
    else if (ends.every((end) => end === 'held' || end === 'planned'))
      yield `${key} was written although held`;
  }
  if (report.exitCode === 3 && journal.length > 0) yield `a held run wrote ${journal.length} times`;
  for (const { key = '', result, operation } of changes) {
    const writes = touched.get(key) ?? [];
    if (result === 'succeeded' && writes.length === 0)
      yield `the ${operation} of ${key} succeeded, and nothing reached the target`;
    if (result === 'failed' && writes.length > 0 && writes.every(({ taken }) => taken))
      yield `the ${operation} of ${key} failed, and the target took all of it`;
  }
}

/** Whoever succeeded is now as the feed says, or gone. */
function* judgeEffects(
  { isAsFeed, isGone }: Evidence,
  rows: readonly FeedRow[],
  changes: readonly Cells[],
): Generator<string> {
  const byLine = new Map(rows.map((row) => [String(row.line), row]));
  for (const { key = '', line = '', operation = '', result } of changes) {
    if (result !== 'succeeded') continue;
    if (operation === 'disable' || operation === 'remove') {
      if (!isGone(key)) yield `the ${operation} of ${key} succeeded, and the user is still there`;
      continue;
    }
    const row = byLine.get(line.split(';')[0] ?? '');
    if (row !== undefined && !isAsFeed(key, row.cells))
      yield `the ${operation} of ${key} succeeded, and the user is not as the feed says`;
  }
}

function* same(what: string, said: number | undefined, counted: number): Generator<string> {
  if (said !== counted) yield `${what}: the report says ${said}, the evidence ${counted}`;
}

/** Records of a CSV text by its header. */
function tableOf(text: string, hasTrailer = false): readonly Cells[] {
  const [header = [], ...records] = recordsOf(text.replace(/^\uFEFF/, ''));
  if (hasTrailer && records.at(-1)?.[0] === 'TRAILER') records.pop();
  return records.map((record) =>
    Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])),
  );
}

/** RFC 4180, nothing more. */
function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    const isPastEnd = end === '' && record.length === 0 && quoted === undefined && plain === '';
    if (isPastEnd) break;
    record.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(record);
    record = [];
    if (end === '') break;
  }
  return records;
}
