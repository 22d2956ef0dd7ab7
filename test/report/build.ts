import type { ChangeResult, StepOutcome } from '../../src/contracts/ledger.ts';
import type { Change, Step } from '../../src/domain/change.ts';
import type { FeedForm } from '../../src/domain/feed-facts.ts';
import type { QuarantinedRow } from '../../src/domain/person.ts';
import { tally } from '../../src/report/reconcile.ts';
import type { Report, ReportWithoutFailures } from '../../src/report/report.ts';

export const columns = ['Employee ID', 'User Login', 'Title'];

/** CSV in UTF-8 with a byte order mark. */
export const plainForm: FeedForm = {
  encoding: 'utf-8',
  byteOrderMark: true,
  delimiter: ',',
  quote: '"',
  escape: '"',
  separators: [],
};

export function buildStep(difference: Partial<Step> = {}): Step {
  return { action: 'update', subject: '', values: {}, ...difference };
}

export function buildChange(difference: Partial<Change> = {}): Change {
  return {
    seq: 1,
    operation: 'update',
    key: 'E1',
    linkKey: 'e1',
    userId: 'ada@example.com',
    user: null,
    rows: [{ line: 2, cells: ['E1', 'ada@example.com', 'Manager'] }],
    cause: 'feed',
    before: { title: 'Clerk' },
    after: { title: 'Manager' },
    conflict: null,
    disposition: 'planned',
    reason: null,
    steps: [buildStep()],
    remember: null,
    ...difference,
  };
}

export function buildOutcome(difference: Partial<StepOutcome> = {}): StepOutcome {
  return {
    seq: 1,
    step: 0,
    result: 'succeeded',
    errorCode: null,
    providerCode: null,
    message: null,
    userId: null,
    attempts: 1,
    at: '2026-11-03T02:15:20Z',
    ...difference,
  };
}

export function buildQuarantined(difference: Partial<QuarantinedRow> = {}): QuarantinedRow {
  return {
    row: { line: 9, cells: ['E9'] },
    code: 'RAGGED_ROW',
    column: null,
    message: 'The row has 1 cell, the header 3.',
    linkKey: null,
    matchKey: null,
    ...difference,
  };
}

/** A report whose sums hold for these results and quarantined rows. */
export function buildReport(
  results: readonly ChangeResult[] = [],
  quarantined = 0,
  run: Partial<Report['run']> = {},
): ReportWithoutFailures {
  const mode = run.mode ?? 'apply';
  const counted = tally(mode);
  for (const { change, outcomes } of results) counted.add(change, outcomes);
  const changed = results.reduce((sum, { change }) => sum + change.rows.length, 0);
  return {
    schemaVersion: 1,
    exitCode: 2,
    run: {
      id: '20261103-021507-k3f9',
      job: 'epm-hr-feed',
      mode,
      startedAt: '2026-11-03T02:15:07Z',
      finishedAt: '2026-11-03T02:17:41.250Z',
      asOf: '2026-11-03T02:15:07Z',
      toolVersion: '0.1.0',
      jobSha256: 'a'.repeat(64),
      jobChanges: [],
      planHash: 'b'.repeat(64),
      trigger: 'command',
      operator: 'svc-rollcall',
      host: 'batch01.example.com',
      approvals: [],
      previousRun: null,
      settled: [],
      resumes: [],
      reverts: null,
      part: null,
      ...run,
    },
    feed: {
      path: 'inbox/hr.csv',
      mode: 'full',
      sha256: 'c'.repeat(64),
      bytes: 2048,
      rows: changed + quarantined,
      whole: 'proven',
      partial: false,
    },
    target: { name: 'oracle-epm', provider: 'oracle-epm', baseUrl: 'https://epm.example.com' },
    rows: {
      total: changed + quarantined,
      quarantined,
      duplicates: 0,
      excluded: 0,
      unchanged: 0,
      changed,
    },
    users: { managed: 480, unmanaged: 12 },
    spared: { protected: 0, kept: 0, outsideScope: 0 },
    drift: {},
    flapping: {},
    protections: [],
    references: { unresolved: 0 },
    guards: [{ name: 'disables', limit: 24, actual: 3, tripped: false, advice: null }],
    ...counted.counts(),
  };
}

export async function* pagesOf<T>(entries: readonly T[], size = 2): AsyncIterable<readonly T[]> {
  for (let start = 0; start < entries.length; start += size) yield entries.slice(start, start + size);
}
