import type { Ledger, Run } from '../contracts/ledger.ts';
import type { Change } from '../domain/change.ts';
import type { Job } from '../job/job.ts';
import { type Approval, releaseApproved, validApprovals } from './approvals.ts';
import { isMeant } from './decide-plan.ts';
import type { RunFacts } from './facts.ts';

/** A larger plan is not read for this, so that whoever asks has an answer at once. */
const changesMax = 10_000;

/**
 * The approval, given to another plan, that would let this held one pass by now; null when none would, or when the plan
 * is too large to tell at once.
 * @param now ISO 8601
 */
export async function approvedElsewhere(
  job: Pick<Job, 'fourEyes'>,
  ledger: Pick<Ledger, 'decisions' | 'isApproved' | 'changes'>,
  { id, scope, facts }: Run,
  now: string,
): Promise<Approval | null> {
  const asked = { at: now, fourEyes: job.fourEyes };
  if (validApprovals(await ledger.decisions(scope), asked).length === 0) return null;
  const changes = await meantChanges(ledger, id);
  if (changes === null) return null;
  const { guards, approvals } = await releaseApproved({
    ledger,
    scope,
    guards: (facts as RunFacts).guards,
    changes: () => changes,
    reviewedHash: null,
    ...asked,
  });
  return guards.some(({ tripped }) => tripped) ? null : (approvals.at(-1) ?? null);
}

async function meantChanges(
  ledger: Pick<Ledger, 'changes'>,
  runId: string,
): Promise<readonly Change[] | null> {
  const meant: Change[] = [];
  for await (const page of ledger.changes(runId)) {
    meant.push(...page.filter(isMeant));
    if (meant.length > changesMax) return null;
  }
  return meant;
}
