import type { ChangeResult } from '../contracts/ledger.ts';
import type { ExpectedEvent, TimedGuard } from '../domain/guard-settings.ts';
import { timedGuards } from '../domain/guard-settings.ts';
import type { Guard } from '../guard/guard.ts';
import { type GuardedJob, guardsOfNeed } from '../guard/guards-of-need.ts';
import { timedGuardOf } from '../guard/judge-guards.ts';
import { eventsOn } from '../guard/limits.ts';
import type { RecentAct, RecentPeople } from '../match/recent-people.ts';
import { windowMs } from './count-people.ts';
import type { RunFacts } from './facts.ts';
import type { OpenRun } from './open-run.ts';

/**
 * Stages whom the runs of the last seven days wrote, by what they did, for the guards over time. A step that succeeded
 * counts, and one of which nobody knows. The days are those of the clock, at which the steps were settled: `--as-of`
 * moves none of them out of sight.
 *
 * What a person let pass, as a first load, by an approval or by an expected event that is over, is left out: it has
 * been looked at, and would hold every plan of the next week. While an event lasts, all of it counts together.
 */
export async function recallActs(
  { ledger, scope, run }: Pick<OpenRun, 'ledger' | 'scope' | 'run'>,
  job: GuardedJob,
  expected: readonly ExpectedEvent[],
  recent: Pick<RecentPeople, 'add'>,
): Promise<void> {
  const since = new Date(Date.parse(run.startedAt) - windowMs.per7d).toISOString();
  for (const runId of await ledger.sendersSince(scope, since)) {
    const earlier = await ledger.run(runId);
    const guards = (earlier?.facts as Partial<RunFacts> | null)?.guards ?? null;
    const kinds = kindsToCount(guards, (kind) => eventsOn(expected, kind, run.asOf).length > 0);
    if (kinds.size === 0) continue;
    for await (const page of ledger.results(runId)) {
      recent.add(page.flatMap((result) => actsOf(result, job, since).filter(({ kind }) => kinds.has(kind))));
    }
  }
}

/** What of a run counts; all of it where nothing is known of its guards. */
function kindsToCount(
  guards: readonly Guard[] | null,
  isExpectedNow: (kind: TimedGuard) => boolean,
): ReadonlySet<string> {
  const kinds = new Set<string>(timedGuards);
  if (guards === null) return kinds;
  for (const guard of guards) {
    const kind = timedGuardOf(guard.name);
    if (kind === null) continue;
    if (guard.name === kind && guard.actual === 0) kinds.delete(kind);
    // An event's own limit holds over all of its days.
    const goesOn = guard.allowedBy !== undefined && isExpectedNow(kind);
    if (guard.released === true && !goesOn) kinds.delete(kind);
  }
  if (guards.some(({ name }) => name === 'firstLoad')) {
    kinds.delete('creates');
    if (!guards.some(({ name }) => name === 'updates')) kinds.delete('updates');
  }
  return kinds;
}

function actsOf({ change, outcomes }: ChangeResult, job: GuardedJob, since: string): readonly RecentAct[] {
  const at = outcomes
    .filter(({ result }) => result === 'succeeded' || result === 'unknown')
    .reduce((latest, outcome) => (outcome.at > latest ? outcome.at : latest), '');
  if (at < since || change.disposition !== 'planned') return [];
  const { operation, accessLost } = guardsOfNeed(change, job);
  const { linkKey } = change;
  return [
    ...(operation === null ? [] : [{ kind: operation, linkKey, at }]),
    ...(accessLost ? [{ kind: 'accessLost', linkKey, at }] : []),
  ];
}
