import { type Ask, newPaceState, type Pace, takeGrant, takeLate } from './pace.ts';

/** Where grants are written down: all who share a book share its limits. */
export interface GrantBook {
  /** Takes a grant and gives 0, or gives when to ask again, in Unix milliseconds. */
  take(pace: Pace, ask: Omit<Ask, 'requests'>): number;
  /** Writes down that what was granted at `grantedMs` leaves only now. */
  late(pace: Pace, grantedMs: number, ask: Omit<Ask, 'requests'>): void;
  /** Holds everybody until then; never shortens an earlier pause. */
  pauseUntil(atMs: number): void;
  /** Until when everybody is held, in Unix milliseconds; 0 when nobody is. */
  pausedUntilMs(): number;
}

/** A book in memory: for one process. */
export function memoryBook(): GrantBook {
  const state = newPaceState();
  return {
    take: (pace, ask) => takeGrant(state, pace, ask),
    late: (pace, grantedMs, ask) => takeLate(state, pace, grantedMs, ask),
    pauseUntil(atMs) {
      state.pausedUntilMs = Math.max(state.pausedUntilMs, atMs);
    },
    pausedUntilMs: () => state.pausedUntilMs,
  };
}
