import { type Bounds, protectionOf, scopeOf } from '../diff/bounds.ts';
import type { Protection } from '../contracts/ledger.ts';
import { fold } from '../domain/comparison.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { Target } from './connect-target.ts';
import type { OpenRun } from './open-run.ts';

/** What limits a run whatever its feed says, with what is shown of it. */
export interface RunBounds extends Bounds {
  /** Those of the ledger's protections that are in force, by lasting id. */
  readonly protections: readonly Protection[];
}

/** Takes the scope, who is protected and whom the job removed before, from the job, the target and the ledger. */
export async function takeBounds(
  job: Job,
  { ledger, scope, run }: OpenRun,
  { connection, provider }: Target,
  matching: Pick<Matching, 'declareScope' | 'departed'>,
): Promise<RunBounds> {
  const isInScope = scopeOf(job.scope);
  if (job.scope !== null) matching.declareScope(isInScope);
  if (job.policy.reuseLoginAfterMs !== null || job.policy.rehire === 'hold') {
    const rule = provider.attributes.userName;
    for await (const page of ledger.departed(scope)) {
      matching.departed.add(page, (login) => fold(login, rule));
    }
  }
  const protections = (await ledger.protections(scope)).filter((one) => isInForce(one, run.asOf));
  return {
    isInScope,
    isProtected: protectionOf(job.protect, connection.ownId),
    kept: new Set(protections.map(({ linkKey }) => linkKey)),
    departed: matching.departed,
    protections,
  };
}

/** A protection ends by itself. */
export function isInForce({ until }: Pick<Protection, 'until'>, at: string): boolean {
  return Date.parse(at) < Date.parse(until);
}
