import type { FeedAcceptance } from '../contracts/ledger.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { Guard } from '../guard/guard.ts';
import { type DeliveredFeed, judgeDelivery } from '../guard/judge-delivery.ts';
import type { FeedUnderGuard, RowsRead } from '../guard/judge-feed.ts';
import { judgeGuards } from '../guard/judge-guards.ts';
import { type JobChange, type JobSettings, jobChanges } from '../guard/judge-job.ts';
import type { Job } from '../job/job.ts';
import { settingsOf } from '../job/job-settings.ts';
import type { UserCounts } from '../match/pair.ts';
import type { Comparison } from './compare.ts';
import type { RunFacts } from './facts.ts';
import type { OpenRun } from './open-run.ts';
import type { TakenFeed } from './take-feed.ts';

export interface Judged {
  readonly guards: readonly Guard[];
  /** What changed in the job since it last wrote to this target. */
  readonly jobChanges: readonly JobChange[];
}

/** What the guards judge by: the plan's counts, the feeds beside those before them, and the job as it last was. */
export interface ToJudge {
  readonly feeds: readonly TakenFeed[];
  readonly comparison: Pick<Comparison, 'people' | 'rows'>;
  readonly users: UserCounts;
}

/** Judges the whole plan before any of it is written. */
export async function judgePlan(job: Job, open: OpenRun, toJudge: ToJudge): Promise<Judged> {
  const { feeds, comparison, users } = toJudge;
  const { run, memory } = open;
  const last = memory.lastAppliedRun === null ? null : await factsOfRun(open, memory.lastAppliedRun);
  const before = last?.jobSettings ?? null;
  const changes = before === null ? [] : jobChanges(before, jobSettings(job), users.managed);
  const read = await beside(open, feeds);
  const guards = [
    ...judgeDelivery(
      read.map(({ delivered }) => delivered),
      run.asOf,
    ),
    ...judgeGuards({
      asOf: run.asOf,
      feeds: read.map(({ underGuard }) => underGuard),
      rows: comparison.rows,
      lastRows: lastRows(read),
      limits: job.guards,
      firstLoadAllowed: job.firstLoad,
      firstLoadGoesOn: await firstLoadGoesOn(open, read),
      people: comparison.people,
      managed: users.managed,
      users,
      job: { changes, accepted: acceptance(open) },
    }),
  ];
  return { guards, jobChanges: changes };
}

/** The job as the ledger keeps it with a run. */
export function jobSettings(job: Job): JobSettings {
  return { guards: job.guards, fields: settingsOf(job) };
}

function acceptance({ run, acceptJobChange }: OpenRun): string | null {
  return acceptJobChange === undefined ? null : `accepted by ${run.operator}: ${acceptJobChange}`;
}

/** A feed that was read, beside what the ledger has of those before it. */
interface Beside {
  readonly delivered: DeliveredFeed;
  readonly underGuard: FeedUnderGuard;
  readonly last: FeedAcceptance | null;
  /** Rows of the run that took the last one; null for a feed that is not comparable. */
  readonly lastRows: RowsRead | null;
}

async function beside(open: OpenRun, feeds: readonly TakenFeed[]): Promise<readonly Beside[]> {
  const { ledger, scope } = open;
  const all: Beside[] = [];
  for (const { settings, facts } of feeds) {
    if (facts === null) continue;
    const { name, mode } = settings;
    const last = await ledger.lastAcceptedFeed(scope, name);
    const [same = null] = await ledger.acceptedFeeds(scope, name, facts.sha256);
    const then = last === null ? null : await factsOfRun(open, last.runId);
    const profile = then?.feeds.find((feed) => feed.name === name)?.facts ?? null;
    const comparable = mode === 'full' && !facts.partial;
    all.push({
      delivered: { settings, facts, last, same },
      underGuard: { ...facts, name, mode, last: lastProfile(last, profile) },
      last,
      lastRows: comparable && then !== null ? then.rows : null,
    });
  }
  return all;
}

function lastProfile(last: FeedAcceptance | null, profile: FeedFacts | null): FeedUnderGuard['last'] {
  return last === null || profile === null ? null : { ...profile, runId: last.runId };
}

/** The rows that a run is compared with; null where one of its feeds is a delta, a part, or new. */
function lastRows(read: readonly Beside[]): RowsRead | null {
  const rows = read.map((feed) => feed.lastRows);
  const [first = null] = rows;
  return rows.includes(null) ? null : first;
}

async function factsOfRun({ ledger }: OpenRun, runId: string): Promise<RunFacts | null> {
  return ((await ledger.run(runId))?.facts ?? null) as RunFacts | null;
}

/**
 * Whether the last run that wrote anything was a first load of these very feeds, and did not come to its end. Other
 * feeds may ask for anything, so they are judged like any others.
 */
async function firstLoadGoesOn({ ledger, memory }: OpenRun, read: readonly Beside[]): Promise<boolean> {
  if (read.some(({ last, underGuard }) => last?.sha256 !== underGuard.sha256)) return false;
  const last = memory.lastAppliedRun === null ? null : await ledger.run(memory.lastAppliedRun);
  if (last === null || last.facts === null || last.exitCode === 0 || last.exitCode === 2) return false;
  return (last.facts as RunFacts).guards.some((guard) => guard.name === 'firstLoad');
}
