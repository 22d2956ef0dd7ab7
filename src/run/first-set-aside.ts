import type { Ledger } from '../contracts/ledger.ts';
import type { QuarantinedRow } from '../domain/person.ts';

const shownMax = 10;

/** The first rows that a run set aside, for the terminal; rejects.csv has all. */
export async function firstSetAside(ledger: Ledger, runId: string): Promise<readonly QuarantinedRow[]> {
  for await (const page of ledger.quarantine(runId)) return page.slice(0, shownMax);
  return [];
}
