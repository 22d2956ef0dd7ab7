import type { Intent, StepOutcome, StepRef } from '../contracts/ledger.ts';
import type { Outcome, Result } from '../domain/change.ts';
import type { Attributes } from '../domain/user.ts';

// A step's entries, one after the other, tell its state; the last one counts:
//   (none) -> intended -> settled        the usual way
//   (none) -> settled                    never sent: a predecessor failed, the run stopped
//   settled -> intended -> settled       sent again: the earlier outcome says nothing about the new request
// A step is open while it is intended, and while the outcome that settled it is `unknown`.
//
// Most steps that are told of together end alike, so an entry holds many of them: those that were intended, or those
// with the same outcome. No entry reaches over the border of a slice of the plan. So whoever wants a page of changes
// reads what belongs to it and nothing else, however the steps were mixed when they were sent.

/** Changes in a slice of the plan. */
const sliceSize = 1_000;

export interface Entry {
  readonly slice: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Null for an intent. */
  readonly result: Result | null;
  /** JSON of an `IntentBody` or an `OutcomeBody`. */
  readonly body: string;
}

/** Seq and position of each step in turn. */
type Steps = number[];

type IntentBody = [batch: number, attempt: number, at: string, steps: Steps][];

interface OutcomeBody extends Omit<Outcome, 'userId' | 'result'> {
  readonly attempts: number;
  readonly at: string;
  readonly steps: Steps;
  /** One for each step; absent where the target gave none of them an id. */
  readonly userIds?: readonly (string | null)[];
  /** `StepOutcome.values` of each step; absent where none of them has any. */
  readonly values?: readonly (Attributes | null)[];
}

/** The outcomes of a slice's steps by seq and step; null for a step that is intended. */
export type StepStates = ReadonlyMap<number, ReadonlyMap<number, StepOutcome | null>>;

export function sliceOf(seq: number): number {
  return Math.floor((seq - 1) / sliceSize);
}

export function packIntents(intents: readonly Intent[]): readonly Entry[] {
  const slices = new Map<number, IntentSlice>();
  for (const intent of intents) {
    for (const ref of intent.steps) {
      const number = sliceOf(ref.seq);
      let slice = slices.get(number);
      if (slice === undefined) {
        slice = new IntentSlice(number);
        slices.set(number, slice);
      }
      slice.add(intent, ref);
    }
  }
  return [...slices.values()].map((slice) => slice.entry());
}

class Range {
  first = Number.POSITIVE_INFINITY;
  last = 0;

  add(seq: number): void {
    if (seq < this.first) this.first = seq;
    if (seq > this.last) this.last = seq;
  }
}

/** What is intended of one slice. */
class IntentSlice {
  readonly number: number;
  readonly #range = new Range();
  readonly #body: IntentBody = [];
  #last: Intent | null = null;
  #lastSteps: Steps = [];

  constructor(number: number) {
    this.number = number;
  }

  add(intent: Intent, { seq, step }: StepRef): void {
    this.#range.add(seq);
    if (intent !== this.#last) {
      this.#last = intent;
      this.#lastSteps = [];
      this.#body.push([intent.batch, intent.attempt, intent.at, this.#lastSteps]);
    }
    this.#lastSteps.push(seq, step);
  }

  entry(): Entry {
    const { first: firstSeq, last: lastSeq } = this.#range;
    return { slice: this.number, firstSeq, lastSeq, result: null, body: JSON.stringify(this.#body) };
  }
}

/** Steps of one slice with the same outcome. */
class Alike {
  readonly slice: number;
  readonly range = new Range();
  readonly #common: StepOutcome;
  readonly #steps: Steps = [];
  readonly #userIds: (string | null)[] = [];
  #hasUserIds = false;
  readonly #values: (Attributes | null)[] = [];
  #hasValues = false;

  constructor(outcome: StepOutcome) {
    this.slice = sliceOf(outcome.seq);
    this.#common = outcome;
  }

  takes(outcome: StepOutcome): boolean {
    const common = this.#common;
    return (
      sliceOf(outcome.seq) === this.slice &&
      outcome.result === common.result &&
      outcome.errorCode === common.errorCode &&
      outcome.providerCode === common.providerCode &&
      outcome.message === common.message &&
      outcome.attempts === common.attempts &&
      outcome.at === common.at
    );
  }

  add({ seq, step, userId, values }: StepOutcome): void {
    this.range.add(seq);
    this.#steps.push(seq, step);
    this.#userIds.push(userId);
    this.#hasUserIds ||= userId !== null;
    this.#values.push(values ?? null);
    this.#hasValues ||= values !== undefined;
  }

  entry(): Entry {
    const { result, errorCode, providerCode, message, attempts, at } = this.#common;
    const userIds = this.#hasUserIds ? { userIds: this.#userIds } : {};
    const values = this.#hasValues ? { values: this.#values } : {};
    const body: OutcomeBody = {
      errorCode,
      providerCode,
      message,
      attempts,
      at,
      steps: this.#steps,
      ...userIds,
      ...values,
    };
    return {
      slice: this.slice,
      firstSeq: this.range.first,
      lastSeq: this.range.last,
      result,
      body: JSON.stringify(body),
    };
  }
}

/** A step stands in one of the outcomes only. */
export function packOutcomes(outcomes: readonly StepOutcome[]): readonly Entry[] {
  const groups = new Map<string, Alike>();
  let last: Alike | null = null;
  for (const outcome of outcomes) {
    if (last === null || !last.takes(outcome)) {
      const name = nameOf(outcome);
      last = groups.get(name) ?? new Alike(outcome);
      groups.set(name, last);
    }
    last.add(outcome);
  }
  return [...groups.values()].map((group) => group.entry());
}

function nameOf({ seq, result, errorCode, providerCode, message, attempts, at }: StepOutcome): string {
  return JSON.stringify([sliceOf(seq), result, errorCode, providerCode, message, attempts, at]);
}

/** What entries, in the order in which they were made, say of their steps. */
export function statesOf(entries: Iterable<Pick<Entry, 'result' | 'body'>>): StepStates {
  const states = new Map<number, Map<number, StepOutcome | null>>();
  const set = ({ seq, step }: StepRef, state: StepOutcome | null): void => {
    const steps = states.get(seq);
    if (steps === undefined) states.set(seq, new Map([[step, state]]));
    else steps.set(step, state);
  };
  for (const { result, body } of entries) {
    if (result === null) {
      for (const [, , , steps] of JSON.parse(body) as IntentBody) {
        for (const ref of refsOf(steps)) set(ref, null);
      }
      continue;
    }
    const { steps, userIds, values, ...common } = JSON.parse(body) as OutcomeBody;
    let position = 0;
    for (const ref of refsOf(steps)) {
      const written = values?.[position] ?? null;
      const outcome = { result, ...common, userId: userIds?.[position] ?? null, ...ref };
      set(ref, written === null ? outcome : { ...outcome, values: written });
      position += 1;
    }
  }
  return states;
}

/** What was intended and when, the earliest first. */
export function* intentsOf(
  entries: Iterable<Pick<Entry, 'result' | 'body'>>,
): Generator<{ readonly ref: StepRef; readonly at: string }> {
  for (const { result, body } of entries) {
    if (result !== null) continue;
    for (const [, , at, steps] of JSON.parse(body) as IntentBody) {
      for (const ref of refsOf(steps)) yield { ref, at };
    }
  }
}

/** When an entry was made. */
export function madeAt({ result, body }: Pick<Entry, 'result' | 'body'>): string | null {
  if (result !== null) return (JSON.parse(body) as OutcomeBody).at;
  const [, , at] = (JSON.parse(body) as IntentBody).at(-1) ?? [];
  return at ?? null;
}

function* refsOf(steps: Steps): Generator<StepRef> {
  for (let index = 0; index < steps.length; index += 2) {
    yield { seq: steps[index] ?? 0, step: steps[index + 1] ?? 0 };
  }
}

/** A change's outcomes in the order of its steps. */
export function outcomesOf(states: StepStates, seq: number): readonly StepOutcome[] {
  return [...(states.get(seq)?.values() ?? [])]
    .filter((outcome) => outcome !== null)
    .sort((one, other) => one.step - other.step);
}
