import type { FeedFacts } from '../domain/feed-facts.ts';
import {
  type FeedSettings,
  type GuardLimit,
  type GuardLimits,
  type GuardName,
  guardNames,
} from '../domain/settings.ts';

/** A limit on what a plan may do before a person has looked. */
export interface Guard {
  readonly name: string;
  /** What it allows; null when it has no number or no limit. */
  readonly limit: number | null;
  readonly actual: number;
  readonly tripped: boolean;
  /** What it means and what to do; null while the guard is content. */
  readonly advice: string | null;
}

/** People whom each operation concerns, conflicts left out. */
export type PeopleByGuard = Readonly<Record<GuardName, number>>;

export interface FeedUnderGuard
  extends Pick<FeedFacts, 'rows' | 'whole' | 'contradiction' | 'partial'>,
    Pick<FeedSettings, 'mode' | 'name'> {}

export interface GuardFacts {
  /** The feeds that were read. */
  readonly feeds: readonly FeedUnderGuard[];
  readonly limits: GuardLimits;
  readonly firstLoadAllowed: boolean;
  /** True when the last applied run was a first load of the same feeds that stopped midway: what it left over is
   * still the first load. */
  readonly firstLoadGoesOn: boolean;
  readonly people: PeopleByGuard;
  /** Users linked to a person of this job at plan time. */
  readonly managed: number;
  /**
   * Users that the target shows in all, how many of this job's the ledger knew before, and how many of those the
   * target should show.
   */
  readonly users: { readonly total: number; readonly linkedBefore: number; readonly expected: number };
}

/** However few people a target has, so many changes of a kind are always allowed. */
export const peopleFloor = 3;

/**
 * Judges the whole plan, before the first write.
 * @returns every guard that applies, tripped or not, in a fixed order
 */
export function judgeGuards(facts: GuardFacts): readonly Guard[] {
  const goesOn = facts.firstLoadGoesOn && facts.firstLoadAllowed;
  const firstLoad = goesOn || isFirstLoad(facts);
  const operationGuards = guardNames
    // One reason is enough: everything about a first load is said by its own guard.
    .filter((name) => !(firstLoad && name === 'creates'))
    // Whoever was created without a role when it stopped needs an update now.
    .filter((name) => !(goesOn && name === 'updates'))
    .map((name) => judgeOperation(name, facts));
  return [
    ...facts.feeds.filter(({ mode, partial }) => mode === 'full' && !partial).map(judgeRows),
    ...facts.feeds.filter(({ whole }) => whole !== 'unproven').map(judgeWholeness),
    ...(facts.users.expected > 0 ? [judgeRead(facts)] : []),
    ...(firstLoad ? [judgeFirstLoad(facts)] : []),
    ...operationGuards,
  ];
}

/**
 * Whether people are created in a target where this job knows nobody yet: none at all, or, in one whose users were
 * only now found to be people of the feed, more than may be created among them.
 */
function isFirstLoad({ managed, people, users, limits }: GuardFacts): boolean {
  if (managed === 0) return people.creates > 0;
  return users.linkedBefore === 0 && people.creates > allowedPeople(limits.creates, managed);
}

/** How many people an operation may concern. */
export function allowedPeople(limit: GuardLimit, managed: number): number {
  const byPercent =
    limit.percent === null
      ? Number.POSITIVE_INFINITY
      : Math.max(peopleFloor, Math.floor((managed * limit.percent) / 100 + 1e-9));
  return Math.min(byPercent, limit.count ?? Number.POSITIVE_INFINITY);
}

function judgeOperation(name: GuardName, facts: GuardFacts): Guard {
  const allowed = allowedPeople(facts.limits[name], facts.managed);
  const actual = facts.people[name];
  const tripped = actual > allowed;
  return {
    name,
    limit: Number.isFinite(allowed) ? allowed : null,
    actual,
    tripped,
    advice: tripped
      ? `${actual} ${name} are more than the ${allowed} allowed for ${facts.managed} managed users ` +
        `(${limitText(facts.limits[name])}). Read the plan; if it is right, raise guards.${name} in the job.`
      : null,
  };
}

function limitText(limit: GuardLimit): string {
  const parts: string[] = [];
  if (limit.percent !== null) parts.push(`${limit.percent}%, at least ${peopleFloor}`);
  if (limit.count !== null) parts.push(`ceiling ${limit.count}`);
  return parts.join(', ');
}

function judgeRows(feed: FeedUnderGuard): Guard {
  const tripped = feed.rows === 0;
  return {
    name: 'feedRows',
    limit: 1,
    actual: feed.rows,
    tripped,
    advice: tripped
      ? `${feed.name === '' ? 'A full feed' : `The full feed ${feed.name}`} without a single row says that nobody ` +
        'works here. Ask for a new export.'
      : null,
  };
}

function judgeWholeness(feed: FeedUnderGuard): Guard {
  const tripped = feed.whole === 'contradicted';
  return {
    name: 'feedWhole',
    limit: null,
    actual: feed.rows,
    tripped,
    advice: tripped
      ? `${feed.name === '' ? 'The feed' : `The feed ${feed.name}`} was cut or changed: ${feed.contradiction ?? 'its proof is missing'}. Get a new export.`
      : null,
  };
}

function judgeRead(facts: GuardFacts): Guard {
  const tripped = facts.users.total === 0;
  return {
    name: 'targetRead',
    limit: 1,
    actual: facts.users.total,
    tripped,
    advice: tripped
      ? `The target shows no user at all, but ${facts.users.expected} were known. Check its address and the rights ` +
        'of the account that reads it.'
      : null,
  };
}

function judgeFirstLoad(facts: GuardFacts): Guard {
  const { creates } = facts.people;
  const tripped = !facts.firstLoadAllowed;
  return {
    name: 'firstLoad',
    limit: tripped ? 0 : null,
    actual: creates,
    tripped,
    advice: tripped
      ? `This is the first load: the job has not linked any user of the target yet, and ${creates} would be created. ` +
        'Read the plan; if it is right, set firstLoad: true in the job for this one time.'
      : null,
  };
}
