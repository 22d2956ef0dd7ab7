import {
  type GuardLimits,
  type GuardWindow,
  guardWindows,
  type TimedGuard,
  timedGuards,
} from '../domain/guard-settings.ts';
import type { Guard } from './guard.ts';
import { expectIt, type FeedUnderGuard, judgeFeed, judgeRowsSetAside, type RowsRead } from './judge-feed.ts';
import { type JobUnderGuard, judgeJob } from './judge-job.ts';
import { allowedOf, type Counted, eventsOn, judgeLeast, judgeMost, limitText } from './limits.ts';

/** People whom a plan concerns, each once in every count; conflicts and held absences are left out. */
export interface PeopleCounts {
  /** People with any change that is sent. */
  readonly all: number;
  readonly byGuard: Readonly<Record<TimedGuard | 'blanked' | 'keyChanges' | 'missing', number>>;
  /** People whose value changes, and whose value is taken away, by attribute. */
  readonly byAttribute: Readonly<Record<string, { readonly changed: number; readonly blanked: number }>>;
  /** The plan's people together with those of the runs within the window. */
  readonly overTime: Readonly<Record<GuardWindow, Readonly<Record<TimedGuard, number>>>>;
}

export interface GuardFacts {
  /** ISO 8601: expected events go by its day. */
  readonly asOf: string;
  /** The feeds that were read. */
  readonly feeds: readonly FeedUnderGuard[];
  readonly rows: RowsRead;
  /** Those of the run that accepted such full feeds last; null when there was none. */
  readonly lastRows: RowsRead | null;
  readonly limits: GuardLimits;
  readonly firstLoadAllowed: boolean;
  /** True when the last applied run was a first load of the same feeds that stopped midway: what it left over is
   * still the first load. */
  readonly firstLoadGoesOn: boolean;
  readonly people: PeopleCounts;
  /** Users linked to a person of this job at plan time. */
  readonly managed: number;
  /**
   * Users that the target shows in all, how many of this job's the ledger knew before, how many of those the target
   * should show, and how many it does.
   */
  readonly users: {
    readonly total: number;
    readonly linkedBefore: number;
    readonly expected: number;
    readonly shown: number;
  };
  readonly job: Pick<JobUnderGuard, 'changes' | 'accepted'>;
}

/**
 * Judges the whole plan, before the first write.
 * @returns every guard that applies, tripped or not, in a fixed order
 */
export function judgeGuards(facts: GuardFacts): readonly Guard[] {
  const { limits, asOf, people, managed } = facts;
  const goesOn = facts.firstLoadGoesOn && facts.firstLoadAllowed;
  const firstLoad = goesOn || isFirstLoad(facts);
  // One reason is enough: everything about a first load is said by its own guard. Whoever was created without a role
  // when it stopped needs an update now.
  const unjudged: readonly string[] = [...(firstLoad ? ['creates'] : []), ...(goesOn ? ['updates'] : [])];
  const timed = timedGuards.filter((name) => !unjudged.includes(name));
  return [
    ...facts.feeds.flatMap((feed) => judgeFeed(feed, limits, asOf)),
    ...judgeRowsSetAside(facts.rows, facts.lastRows, limits, asOf),
    ...(facts.users.expected > 0 ? [judgeRead(facts)] : []),
    ...judgeJob({ ...facts.job, limit: limits.jobChanged, people: people.all, managed }),
    ...(firstLoad ? [judgeFirstLoad(facts)] : []),
    ...timed.map((name) => judgePeople(name, facts)),
    judgeBlanked(facts),
    judgeKeyChanges(facts),
    judgeMissing(facts),
    ...(goesOn ? [] : judgeAttributes(facts)),
    ...timed.flatMap((name) => guardWindows.flatMap((window) => judgeOverTime(name, window, facts))),
  ];
}

/**
 * Whether people are created in a target where this job knows nobody yet: none at all, or, in one whose users were
 * only now found to be people of the feed, more than may be created among them.
 */
function isFirstLoad({ managed, people, users, limits }: GuardFacts): boolean {
  const { creates } = people.byGuard;
  if (managed === 0) return creates > 0;
  return users.linkedBefore === 0 && creates > allowedOf(limits.creates, managed);
}

/** What a guard counts, in words. */
const nouns: Readonly<Record<TimedGuard, string>> = {
  creates: 'creates',
  updates: 'updates',
  enables: 'enables',
  disables: 'disables',
  removals: 'removals',
  accessLost: 'people who lose a role, group or other entry of a set',
};

function judgePeople(name: TimedGuard, facts: GuardFacts): Guard {
  const counted = countedPeople(name, facts, facts.people.byGuard[name]);
  return judgeMost(
    counted,
    (allowed) =>
      `${counted.actual} ${nouns[name]} are more than the ${allowed} allowed for ${facts.managed} managed users ` +
      `(${limitText(counted.limit)}, guards.${name}). Read the plan; if it is right, ${expectIt(name)}.`,
  );
}

function countedPeople(
  name: TimedGuard | 'blanked' | 'keyChanges' | 'missing',
  { limits, managed, asOf }: GuardFacts,
  actual: number,
): Counted {
  return {
    name,
    actual,
    of: managed,
    limit: limits[name],
    events: eventsOn(limits.expected, name, asOf),
  };
}

function judgeBlanked(facts: GuardFacts): Guard {
  const counted = countedPeople('blanked', facts, facts.people.byGuard.blanked);
  return judgeMost(counted, (allowed) => {
    const most = Object.entries(facts.people.byAttribute)
      .filter(([, { blanked }]) => blanked > 0)
      .sort(([, one], [, other]) => other.blanked - one.blanked)
      .slice(0, 5)
      .map(([name, { blanked }]) => `${name} ${blanked}`);
    return (
      `${counted.actual} people would lose a value that they have (${most.join(', ')}), and ${allowed} are allowed ` +
      `(${limitText(counted.limit)}, guards.blanked). Look at these columns of the feed; if it is right, ${expectIt('blanked')}.`
    );
  });
}

function judgeKeyChanges(facts: GuardFacts): Guard {
  const counted = countedPeople('keyChanges', facts, facts.people.byGuard.keyChanges);
  return judgeMost(
    counted,
    (allowed) =>
      `${counted.actual} people have another login, match key or lasting id than before, and ${allowed} are allowed ` +
      `(${limitText(counted.limit)}, guards.keyChanges). Ask whether ids were given anew; if it is right, ${expectIt('keyChanges')}.`,
  );
}

/** Nothing is done to them yet; but the feed is doubtful now, and would be what the next one is compared with. */
function judgeMissing(facts: GuardFacts): Guard {
  const counted = countedPeople('missing', facts, facts.people.byGuard.missing);
  return judgeMost(
    counted,
    (allowed) =>
      `${counted.actual} people who were there are missing from the full feed, and ${allowed} may be at once ` +
      `(${limitText(counted.limit)}, guards.missing). Ask whether the export is complete, and of today; if it is, ` +
      `${expectIt('missing')}.`,
  );
}

/** One for each attribute that changes for anybody. */
function judgeAttributes({ limits, people, managed, asOf }: GuardFacts): readonly Guard[] {
  const names = Object.keys(people.byAttribute).sort();
  return names.map((name) => {
    const limit = limits.attributes[name] ?? limits.attributes['*'] ?? { percent: null, count: null };
    const events = eventsOn(limits.expected, 'attributes', asOf).filter(
      ({ attribute }) => attribute === null || attribute === name,
    );
    const actual = people.byAttribute[name]?.changed ?? 0;
    const counted: Counted = { name: 'attributes', subject: name, actual, of: managed, limit, events };
    return judgeMost(
      counted,
      (allowed) =>
        `${name} would change for ${actual} people, and ${allowed} of ${managed} are allowed (${limitText(limit)}, ` +
        'guards.attributes). Look at its column in the feed; one that is newly mapped changes everybody. If it is ' +
        `right, approve the plan, or name the event under guards.expected (what: attributes, attribute: ${name}).`,
    );
  });
}

const windowNames: Readonly<Record<GuardWindow, readonly [suffix: string, words: string]>> = {
  per24h: ['Per24h', '24 hours'],
  per7d: ['Per7d', '7 days'],
};

/** Nothing where the plan adds nobody: what earlier runs did holds no plan by itself. */
function judgeOverTime(name: TimedGuard, window: GuardWindow, facts: GuardFacts): readonly Guard[] {
  const { people, limits, managed } = facts;
  if (people.byGuard[name] === 0) return [];
  const [suffix, words] = windowNames[window];
  const limit = limits[name][window];
  const actual = people.overTime[window][name];
  const counted: Counted = { ...countedPeople(name, facts, actual), name: `${name}${suffix}`, limit };
  return [
    judgeMost(
      counted,
      (allowed) =>
        `With this plan it would be ${actual} ${nouns[name]} in ${words}, and ${allowed} are allowed for ${managed} ` +
        `managed users (${limitText(limit)}, guards.${name}.${window}). Look at what the last runs did; if it is right, ` +
        `${expectIt(name)}.`,
    ),
  ];
}

function judgeRead(facts: GuardFacts): Guard {
  const { limits, asOf } = facts;
  const { total, expected, shown } = facts.users;
  const counted = {
    name: 'targetRead',
    actual: total === 0 ? 0 : shown,
    of: expected,
    limit: limits.targetRead,
    events: eventsOn(limits.expected, 'targetRead', asOf),
    least: total === 0 ? 1 : 0,
  };
  return judgeLeast(counted, (least) =>
    total === 0
      ? `The target shows no user at all, but ${expected} were known. Check its address and the rights of the account ` +
        'that reads it.'
      : `The target shows ${shown} of the ${expected} users that were known; fewer than ${least} are held. Check its ` +
        `address and the rights of the account that reads it; if they are gone indeed, ${expectIt('targetRead')}.`,
  );
}

function judgeFirstLoad(facts: GuardFacts): Guard {
  const { creates } = facts.people.byGuard;
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

/** What a guard counts over time; null for one that has no such limit. */
export function timedGuardOf(name: string): TimedGuard | null {
  return timedGuards.find((one) => name === one || name === `${one}Per24h` || name === `${one}Per7d`) ?? null;
}
