import type { Ledger } from '../contracts/ledger.ts';
import { brokenSums } from './report-run.ts';

/** So many of the last runs are summed up anew. */
const runsMax = 1_000;

export interface SumsCheck {
  readonly runs: number;
  /** With the run that each is about. */
  readonly problems: readonly string[];
}

/** Accounts for the runs anew, as their reports did. */
export async function checkRunSums(ledger: Ledger): Promise<SumsCheck> {
  const problems: string[] = [];
  const runs = await ledger.runs({ limit: runsMax });
  for (const run of runs) {
    for (const problem of await brokenSums(ledger, run)) problems.push(`run ${run.id}: ${problem}`);
  }
  return { runs: runs.length, problems };
}
