import { TargetFailure } from '../domain/failure.ts';
import type { Clock } from '../domain/settings.ts';

/*
 * Keeps requests back while the target is out, so that it is not hammered and nothing fails that only has to wait.
 *
 *   closed ──failuresMax in a row, or one request out of attempts and nobody answered since──> open
 *   open   ──a probe is answered──> closed
 *   open   ──outageMaxMs over──> given up: every request is refused, which ends the run
 *
 * A failure is no connection, no answer in time, a broken connection, or a 5xx. Any other answer, 429 and refusals
 * included, shows a target that works. While it is open one request goes every ten seconds, as a probe; one that changes
 * nothing goes first. A target that has never answered in this run is no outage but a wrong address, or was down from
 * the start: then the breaker stays closed, and requests fail after their attempts.
 */

const probeEveryMs = 10_000;

/** Leave to send one request. */
export interface Pass {
  readonly probe: boolean;
}

export interface Breaker {
  readonly isOpen: boolean;
  /**
   * Resolves when a request may be sent. Rejects with the signal's reason, and with a `TargetFailure` once the outage
   * has lasted too long: `unsent`, or `unavailable` for one that changes nothing.
   */
  pass(safe: boolean, signal?: AbortSignal): Promise<Pass>;
  /** The target answered with something else than a 5xx. */
  succeeded(): void;
  failed(): void;
  /** A request has used up its attempts since then: opens unless somebody else was answered meanwhile. */
  exhausted(sinceMs: number): boolean;
}

export interface BreakerSettings {
  readonly clock: Clock;
  /** More than fail together when the answers to all that is under way are lost. */
  readonly failuresMax: number;
  readonly outageMaxMs: number;
  /** Of the target, for messages. */
  readonly origin: string;
}

export function createBreaker({ clock, failuresMax, outageMaxMs, origin }: BreakerSettings): Breaker {
  let answeredMs: number | null = null;
  let failures = 0;
  let failingSinceMs = 0;
  let nextProbeMs = 0;
  /** Fires when the breaker closes; null while it is closed. */
  let closing: AbortController | null = null;
  let safeWaiting = 0;

  function open(): void {
    closing ??= new AbortController();
    nextProbeMs = clock.now() + probeEveryMs;
  }

  function mayProbe(safe: boolean): boolean {
    return clock.now() >= nextProbeMs && (safe || safeWaiting === 0);
  }

  async function untilClosed(safe: boolean, signal: AbortSignal | undefined): Promise<Pass> {
    while (closing !== null) {
      const nowMs = clock.now();
      const giveUpMs = failingSinceMs + outageMaxMs;
      if (nowMs >= giveUpMs) throw stayedAway(origin, failingSinceMs, outageMaxMs, safe);
      if (mayProbe(safe)) {
        nextProbeMs = nowMs + probeEveryMs;
        return { probe: true };
      }
      const untilMs = Math.min(giveUpMs, nextProbeMs > nowMs ? nextProbeMs : nowMs + probeEveryMs);
      const wakes = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
      await clock.sleep(untilMs - nowMs, wakes).catch(() => undefined);
      signal?.throwIfAborted();
    }
    return { probe: false };
  }

  return {
    get isOpen() {
      return closing !== null;
    },
    async pass(safe, signal) {
      signal?.throwIfAborted();
      if (closing === null) return { probe: false };
      if (safe) safeWaiting += 1;
      try {
        return await untilClosed(safe, signal);
      } finally {
        if (safe) safeWaiting -= 1;
      }
    },
    succeeded() {
      answeredMs = clock.now();
      failures = 0;
      closing?.abort();
      closing = null;
    },
    failed() {
      if (answeredMs === null || closing !== null) return;
      if (failures === 0) failingSinceMs = clock.now();
      failures += 1;
      if (failures >= failuresMax) open();
    },
    exhausted(sinceMs) {
      if (closing === null && failures > 0 && answeredMs !== null && answeredMs <= sinceMs) open();
      return closing !== null;
    },
  };
}

function stayedAway(origin: string, sinceMs: number, outageMaxMs: number, safe: boolean): TargetFailure {
  return new TargetFailure({
    trouble: safe ? 'unavailable' : 'unsent',
    message: `${origin} has been out since ${new Date(sinceMs).toISOString()}, and was waited for for ${outageMaxMs / 1_000} s.`,
    hint: 'Run again once it is back, or wait longer for it: limits.outageMax.',
    givenUp: true,
  });
}
