import type { RateLimit, RecordRate } from '../domain/settings.ts';

/*
 * When the next request may leave, so that no stated rate is exceeded in any window, and none is wasted.
 *
 * Rates of requests: each is a bucket of one token. Grants are spread evenly instead of going in a burst, because
 * targets that count in a sliding window would refuse the burst. In any window of `perMs` there are at most `requests`
 * grants: N + 1 of them span at least N intervals less the tolerance, which is `perMs * (1 + headroom - headroom / 2)`.
 *
 * Rates of records: requests carry different numbers, so spacing alone would let a window hold one request too many.
 * What was sent is therefore remembered for one window, beside the spacing.
 */

/**
 * Grants are spaced by this much more than the rate asks for. A share of it pays for the delays between here and
 * the target, the other lets a grant that our own timer made late be caught up with.
 */
const headroom = 0.015;
/**
 * Clocks tell whole milliseconds, so what is due within the one that has begun leaves now: else thousands a second
 * would wait for a timer, one after the other. The tolerance is smaller by as much.
 */
const tickMs = 1;
/** Connections come about sooner, or the target is out. */
const owedMaxMs = 60_000;
/** Entries remembered of one window of records, about. */
const entriesPerWindow = 200;

/** Rates that hold at once, one for each length of window. */
export interface Pace {
  readonly rates: readonly RateLimit[];
  readonly recordRates: readonly RecordRate[];
  readonly spacings: readonly Spacing[];
}

/** What has been granted, as JSON can hold it. Times are Unix milliseconds; 0 is long ago. */
export interface PaceState {
  pausedUntilMs: number;
  /** When the next request may leave, by rate. */
  readonly nextMs: Record<string, number>;
  /** Records of the last window, by rate. */
  readonly sent: Record<string, readonly Sent[]>;
}

interface Sent {
  readonly atMs: number;
  readonly records: number;
}

export interface Ask {
  readonly nowMs: number;
  /** Since when it has been asked for: time in which nobody asked is not caught up with. */
  readonly sinceMs: number;
  /** Records that the request carries. */
  readonly records: number;
  /** Requests that are granted at once; 1 when absent. */
  readonly requests?: number;
}

/** All rates hold at once, so of those with the same window only the lowest matters. */
export function paceOf(rates: readonly RateLimit[], recordRates: readonly RecordRate[]): Pace {
  const lowestRates = lowest(rates, ({ requests }) => requests);
  const lowestRecordRates = lowest(recordRates, ({ records }) => records);
  const spacings = spacingsOf(lowestRates, lowestRecordRates);
  return { rates: lowestRates, recordRates: lowestRecordRates, spacings };
}

function lowest<Rate extends { readonly perMs: number }>(
  rates: readonly Rate[],
  amountOf: (rate: Rate) => number,
): readonly Rate[] {
  const byWindow = new Map<number, Rate>();
  for (const rate of rates) {
    const other = byWindow.get(rate.perMs);
    if (other === undefined || amountOf(rate) < amountOf(other)) byWindow.set(rate.perMs, rate);
  }
  return [...byWindow.values()];
}

export function newPaceState(): PaceState {
  return { pausedUntilMs: 0, nextMs: {}, sent: {} };
}

/** Takes a grant and gives 0, or gives the moment to ask again, in Unix milliseconds, and takes nothing. */
export function takeGrant(state: PaceState, pace: Pace, ask: Ask): number {
  const { spacings } = pace;
  let dueMs = state.pausedUntilMs;
  for (const spacing of spacings) {
    const { key, owedMs } = spacing;
    const longestMs = longestOf(spacing, ask);
    let nextMs = state.nextMs[key] ?? 0;
    // Only a clock that was set back can leave more to wait than a grant and what left late.
    if (nextMs > ask.nowMs + longestMs + owedMs) nextMs = ask.nowMs + longestMs;
    state.nextMs[key] = nextMs;
    if (nextMs - ask.nowMs >= tickMs) dueMs = Math.max(dueMs, nextMs);
  }
  for (const rate of pace.recordRates) dueMs = Math.max(dueMs, roomMs(state, rate, ask));
  if (dueMs > ask.nowMs) return dueMs;
  // Time in which nobody was let go is not caught up with either.
  const readyMs = Math.max(ask.sinceMs, state.pausedUntilMs);
  for (const spacing of spacings) {
    const { key, toleranceMs } = spacing;
    const leftMs = Math.max(state.nextMs[key] ?? 0, readyMs, ask.nowMs - toleranceMs);
    state.nextMs[key] = leftMs + spanOf(spacing, ask);
  }
  for (const rate of pace.recordRates) remember(state, rate, ask);
  return 0;
}

/**
 * A granted request left only later, for want of a connection: the target counts it then. What is later than a late
 * timer may make it takes its share anew, or all that were held up together would come on top of those granted since.
 */
export function takeLate(state: PaceState, pace: Pace, grantedMs: number, ask: Ask): void {
  for (const spacing of pace.spacings) {
    const { key, toleranceMs } = spacing;
    if (ask.nowMs - grantedMs <= toleranceMs) continue;
    state.nextMs[key] = Math.max(state.nextMs[key] ?? 0, ask.nowMs - toleranceMs) + spanOf(spacing, ask);
  }
  for (const rate of pace.recordRates) {
    if (ask.nowMs - grantedMs > toleranceOf(rate.perMs)) remember(state, rate, ask);
  }
}

/** How many requests may be granted at once without being seen as a burst: a sixth of the headroom. */
export function grantsAtOnce({ rates, recordRates }: Pace): number {
  if (recordRates.length > 0 || rates.length === 0) return 1;
  return Math.max(1, Math.floor(Math.min(...rates.map(({ requests }) => requests)) * (headroom / 6)));
}

/** What stays the same of a rate from grant to grant. */
interface Spacing {
  readonly key: string;
  /** What one request takes, or as many records as the window may hold. */
  readonly wholeMs: number;
  /** Records that take all of it; null for a rate of requests. */
  readonly records: number | null;
  /** What requests that left late may have taken on top, at most. */
  readonly owedMs: number;
  readonly toleranceMs: number;
}

function spacingsOf(rates: readonly RateLimit[], recordRates: readonly RecordRate[]): readonly Spacing[] {
  const ofRequests = rates.map(({ requests, perMs }) => ({
    key: `requests/${perMs}`,
    wholeMs: (perMs / requests) * (1 + headroom),
    records: null,
    ...slackOf(perMs),
  }));
  const ofRecords = recordRates.map(({ records, perMs }) => ({
    key: `records/${perMs}`,
    wholeMs: perMs * (1 + headroom),
    records,
    ...slackOf(perMs),
  }));
  return [...ofRequests, ...ofRecords];
}

function slackOf(perMs: number): Pick<Spacing, 'owedMs' | 'toleranceMs'> {
  return { owedMs: Math.min(perMs, owedMaxMs), toleranceMs: toleranceOf(perMs) };
}

/** What a grant takes, in milliseconds. */
function spanOf({ wholeMs, records }: Spacing, ask: Ask): number {
  return wholeMs * (records === null ? (ask.requests ?? 1) : Math.min(1, ask.records / records));
}

/** The longest that any grant of so many requests takes. */
function longestOf({ wholeMs, records }: Spacing, { requests = 1 }: Ask): number {
  return records === null ? wholeMs * requests : wholeMs;
}

/** How late a grant may have been for the next ones to make up for it, in milliseconds. */
function toleranceOf(perMs: number): number {
  return (perMs * headroom) / 2 - tickMs;
}

/** When the window has room for the request's records. */
function roomMs(state: PaceState, { records, perMs }: RecordRate, ask: Ask): number {
  const windowMs = perMs * (1 + headroom / 2);
  const entries = entriesWithin(state, perMs, ask.nowMs - windowMs, ask.nowMs);
  // A request with more than a window's worth goes alone.
  let over = entries.reduce((sum, entry) => sum + entry.records, 0) + ask.records - records;
  let dueMs = 0;
  for (const entry of entries) {
    if (over <= 0) break;
    over -= entry.records;
    dueMs = entry.atMs + windowMs;
  }
  return dueMs;
}

function remember(state: PaceState, { perMs }: RecordRate, ask: Ask): void {
  const sliceMs = perMs / entriesPerWindow;
  const entries = [...entriesWithin(state, perMs, ask.nowMs - 2 * perMs, ask.nowMs)];
  const last = entries.at(-1);
  // Entries of one slice become one, at the later moment, so that the memory stays small.
  const joins = last !== undefined && Math.floor(last.atMs / sliceMs) === Math.floor(ask.nowMs / sliceMs);
  if (joins) entries.pop();
  entries.push({ atMs: ask.nowMs, records: ask.records + (joins ? last.records : 0) });
  state.sent[`${perMs}`] = entries;
}

/** What seems to lie ahead was sent before the clock was set back, at the latest now. */
function entriesWithin(state: PaceState, perMs: number, fromMs: number, nowMs: number): readonly Sent[] {
  return (state.sent[`${perMs}`] ?? [])
    .filter(({ atMs }) => atMs > fromMs)
    .map(({ atMs, records }) => ({ atMs: Math.min(atMs, nowMs), records }));
}
