import {
  type GuardLimit,
  type GuardLimits,
  plainGuards,
  type TimedGuard,
  type TimedLimit,
  timedGuards,
} from '../../src/domain/guard-settings.ts';
import type { Guard } from '../../src/guard/guard.ts';
import type { FeedUnderGuard } from '../../src/guard/judge-feed.ts';
import { type GuardFacts, judgeGuards, type PeopleCounts } from '../../src/guard/judge-guards.ts';

// Builders of a world in which no guard trips: a test states only what is different.

export const asOf = '2026-12-03T02:15:00.000Z';
export const unlimited: GuardLimit = { percent: null, count: null };
export const percentOf = (percent: number): GuardLimit => ({ percent, count: null });

/** A limit of one plan, without any over time. */
export function timed(limit: GuardLimit): TimedLimit {
  return { ...limit, per24h: unlimited, per7d: unlimited };
}

/** No limits but those given. */
export function limits(difference: Partial<GuardLimits> = {}): GuardLimits {
  const everywhere = [
    ...timedGuards.map((name) => [name, timed(unlimited)]),
    ...plainGuards.map((name) => [name, unlimited]),
  ];
  return { ...Object.fromEntries(everywhere), attributes: { '*': unlimited }, expected: [], ...difference };
}

const none = Object.fromEntries(timedGuards.map((name) => [name, 0])) as Record<TimedGuard, number>;

/** People by guard, and over time no others than these. */
export function people(
  byGuard: Partial<PeopleCounts['byGuard']> = {},
  difference: Partial<PeopleCounts> = {},
): PeopleCounts {
  const counts = { ...none, blanked: 0, keyChanges: 0, missing: 0, ...byGuard };
  const { creates, updates, enables, disables, removals } = counts;
  return {
    all: creates + updates + enables + disables + removals,
    byGuard: counts,
    byAttribute: {},
    overTime: { per24h: counts, per7d: counts },
    ...difference,
  };
}

export function feed(difference: Partial<FeedUnderGuard> = {}): FeedUnderGuard {
  return {
    name: '',
    mode: 'full',
    rows: 100,
    whole: 'proven',
    contradiction: null,
    partial: false,
    sha256: 'today',
    bytes: 5_000,
    columns: ['ID', 'Email'],
    headers: ['ID', 'Email', 'Floor', 'Desk', 'Phone'],
    empty: [0, 0],
    readable: 100,
    last: null,
    ...difference,
  };
}

/** The feed of the day before, as it was accepted. */
export function last(difference: Partial<NonNullable<FeedUnderGuard['last']>> = {}): FeedUnderGuard['last'] {
  const { sha256: _, bytes, rows, columns, headers, empty, readable } = feed();
  return { runId: 'run-9', sha256: 'before', bytes, rows, columns, headers, empty, readable, ...difference };
}

export function buildFacts(difference: Partial<GuardFacts> = {}): GuardFacts {
  return {
    asOf,
    feeds: [feed()],
    rows: { total: 100, quarantined: 0 },
    lastRows: null,
    limits: limits(),
    firstLoadAllowed: false,
    firstLoadGoesOn: false,
    people: people(),
    managed: 100,
    users: { total: 100, linkedBefore: 100, expected: 100, shown: 100 },
    job: { changes: [], accepted: null },
    ...difference,
  };
}

export function judged(name: string, difference: Partial<GuardFacts>): Guard | undefined {
  return judgeGuards(buildFacts(difference)).find((guard) => guard.name === name);
}

export function trippedBy(difference: Partial<GuardFacts>): readonly string[] {
  return judgeGuards(buildFacts(difference))
    .filter(({ tripped }) => tripped)
    .map(({ name }) => name);
}
