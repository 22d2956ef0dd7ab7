import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Scope } from '../contracts/ledger.ts';
import type { Job } from '../job/job.ts';

/** Personal data of the run rest here while it goes on: beside the ledger, a folder for each job and target. */
export function stagingFolder({ ledger }: Pick<Job, 'ledger'>, { job, origin }: Scope): string {
  const scope = createHash('sha256').update(`${job}\n${origin}`).digest('hex').slice(0, 16);
  return path.join(path.dirname(ledger), 'staging', scope);
}
