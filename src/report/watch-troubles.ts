import type { QuarantinedRow } from '../domain/person.ts';
import type { FailureNow } from './explain-change.ts';

const failuresMax = 1000;
const quarantinedMax = 200;

/** What went wrong in a run, in bounded size: counts of everything, single entries of the first. */
export interface Troubles {
  /** The first 1,000: conflicts, then unknown results, then failures. */
  readonly failures: readonly FailureNow[];
  readonly failureCounts: readonly FailureCount[];
  /** The first 200. */
  readonly quarantined: readonly QuarantinedRow[];
  readonly quarantineCounts: readonly { readonly code: string; readonly count: number }[];
}

export interface FailureCount {
  readonly result: FailureNow['result'];
  readonly errorCode: string | null;
  readonly count: number;
}

export interface TroubleWatch {
  quarantined(row: QuarantinedRow): void;
  failed(failure: FailureNow): void;
  troubles(): Troubles;
}

/** Gathers troubles one by one. Its memory does not grow with the run: there are few codes, and lists are cut. */
export function watchTroubles(): TroubleWatch {
  const ranks: FailureNow[][] = [[], [], [], []];
  const failureCounts = new Map<string, FailureCount>();
  const quarantineCounts = new Map<string, number>();
  const quarantined: QuarantinedRow[] = [];
  return {
    quarantined(row) {
      quarantineCounts.set(row.code, (quarantineCounts.get(row.code) ?? 0) + 1);
      if (quarantined.length < quarantinedMax) quarantined.push(row);
    },
    failed(failure) {
      const { result, errorCode } = failure;
      const name = `${result} ${errorCode}`;
      failureCounts.set(name, { result, errorCode, count: (failureCounts.get(name)?.count ?? 0) + 1 });
      const rank = ranks[rankOf(failure)];
      if (rank !== undefined && rank.length < failuresMax) rank.push(failure);
    },
    troubles: () => ({
      failures: ranks.flat().slice(0, failuresMax),
      failureCounts: [...failureCounts.values()].sort((left, right) => right.count - left.count),
      quarantined,
      quarantineCounts: [...quarantineCounts]
        .map(([code, count]) => ({ code, count }))
        .sort((left, right) => right.count - left.count),
    }),
  };
}

/**
 * What only a person can settle comes first, so that a thousand failures of one kind do not push it out; of
 * these, first the active person whose account somebody else has disabled.
 */
function rankOf({ result, errorCode }: FailureNow): number {
  if (errorCode === 'DISABLED_ELSEWHERE') return 0;
  if (result === 'conflict') return 1;
  return result === 'unknown' ? 2 : 3;
}
