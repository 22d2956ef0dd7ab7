import { statSync } from 'node:fs';
import type { Bar, FeedAcceptance, Ledger, LockHolder, Protection, Run, Scope } from '../contracts/ledger.ts';
import type { Job } from '../job/job.ts';
import { checkLedgerFacts } from '../ledger/check-ledger.ts';
import type { Approval } from './approvals.ts';
import { approvedElsewhere } from './approved-elsewhere.ts';
import { isInForce } from './bounds.ts';
import type { RunFacts } from './facts.ts';

/** What there is to know of one target of a job, from its ledger alone. */
export interface TargetStatus {
  readonly target: string;
  readonly origin: string;
  /** Who has the lock now, and when it last told of a step. */
  readonly underWay: (LockHolder & { readonly lastEntryAt: string | null }) | null;
  readonly lastRun: RunNote | null;
  /** The last that took its feed and began to send. */
  readonly lastApplied: RunNote | null;
  /** Held plans that nobody has decided about, and that are not past. */
  readonly waiting: readonly HeldNote[];
  /** Runs that stopped, with the steps of which nobody knows what became of them. */
  readonly open: readonly OpenNote[];
  readonly feeds: readonly (Pick<FeedAcceptance, 'feed' | 'file' | 'rows' | 'at' | 'runId'> & {
    readonly ageMs: number;
  })[];
  readonly protections: readonly Pick<Protection, 'key' | 'until' | 'reason'>[];
  readonly bars: readonly Pick<Bar, 'key' | 'by' | 'at' | 'reason'>[];
}

export type RunNote = Pick<Run, 'id' | 'mode' | 'state' | 'exitCode' | 'startedAt' | 'finishedAt'> & {
  /** What stopped it, with or without a plan, such as a pause that the target asked for; null for any other. */
  readonly stopped: string | null;
};

export type HeldNote = RunNote & {
  /** The approval of another plan by which this one would pass now; null when there is none, or it was not looked for. */
  readonly approvedElsewhere: Approval | null;
};

export interface OpenNote {
  readonly run: RunNote;
  readonly steps: number;
  /** The first of the people whom they are about, by lasting id. */
  readonly people: readonly string[];
}

export interface LedgerNote {
  readonly file: string;
  readonly bytes: number;
  readonly restoredAt: string | null;
}

const runsLookedAt = 200;
const peopleShown = 20;
const heldCompared = 5;

/** @param now ISO 8601 */
export async function targetStatus(job: Job, ledger: Ledger, now: string): Promise<TargetStatus> {
  const scope: Scope = { job: job.name, origin: job.target.origin };
  const runs = await ledger.runs({ scope, limit: runsLookedAt });
  const { lastAppliedRun } = await ledger.scope(scope);
  const lastApplied = lastAppliedRun === null ? null : await ledger.run(lastAppliedRun);
  const decided = new Set((await ledger.decisions(scope)).map(({ planHash }) => planHash));
  const appliedAt = runs.findIndex(({ id }) => id === lastAppliedRun);
  const sinceApplied = appliedAt === -1 ? runs : runs.slice(0, appliedAt);
  const waiting = sinceApplied.filter(
    ({ exitCode, facts }) =>
      exitCode === heldExit && facts !== null && !decided.has((facts as RunFacts).planHash),
  );
  const [lastRun = null] = runs;
  return {
    target: job.target.name,
    origin: job.target.origin,
    underWay: await underWay(ledger, scope),
    lastRun: lastRun === null ? null : noteOf(lastRun),
    lastApplied: lastApplied === null ? null : noteOf(lastApplied),
    waiting: await heldNotes(waiting, job, ledger, now),
    open: await openNotes(ledger, scope),
    feeds: await acceptedFeeds(job, ledger, scope, now),
    protections: (await ledger.protections(scope))
      .filter((one) => isInForce(one, now))
      .map(({ key, until, reason }) => ({ key, until, reason })),
    bars: (await ledger.bars(scope)).map(({ key, by, at, reason }) => ({ key, by, at, reason })),
  };
}

const heldExit = 3;

export function ledgerNote(file: string): LedgerNote {
  const { restoredAt } = checkLedgerFacts(file);
  return { file, bytes: statSync(file).size, restoredAt };
}

async function underWay(ledger: Ledger, scope: Scope): Promise<TargetStatus['underWay']> {
  const holder = await ledger.holder(scope);
  return holder === null ? null : { ...holder, lastEntryAt: await ledger.lastEntryAt(holder.runId) };
}

/** Only the newest are compared with what was approved: each takes reading its plan. */
async function heldNotes(
  held: readonly Run[],
  job: Job,
  ledger: Ledger,
  now: string,
): Promise<readonly HeldNote[]> {
  const notes: HeldNote[] = [];
  for (const [position, run] of held.entries()) {
    const approval = position < heldCompared ? await approvedElsewhere(job, ledger, run, now) : null;
    notes.push({ ...noteOf(run), approvedElsewhere: approval });
  }
  return notes;
}

async function openNotes(ledger: Ledger, scope: Scope): Promise<readonly OpenNote[]> {
  const notes: OpenNote[] = [];
  for (const run of await ledger.openRuns(scope)) {
    const people = new Set<string>();
    let steps = 0;
    for await (const page of ledger.openSteps(run.id)) {
      steps += page.length;
      for (const { change } of page) if (people.size < peopleShown) people.add(change.key);
    }
    notes.push({ run: noteOf(run), steps, people: [...people] });
  }
  return notes;
}

async function acceptedFeeds(
  job: Job,
  ledger: Ledger,
  scope: Scope,
  now: string,
): Promise<TargetStatus['feeds']> {
  const feeds: TargetStatus['feeds'][number][] = [];
  for (const { name } of job.feeds) {
    const last = await ledger.lastAcceptedFeed(scope, name);
    if (last === null) continue;
    const { feed, file, rows, at, runId } = last;
    feeds.push({ feed, file, rows, at, runId, ageMs: Math.max(0, Date.parse(now) - Date.parse(at)) });
  }
  return feeds;
}

function noteOf({ id, mode, state, exitCode, startedAt, finishedAt, facts, brokenOff }: Run): RunNote {
  const stopped = (facts as RunFacts | null)?.stopped?.message ?? brokenOff ?? null;
  return { id, mode, state, exitCode, startedAt, finishedAt, stopped };
}
