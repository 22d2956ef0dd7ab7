import type { DecidedChange, KeptDecision, Ledger, Run } from '../contracts/ledger.ts';
import { type Change, type Operation, operations } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import { decidedChange, isOwn } from './approvals.ts';
import type { RunFacts } from './facts.ts';

/** A plan as the ledger has it. */
export interface KnownPlan {
  /** The run that made it. */
  readonly run: Run;
  readonly facts: RunFacts;
}

/** What somebody says of a plan. */
export interface Word {
  readonly kind: KeptDecision['kind'];
  readonly by: string;
  /** The account that the command runs under. */
  readonly operator: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
  /** Null for a rejection. */
  readonly expiresAt: string | null;
  /** Whether nobody may approve a plan that they made themselves. */
  readonly fourEyes: boolean;
}

export interface Decided {
  readonly decision: KeptDecision;
  /** How many changes of each operation it is about. */
  readonly changes: Readonly<Record<Operation, number>>;
}

/**
 * The plan that is meant: by its run, or by the beginning of its hash.
 * @throws Failure (exit 1): `PLAN_NOT_FOUND`, `PLAN_AMBIGUOUS`
 */
export async function findPlan(ledger: Ledger, reference: string): Promise<KnownPlan> {
  const named = await ledger.run(reference);
  const hash = (named?.facts as RunFacts | null | undefined)?.planHash ?? hashOf(reference);
  const runs = hash === null ? [] : await ledger.plans(hash);
  if (new Set(runs.map(({ planHash }) => planHash)).size > 1) throw ambiguous(reference);
  const known: KnownPlan[] = [];
  for (const { runId } of runs) {
    const run = await ledger.run(runId);
    // A run that only took the plan has not made it.
    if (run === null || run.facts === null || (run.facts as RunFacts).reviewed) continue;
    known.push({ run, facts: run.facts as RunFacts });
  }
  const plan = known.find(({ run }) => run.id === reference) ?? known[0];
  if (plan === undefined) throw notFound(reference);
  return plan;
}

const hashPrefixMin = 6;

function hashOf(text: string): string | null {
  return text.length >= hashPrefixMin && /^[0-9a-f]{1,64}$/.test(text) ? text : null;
}

/**
 * Keeps what somebody says of a plan, with the set of changes that it is about.
 * @throws Failure (exit 1): `PLAN_NOT_HELD`, `FOUR_EYES`
 */
export async function decidePlan(ledger: Ledger, { run, facts }: KnownPlan, word: Word): Promise<Decided> {
  if (word.kind === 'approved' && !facts.held) throw notHeld(run);
  const { fourEyes, ...said } = word;
  const decision = {
    ...said,
    planHash: facts.planHash,
    runId: run.id,
    plannedBy: run.operator,
    guards: facts.guards.filter(({ tripped }) => tripped).map(({ name }) => name),
  };
  if (word.kind === 'approved' && fourEyes && isOwn(decision)) throw sameEyes(run);
  const changes = { create: 0, update: 0, enable: 0, disable: 0, remove: 0 };
  const pages = (async function* (): AsyncGenerator<readonly DecidedChange[]> {
    for await (const page of ledger.changes(run.id)) {
      const meant = page.filter(isMeant);
      for (const { operation } of meant) changes[operation] += 1;
      yield meant.map(decidedChange);
    }
  })();
  return { decision: await ledger.decide(run.scope, decision, pages), changes };
}

/** What the plan would send: neither conflicts, nor leavers whom a row that nobody can read may name. */
export function isMeant({ disposition, reason }: Change): boolean {
  return disposition === 'planned' || (disposition === 'held' && reason?.code === 'GUARD');
}

/** `30 disables, 2 updates` */
export function countsText(changes: Decided['changes']): string {
  const parts = operations.filter((operation) => changes[operation] > 0);
  if (parts.length === 0) return 'no change';
  return parts
    .map((operation) => `${changes[operation]} ${operation}${changes[operation] === 1 ? '' : 's'}`)
    .join(', ');
}

function notFound(reference: string): Failure {
  return new Failure({
    code: 'PLAN_NOT_FOUND',
    message: `${reference} is no plan file, and the ledger has no run and no plan of that name.`,
    hint: 'Name a plan file, a run as `rollcall runs` lists it, or six characters or more of a plan’s hash; --job or --ledger says where to look.',
    exit: 1,
  });
}

function ambiguous(reference: string): Failure {
  return new Failure({
    code: 'PLAN_AMBIGUOUS',
    message: `Several plans have a hash that begins with ${reference}.`,
    hint: 'Give more of it, or the id of the run.',
    exit: 1,
  });
}

function notHeld({ id }: Run): Failure {
  return new Failure({
    code: 'PLAN_NOT_HELD',
    message: `No guard holds the plan of run ${id}, so it needs no approval.`,
    hint: 'Apply it, or reject it if it shall not be applied.',
    exit: 1,
  });
}

function sameEyes({ id, operator }: Run): Failure {
  return new Failure({
    code: 'FOUR_EYES',
    message: `${operator} made the plan of run ${id}, and the job asks for somebody else to approve it.`,
    hint: 'Have it approved under another account: guards.approval.fourEyes is set in the job.',
    exit: 1,
  });
}
