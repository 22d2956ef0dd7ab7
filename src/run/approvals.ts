import { createHash } from 'node:crypto';
import type { DecidedChange, KeptDecision, Ledger, Scope } from '../contracts/ledger.ts';
import { type Need, type Operation, operations } from '../domain/change.ts';
import type { Attributes } from '../domain/user.ts';
import type { Guard } from '../guard/guard.ts';
import { timedGuardOf } from '../guard/judge-guards.ts';

/*
 * An approval is a ceiling: it releases the guards of the plan that it was given to, and those of a newer plan whose
 * guarded changes are all among those that were approved. One that is not holds the whole plan again.
 */

/** What the guards of one plan are released by. */
export interface Released {
  readonly guards: readonly Guard[];
  /** Those that released a guard, and those that were given to this very plan; oldest first. */
  readonly approvals: readonly Approval[];
}

/** As the report lists it. */
export type Approval = Pick<KeptDecision, 'by' | 'at' | 'reason'>;

export interface UnderApproval {
  readonly ledger: Pick<Ledger, 'decisions' | 'isApproved'>;
  readonly scope: Scope;
  readonly guards: readonly Guard[];
  /** What the plan would send, in any order; asked for anew each time. */
  readonly changes: () => Iterable<Need>;
  /** The moment at which an approval has to be valid, ISO 8601. */
  readonly at: string;
  /** Hash of the reviewed plan that is applied; null for a plan of today. */
  readonly reviewedHash: string | null;
  /** Whether nobody may release a plan that they made themselves. */
  readonly fourEyes: boolean;
}

/** Takes the trip from each guard that an approval releases. */
export async function releaseApproved(plan: UnderApproval): Promise<Released> {
  const approvals = validApprovals(await plan.ledger.decisions(plan.scope), plan);
  const used = new Set(approvals.filter(({ planHash }) => planHash === plan.reviewedHash));
  const guards: Guard[] = [];
  for (const guard of plan.guards) {
    const approval = guard.tripped ? await approvalOf(guard, approvals, plan) : null;
    if (approval === null) guards.push(guard);
    else {
      used.add(approval);
      const allowedBy = `approved by ${approval.by} at ${approval.at}: ${approval.reason}`;
      guards.push({ ...guard, tripped: false, released: true, allowedBy });
    }
  }
  const oldestFirst = [...used].sort((one, other) => one.entry - other.entry);
  return { guards, approvals: oldestFirst.map(({ by, at, reason }) => ({ by, at, reason })) };
}

/** Those that are neither expired nor taken back by a rejection of the same plan, newest first. */
export function validApprovals(
  decisions: readonly KeptDecision[],
  { at, fourEyes }: Pick<UnderApproval, 'at' | 'fourEyes'>,
): readonly KeptDecision[] {
  const isTakenBack = ({ planHash, entry }: KeptDecision): boolean =>
    decisions.some(
      (other) => other.kind === 'rejected' && other.planHash === planHash && other.entry > entry,
    );
  return decisions.filter(
    (decision) =>
      decision.kind === 'approved' &&
      (decision.expiresAt === null || Date.parse(at) < Date.parse(decision.expiresAt)) &&
      !isTakenBack(decision) &&
      !(fourEyes && isOwn(decision)),
  );
}

/** Whether somebody decided about a plan of their own: by the account, which nobody can choose, or by the name given. */
export function isOwn({
  plannedBy,
  operator,
  by,
}: Pick<KeptDecision, 'plannedBy' | 'operator' | 'by'>): boolean {
  return plannedBy === operator || plannedBy === by;
}

async function approvalOf(
  guard: Guard,
  approvals: readonly KeptDecision[],
  plan: UnderApproval,
): Promise<KeptDecision | null> {
  const guarded = guardedOperations(guard);
  for (const approval of approvals) {
    // What a guard of the delivery or of the target's answer doubts is none of the changes, so that who approved has
    // seen this doubt in this plan only.
    const hasSeen = approval.planHash === plan.reviewedHash && approval.guards.includes(guard.name);
    if (guarded === null && !hasSeen) continue;
    const covered = await coverage(approval, guarded ?? operations, plan);
    if (covered === 'all' || (covered === 'nothing to cover' && hasSeen)) return approval;
  }
  return null;
}

const pageSize = 500;

/** Whether an approval has all that a guard counts: where the guard trips over nothing of the plan, no set can say so. */
async function coverage(
  approval: KeptDecision,
  guarded: readonly Operation[],
  { ledger, changes }: UnderApproval,
): Promise<'all' | 'not all' | 'nothing to cover'> {
  let page: DecidedChange[] = [];
  let count = 0;
  for (const change of changes()) {
    if (!guarded.includes(change.operation)) continue;
    page.push(decidedChange(change));
    count += 1;
    if (page.length < pageSize) continue;
    if (!(await ledger.isApproved(approval, page))) return 'not all';
    page = [];
  }
  if (!(await ledger.isApproved(approval, page))) return 'not all';
  return count === 0 ? 'nothing to cover' : 'all';
}

const byGuard: Readonly<Record<string, readonly Operation[]>> = {
  creates: ['create'],
  updates: ['update'],
  enables: ['enable'],
  disables: ['disable'],
  removals: ['remove'],
  firstLoad: ['create'],
  accessLost: ['update'],
  attributes: ['update'],
  blanked: ['update'],
  keyChanges: ['update'],
  jobChanged: operations,
  // What such a feed can do wrong is in the plan, change by change.
  feedRows: ['disable', 'remove'],
  feedBytes: operations,
  feedColumns: operations,
  emptyCells: ['update'],
  rowsSetAside: operations,
};

/**
 * The operations that a guard is about; null for one that doubts the delivery or the target's answer as a whole: no
 * rows, a broken proof, an old file, a failed read.
 */
export function guardedOperations({
  name,
  actual,
}: Pick<Guard, 'name' | 'actual'>): readonly Operation[] | null {
  if (name === 'feedRows' && actual === 0) return null;
  return byGuard[timedGuardOf(name) ?? name] ?? null;
}

/** By what an approval knows a change again: who, what, of which user, to which values. */
export function decidedChange({ linkKey, operation, userId, after }: Need): DecidedChange {
  const digest = createHash('sha256')
    .update(JSON.stringify([userId, sorted(after)]))
    .digest('hex');
  return { linkKey, operation, digest };
}

function sorted(attributes: Attributes): unknown {
  return Object.keys(attributes)
    .sort()
    .map((name) => {
      const value = attributes[name] ?? null;
      return [name, Array.isArray(value) ? [...value].sort() : value];
    });
}
