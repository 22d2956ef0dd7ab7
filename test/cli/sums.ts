export interface FeedJson {
  readonly name?: string;
  readonly missing?: boolean;
  readonly rows: number;
  readonly whole: string;
  readonly partial: boolean;
}

/** The parts of `report.json` that the tests read, as the design gives them. */
export interface ReportJson {
  readonly drift: Readonly<Record<string, number>>;
  readonly schemaVersion: number;
  readonly exitCode: number;
  readonly run: {
    readonly id: string;
    readonly mode: 'plan' | 'apply';
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly planHash: string | null;
    readonly previousRun: string | null;
    readonly reverts: string | null;
    readonly part: {
      readonly only: readonly string[] | null;
      readonly people: readonly string[] | null;
    } | null;
  };
  /** A list for a job with several: `feedsOf` reads either. */
  readonly feed: FeedJson;
  readonly rows: Readonly<
    Record<'total' | 'quarantined' | 'duplicates' | 'excluded' | 'unchanged' | 'changed', number>
  >;
  readonly changes: Readonly<Record<Bucket | 'total' | 'fromAbsence', number>>;
  readonly users: { readonly managed: number; readonly unmanaged: number };
  readonly byOperation: Readonly<
    Record<'create' | 'update' | 'enable' | 'disable' | 'remove', Readonly<Record<Bucket, number>>>
  >;
  readonly guards: readonly {
    readonly name: string;
    readonly limit: number | null;
    readonly actual: number;
    readonly tripped: boolean;
  }[];
  readonly failures: readonly {
    readonly line: number | null;
    readonly feed?: string;
    readonly key: string;
    readonly operation: string;
    readonly result: string;
    readonly errorCode: string | null;
    readonly providerCode: string | null;
    readonly attempts: number;
    readonly since: string;
  }[];
  readonly timing?: unknown;
}

/** The feeds of a report, in the order of the job. */
export function feedsOf(report: ReportJson): readonly FeedJson[] {
  const { feed }: { readonly feed: FeedJson | readonly FeedJson[] } = report;
  return 'rows' in feed ? [feed] : feed;
}

const buckets = [
  'planned',
  'held',
  'conflict',
  'notSent',
  'processed',
  'succeeded',
  'failed',
  'unknown',
] as const;
export type Bucket = (typeof buckets)[number];

/** The sums of the design that a report breaks, in words; none for a report that adds up. */
export function brokenSums(report: ReportJson): readonly string[] {
  const { rows, changes, byOperation } = report;
  const broken: string[] = [];
  const hold = (name: string, left: number, right: number): void => {
    if (left !== right) broken.push(`${name}: ${left} and ${right}`);
  };
  hold(
    'rows',
    rows.total,
    rows.quarantined + rows.duplicates + rows.excluded + rows.unchanged + rows.changed,
  );
  const fed = feedsOf(report).reduce((total, feed) => total + feed.rows, 0);
  hold('feed.rows', rows.total, fed);
  hold('processed', changes.processed, changes.succeeded + changes.failed + changes.unknown);
  if (report.run.mode === 'apply') {
    hold('applied', changes.total, changes.held + changes.conflict + changes.notSent + changes.processed);
    hold('planned', changes.planned, 0);
  } else {
    hold('planned', changes.total, changes.planned + changes.held + changes.conflict);
    hold('written by a plan', changes.notSent + changes.processed, 0);
  }
  for (const bucket of buckets) {
    const sum = Object.values(byOperation).reduce((total, counts) => total + counts[bucket], 0);
    hold(`byOperation.${bucket}`, changes[bucket], sum);
  }
  if (changes.fromAbsence > changes.total) broken.push('fromAbsence is more than total');
  const named = changes.failed + changes.conflict + changes.unknown;
  hold('failures', report.failures.length, Math.min(1_000, named));
  return broken;
}
