import type { Intent, StepOutcome } from '../contracts/ledger.ts';
import type { Item } from '../contracts/provider.ts';
import type { Outcome, Sendable } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import type { Limits } from '../domain/settings.ts';
import { type Cuttable, Waiting } from './cut-batches.ts';
import { type BatchEnd, idOf, type SendTools, sendBatch } from './send-batch.ts';
import { type Answered, stepOutcomes, type Way } from './step-outcomes.ts';

/*
 * From planned changes to outcomes. A change's steps go one after the other:
 *
 *   plan ──> waiting (its next step, in the queue of what may share a request)
 *        ──> cut into a batch ──> intended (durable in the ledger) ──> sent ──> answered ──> settled (durable)
 *        ──> waiting again with its next step, or over
 *
 * A step that did not succeed ends its change: what follows is not sent. Only so many changes are under way at
 * once, so memory does not grow with the plan.
 *
 * Syncing the disk for every request would halve the rate at a fast target. So intents are written ahead in windows,
 * but never more than a second's worth of the rate, because after a crash each of them has to be looked up. Answers
 * are settled together with the next window, or at once when nothing else is ready to be sent. A crash in between
 * leaves intents without outcomes, which the next run looks up, as it does for whatever was on its way.
 */

export interface DispatchLedger {
  recordIntents(intents: readonly Intent[]): Promise<void>;
  recordOutcomes(outcomes: readonly StepOutcome[]): Promise<void>;
}

export interface DispatchTools extends SendTools {
  readonly ledger: DispatchLedger;
  readonly limits: Limits;
  readonly bodyBytes: (item: Item) => number;
  /** The number of the run's next batch. */
  readonly nextBatch: () => number;
  /** `Item.key` of a step, by its position in the change. */
  readonly keyOf: (change: Sendable, step: number) => string;
  /** Where a change goes on, when not at its first step. */
  readonly startOf?: (change: Sendable) => Start;
  /** What the feed gives as the first password of the user that a change creates; undefined where it gives none. */
  readonly initialPassword?: (change: Sendable) => string | undefined;
  /** Called with the number of changes that are over. */
  readonly onProgress: (changes: number) => void;
}

/** A step, the user's id as it is known by now, and `Item.leaveBefore` of a step that may have been taken already. */
export interface Start {
  readonly step: number;
  readonly userId: string | null;
  readonly leaveBefore?: number;
}

type Waiter = Way & Cuttable;

interface Batch {
  readonly number: number;
  readonly waiters: readonly Waiter[];
}

/** Steps whose intents are durable although they have not left yet, at most. */
const windowMax = 256;

/**
 * Sends all planned changes.
 * @param changes pages of changes that have steps, in the order of the plan
 * @returns the failure that stopped the run before its end; null when everything was sent
 */
export async function dispatch(
  changes: AsyncIterable<readonly Sendable[]>,
  tools: DispatchTools,
): Promise<Failure | null> {
  const dispatcher = new Dispatcher(tools);
  return dispatcher.run(changes);
}

class Dispatcher {
  readonly #tools: DispatchTools;
  readonly #waiting: Waiting<Waiter>;
  /** Batches whose intents are durable. */
  readonly #intended: Batch[] = [];
  /** Steps that have an outcome which the ledger has not been told of. */
  readonly #answered: Answered[] = [];
  #answeredSteps = 0;
  readonly #aheadMax: number;
  readonly #underwayMax: number;
  /** Batches on their way. */
  #sending = 0;
  #committing = false;
  /** Changes that have begun and are not over. */
  #underway = 0;
  #event = Promise.withResolvers<void>();
  #fatal: Failure | null = null;
  #broken: { readonly error: unknown } | null = null;

  constructor(tools: DispatchTools) {
    const { limits } = tools;
    this.#tools = tools;
    this.#waiting = new Waiting(limits);
    this.#aheadMax = aheadOf(limits);
    this.#underwayMax = limits.batchSize * (limits.concurrency + this.#aheadMax) * 2;
  }

  async run(changes: AsyncIterable<readonly Sendable[]>): Promise<Failure | null> {
    try {
      for await (const page of changes) {
        for (const change of page) this.#begin(change);
        while (this.#hasEnough() && !this.#over()) await this.#turn(false);
        if (this.#over()) break;
      }
      while (!this.#over() && this.#underway > 0) await this.#turn(true);
    } finally {
      // Whatever went wrong here, the answers of what has been sent are still awaited and written down.
      while (this.#sending > 0 || this.#committing) await this.#nextEvent();
      await this.#settleRest();
    }
    if (this.#broken !== null) throw this.#broken.error;
    return this.#fatal;
  }

  /** Whether there is something to be sent without reading on: what has been read, and not sent, fills memory. */
  #hasEnough(): boolean {
    return this.#waiting.isFull || this.#underway >= this.#underwayMax;
  }

  #over(): boolean {
    return this.#fatal !== null || this.#broken !== null || this.#tools.signal.aborted;
  }

  #begin(change: Sendable): void {
    const start = this.#tools.startOf?.(change) ?? { step: 0, userId: change.userId };
    if (change.steps[start.step] === undefined) return;
    this.#underway += 1;
    this.#enter(change, start);
  }

  #enter(change: Sendable, { step: index, userId, leaveBefore }: Start): void {
    const step = change.steps[index];
    if (step === undefined) return;
    const attributes = { ...change.user?.attributes, ...change.after };
    const plain: Item = { step, userId, attributes };
    const besides = this.#besides(change, index, leaveBefore);
    const item = besides === null ? plain : { ...plain, ...besides };
    const userKey = idOf(item, this.#tools.provider) ?? `change ${change.seq}`;
    this.#waiting.add({ change, index, step, item, userKey, bytes: this.#tools.bodyBytes(item) });
  }

  /** What few items have; null for those that have nothing of it. */
  #besides(change: Sendable, index: number, leaveBefore: number | undefined): Partial<Item> | null {
    const { provider, keyOf, initialPassword } = this.#tools;
    const step = change.steps[index];
    const takesKeys = step !== undefined && (provider.keyLifetimeMs?.(step) ?? 0) > 0;
    // The step that creates a user is its change's first.
    const password = change.operation === 'create' && index === 0 ? initialPassword?.(change) : undefined;
    if (!takesKeys && leaveBefore === undefined && password === undefined) return null;
    return {
      ...(takesKeys ? { key: keyOf(change, index) } : {}),
      ...(leaveBefore === undefined ? {} : { leaveBefore }),
      ...(password === undefined ? {} : { initialPassword: password }),
    };
  }

  /** Starts what is ready, tells the ledger what it has to hear, then waits until something has ended. */
  async #turn(inputEnded: boolean): Promise<void> {
    this.#start();
    if (!this.#committing && this.#isDue()) {
      const batches = this.#cut(inputEnded);
      if (batches.length > 0 || this.#answered.length > 0) void this.#commit(batches);
    }
    await this.#nextEvent();
  }

  #start(): void {
    while (this.#sending < this.#tools.limits.concurrency) {
      const batch = this.#intended.shift();
      if (batch === undefined) break;
      void this.#send(batch);
    }
  }

  async #nextEvent(): Promise<void> {
    await this.#event.promise;
    this.#event = Promise.withResolvers();
  }

  /** Whether the sends would run dry, or too much be lost by a crash, unless the ledger is written now. */
  #isDue(): boolean {
    const { concurrency } = this.#tools.limits;
    return this.#intended.length < Math.min(concurrency, this.#aheadMax) || this.#answeredSteps >= windowMax;
  }

  /** Cuts the batches that may be intended now. */
  #cut(inputEnded: boolean): readonly Batch[] {
    const batches: Batch[] = [];
    const add = (waiters: readonly Waiter[]) => batches.push({ number: this.#tools.nextBatch(), waiters });
    while (this.#intended.length + batches.length < this.#aheadMax) {
      const waiters = this.#waiting.takeFull();
      if (waiters === null) break;
      add(waiters);
    }
    // Batches that are not full wait for company as long as a batch under way may still bring some.
    const isUnderway = this.#sending > 0 || this.#intended.length > 0 || this.#answered.length > 0;
    if (isUnderway || batches.length > 0) return batches;
    for (let waiters = this.#waiting.takeAny(); waiters !== null; waiters = this.#waiting.takeAny()) {
      add(waiters);
      if (!inputEnded || batches.length === this.#aheadMax) break;
    }
    return batches;
  }

  /** Settles the answers and makes the intents durable: begun at the same time, so that they may share a sync. */
  async #commit(batches: readonly Batch[]): Promise<void> {
    this.#committing = true;
    try {
      const ends = await Promise.allSettled([this.#settle([...this.#answered]), this.#intend(batches)]);
      const failed = ends.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    } catch (error) {
      this.#broken ??= { error };
    }
    this.#committing = false;
    this.#event.resolve();
  }

  async #intend(batches: readonly Batch[]): Promise<void> {
    if (batches.length === 0) return;
    const at = this.#now();
    await this.#tools.ledger.recordIntents(
      batches.map(({ number, waiters }) => ({
        batch: number,
        attempt: 1,
        at,
        steps: waiters.map(({ change, index }) => ({ seq: change.seq, step: index })),
      })),
    );
    this.#intended.push(...batches);
  }

  /** Queues the next steps of the changes that have one only once the ledger knows what came before. */
  async #settle(answered: readonly Answered[]): Promise<void> {
    if (answered.length === 0) return;
    await this.#tools.ledger.recordOutcomes(stepOutcomes(answered, this.#now()));
    this.#answered.splice(0, answered.length);
    this.#goOn(answered);
  }

  async #send({ waiters }: Batch): Promise<void> {
    this.#sending += 1;
    try {
      const end = await sendBatch(
        waiters.map((waiter) => waiter.item),
        this.#tools,
      );
      if (end.fatal !== null) this.#fatal ??= end.fatal;
      this.#answer(waiters, end);
    } catch (error) {
      this.#broken ??= { error };
    }
    this.#sending -= 1;
    if (!this.#over()) this.#start();
    const isDue = !this.#committing && this.#isDue();
    if (this.#sending === 0 || isDue || this.#over()) this.#event.resolve();
  }

  #answer(waiters: readonly Waiter[], { sent, fatal }: BatchEnd): void {
    this.#answered.push({ ways: waiters, sent, fatal });
    this.#answeredSteps += waiters.length;
  }

  #goOn(answered: readonly Answered[]): void {
    let over = 0;
    for (const { ways, sent } of answered) {
      this.#answeredSteps -= ways.length;
      let position = 0;
      for (const way of ways) {
        if (!this.#goesOn(way, sent[position]?.outcome)) over += 1;
        position += 1;
      }
    }
    this.#underway -= over;
    if (over > 0) this.#tools.onProgress(over);
  }

  /** Queues the change's next step; false when the change is over. */
  #goesOn({ change, index, item }: Way, outcome: Outcome | undefined): boolean {
    if (index + 1 >= change.steps.length || outcome?.result !== 'succeeded') return false;
    const userId = outcome.userId ?? idOf(item, this.#tools.provider);
    this.#enter(change, { step: index + 1, userId });
    return true;
  }

  /** Settles what is left at the end; says of intents that a stop kept from being sent that they were not. */
  async #settleRest(): Promise<void> {
    for (const { waiters } of this.#intended.splice(0)) {
      this.#answer(waiters, { sent: waiters.map(() => null), fatal: null });
    }
    try {
      await this.#settle([...this.#answered]);
    } catch (error) {
      this.#broken ??= { error };
    }
  }

  #now(): string {
    return new Date(this.#tools.clock.now()).toISOString();
  }
}

/** Batches: a second's worth of the rate, and no more steps than a crash may leave to be looked up. */
function aheadOf({ rates, batchSize }: Limits): number {
  const perSecond = Math.min(...rates.map(({ requests, perMs }) => (requests / perMs) * 1_000));
  const window = Math.max(2, Math.ceil(windowMax / batchSize));
  return Math.max(1, Math.min(window, Math.ceil(perSecond)));
}
