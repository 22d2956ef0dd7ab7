import type { ChangeResult, StepOutcome } from '../contracts/ledger.ts';
import type { Change, Result, Sendable, Step } from '../domain/change.ts';
import type { Attributes } from '../domain/user.ts';
import type { OpenRun } from './open-run.ts';

/*
 * The steps of a plan are sent in passes. The first takes all that waits for nothing. A later one begins when the one
 * before it has ended, and takes the steps of its wave whose change came so far without trouble. The last one takes the
 * steps that name people without a user.
 */

const referencePass = Number.POSITIVE_INFINITY;

/** What a plan's steps wait for. */
export interface Awaited {
  /** The passes after the first, in their order. */
  readonly passes: readonly number[];
  /** Lasting ids of people whom steps name: managers who are being created, so far fewer than people. */
  readonly people: ReadonlySet<string>;
  /** Positions of changes that free what others need: there is a bound on those who wait. */
  readonly changes: ReadonlySet<number>;
}

export async function awaitedBy(open: OpenRun): Promise<Awaited> {
  const passes = new Set<number>();
  const people = new Set<string>();
  const changes = new Set<number>();
  for await (const page of open.ledger.changes(open.run.id)) {
    for (const { steps } of page) {
      for (const step of steps) {
        passes.add(passOf(step));
        for (const id of Object.values(step.references ?? {})) people.add(id);
        for (const seq of step.after ?? []) changes.add(seq);
      }
    }
  }
  passes.delete(0);
  return { passes: [...passes].sort((one, other) => one - other), people, changes };
}

/** The changes up to their first step that waits. */
export async function* firstPass(open: OpenRun, atOnce: number): AsyncGenerator<readonly Sendable[]> {
  for await (const page of open.ledger.sendable(open.run.id, atOnce)) {
    yield page
      .filter(({ disposition }) => disposition === 'planned')
      .map((change) => upTo(change, partOf(change, 0).to))
      .filter(({ steps }) => steps.length > 0);
  }
}

function upTo<T extends Pick<Change, 'steps'>>(change: T, end: number): T {
  return end === change.steps.length ? change : { ...change, steps: change.steps.slice(0, end) };
}

/** The steps of a change that one pass sends: from one position up to another. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * Null when nothing of the change is to be sent in this pass, or when something went wrong with it before. A step that
 * was not sent before the run stopped says nothing: the part of a run that goes on begins with it.
 * @param mayRepeat whether a step of which nobody knows whether it took effect may be sent again
 */
export function readyPart(
  { change, outcomes }: ChangeResult,
  pass: number,
  mayRepeat: (step: Step) => boolean,
): Part | null {
  const { from, to } = partOf(change, pass);
  const told = outcomes.filter(({ result, step: position }) => {
    const step = change.steps[position];
    return result !== 'notSent' && !(result === 'unknown' && step !== undefined && mayRepeat(step));
  });
  if (change.disposition !== 'planned' || told.some(({ result }) => result !== 'succeeded')) return null;
  const done = told.length;
  return done >= from && done < to ? { from: done, to } : null;
}

/**
 * The change as the pass sent it that a step belongs to: up to the last step of that pass.
 * @param values what the step wrote, where the plan did not know it
 */
export function asSent<C extends Pick<Change, 'steps'>>(
  change: C,
  index: number,
  values: Attributes | undefined,
): C {
  const step = change.steps[index];
  if (step === undefined) return change;
  const sent = upTo(change, partOf(change, passOf(step)).to);
  return values === undefined ? sent : { ...sent, steps: sent.steps.with(index, { ...step, values }) };
}

function partOf({ steps }: Pick<Change, 'steps'>, pass: number): Part {
  const end = (isBeyond: (step: Step) => boolean): number => {
    const first = steps.findIndex(isBeyond);
    return first === -1 ? steps.length : first;
  };
  return { from: end((step) => passOf(step) >= pass), to: end((step) => passOf(step) > pass) };
}

function passOf({ wave = 0, references }: Step): number {
  return references === undefined ? wave : referencePass;
}

/** Which of the awaited changes have not come so far without trouble. */
export class Troubles {
  readonly #awaited: ReadonlySet<number>;
  readonly #results = new Map<number, Result>();

  constructor(awaited: ReadonlySet<number>) {
    this.#awaited = awaited;
  }

  note(outcomes: readonly StepOutcome[]): void {
    for (const { seq, result } of outcomes) {
      if (result !== 'succeeded' && this.#awaited.has(seq)) this.#results.set(seq, result);
    }
  }

  /** What became of the first of these changes that did not free what it should; null when all did. */
  of(seqs: readonly number[]): { readonly seq: number; readonly result: Result } | null {
    for (const seq of seqs) {
      const result = this.#results.get(seq);
      if (result !== undefined) return { seq, result };
    }
    return null;
  }
}

/** Outcomes of steps that are not sent, since another change did not free what they need. */
export function waitsInVain(
  { change, from, at }: { readonly change: Change; readonly from: number; readonly at: string },
  trouble: { readonly seq: number; readonly result: Result },
): readonly StepOutcome[] {
  // What was refused once is refused again: a person has to look. All else may be settled by the next run.
  const isFinal = trouble.result === 'failed' || trouble.result === 'conflict';
  const isAside = change.steps.slice(0, from).some(({ temporary }) => temporary === true);
  const message =
    `Change ${trouble.seq} of the plan was to free a value that this one needs, and did not succeed.` +
    (isAside ? ' The user has a temporary value until it does.' : '');
  return change.steps.slice(from).map((_, offset) => ({
    seq: change.seq,
    step: from + offset,
    result: isFinal ? 'conflict' : 'notSent',
    errorCode: 'WAITS_FOR',
    providerCode: null,
    message,
    userId: null,
    attempts: 0,
    at,
  }));
}
