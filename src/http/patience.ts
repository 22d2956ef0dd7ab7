import pLimit, { type LimitFunction } from 'p-limit';
import type { HttpAnswer, HttpRequest } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';
import type { Clock, Limits } from '../domain/settings.ts';
import { backoffMs } from './backoff.ts';
import { type Breaker, createBreaker, type Pass } from './breaker.ts';
import type { Limiter } from './limiter.ts';
import { askedPauseMs } from './rate-headers.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import { stoppedBeforeSending } from './trouble.ts';

/*
 * The one place where requests are repeated. A request
 *
 *   waits for the breaker ──> for a slot ──> for the limiter ──> is sent
 *     answered                            ──> over
 *     429                                 ──> again, once the pause is over that the target asks for
 *     certainly not taken, or no whole
 *     answer (or 502, 503, 504) to a read ──> again, while attempts last, after the budget and a backoff
 *     out of attempts                     ──> again if nobody is answered any more: the breaker is open then
 *
 * What is in doubt, a write that was sent and not answered, is never sent again here: dispatch looks it up.
 */

const noProbe: Pass = { probe: false };
const attemptsMax = 5;
const backoffLimits = { baseMs: 500, capMs: 30_000 };
const waitMaxMsDefault = 15 * 60_000;
const outageMaxMsDefault = 30 * 60_000;
/** A target that asks to slow down but does not say for how long; doubled by every further time in a row. */
const unaskedPauseMs = { first: 1_000, longest: 60_000 } as const;
/** A target that does not answer a simple read within this is still out, in milliseconds. */
const probeTimeoutMs = 20_000;
/** Answers of a passing trouble: a read is repeated after them, a write's provider judges them. */
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
/** Answers by which a target says that it does not know what is asked, not that it is out. */
const notImplemented = 501;

/**
 * Sends a request once. `onLeft` is called when its first byte leaves, `onOver` once, when its place is free again.
 */
export type Send = (attempt: {
  readonly number: number;
  readonly timeoutMs: number;
  readonly onLeft: () => void;
  readonly onOver: () => void;
}) => Promise<HttpAnswer>;

export interface PatienceSettings {
  readonly limits: Limits;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly stop: AbortSignal | undefined;
  /** Of the target, for messages. */
  readonly origin: string;
}

/** What is sent, as far as it matters here. */
export interface Errand {
  readonly request: Pick<HttpRequest, 'method' | 'safe' | 'records' | 'timeoutMs' | 'leaveBefore'>;
  /** Names it in messages. */
  readonly what: string;
}

export interface Patience {
  /** Sends until there is an answer that counts, or a `TargetFailure`; see `Tools` in the contract. */
  carry(errand: Errand, send: Send): Promise<HttpAnswer>;
}

export function createPatience(settings: PatienceSettings): Patience {
  const { limits, clock, origin } = settings;
  const shared: Shared = {
    ...settings,
    slots: pLimit(limits.concurrency),
    budget: createRetryBudget(clock),
    breaker: createBreaker({
      clock,
      // One more than can be under way, so that lost answers which are then looked up are no outage.
      failuresMax: Math.max(attemptsMax, limits.concurrency + 1),
      outageMaxMs: limits.outageMaxMs ?? outageMaxMsDefault,
      origin,
    }),
    throttle: { inRow: 0, atMs: Number.NEGATIVE_INFINITY },
  };
  return { carry: (errand, send) => new Carriage(shared, errand, send).arrive() };
}

interface Shared extends PatienceSettings {
  readonly slots: LimitFunction;
  readonly budget: RetryBudget;
  readonly breaker: Breaker;
  /** Pauses in a row for which the target named no length. */
  readonly throttle: { inRow: number; atMs: number };
}

/** How an attempt ended: with what counts, or with what it may be repeated after. */
type End =
  | { readonly is: 'answer'; readonly answer: HttpAnswer }
  | { readonly is: 'throttled'; readonly failure: TargetFailure }
  | { readonly is: 'passing'; readonly give: () => HttpAnswer };

class Carriage {
  readonly #shared: Shared;
  readonly #errand: Errand;
  readonly #send: Send;
  #sent = 0;
  /** Attempts that failed while the target seemed to work. */
  #failures = 0;
  readonly #beganMs: number;
  #throttledSinceMs: number | null = null;

  constructor(shared: Shared, errand: Errand, send: Send) {
    this.#shared = shared;
    this.#errand = errand;
    this.#send = send;
    this.#beganMs = shared.clock.now();
  }

  async arrive(): Promise<HttpAnswer> {
    for (;;) {
      const end = await this.#attempt();
      if (end?.is === 'answer') return end.answer;
      if (end?.is === 'throttled') this.#judgeThrottling(end.failure);
      if (end?.is === 'passing' && !(await this.#mayRepeat())) return end.give();
    }
  }

  /** Null when the target went out while this request waited for its turn. */
  async #attempt(): Promise<End | null> {
    const { breaker, slots, limiter, clock, budget } = this.#shared;
    const { safe, records, timeoutMs, leaveBefore } = this.#errand.request;
    this.#stopIfTold();
    // Nearly all find the breaker closed and their grant at once, so that waiting for nothing would show in the rate.
    const pass = breaker.isOpen ? await this.#unlessStopped((stop) => breaker.pass(safe, stop)) : noProbe;
    // The slot comes before the grant: a grant that still had to wait for one would leave together with later grants.
    const freeSlot = await takeSlot(slots);
    try {
      this.#stopIfTold();
      if (!limiter.tryAcquire(records)) await this.#unlessStopped((stop) => limiter.acquire(stop, records));
    } catch (error) {
      freeSlot();
      throw error;
    }
    if (breaker.isOpen && !pass.probe) {
      freeSlot();
      return null;
    }
    if (clock.now() >= (leaveBefore ?? Number.POSITIVE_INFINITY)) {
      freeSlot();
      throw tooLate(this.#errand.what);
    }
    this.#sent += 1;
    if (this.#sent === 1) budget.earn();
    const ownMs = timeoutMs ?? this.#shared.limits.requestTimeoutMs;
    const shortened = pass.probe && safe && timeoutMs === undefined;
    const grantedMs = clock.now();
    const attempt = {
      number: this.#sent,
      timeoutMs: shortened ? Math.min(ownMs, probeTimeoutMs) : ownMs,
      onLeft: () => limiter.left(grantedMs, records),
      onOver: freeSlot,
    };
    try {
      return await this.#judgeAnswer(await this.#send(attempt), grantedMs);
    } catch (error) {
      return this.#judgeFailure(error);
    }
  }

  #judgeAnswer(answer: HttpAnswer, grantedMs: number): End | Promise<End> {
    const { breaker, limiter, clock, throttle } = this.#shared;
    const { status, headers } = answer;
    const nowMs = clock.now();
    const askedMs = askedPauseMs(status, headers, nowMs);
    if (askedMs !== null) limiter.pauseUntil(nowMs + askedMs);
    if (status >= 500 && status !== notImplemented) breaker.failed();
    else breaker.succeeded();
    if (status === 429) {
      limiter.refused(grantedMs);
      if (askedMs === null) this.#pauseUnasked(grantedMs, nowMs);
      return this.#throttled(answer, askedMs);
    }
    throttle.inRow = 0;
    const { method, safe } = this.#errand.request;
    limiter.taken(grantedMs, nowMs - grantedMs, `${method} ${safe}`);
    return safe && passingStatuses.has(status) ? passing(answer) : { is: 'answer', answer };
  }

  async #throttled(answer: HttpAnswer, askedMs: number | null): Promise<End> {
    // An unread answer would keep its connection.
    await answer.text().catch(() => '');
    return { is: 'throttled', failure: throttled(this.#errand.what, askedMs) };
  }

  /** Several that were refused together are one refusal. */
  #pauseUnasked(grantedMs: number, nowMs: number): void {
    const { throttle, limiter } = this.#shared;
    if (grantedMs >= throttle.atMs) {
      throttle.inRow += 1;
      throttle.atMs = nowMs;
    }
    const { first, longest } = unaskedPauseMs;
    limiter.pauseUntil(throttle.atMs + Math.min(longest, first * 2 ** (throttle.inRow - 1)));
  }

  #judgeFailure(error: unknown): End {
    const { breaker, stop } = this.#shared;
    if (!(error instanceof TargetFailure) || stop?.aborted === true) throw error;
    const { trouble } = error;
    if (trouble !== 'unsent' && trouble !== 'unanswered') {
      // Whatever it was, somebody was there.
      breaker.succeeded();
      throw error;
    }
    breaker.failed();
    if (trouble === 'unanswered' && !this.#errand.request.safe) throw error;
    const give = (): never => {
      throw givenUp(error);
    };
    return { is: 'passing', give };
  }

  /** The limiter holds the pause; but a target that only ever asks for one more is not waited for without end. */
  #judgeThrottling(failure: TargetFailure): void {
    const { clock, limits } = this.#shared;
    const nowMs = clock.now();
    this.#throttledSinceMs ??= nowMs;
    if (nowMs - this.#throttledSinceMs > (limits.waitMaxMs ?? waitMaxMsDefault)) throw givenUp(failure);
  }

  /** Waits as long as budget and backoff ask; false when the attempts are used up and the target seems to work. */
  async #mayRepeat(): Promise<boolean> {
    const { breaker, budget, clock, random } = this.#shared;
    if (breaker.isOpen) return true;
    this.#failures += 1;
    if (this.#failures >= attemptsMax) return breaker.exhausted(this.#beganMs);
    await this.#unlessStopped((stop) => budget.spend(stop));
    const ms = backoffMs(this.#failures, random, backoffLimits);
    await this.#unlessStopped((stop) => clock.sleep(ms, stop));
    return true;
  }

  #stopIfTold(): void {
    if (this.#shared.stop?.aborted === true) throw stoppedBeforeSending(this.#errand.what);
  }

  async #unlessStopped<T>(wait: (stop: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const { stop } = this.#shared;
    try {
      return await wait(stop);
    } catch (error) {
      throw stop?.aborted === true ? stoppedBeforeSending(this.#errand.what) : error;
    }
  }
}

/** The longest pause that is waited for, for the limiter. */
export function waitMaxMsOf(limits: Limits): number {
  return limits.waitMaxMs ?? waitMaxMsDefault;
}

function takeSlot(slots: LimitFunction): Promise<() => void> {
  return new Promise((taken) => {
    void slots(() => new Promise<void>((free) => taken(free)));
  });
}

/** What an earlier attempt did is as unknown as before. */
function tooLate(what: string): TargetFailure {
  return new TargetFailure({
    trouble: 'unanswered',
    message: `${what} was not sent again: by the time of its turn the target may have forgotten its key.`,
  });
}

function throttled(what: string, askedMs: number | null): TargetFailure {
  const asked = askedMs === null ? 'without saying for how long' : `for ${Math.ceil(askedMs / 1000)} s`;
  return new TargetFailure({
    trouble: 'throttled',
    message: `${what} was not taken: the target asks to slow down ${asked} (429).`,
    hint: 'If this happens often, lower the rates under limits, or let them adapt: limits: adaptive.',
    retryAfterMs: askedMs,
  });
}

function givenUp(failure: TargetFailure): TargetFailure {
  const { trouble, message, hint, retryAfterMs, providerCode, cause } = failure;
  return new TargetFailure({
    trouble,
    message,
    retryAfterMs,
    providerCode,
    givenUp: true,
    ...(hint === null ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Reads the answer, so that its connection is free. */
async function passing(answer: HttpAnswer): Promise<End> {
  const text = await answer.text().catch(() => '');
  return { is: 'passing', give: () => readAlready(answer, text) };
}

/** An answer whose text has been read, so that its connection was free. */
function readAlready(answer: HttpAnswer, text: string): HttpAnswer {
  return {
    status: answer.status,
    headers: answer.headers,
    body: (async function* () {
      yield new TextEncoder().encode(text);
    })(),
    text: () => Promise.resolve(text),
  };
}
