import pLimit from 'p-limit';
import type { Intent, Settlement, StepOutcome } from '../contracts/ledger.ts';
import type { Item } from '../contracts/provider.ts';
import type { Change, Outcome, Step } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import type { Limits } from '../domain/settings.ts';
import type { Account } from '../domain/user.ts';
import { type Cuttable, Waiting } from './cut-batches.ts';
import { type BatchEnd, idOf, type SendTools, type Sent, sendBatch } from './send-batch.ts';
import { afterStep } from './after-step.ts';

/*
 * From planned changes to outcomes. A change's steps go one after the other:
 *
 *   plan ──> waiting (its next step, in the queue of what may share a request)
 *        ──> cut into a batch ──> intended (durable in the ledger) ──> sent ──> settled (durable)
 *        ──> waiting again with its next step, or over
 *
 * A step that did not succeed ends its change: what follows is not sent. Only so many changes are under way at
 * once, so memory does not grow with the plan. Intents are written ahead of the sends, many in one sync, but never
 * more than a second's worth of the rate, because after a crash each of them has to be looked up.
 */

export interface DispatchLedger {
  recordIntents(intents: readonly Intent[]): Promise<void>;
  settle(settlement: Settlement): Promise<void>;
  accountsById(userIds: readonly string[]): Promise<ReadonlyMap<string, Account>>;
}

export interface DispatchTools extends SendTools {
  readonly ledger: DispatchLedger;
  readonly limits: Limits;
  readonly bodyBytes: (item: Item) => number;
  readonly applied: (
    step: Step,
    user: Account | null,
    userId: string,
  ) => Pick<Account, 'id' | 'active' | 'attributes'>;
  /** The number of the run's next batch. */
  readonly nextBatch: () => number;
  /** Where a change goes on, when not at its first step: the step, and the user's id as it is known by now. */
  readonly startOf?: (change: Change) => { readonly step: number; readonly userId: string | null };
  /** What the feed gives as the first password of the user that a change creates; undefined where it gives none. */
  readonly initialPassword?: (change: Change) => string | undefined;
  /** Called with the number of changes that are over. */
  readonly onProgress: (changes: number) => void;
  /** The moment that the run speaks of, for what is remembered of accounts. */
  readonly asOf: string;
}

interface Waiter extends Cuttable {
  readonly change: Change;
  readonly index: number;
  readonly item: Item;
}

interface Batch {
  readonly number: number;
  readonly waiters: readonly Waiter[];
}

const intentsAheadMax = 256;

/**
 * Sends all planned changes.
 * @param changes pages of changes that have steps, in the order of the plan
 * @returns the failure that stopped the run before its end; null when everything was sent
 */
export async function dispatch(
  changes: AsyncIterable<readonly Change[]>,
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
  readonly #active = new Set<Promise<void>>();
  readonly #slots: ReturnType<typeof pLimit>;
  readonly #underwayMax: number;
  readonly #aheadMax: number;
  #underway = 0;
  #fatal: Failure | null = null;
  #broken: { readonly error: unknown } | null = null;

  constructor(tools: DispatchTools) {
    const { limits } = tools;
    this.#tools = tools;
    this.#waiting = new Waiting(limits);
    this.#slots = pLimit(limits.concurrency);
    this.#aheadMax = aheadOf(limits);
    this.#underwayMax = limits.batchSize * (limits.concurrency + this.#aheadMax) * 2;
  }

  async run(changes: AsyncIterable<readonly Change[]>): Promise<Failure | null> {
    try {
      for await (const page of changes) {
        for (const change of page) {
          const { step, userId } = this.#tools.startOf?.(change) ?? { step: 0, userId: change.userId };
          if (change.steps[step] === undefined) continue;
          this.#underway += 1;
          this.#enter(change, step, userId);
        }
        while (this.#underway >= this.#underwayMax && !this.#over()) await this.#turn(false);
        if (this.#over()) break;
      }
      while (!this.#over() && this.#underway > 0) await this.#turn(true);
    } finally {
      // Whatever went wrong here, the answers of what has been sent are still awaited and written down.
      await Promise.all(this.#active);
    }
    if (this.#broken !== null) throw this.#broken.error;
    await this.#withdraw();
    return this.#fatal;
  }

  /** Says of batches whose intents are durable, but which a stop kept from being sent, that they were not. */
  async #withdraw(): Promise<void> {
    const waiters = this.#intended.flatMap((batch) => batch.waiters);
    if (waiters.length === 0) return;
    const end: BatchEnd = { sent: waiters.map(() => null), fatal: null };
    await this.#tools.ledger.settle(await this.#settlement(waiters, end));
  }

  #over(): boolean {
    return this.#fatal !== null || this.#broken !== null || this.#tools.signal.aborted;
  }

  #enter(change: Change, index: number, userId: string | null): void {
    const step = change.steps[index];
    if (step === undefined) return;
    const attributes = { ...change.user?.attributes, ...change.after };
    const item: Item = { step, userId, attributes, ...this.#initialPassword(change, index) };
    const userKey = idOf(item, this.#tools.provider) ?? `change ${change.seq}`;
    this.#waiting.add({ change, index, step, item, userKey, bytes: this.#tools.bodyBytes(item) });
  }

  /** The step that creates a user is its change's first. */
  #initialPassword(change: Change, index: number): Pick<Item, 'initialPassword'> {
    if (change.operation !== 'create' || index > 0) return {};
    const initialPassword = this.#tools.initialPassword?.(change);
    return initialPassword === undefined ? {} : { initialPassword };
  }

  /** Fills the slots with what is ready, then waits until something has ended. */
  async #turn(inputEnded: boolean): Promise<void> {
    await this.#intend(inputEnded);
    while (this.#active.size < this.#tools.limits.concurrency) {
      const batch = this.#intended.shift();
      if (batch === undefined) break;
      this.#start(batch);
    }
    if (this.#active.size > 0) await Promise.race(this.#active);
  }

  /** Cuts batches ahead of the sends and makes their intents durable in one go. */
  async #intend(inputEnded: boolean): Promise<void> {
    if (this.#intended.length >= this.#tools.limits.concurrency) return;
    const batches: Batch[] = [];
    while (this.#intended.length + batches.length < this.#aheadMax) {
      const waiters = this.#waiting.takeFull();
      if (waiters === null) break;
      batches.push({ number: this.#tools.nextBatch(), waiters });
    }
    // Batches that are not full wait for company as long as a batch under way may still bring some.
    const idle = this.#active.size === 0 && this.#intended.length === 0 && batches.length === 0;
    if (idle) {
      for (let waiters = this.#waiting.takeAny(); waiters !== null; waiters = this.#waiting.takeAny()) {
        batches.push({ number: this.#tools.nextBatch(), waiters });
        if (!inputEnded || batches.length === this.#aheadMax) break;
      }
    }
    if (batches.length === 0) return;
    const at = new Date(this.#tools.clock.now()).toISOString();
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

  #start(batch: Batch): void {
    const sending = this.#slots(() => this.#send(batch))
      .catch((error: unknown) => {
        this.#broken ??= { error };
      })
      .finally(() => this.#active.delete(sending));
    this.#active.add(sending);
  }

  async #send({ waiters }: Batch): Promise<void> {
    const end = await sendBatch(
      waiters.map((waiter) => waiter.item),
      this.#tools,
    );
    if (end.fatal !== null) this.#fatal ??= end.fatal;
    await this.#tools.ledger.settle(await this.#settlement(waiters, end));
    let over = 0;
    for (const [position, waiter] of waiters.entries()) {
      if (!this.#goesOn(waiter, end.sent[position] ?? null)) over += 1;
    }
    this.#underway -= over;
    if (over > 0) this.#tools.onProgress(over);
  }

  /** Queues the next step of a change; false when the change is over. */
  #goesOn({ change, index, item }: Waiter, sent: Sent | null): boolean {
    if (sent?.outcome.result !== 'succeeded' || index + 1 >= change.steps.length) return false;
    this.#enter(change, index + 1, sent.outcome.userId ?? idOf(item, this.#tools.provider));
    return true;
  }

  /** What the ledger has to know after a batch: outcomes, steps that will not be sent, and the accounts as they are now. */
  async #settlement(waiters: readonly Waiter[], end: BatchEnd): Promise<Settlement> {
    const at = new Date(this.#tools.clock.now()).toISOString();
    const outcomes: StepOutcome[] = [];
    const succeeded: { waiter: Waiter; userId: string }[] = [];
    for (const [position, waiter] of waiters.entries()) {
      const sent = end.sent[position] ?? null;
      outcomes.push(...stepOutcomes(waiter, sent, end.fatal, at));
      const userId = sent?.outcome.userId ?? idOf(waiter.item, this.#tools.provider);
      if (sent?.outcome.result === 'succeeded' && userId !== null) succeeded.push({ waiter, userId });
    }
    const known = await this.#tools.ledger.accountsById(succeeded.map(({ userId }) => userId));
    const accounts: Account[] = [];
    const removed: string[] = [];
    for (const { waiter, userId } of succeeded) {
      const account = known.get(userId) ?? null;
      if (waiter.change.operation === 'remove' && waiter.index + 1 === waiter.change.steps.length)
        removed.push(userId);
      else accounts.push(afterStep(waiter.change, waiter.step, account, userId, this.#tools));
    }
    return { outcomes, accounts, removed };
  }
}

/** A second's worth of the rate, between one and the most that a crash may leave to be looked up. */
function aheadOf(limits: Limits): number {
  const perSecond = Math.min(...limits.rates.map(({ requests, perMs }) => (requests / perMs) * 1_000));
  return Math.max(
    1,
    Math.min(intentsAheadMax, Number.isFinite(perSecond) ? Math.ceil(perSecond) : intentsAheadMax),
  );
}

function stepOutcomes(
  waiter: Waiter,
  sent: Sent | null,
  fatal: Failure | null,
  at: string,
): readonly StepOutcome[] {
  const { change, index } = waiter;
  const outcome: Outcome = sent?.outcome ?? notSent('STOPPED', fatal?.message ?? null);
  const first: StepOutcome = { ...outcome, seq: change.seq, step: index, attempts: sent?.attempts ?? 0, at };
  if (sent === null || sent.outcome.result === 'succeeded') return [first];
  const rest = change.steps.slice(index + 1).map((_, offset) => ({
    ...notSent('PREDECESSOR_FAILED', null),
    seq: change.seq,
    step: index + 1 + offset,
    attempts: 0,
    at,
  }));
  return [first, ...rest];
}

function notSent(errorCode: 'STOPPED' | 'PREDECESSOR_FAILED', message: string | null): Outcome {
  return { result: 'notSent', errorCode, providerCode: null, message, userId: null };
}
