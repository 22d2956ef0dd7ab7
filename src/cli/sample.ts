import type { Operation } from '../domain/change.ts';
import type { Cell, QuarantineCode } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Attributes } from '../domain/user.ts';
import type { FeedKeys, MappedRow } from '../feed/map-record.ts';
import { sampleFeed } from '../feed/read-feed.ts';
import type { Job } from '../job/job.ts';

/** One row of a feed before and after it is mapped. The column with the passwords is never among its cells. */
export interface SampledRow {
  readonly target: string;
  /** '' for a job with one feed. */
  readonly feed: string;
  readonly line: number;
  readonly result: 'person' | 'quarantined' | 'excluded';
  /** By header. */
  readonly cells: Readonly<Record<string, Cell>>;
  /** What a person becomes; null for a row that becomes none. */
  readonly person: SampledPerson | null;
  /** Why a row is set aside or excluded; null for a person. */
  readonly reason: SampledReason | null;
}

export interface SampledPerson {
  readonly key: string;
  readonly status: 'active' | 'onLeave' | 'leaver';
  readonly actions: readonly Operation[];
  /** Only those that the row says something about; null where it clears one. */
  readonly attributes: Attributes;
}

export interface SampledReason {
  readonly code: QuarantineCode | 'outside' | 'notYetDue';
  readonly column: string | null;
  readonly message: string;
}

/** The rows of one feed for one target, with the columns that map them. */
export interface Sample {
  readonly target: string;
  readonly feed: string;
  readonly columns: readonly Column[];
  readonly rows: readonly SampledRow[];
}

/**
 * The first rows of each feed, as each target gets them.
 *
 * @throws Failure as `openFeed` does
 */
export async function takeSamples(
  jobs: readonly Job[],
  rowsMax: number,
  asOf: string,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const { feeds, match, target } of jobs) {
    const { attributes: rules, headerAliases } = target.provider;
    const keys: FeedKeys = { match, rules, headerAliases };
    for (const settings of feeds) {
      const { headers, rows } = await sampleFeed(settings, keys, { rowsMax, asOf });
      const place = { target: target.name, feed: settings.name };
      samples.push({
        ...place,
        columns: settings.columns,
        rows: rows.map((mapped) => ({ ...place, ...sampledRow(mapped, headers) })),
      });
    }
  }
  return samples;
}

function sampledRow(mapped: MappedRow, headers: readonly string[]): Omit<SampledRow, 'target' | 'feed'> {
  const [row] = 'rows' in mapped ? mapped.rows : [mapped.row];
  const cells = Object.fromEntries(headers.map((header, position) => [header, row?.cells[position] ?? '']));
  const before = { line: row?.line ?? 0, cells };
  if ('code' in mapped) {
    const { code, column, message } = mapped;
    return { ...before, result: 'quarantined', person: null, reason: { code, column, message } };
  }
  if ('reason' in mapped) {
    const reason = { code: mapped.reason, column: null, message: excludedBecause[mapped.reason] };
    return { ...before, result: 'excluded', person: null, reason };
  }
  const status = mapped.active ? (mapped.onLeave === true ? 'onLeave' : 'active') : 'leaver';
  const { key, attributes, actions = [] } = mapped;
  return { ...before, result: 'person', person: { key, status, actions, attributes }, reason: null };
}

const excludedBecause = {
  outside: 'The row does not meet the conditions of `where`.',
  notYetDue: 'The first day of the employment has not come.',
} as const;
