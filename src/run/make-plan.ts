import path from 'node:path';
import type { Change } from '../domain/change.ts';
import { type DeliveredFeed, judgeDelivery } from '../guard/judge-delivery.ts';
import { type Guard, judgeGuards } from '../guard/judge-guards.ts';
import type { Job } from '../job/job.ts';
import type { Matching, PlannedNeed } from '../match/open-matching.ts';
import type { UserCounts } from '../match/pair.ts';
import { type PlanHeader, planLines } from '../plan/plan.ts';
import { writePlan } from '../plan/write-plan.ts';
import { type Comparison, isHeld } from './compare.ts';
import type { RunFacts } from './facts.ts';
import type { OpenRun } from './open-run.ts';
import type { TakenFeed } from './take-feed.ts';

export interface Plan {
  readonly users: Pick<UserCounts, 'managed' | 'unmanaged'>;
  readonly guards: readonly Guard[];
  /** True when a guard holds the whole of it. */
  readonly held: boolean;
  readonly hash: string;
  readonly file: string;
  /** Changes that an apply would send. */
  readonly planned: number;
}

const changesPage = 1_000;

/** Judges the guards, then writes the plan to the run's folder and its changes to the ledger. */
export async function makePlan(
  job: Job,
  open: OpenRun,
  matching: Matching,
  feeds: readonly TakenFeed[],
  comparison: Comparison,
): Promise<Plan> {
  const counts = matching.counts();
  const guards = [
    ...judgeDelivery(await howDelivered(open, feeds), open.run.asOf),
    ...judgeGuards({
      feeds: feeds.flatMap(({ settings: { name, mode }, facts }) =>
        facts === null ? [] : [{ ...facts, name, mode }],
      ),
      limits: job.guards,
      firstLoadAllowed: job.firstLoad,
      firstLoadGoesOn: await firstLoadGoesOn(open, feeds),
      people: comparison.people,
      managed: counts.managed,
      users: counts,
    }),
  ];
  const held = guards.some((guard) => guard.tripped);
  if (comparison.absencesHeld && comparison.fromAbsence > 0) guards.push(unreadableIdentity(comparison));
  const header: PlanHeader = {
    format: 'rollcall-plan',
    version: 1,
    job: job.name,
    jobSha256: job.sha256,
    asOf: open.run.asOf,
    feeds: feeds.map(planFeed),
    target: { provider: job.target.provider.id, baseUrl: job.target.origin },
    stateSha256: matching.stateSha256(),
    ledger: { lineage: open.ledger.lineage, lastAppliedRun: open.memory.lastAppliedRun },
  };
  const changes = (): Generator<Change> => planned(matching.changes(), held, comparison);
  const file = path.join(open.directory, 'plan.ndjson');
  const { managed, unmanaged } = counts;
  const end = {
    rows: { ...comparison.rows },
    users: { managed, unmanaged },
    guards: guards.map((guard) => ({ ...guard })),
  };
  const hash = writePlan(file, planLines(header, changes(), end));
  let sendable = 0;
  for (const page of pagesOf(changes())) {
    await open.ledger.storeChanges(open.run.id, page);
    sendable += page.filter((change) => change.disposition === 'planned').length;
  }
  return { users: { managed, unmanaged }, guards, held, hash, file, planned: sendable };
}

/** The feeds that were read, each beside what the ledger has of those before it. */
async function howDelivered(
  { ledger, scope }: OpenRun,
  feeds: readonly TakenFeed[],
): Promise<readonly DeliveredFeed[]> {
  const delivered: DeliveredFeed[] = [];
  for (const { settings, facts } of feeds) {
    if (facts === null) continue;
    const last = await ledger.lastAcceptedFeed(scope, settings.name);
    const [same = null] = await ledger.acceptedFeeds(scope, settings.name, facts.sha256);
    delivered.push({ settings, facts, last, same });
  }
  return delivered;
}

function planFeed({ settings: { name, path: place }, facts }: TakenFeed): PlanHeader['feeds'][number] {
  if (facts === null) return { name, path: place, sha256: null, bytes: 0, rows: 0, columns: [] };
  const { sha256, bytes, rows, columns } = facts;
  return { name, path: facts.path, sha256, bytes, rows, columns: [...columns] };
}

/**
 * Whether the last run that wrote anything was a first load of these very feeds, and did not come to its end. Other
 * feeds may ask for anything, so they are judged like any others.
 */
async function firstLoadGoesOn(
  { ledger, memory, scope }: OpenRun,
  feeds: readonly TakenFeed[],
): Promise<boolean> {
  for (const { settings, facts } of feeds) {
    const accepted = await ledger.lastAcceptedFeed(scope, settings.name);
    if (facts !== null && accepted?.sha256 !== facts.sha256) return false;
  }
  const last = memory.lastAppliedRun === null ? null : await ledger.run(memory.lastAppliedRun);
  if (last === null || last.facts === null || last.exitCode === 0 || last.exitCode === 2) return false;
  return (last.facts as RunFacts).guards.some((guard) => guard.name === 'firstLoad');
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

function* planned(needs: Iterable<PlannedNeed>, held: boolean, comparison: Comparison): Generator<Change> {
  let seq = 0;
  for (const { need, steps } of needs) {
    seq += 1;
    yield { ...need, seq, ...disposed(need, held, comparison), steps };
  }
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
