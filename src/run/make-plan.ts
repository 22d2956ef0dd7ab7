import path from 'node:path';
import type { Supports } from '../contracts/provider.ts';
import type { Change, Need } from '../domain/change.ts';
import type { Guard } from '../guard/guard.ts';
import { timedGuardOf } from '../guard/judge-guards.ts';
import type { JobChange } from '../guard/judge-job.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { PlannedNeed } from '../match/order-changes.ts';
import type { UserCounts } from '../match/pair.ts';
import { type PlanHeader, planLines } from '../plan/plan.ts';
import type { SavedPlan } from '../plan/read-plan.ts';
import { writePlan } from '../plan/write-plan.ts';
import { type Approval, releaseApproved } from './approvals.ts';
import type { Selection } from './choice.ts';
import { type Comparison, isHeld } from './compare.ts';
import type { Revert } from './compare-revert.ts';
import { judgePlan } from './judge-plan.ts';
import type { OpenRun } from './open-run.ts';
import type { TakenFeed } from './take-feed.ts';

export interface Plan {
  readonly users: Pick<UserCounts, 'managed' | 'unmanaged'>;
  readonly guards: readonly Guard[];
  /** What changed in the job since it last wrote to this target. */
  readonly jobChanges: readonly JobChange[];
  /** Those that let it pass, and those of the reviewed plan. */
  readonly approvals: readonly Approval[];
  /** True when a guard holds the whole of it. */
  readonly held: boolean;
  readonly hash: string;
  readonly file: string;
  /** Changes that an apply would send. */
  readonly planned: number;
}

/** What a plan is made of, what it is about, and the reviewed one that it has to be. */
export interface PlanAsked {
  readonly feeds: readonly TakenFeed[];
  readonly comparison: Comparison;
  readonly selection: Selection;
  /** Null for a plan of its own. */
  readonly reviewed: SavedPlan | null;
  /** The run that it undoes; null for a plan that leads to a feed. */
  readonly revert: Revert | null;
  /** Awaited after so many changes, so that a run that is told to stop hears of it. */
  readonly turn: () => Promise<void>;
}

const changesPage = 1_000;

/**
 * Judges the guards, then writes the plan to the run's folder and its changes to the ledger. A reviewed plan lies in
 * that folder already, and is the run's plan.
 */
export async function makePlan(
  job: Job,
  open: OpenRun,
  matching: Matching,
  { feeds, comparison, selection, reviewed, revert, turn }: PlanAsked,
): Promise<Plan> {
  const counts = matching.counts();
  const judged = await judgePlan(job, open, { feeds, comparison, users: counts });
  const released = await releaseApproved({
    ...open,
    guards:
      comparison.trustedAbsences === 0 ? judged.guards : [...judged.guards, absenceUnproven(comparison)],
    changes: () => sendable(matching.changes(), comparison),
    // The same inputs give the same plan; what is written is judged by the clock.
    at: open.run.mode === 'plan' ? open.run.asOf : open.run.startedAt,
    reviewedHash: reviewed?.hash ?? null,
    fourEyes: job.fourEyes,
  });
  const guards = [...released.guards];
  const held = guards.some((guard) => guard.tripped);
  if (comparison.absencesHeld && comparison.fromAbsence > 0) guards.push(unreadableIdentity(comparison));
  const header: PlanHeader = {
    format: 'rollcall-plan',
    version: 2,
    job: job.name,
    jobFile: job.file,
    environment: job.environment,
    jobSha256: job.sha256,
    asOf: open.run.asOf,
    feeds: feeds.map(planFeed),
    target: { name: job.target.name, provider: job.target.provider.id, baseUrl: job.target.origin },
    ...headerOf(selection),
    revert: revert === null ? null : { ...revert },
    stateSha256: matching.stateSha256(),
    ledger: { lineage: open.ledger.lineage, lastAppliedRun: open.memory.lastAppliedRun },
  };
  const changes = (): Generator<Change> =>
    planned(matching.changes(), { held, comparison, undo: job.target.provider.supports.undo });
  const file = path.join(open.directory, 'plan.ndjson');
  const { managed, unmanaged } = counts;
  const end = {
    rows: { ...comparison.rows },
    users: { managed, unmanaged },
    // The clock is in the limits over time, and the same inputs give the same bytes.
    guards: guards.filter(isTimeless).map((guard) => ({ ...guard })),
  };
  const hash = reviewed?.hash ?? (await writePlan(file, planLines(header, changes(), end), turn));
  await open.ledger.notePlan(open.run.id, hash);
  let toSend = 0;
  for (const page of pagesOf(changes())) {
    await open.ledger.storeChanges(open.run.id, page);
    await turn();
    toSend += page.filter((change) => change.disposition === 'planned').length;
  }
  const { jobChanges } = judged;
  const { approvals } = released;
  return { users: { managed, unmanaged }, guards, jobChanges, approvals, held, hash, file, planned: toSend };
}

function headerOf({
  only,
  people,
  trustsAbsences = false,
}: Selection): Pick<PlanHeader, 'only' | 'people' | 'trustsAbsences'> {
  return {
    only: only === null ? null : [...only],
    people: people === null ? null : [...people],
    trustsAbsences,
  };
}

/** Holds whoever leaves by the absence from a feed that may have been cut: a person has to say that they have left. */
function absenceUnproven({ trustedAbsences }: Comparison): Guard {
  return {
    name: 'absenceUnproven',
    limit: 0,
    actual: trustedAbsences,
    tripped: true,
    advice:
      `${trustedAbsences} would leave because the feed does not name them, and nothing proves that it is whole. If ` +
      'they have left, approve this plan and apply it: no other plan is released by that.',
  };
}

/** What the plan would send if no guard held it. */
function* sendable(needs: Iterable<PlannedNeed>, comparison: Comparison): Generator<Need> {
  for (const { need } of needs) if (disposed(need, false, comparison).disposition === 'planned') yield need;
}

function isTimeless({ name }: Guard): boolean {
  const timed = timedGuardOf(name);
  return timed === null || timed === name;
}

function planFeed({ settings, facts }: TakenFeed): PlanHeader['feeds'][number] {
  const { name, path: place } = settings;
  const { kind } = settings.source;
  const source = kind === 'pattern' ? 'file' : kind;
  if (facts === null) return { name, path: place, source, sha256: null, bytes: 0, rows: 0, columns: [] };
  const { sha256, bytes, rows, columns } = facts;
  return { name, path: facts.path, source, sha256, bytes, rows, columns: [...columns] };
}

function unreadableIdentity(comparison: Comparison): Guard {
  return {
    name: 'unreadableIdentity',
    limit: 0,
    actual: comparison.fromAbsence,
    tripped: true,
    advice:
      'A row was set aside whose person could not be told, so nobody is taken for a leaver by absence. Mend the row; ' +
      'the other changes are not held by it.',
  };
}

function* planned(
  needs: Iterable<PlannedNeed>,
  { held, comparison, undo }: Disposing & { readonly undo: Supports['undo'] },
): Generator<Change> {
  let seq = 0;
  for (const { need, steps } of needs) {
    seq += 1;
    const { extent } = undo[need.operation] ?? { extent: 'no' };
    const disposition = disposed(need, held, comparison);
    yield { ...need, seq, ...disposition, steps, ...(need.conflict === null ? { undo: extent } : {}) };
  }
}

interface Disposing {
  readonly held: boolean;
  readonly comparison: Comparison;
}

function disposed(
  need: PlannedNeed['need'],
  held: boolean,
  comparison: Comparison,
): Pick<Change, 'disposition' | 'reason'> {
  if (need.conflict !== null) return { disposition: 'conflict', reason: need.conflict };
  if (held) return { disposition: 'held', reason: { code: 'GUARD', message: 'A guard holds the plan.' } };
  if (isHeld(need, comparison)) {
    const message = "A row could not be read, and it may have been this person's.";
    return { disposition: 'held', reason: { code: 'UNREADABLE_IDENTITY', message } };
  }
  return { disposition: 'planned', reason: null };
}

function* pagesOf(changes: Iterable<Change>): Generator<readonly Change[]> {
  let page: Change[] = [];
  for (const change of changes) {
    page.push(change);
    if (page.length < changesPage) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
