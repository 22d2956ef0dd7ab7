import type { ChangeResult } from '../contracts/ledger.ts';
import { type CarriedOut, diffRevert, type RevertSettings } from '../diff/diff-revert.ts';
import type { Difference } from '../diff/difference.ts';
import type { Need, Step } from '../domain/change.ts';
import type { User } from '../domain/user.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { PlannedNeed } from '../match/order-changes.ts';
import type { RunBounds } from './bounds.ts';
import type { Choice } from './choice.ts';
import type { Comparison } from './compare.ts';
import type { Target } from './connect-target.ts';
import { findingsCounter } from './count-findings.ts';
import { peopleCounter } from './count-people.ts';
import type { OpenRun } from './open-run.ts';
import { filledStep } from './references.ts';
import { stepsAside } from './step-aside.ts';

/** A run that shall be undone, and how far. */
export interface Revert {
  readonly run: string;
  /** Whether users whom it created are removed, where the policy removes anybody. */
  readonly removeCreated: boolean;
  /** Whether users whom it removed are created anew. */
  readonly recreate: boolean;
}

export interface RevertInputs {
  readonly revert: Revert;
  readonly inDoubt: ReadonlySet<string>;
  readonly choice: Choice;
  /** Lasting ids of people who were disabled by key. */
  readonly bars: ReadonlySet<string>;
  readonly bounds: RunBounds;
}

/** Compares everybody whom a run changed with what it left there, and stages what makes them as they were before it. */
export async function compareRevert(
  job: Job,
  open: OpenRun,
  target: Target,
  matching: Matching,
  { revert, inDoubt, choice, bars, bounds }: RevertInputs,
): Promise<Comparison> {
  const { provider } = target;
  const guarded = { rules: provider.attributes, match: job.match };
  const people = peopleCounter(guarded, matching.recent, open.run.startedAt);
  const found = findingsCounter();
  const { operations, undo } = provider.supports;
  const settings: RevertSettings = {
    policy: job.policy,
    rules: provider.attributes,
    remembers: (user) => provider.remembers(user),
    inDoubt,
    bounds,
    operations,
    undo,
    bars,
    removeCreated: revert.removeCreated,
    recreate: revert.recreate,
  };
  const add = (planned: PlannedNeed): void => {
    matching.addChange(planned);
    people.add(planned.need);
  };
  const stage = (difference: Difference): void => {
    found.add(difference);
    if (difference.need === null) return;
    const planned = withSteps(difference.need, target, job.policy);
    const chosen = planned === null ? null : choice.take(planned);
    if (chosen !== null) add(chosen);
  };
  const doubtful = await openChanges(open, revert.run);
  for await (const page of open.ledger.results(revert.run)) {
    for (const carriedOut of await carriedOutOf(page, doubtful, target, matching)) {
      const { change } = carriedOut;
      choice.meet(change);
      for (const difference of diffRevert(carriedOut, settings)) stage(difference);
      const missed = choice.gone(change.linkKey, carriedOut.now?.id ?? change.userId);
      if (missed !== null) add(missed);
    }
  }
  for (const gone of choice.rest()) add(gone);
  return {
    rows: { total: 0, quarantined: 0, duplicates: 0, excluded: 0, unchanged: 0, changed: 0 },
    people: people.counts(),
    absencesHeld: false,
    statusesHeld: false,
    fromAbsence: 0,
    unresolvedReferences: 0,
    liftedBars: [],
    sparedBars: [],
    trustedAbsences: 0,
    findings: found.findings(bounds.protections),
  };
}

/** Positions of the changes with a step that was sent, or was about to be, and whose outcome nobody knows. */
async function openChanges({ ledger }: OpenRun, runId: string): Promise<ReadonlySet<number>> {
  const seqs = new Set<number>();
  for await (const page of ledger.openSteps(runId)) for (const { seq } of page) seqs.add(seq);
  return seqs;
}

/** A step that succeeded and wrote nothing: the target had the values already, or nobody knows them. */
const idle = new Set(['ALREADY_SO', 'UNRESOLVED_REFERENCE']);

async function carriedOutOf(
  results: readonly ChangeResult[],
  open: ReadonlySet<number>,
  target: Target,
  matching: Matching,
): Promise<readonly CarriedOut[]> {
  const all: CarriedOut[] = [];
  for (const { change, outcomes } of results) {
    const succeeded = outcomes.filter(
      ({ result, errorCode }) => result === 'succeeded' && !idle.has(errorCode ?? ''),
    );
    if (succeeded.length === 0 && !open.has(change.seq)) continue;
    const userId =
      change.userId ??
      succeeded.findLast((outcome) => outcome.userId !== null)?.userId ??
      target.provider.idOf(change.after) ??
      '';
    const steps = succeeded.flatMap(({ step }) => filled(change.steps[step], target, matching));
    const { user, account } = matching.known(userId);
    all.push({
      change,
      left: leftBy(steps, change.user, userId, target),
      now: user,
      account,
      isOpen: open.has(change.seq),
      wasLinked: outcomes.some(({ errorCode }) => errorCode === 'LINKED_EXISTING'),
    });
  }
  return withLookedUp(all, target);
}

/** With the values that a step got only when it was sent, as far as the people whom it names still have a user. */
function filled(step: Step | undefined, { provider }: Target, matching: Matching): readonly Step[] {
  if (step === undefined) return [];
  const sent = filledStep(step, provider, (linkKey) => matching.referred(linkKey).user ?? undefined);
  return sent === null ? [] : [sent];
}

function leftBy(steps: readonly Step[], user: User | null, userId: string, { provider }: Target): User {
  let left = user;
  for (const step of steps) left = provider.applied(step, left, userId);
  return left ?? { id: userId, active: false, attributes: {} };
}

/** Whoever was removed is in no list by now, and may be there all the same: marked, or only taken out of use. */
async function withLookedUp(
  all: readonly CarriedOut[],
  { provider, connection }: Target,
): Promise<readonly CarriedOut[]> {
  const missing = all.filter(({ now, change }) => now === null && change.operation === 'remove');
  if (missing.length === 0 || !provider.supports.lookUp) return all;
  const found = await connection.lookUp(
    missing.map(({ change }) => ({ userId: change.userId, attributes: change.user?.attributes ?? {} })),
  );
  const users = new Map(missing.map((carriedOut, position) => [carriedOut, found[position] ?? null]));
  return all.map((carriedOut) => ({ ...carriedOut, now: users.get(carriedOut) ?? carriedOut.now }));
}

/** Null for a need that takes no call at all. */
function withSteps(need: Need, { provider }: Target, policy: Job['policy']): PlannedNeed | null {
  const conflict = need.conflict ?? provider.objection?.(need) ?? null;
  if (conflict !== null) return { need: { ...need, conflict }, steps: [] };
  const steps = [...updatesOfDisable(need, provider), ...provider.steps(need, need.user, null, {})];
  if (steps.length === 0) return null;
  const aside = policy.swaps === 'temporary' ? stepsAside(need, provider, {}) : undefined;
  return { need, steps, ...(aside === undefined ? {} : { aside }) };
}

/** Disabling alone writes no values, and those of an account that was enabled are to be as they were, too. */
function updatesOfDisable(need: Need, provider: Target['provider']): readonly Step[] {
  if (need.operation !== 'disable') return [];
  const { active: _, ...before } = need.before;
  const { active: __, ...after } = need.after;
  if (Object.keys(after).length === 0) return [];
  return provider.steps({ ...need, operation: 'update', before, after }, need.user, null, {});
}
