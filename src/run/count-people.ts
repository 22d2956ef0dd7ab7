import type { Need } from '../domain/change.ts';
import { type GuardWindow, guardWindows, type TimedGuard, timedGuards } from '../domain/guard-settings.ts';
import { type GuardedJob, guardsOfNeed } from '../guard/guards-of-need.ts';
import type { PeopleCounts } from '../guard/judge-guards.ts';
import type { RecentPeople } from '../match/recent-people.ts';

export const windowMs: Readonly<Record<GuardWindow, number>> = { per24h: 86_400_000, per7d: 7 * 86_400_000 };

export interface PeopleCounter {
  add(need: Need): void;
  /** Somebody whom a full feed misses for the first time: nothing is done yet. */
  addMissing(): void;
  counts(): PeopleCounts;
}

/**
 * Counts for the guards whom a plan concerns, and whom together with the runs before it.
 * @param now the clock's time: windows that went by `--as-of` could be moved by it
 */
export function peopleCounter(
  job: GuardedJob,
  recent: Pick<RecentPeople, 'count' | 'lastAt'>,
  now: string,
): PeopleCounter {
  const byGuard = { ...zeros(timedGuards), blanked: 0, keyChanges: 0, missing: 0 };
  const byAttribute: Record<string, { changed: number; blanked: number }> = {};
  const since = mapWindows((window) => new Date(Date.parse(now) - windowMs[window]).toISOString());
  /** People of the plan whom no run of the window concerned. */
  const added = mapWindows(() => zeros(timedGuards));
  let all = 0;

  function addTimed(kind: TimedGuard, linkKey: string): void {
    byGuard[kind] += 1;
    const lastAt = recent.lastAt(kind, linkKey);
    for (const window of guardWindows) {
      if (lastAt === null || lastAt < since[window]) added[window][kind] += 1;
    }
  }

  return {
    add: (need) => {
      const counted = guardsOfNeed(need, job);
      if (counted.operation !== null) {
        all += 1;
        addTimed(counted.operation, need.linkKey);
      }
      if (counted.accessLost) addTimed('accessLost', need.linkKey);
      if (counted.keyChanges) byGuard.keyChanges += 1;
      if (counted.blanked.length > 0) byGuard.blanked += 1;
      for (const name of counted.attributes) {
        const { changed, blanked } = byAttribute[name] ?? { changed: 0, blanked: 0 };
        byAttribute[name] = {
          changed: changed + 1,
          blanked: blanked + (counted.blanked.includes(name) ? 1 : 0),
        };
      }
    },
    addMissing: () => {
      byGuard.missing += 1;
    },
    counts: () => ({
      all,
      byGuard: { ...byGuard },
      byAttribute,
      overTime: mapWindows((window) =>
        mapKinds((kind) => added[window][kind] + recent.count(kind, since[window])),
      ),
    }),
  };
}

function mapWindows<Value>(make: (window: GuardWindow) => Value): Record<GuardWindow, Value> {
  return { per24h: make('per24h'), per7d: make('per7d') };
}

function mapKinds(figure: (kind: TimedGuard) => number): Record<TimedGuard, number> {
  const figures = zeros(timedGuards);
  for (const kind of timedGuards) figures[kind] = figure(kind);
  return figures;
}

function zeros(kinds: readonly TimedGuard[]): Record<TimedGuard, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<TimedGuard, number>;
}
