import type { Item, Pending, Sought } from '../../src/contracts/provider.ts';
import type { Outcome } from '../../src/domain/change.ts';
import { TargetFailure, type TargetTrouble } from '../../src/domain/failure.ts';
import type { User } from '../../src/domain/user.ts';
import type { BatchEnd, SendTools } from '../../src/dispatch/send-batch.ts';
import { type VirtualClock, virtualClock } from '../http/virtual-clock.ts';

// A target that does what a test's script says. It stands for every vendor: only core is under test.

export const success: Outcome = {
  result: 'succeeded',
  errorCode: null,
  providerCode: null,
  message: null,
  userId: null,
};

export function buildOutcome(difference: Partial<Outcome>): Outcome {
  return { ...success, ...difference };
}

export const refusal = buildOutcome({ result: 'failed', errorCode: 'REFUSED', providerCode: 'V-1' });
export const doubt = buildOutcome({ result: 'unknown', errorCode: 'UNREADABLE_ANSWER' });
export const exists = buildOutcome({ result: 'conflict', errorCode: 'ALREADY_EXISTS', providerCode: 'V-2' });

export function trouble(kind: TargetTrouble): TargetFailure {
  return new TargetFailure({ trouble: kind, message: `The target is ${kind}.` });
}

export function buildItem(n: number, action = 'update'): Item {
  const userId = action === 'add' ? null : `u${n}`;
  return {
    step: { action, subject: '', values: {} },
    userId,
    key: `key ${n}`,
    attributes: { userName: `p${n}` },
  };
}

export function buildItems(count: number, action = 'update'): readonly Item[] {
  return Array.from({ length: count }, (_, index) => buildItem(index + 1, action));
}

/** Answers one request: outcomes, or a failure that is thrown. */
export type Answer = readonly (Outcome | Pending)[] | TargetFailure;
export type Script = (items: readonly Item[], call: number) => Answer;

export interface FakeTarget {
  readonly tools: SendTools;
  readonly clock: VirtualClock;
  /** The ids in each write, call by call, and when it came in milliseconds since the start. */
  readonly writes: { readonly ids: readonly string[]; readonly atMs: number }[];
  /** The ids in each look-up. */
  readonly lookUps: (readonly string[])[];
}

export interface FakeSettings {
  /** Every item succeeds when absent. */
  readonly write?: Script;
  /** What a look-up finds; nobody when absent. */
  readonly find?: (item: Item) => User | undefined;
  /** Thrown by every look-up instead. */
  readonly lookUpFailure?: TargetFailure;
  readonly verdict?: 'applied' | 'notApplied' | 'cannotTell';
  /** For how long the target remembers keys; not at all when absent. */
  readonly keyLifetimeMs?: number;
  readonly tools?: Partial<SendTools>;
}

/** Waits of one second between attempts; `add` is create-only; a look-up says what `verdict` says. */
export function fakeTarget(settings: FakeSettings = {}): FakeTarget {
  const clock = virtualClock();
  const startMs = clock.now();
  const writes: FakeTarget['writes'] = [];
  const lookUps: FakeTarget['lookUps'] = [];
  const { write = (items) => items.map(() => success), find = () => undefined } = settings;
  const tools: SendTools = {
    provider: {
      verdict: () => settings.verdict ?? 'cannotTell',
      createOnly: (step) => step.action === 'add',
      keyLifetimeMs: () => settings.keyLifetimeMs ?? 0,
      idOf: (attributes) => (typeof attributes.userName === 'string' ? `id of ${attributes.userName}` : null),
    },
    connection: {
      write: async (items) => {
        writes.push({ ids: items.map(nameOf), atMs: clock.now() - startMs });
        const answer = write(items, writes.length);
        if (answer instanceof TargetFailure) throw answer;
        return answer;
      },
      lookUp: async (sought) => {
        lookUps.push(sought.map(nameOf));
        if (settings.lookUpFailure !== undefined) throw settings.lookUpFailure;
        return sought.map((one) => find(one as Item));
      },
    },
    clock,
    backoffMs: () => 1_000,
    signal: new AbortController().signal,
    mayLink: () => false,
    ...settings.tools,
  };
  return { tools, clock, writes, lookUps };
}

/** Answers from a list, one after the other; the last one again and again. */
export function inTurn(...answers: readonly (Answer | 'success')[]): Script {
  return (items, call) => {
    const answer = answers[Math.min(call, answers.length) - 1] ?? 'success';
    return answer === 'success' ? items.map(() => success) : answer;
  };
}

/** The results of a batch, in order; null for an item that was never taken. */
export function resultsOf(end: BatchEnd): readonly (string | null)[] {
  return end.sent.map((sent) => sent?.outcome.result ?? null);
}

function nameOf(one: Sought): string {
  return one.userId ?? `new ${one.attributes.userName}`;
}
