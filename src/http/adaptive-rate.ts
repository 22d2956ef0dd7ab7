import type { RateLimit } from '../domain/settings.ts';

/*
 * A rate for a target that does not say its limit, or whose limit moves. It is found by growing until the target
 * refuses (429) or slows down, and kept just below what it took then:
 *
 *   searching ──doubles every 2 s──> refused ──97 % of what was taken──> holding
 *   holding ──20 s──> probing ──slowly, then ever faster, as CUBIC does (RFC 9438)──> refused
 *                            ──97.5 % of what it was, never less than was held──> holding
 *   holding ──> refused ──what was held before, or some percent less──> holding, for 5 s after the longer steps
 *   far above or below what was held ──> refused: the limit has moved ──97 % of what was taken──> holding
 *
 * A refusal costs a pause, mostly of a second, so that there must be few; but a limit that was raised has to be found
 * within half a minute. Hence the hold, and the steep end of the probe. Only requests that had to wait for the rate let
 * it grow: a run that asks for less learns nothing about the limit.
 *
 * A rate that was refused while it was held is too fast, and the next probes go halfway to it at most. Without that, a
 * rate would go up by every probe and down again by the next refusal.
 */

const searchDoublesMs = 2_000;
const holdMs = 20_000;
/** From the end of the hold, the rate has grown by `probeGain` after so long. */
const probeMs = 8_000;
const probeGain = 0.8;
const kept = 0.975;
/** Of what was taken while nothing is known of the limit: less, for a second refusal at once costs as much again. */
const keptAnew = 0.97;
/** A smaller gain is not worth the refusal that it may bring. */
const gainMin = 0.01;
/** Taken off a rate that is refused while it is held; doubled by every further refusal that comes soon. */
const stepDown = 0.03;
const stepDownMax = 0.2;
const soonMs = 5_000;
/** From the third refusal on that comes soon, the last step is likely to have been too long: a shorter hold then. */
const longStepsFrom = 2;
const holdAfterLongStepMs = 5_000;
/** When so little of the rate was taken, or so much more than was held, the limit itself has moved. */
const movedBelow = 0.85;
const movedAbove = 1.3;
/** What was too fast is forgotten after so long, and when a probe gets so far beyond it. */
const tooFastKeptMs = 5 * 60_000;
const beyondTooFast = 1.1;
/** A target counts in a second: of a rate that grows, the middle of that second is what it had enough of. */
const countedMs = 1_000;
const deepestCut = 0.5;
/** Of so many last answers, so many have to be slow before it counts: a few slow ones mean nothing. */
const latencySamples = 16;
const slowSamplesMin = 12;
const latencyCut = 0.85;
const perSecondMin = 0.2;
const perSecondMax = 100_000;
/** A timer that fires late is caught up with that far. */
const toleranceMs = 5;

export interface AdaptiveRate {
  /** When the next request may leave, in Unix milliseconds. */
  dueMs(): number;
  /** A request left. `waited`: the rate had held it. */
  granted(nowMs: number, sinceMs: number, waited: boolean): void;
  /** The request that left then was taken, and answered after so long; `kind` tells slow kinds from quick ones. */
  taken(grantedMs: number, latencyMs: number, kind: string): void;
  /** The request that left then was refused for coming too soon. */
  refused(grantedMs: number, nowMs: number): void;
  readonly perSecond: number;
}

/** @param mostPerSecond what the rate never exceeds, in requests a second */
export function createAdaptiveRate(from: RateLimit, mostPerSecond: number): AdaptiveRate {
  const max = Math.min(mostPerSecond, perSecondMax);
  let base = Math.min(Math.max((from.requests / from.perMs) * 1_000, perSecondMin), max);
  let perSecond = base;
  let searching = true;
  let holdUntilMs = 0;
  let probedMs = 0;
  let nextMs = 0;
  let lastGrantMs = 0;
  let cutAtMs = Number.NEGATIVE_INFINITY;
  let soonInRow = 0;
  /** What was held before the last probe raised it. */
  let heldBefore = 0;
  let tooFast = { perSecond: Number.POSITIVE_INFINITY, atMs: 0 };
  /** When those requests of the last second left that were taken. */
  let takenMs: number[] = [];
  const speeds = new Map<string, Speed>();

  function grow(nowMs: number): void {
    if (nowMs < holdUntilMs) return;
    probedMs += clamp(nowMs - Math.max(lastGrantMs, holdUntilMs), 0, 1_000);
    perSecond = rateAfter(probedMs);
  }

  function rateAfter(growingMs: number): number {
    const factor = searching
      ? 2 ** (growingMs / searchDoublesMs)
      : 1 + probeGain * (growingMs / probeMs) ** 3;
    return Math.min(base * factor, max);
  }

  function cutTo(rate: number, nowMs: number, forMs = holdMs): void {
    base = Math.max(rate, perSecondMin);
    perSecond = base;
    searching = false;
    probedMs = 0;
    holdUntilMs = nowMs + forMs;
    cutAtMs = nowMs;
  }

  /** Requests of the second before then that were taken: what the target counted when it had enough. */
  function takenBefore(atMs: number): number {
    return takenMs.filter((at) => at > atMs - countedMs && at <= atMs).length;
  }

  /** What the target had enough of when it refused the request that left at `grantedMs`. */
  function enough(grantedMs: number, nowMs: number): number {
    const rate = rateAfter(Math.max(0, probedMs - (nowMs - grantedMs) - countedMs / 2));
    return clamp(takenBefore(grantedMs) + 1, perSecond * deepestCut, rate);
  }

  function hasMoved(refusedRate: number): boolean {
    return searching || refusedRate < base * movedBelow || refusedRate > base * movedAbove;
  }

  /** The rate to hold where what was known of the limit is of no use: nearly all of what was taken. */
  function anew(grantedMs: number, nowMs: number): number {
    tooFast = { perSecond: Number.POSITIVE_INFINITY, atMs: nowMs };
    heldBefore = 0;
    soonInRow = 0;
    return keptAnew * clamp(takenBefore(grantedMs), perSecond * deepestCut, perSecond);
  }

  /** The rate to hold after a probe was refused at `refusedRate`. */
  function afterProbe(refusedRate: number, nowMs: number): number {
    const isStale = nowMs - tooFast.atMs > tooFastKeptMs || refusedRate > tooFast.perSecond * beyondTooFast;
    if (isStale) tooFast = { perSecond: Number.POSITIVE_INFINITY, atMs: nowMs };
    heldBefore = base;
    const raised = Math.min(kept * refusedRate, (base + tooFast.perSecond) / 2);
    return raised > base * (1 + gainMin) ? raised : base;
  }

  /** The rate to hold after the one that is held was refused. */
  function afterHold(nowMs: number): number {
    tooFast = { perSecond: Math.min(tooFast.perSecond, perSecond), atMs: nowMs };
    if (heldBefore >= perSecond * movedBelow && heldBefore < perSecond) return heldBefore;
    return perSecond * (1 - Math.min(stepDown * 2 ** soonInRow, stepDownMax));
  }

  return {
    dueMs: () => nextMs,
    granted(nowMs, sinceMs, waited) {
      if (waited) grow(nowMs);
      lastGrantMs = nowMs;
      nextMs = Math.max(nextMs, sinceMs, nowMs - toleranceMs) + 1_000 / perSecond;
    },
    taken(grantedMs, latencyMs, kind) {
      takenMs.push(grantedMs);
      if (takenMs.length > 2 * perSecond + 100) takenMs = takenMs.filter((at) => at > grantedMs - 2_000);
      if (grantedMs < cutAtMs) return;
      const speed = speeds.get(kind) ?? newSpeed();
      speeds.set(kind, speed);
      if (!isSlowing(speed, latencyMs)) return;
      speed.slow.length = 0;
      cutTo(
        latencyCut * clamp(takenBefore(grantedMs), perSecond * deepestCut, perSecond),
        grantedMs + latencyMs,
      );
    },
    refused(grantedMs, nowMs) {
      // Those that were on their way already when the rate was cut say nothing about the new one.
      if (grantedMs < cutAtMs) return;
      soonInRow = grantedMs - cutAtMs < soonMs ? soonInRow + 1 : 0;
      const rate = enough(grantedMs, nowMs);
      if (hasMoved(rate)) cutTo(anew(grantedMs, nowMs), nowMs);
      else if (probedMs > 0) cutTo(afterProbe(rate, nowMs), nowMs);
      else cutTo(afterHold(nowMs), nowMs, soonInRow < longStepsFrom ? holdMs : holdAfterLongStepMs);
    },
    get perSecond() {
      return perSecond;
    },
  };
}

/** How quick answers of one kind are. */
interface Speed {
  /** The quickest of late; what is slower pulls it up, but slowly. */
  quickestMs: number;
  /** Of the last answers, which were slow. */
  readonly slow: boolean[];
}

function newSpeed(): Speed {
  return { quickestMs: Number.POSITIVE_INFINITY, slow: [] };
}

/** Three times the quickest, and 50 ms besides, is slow. */
function isSlowing(speed: Speed, latencyMs: number): boolean {
  speed.slow.push(latencyMs > 3 * speed.quickestMs + 50);
  if (speed.slow.length > latencySamples) speed.slow.shift();
  if (latencyMs < speed.quickestMs) speed.quickestMs = latencyMs;
  else speed.quickestMs += (latencyMs - speed.quickestMs) * 0.002;
  return speed.slow.filter(Boolean).length >= slowSamplesMin;
}

function clamp(number: number, min: number, max: number): number {
  return Math.min(Math.max(number, min), max);
}
