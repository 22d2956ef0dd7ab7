import type { Connection, Item, Pending, Provider } from '../contracts/provider.ts';
import type { Outcome } from '../domain/change.ts';
import type { ErrorCode } from '../domain/error-code.ts';
import { TargetFailure } from '../domain/failure.ts';
import { succeeded } from '../domain/outcome.ts';
import type { Clock } from '../domain/settings.ts';
import type { User } from '../domain/user.ts';

/*
 * One batch until every item of it has an outcome. An item is
 *
 *   pending ──sent──> settled                   the answer speaks of it
 *           ──sent──> doubtful ─look-up─> settled     it took effect, or nobody can tell (unknown)
 *                              ─look-up─> pending     it certainly did not
 *           ──refused with others──> two halves, each a batch of its own
 *
 * An item is tried in vain at most `attemptsMax` times, in whichever half it stands: being refused with others is no
 * try of its own. Halving ends with the run after five levels without one success, for then it is not the items that
 * are bad. Only a refusal is ever cut, never a time-out or what stops the run. Only what is certainly not taken is sent again: an item
 * whose look-up cannot tell stays unknown, unless the provider declares its step create-only, or the target remembers its
 * key: then it is sent again with that key until the lifetime of the key is over, counted from the first attempt.
 */

export interface SendTools {
  readonly provider: Pick<Provider, 'verdict' | 'createOnly' | 'keyLifetimeMs' | 'idOf'>;
  readonly connection: Pick<Connection, 'write' | 'lookUp'>;
  readonly clock: Clock;
  /** Milliseconds to wait before the attempt after the given one, from 1. */
  readonly backoffMs: (attempt: number) => number;
  readonly signal: AbortSignal;
  /** Whether an account that already exists may be taken for the item's person: when people match by login, say. */
  readonly mayLink: (item: Item) => boolean;
}

export interface Sent {
  readonly outcome: Outcome;
  readonly attempts: number;
}

export interface BatchEnd {
  /** One for each item, in order; null for an item that was never taken and is not to be sent any more. */
  readonly sent: readonly (Sent | null)[];
  /** Set when the run must stop: wrong credentials, wrong address, a target that stays away. */
  readonly fatal: TargetFailure | null;
}

type Verdict = ReturnType<Provider['verdict']>;

export const attemptsMax = 6;
/** How long a target may work on a write that it took, in milliseconds. */
const pendingMaxMs = 10 * 60_000;
/** Cutting a refused batch in halves ends after so many levels without one success. */
const fruitlessCutsMax = 5;

interface Entry {
  readonly item: Item;
  readonly index: number;
  /** How often it was sent. */
  attempts: number;
  /** How often that came to nothing, refusals not counted. */
  tries: number;
  /** When it was sent first. */
  firstMs: number | null;
  /** Set while it is sent again only because the target remembers its key. */
  leaveBefore: number | null;
}

/** A whole request that was refused. */
interface Refusal {
  readonly entries: readonly Entry[];
  readonly failure: TargetFailure;
}

/** Sends a batch; never throws for what a target may do. */
export async function sendBatch(items: readonly Item[], tools: SendTools): Promise<BatchEnd> {
  const sending = new Sending(items, tools);
  await sending.sendAll(items.map(entryOf));
  return { sent: sending.sent, fatal: sending.fatal };
}

class Sending {
  readonly sent: (Sent | null)[];
  fatal: TargetFailure | null = null;
  /** Doubts about items that are to be sent again although nobody could tell: create-only steps, remembered keys. */
  readonly #doubts = new Map<Entry, Outcome>();
  readonly #tools: SendTools;
  #successes = 0;

  constructor(items: readonly Item[], tools: SendTools) {
    this.sent = items.map(() => null);
    this.#tools = tools;
  }

  /** Level by level: whatever was refused as a whole is cut in halves, and both are tried before either is cut again. */
  async sendAll(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.leaveBefore !== null) this.#doubts.set(entry, unanswered('UNANSWERED', null));
    }
    let groups: readonly (readonly Entry[])[] = [entries];
    let lastFruit = 0;
    for (let level = 0; groups.length > 0; level += 1) {
      const successes = this.#successes;
      const refusals = await this.#sendLevel(groups);
      if (this.#successes > successes) lastFruit = level;
      const [first] = refusals;
      if (first !== undefined && level - lastFruit >= fruitlessCutsMax) {
        this.fatal ??= nothingTaken(entries.length, first.failure);
        break;
      }
      groups = refusals.flatMap(({ entries: together }) => (together.length > 1 ? halves(together) : []));
    }
    for (const [entry, doubt] of this.#doubts) {
      this.sent[entry.index] ??= { outcome: doubt, attempts: entry.attempts };
    }
  }

  /** Sends group by group; gives those that were refused. What was refused alone has failed. */
  async #sendLevel(groups: readonly (readonly Entry[])[]): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = [];
    for (const group of groups) {
      const refusal = await this.#send(group);
      if (refusal === null) continue;
      refusals.push(refusal);
      const [entry] = refusal.entries;
      if (refusal.entries.length === 1 && entry !== undefined) this.#settle(entry, refused(refusal.failure));
    }
    return refusals;
  }

  /** Sends until every entry is settled, or the run has to stop; gives those that were refused all at once. */
  async #send(entries: readonly Entry[]): Promise<Refusal | null> {
    let pending = entries;
    while (pending.length > 0 && this.fatal === null) {
      if (this.#tools.signal.aborted) return null;
      const nowMs = this.#tools.clock.now();
      for (const entry of pending) {
        entry.attempts += 1;
        entry.firstMs ??= nowMs;
      }
      try {
        const answers = await this.#tools.connection.write(pending.map(itemOf));
        // Waiting for each of hundreds that are final would cost more than sending them.
        const outcomes = areFinal(answers) ? answers : await this.#finals(answers);
        pending = await this.#take(pending, outcomes);
      } catch (failure) {
        if (!(failure instanceof TargetFailure)) throw failure;
        if (failure.trouble === 'refused') return { entries: pending, failure };
        pending = await this.#afterTrouble(pending, failure);
      }
    }
    return null;
  }

  #finals(answers: readonly (Outcome | Pending)[]): Promise<readonly Outcome[]> {
    return Promise.all(answers.map((answer) => this.#final(answer)));
  }

  /** Asks after what the target still works on; what takes too long, or can't be asked after, is in doubt. */
  async #final(answer: Outcome | Pending): Promise<Outcome> {
    let current = answer;
    const { clock, signal } = this.#tools;
    const deadline = clock.now() + pendingMaxMs;
    while (current.result === 'pending') {
      if (clock.now() >= deadline) return unanswered('UNANSWERED', null);
      await clock.sleep(current.checkAfterMs, signal).catch(() => undefined);
      try {
        current = await current.check();
      } catch (failure) {
        if (!(failure instanceof TargetFailure)) throw failure;
        return unanswered(codeOf(failure), failure);
      }
      if (signal.aborted && current.result === 'pending') return unanswered('UNANSWERED', null);
    }
    return current;
  }

  /** Takes the outcomes of an answer; gives what has to be sent again. */
  async #take(entries: readonly Entry[], outcomes: readonly Outcome[]): Promise<readonly Entry[]> {
    if (outcomes.length !== entries.length) {
      throw new Error(`The provider gave ${outcomes.length} outcomes for ${entries.length} items.`);
    }
    const doubts = new Map<Entry, Outcome>();
    let position = 0;
    for (const entry of entries) {
      const outcome = outcomes[position];
      position += 1;
      if (outcome?.result === 'unknown') doubts.set(entry, outcome);
      else if (outcome?.errorCode === 'ALREADY_EXISTS')
        this.#settle(entry, await this.#linked(entry, outcome));
      else if (outcome !== undefined) this.#settle(entry, outcome);
    }
    if (doubts.size === 0) return [];
    const doubtOf = (entry: Entry): Outcome => doubts.get(entry) ?? unanswered('UNANSWERED', null);
    return this.#resolve([...doubts.keys()], doubtOf);
  }

  async #afterTrouble(entries: readonly Entry[], failure: TargetFailure): Promise<readonly Entry[]> {
    switch (failure.trouble) {
      case 'unauthorised':
      case 'misconfigured':
        this.fatal = failure;
        return entries;
      case 'unsent':
        // Whoever sent it has repeated it for as long as that may be done; unless the run is stopping.
        if (!this.#tools.signal.aborted) this.fatal = failure;
        return entries;
      case 'throttled':
        return this.#afterThrottling(entries, failure);
      default:
        // Sent, and no answer that could be believed: only a look-up can tell.
        return this.#resolve(entries, () => unanswered(codeOf(failure), failure));
    }
  }

  /**
   * Requests that are answered by 429 are repeated below, in src/http. Left over for this place is an answer of 200 whose
   * items say 429 one by one, as in SCIM's bulk (RFC 7644, section 3.7.3): nobody but the provider can see that.
   */
  async #afterThrottling(entries: readonly Entry[], failure: TargetFailure): Promise<readonly Entry[]> {
    if (this.#tools.signal.aborted) return entries;
    const tries = countTry(entries);
    if (failure.givenUp || tries >= attemptsMax) this.fatal = failure;
    else await this.#wait(tries);
    return entries;
  }

  /** Looks up what is in doubt; gives what may be sent again. */
  async #resolve(entries: readonly Entry[], doubtOf: (entry: Entry) => Outcome): Promise<readonly Entry[]> {
    await this.#wait(countTry(entries));
    const found = await this.#lookUp(entries);
    return entries.filter((entry, position) => {
      const doubt = doubtOf(entry);
      const user = found?.[position];
      const verdict = found === null ? 'cannotTell' : this.#tools.provider.verdict(entry.item.step, user);
      const isLast = entry.tries >= attemptsMax;
      const settled = settledBy(verdict, doubt, isLast);
      if (settled !== null) {
        this.#settle(entry, { ...settled, userId: user?.id ?? settled.userId });
        return false;
      }
      entry.leaveBefore = null;
      if (verdict === 'notApplied') return true;
      if (found !== null && !isLast && this.#mayRepeat(entry)) {
        this.#doubts.set(entry, doubt);
        return true;
      }
      this.#settle(entry, doubt);
      return false;
    });
  }

  /** Whether sending again what nobody could look up does no harm. */
  #mayRepeat(entry: Entry): boolean {
    const { provider, clock } = this.#tools;
    const { item, firstMs } = entry;
    if (provider.createOnly(item.step)) return true;
    const until = item.leaveBefore ?? (firstMs ?? clock.now()) + (provider.keyLifetimeMs?.(item.step) ?? 0);
    if (clock.now() >= until) return false;
    entry.leaveBefore = until;
    return true;
  }

  async #lookUp(entries: readonly Entry[]): Promise<readonly (User | undefined)[] | null> {
    try {
      return await this.#tools.connection.lookUp(entries.map(({ item }) => item));
    } catch (failure) {
      if (!(failure instanceof TargetFailure)) throw failure;
      // What cannot be looked up stays unknown; a target that stays away must not be asked on and on.
      this.fatal = failure;
      return null;
    }
  }

  #settle(entry: Entry, outcome: Outcome): void {
    if (outcome.result === 'succeeded') this.#successes += 1;
    this.#doubts.delete(entry);
    this.sent[entry.index] = { outcome, attempts: entry.attempts };
  }

  /** Takes an account that is there already for the one that should have been created, where that is safe. */
  async #linked(entry: Entry, outcome: Outcome): Promise<Outcome> {
    // A target that remembers the key would have given its first answer: the doubt stays.
    if (entry.leaveBefore !== null) return this.#doubts.get(entry) ?? outcome;
    // A create-only step is sent again without knowing: what then exists counts as made by the attempt in doubt.
    const isTaken = this.#doubts.has(entry) || this.#tools.mayLink(entry.item);
    // Only a create can find an account to link; a rename that meets one has met somebody else.
    if (entry.item.userId !== null || !isTaken) return outcome;
    const known = outcome.userId ?? idOf(entry.item, this.#tools.provider);
    const userId = known ?? (await this.#lookUp([entry]))?.[0]?.id ?? null;
    // Without its id there is nothing to link.
    return userId === null
      ? outcome
      : { ...outcome, result: 'succeeded', errorCode: 'LINKED_EXISTING', userId };
  }

  async #wait(tries: number): Promise<void> {
    await this.#tools.clock.sleep(this.#tools.backoffMs(tries), this.#tools.signal).catch(() => undefined);
  }
}

/** What a look-up makes of a doubt; null when it leaves the item to be sent again, or in doubt. */
function settledBy(verdict: Verdict, doubt: Outcome, last: boolean): Outcome | null {
  if (verdict === 'applied') return succeeded();
  if (verdict === 'cannotTell') return null;
  // The target refused this very item and the values are not there: it would refuse it again.
  if (doubt.providerCode !== null && doubt.errorCode === 'ALREADY_SO') {
    return { ...doubt, result: 'failed', errorCode: 'REFUSED' };
  }
  return last ? { ...doubt, result: 'failed', errorCode: 'NOT_APPLIED' } : null;
}

/** Notes a try in vain; gives the number of tries of the entry that had most. */
function countTry(entries: readonly Entry[]): number {
  let most = 0;
  for (const entry of entries) {
    entry.tries += 1;
    most = Math.max(most, entry.tries);
  }
  return most;
}

function nothingTaken(count: number, refusal: TargetFailure): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `The target refused a batch of ${count} as a whole, and every part of it that was tried: ${refusal.message}`,
    hint: 'So many bad records at once are rather a setting that the target does not take: check the job and the rights of its account.',
    providerCode: refusal.providerCode,
    cause: refusal,
  });
}

function areFinal(answers: readonly (Outcome | Pending)[]): answers is readonly Outcome[] {
  return answers.every(({ result }) => result !== 'pending');
}

/** One that an earlier sitting of the run has sent comes with the end of its key's lifetime. */
function entryOf(item: Item, index: number): Entry {
  return { item, index, attempts: 0, tries: 0, firstMs: null, leaveBefore: item.leaveBefore ?? null };
}

function itemOf({ item, leaveBefore }: Entry): Item {
  if (leaveBefore === (item.leaveBefore ?? null)) return item;
  const { leaveBefore: _, ...plain } = item;
  return leaveBefore === null ? plain : { ...item, leaveBefore };
}

function halves(group: readonly Entry[]): readonly (readonly Entry[])[] {
  const middle = Math.ceil(group.length / 2);
  return [group.slice(0, middle), group.slice(middle)];
}

/** The user an item is about, as far as it can be told before the target has given an id. */
export function idOf(item: Item, provider: Pick<Provider, 'idOf'>): string | null {
  return item.userId ?? provider.idOf(item.attributes);
}

function unanswered(errorCode: ErrorCode, failure: TargetFailure | null): Outcome {
  return {
    result: 'unknown',
    errorCode,
    providerCode: failure?.providerCode ?? null,
    message: failure?.message ?? null,
    userId: null,
  };
}

function refused(failure: TargetFailure): Outcome {
  return {
    result: 'failed',
    errorCode: 'REQUEST_REFUSED',
    providerCode: failure.providerCode,
    message: failure.message,
    userId: null,
  };
}

function codeOf(failure: TargetFailure): ErrorCode {
  if (failure.trouble === 'unreadable') return 'UNREADABLE_ANSWER';
  return failure.trouble === 'unavailable' ? 'UNAVAILABLE' : 'UNANSWERED';
}
