import type { Bar } from '../contracts/ledger.ts';
import type { FeedFile } from '../feed/feed-file.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import { protectedPerson, unknownPeople } from './barred.ts';
import { takeBounds } from './bounds.ts';
import type { Choice, Selection } from './choice.ts';
import { type Comparison, compareInTurns, isHeld, type Observe } from './compare.ts';
import { compareRevert, type Revert } from './compare-revert.ts';
import type { Target } from './connect-target.ts';
import { makePlan, type Plan } from './make-plan.ts';
import type { OpenRun } from './open-run.ts';
import { recallActs } from './recall-acts.ts';
import type { ReviewedPlan } from './reviewed-plan.ts';
import { type TakenFeed, type TakenFeeds, takeFeeds, unitePeople } from './take-feed.ts';
import { type StateSource, takeState } from './take-state.ts';
import { takeTurn } from './turns.ts';
import type { World } from './world.ts';

/** What a run is about, and what it has to keep to. */
export interface Parts {
  readonly selection: Selection;
  readonly choice: Choice;
  readonly reviewed: ReviewedPlan | null;
  /** Whom it disables by key. */
  readonly bar: Bar | null;
  /** Everybody who is barred, that person included. */
  readonly bars: readonly Bar[];
  /** The run that it undoes. */
  readonly revert: Revert | null;
}

export interface ToPlan {
  readonly parts: Parts;
  /** In the order of the job's feeds, null where nothing waits; of no matter to a run that reads none. */
  readonly files: readonly (FeedFile | null)[] | null;
  readonly source: StateSource;
  /** Called once the feeds have been read. */
  readonly connect: () => Promise<Target>;
  /** Lasting ids of people with an earlier write that nobody could settle. */
  readonly inDoubt: ReadonlySet<string>;
  /** Told of what each pair came to, for whoever asks about one person. */
  readonly observe?: Observe;
}

/** What a run knows once it has a plan. */
export interface PlannedRun {
  readonly feeds: readonly TakenFeed[];
  readonly comparison: Comparison;
  readonly plan: Plan;
  readonly connected: Target;
}

/** Whoever disables by key, or undoes a run, is about no feed. */
export function readsFeeds({ bar, revert }: Pick<Parts, 'bar' | 'revert'>): boolean {
  return bar === null && revert === null;
}

const nothingTaken: TakenFeeds = { feeds: [], quarantined: 0 };

/**
 * Feed and state meet, what differs becomes a plan, and guards judge it. Nothing is sent or remembered here.
 * @throws Failure (exit 1) when the run is about somebody whom nobody knows (`PERSON_UNKNOWN`), or disables somebody
 * whom nothing may reach (`PERSON_PROTECTED`)
 */
export async function planRun(
  job: Job,
  open: OpenRun,
  matching: Matching,
  { parts, files, source, connect, inDoubt, observe }: ToPlan,
  world: World,
): Promise<PlannedRun> {
  const { choice, selection, reviewed, revert } = parts;
  const { feeds, quarantined } =
    readsFeeds(parts) && files !== null ? await takeFeeds(job, files, open, matching, world) : nothingTaken;

  world.progress.stage('reading the target');
  const target = await connect();
  await takeState(job, source, open, target, matching);

  world.progress.stage('comparing');
  matching.index();
  const notTaken = await unitePeople(open, matching, world);
  const setAside = {
    quarantined: quarantined + notTaken.quarantined,
    duplicates: notTaken.duplicates,
    excluded: excludedIn(feeds),
  };
  const guarded = { rules: target.provider.attributes, match: job.match };
  await recallActs(open, guarded, job.guards.expected, matching.recent);
  const bars = new Set(parts.bars.map(({ linkKey }) => linkKey));
  const bounds = await takeBounds(job, open, target, matching);
  const { asOf, startedAt: now } = open.run;
  const { trustsAbsences = false } = selection;
  const about = { choice, bars, bounds, trustsAbsences, ...(observe === undefined ? {} : { observe }) };
  const inputs = { feeds, setAside, asOf, now, inDoubt, ...about };
  const comparison =
    revert === null
      ? await compareInTurns(job, target, matching, inputs, () => takeTurn(world))
      : await compareRevert(job, open, target, matching, { revert, inDoubt, choice, bars, bounds });
  if (choice.unmet().length > 0) throw unknownPeople(choice.unmet());
  const { bar } = parts;
  if (bar !== null && comparison.sparedBars.includes(bar.linkKey)) throw protectedPerson(bar.key);
  matching.orderChanges({
    leaversFirst: job.policy.order === 'leaversFirst',
    isHeld: (need) => isHeld(need, comparison),
  });
  const turn = (): Promise<void> => takeTurn(world);
  const asked = { feeds, comparison, selection, reviewed: reviewed?.plan ?? null, revert, turn };
  const plan = await makePlan(job, open, matching, asked);
  return { feeds, comparison, plan, connected: target };
}

function excludedIn(feeds: readonly TakenFeed[]): number {
  return feeds.reduce((rows, { facts }) => rows + (facts?.excluded ?? 0), 0);
}
