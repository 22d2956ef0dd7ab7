import type { Intent, StepOutcome } from '../../src/contracts/ledger.ts';
import type { Item } from '../../src/contracts/provider.ts';
import { dispatch, type DispatchTools } from '../../src/dispatch/dispatch.ts';
import type { Change, Outcome } from '../../src/domain/change.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { Limits } from '../../src/domain/settings.ts';
import { buildChange, buildStep, pagesOf } from '../report/build.ts';
import { type FakeSettings, fakeTarget, success } from './fake-target.ts';

// A ledger in memory and a target that does what a test's script says, with dispatch between them.

export const limits: Limits = {
  rates: [],
  concurrency: 2,
  batchSize: 3,
  batchBytes: 1_000_000,
  requestTimeoutMs: 1_000,
};

export interface World {
  readonly tools: DispatchTools;
  /** What happened, in order: `intend 1:0`, `send 1:0`, `settle 1:0 succeeded` (`seq:step`). */
  readonly log: string[];
  readonly outcomes: Map<string, StepOutcome>;
  readonly intents: Intent[];
  readonly progress: number[];
  run(changes: readonly Change[] | AsyncIterable<readonly Change[]>): Promise<Failure | null>;
}

export interface WorldSettings extends FakeSettings {
  readonly limits?: Partial<Limits>;
  readonly answer?: (step: string, userId: string | null) => Outcome;
  readonly onIntents?: (intents: readonly Intent[]) => void;
  readonly onOutcomes?: (outcomes: readonly StepOutcome[]) => void;
}

/** A ledger that is slow to sync, and a target that is slow to answer, so that a missing await would show. */
export async function slow(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

export function world(settings: WorldSettings = {}): World {
  const log: string[] = [];
  const outcomes = new Map<string, StepOutcome>();
  const intents: Intent[] = [];
  const progress: number[] = [];
  let batches = 0;
  const { answer = () => success } = settings;
  const target = fakeTarget({
    write: (items) => items.map((item) => answer(item.step.subject, item.userId)),
    ...settings,
  });
  const tools: DispatchTools = {
    ...target.tools,
    connection: {
      ...target.tools.connection,
      write: async (items: readonly Item[]) => {
        for (const { step } of items) log.push(`send ${step.subject}`);
        await slow();
        return target.tools.connection.write(items);
      },
    },
    ledger: {
      recordIntents: async (made) => {
        await slow();
        settings.onIntents?.(made);
        intents.push(...made);
        for (const { steps } of made) for (const { seq, step } of steps) log.push(`intend ${seq}:${step}`);
      },
      recordOutcomes: async (made) => {
        await slow();
        settings.onOutcomes?.(made);
        for (const outcome of made) {
          log.push(`settle ${outcome.seq}:${outcome.step} ${outcome.result}`);
          outcomes.set(`${outcome.seq}:${outcome.step}`, outcome);
        }
      },
    },
    limits: { ...limits, ...settings.limits },
    bodyBytes: () => 100,
    keyOf: ({ seq }, step) => `key of ${seq}:${step}`,
    onProgress: (changes) => progress.push(changes),
    nextBatch: () => ++batches,
  };
  const run: World['run'] = (changes) => {
    const pages = Array.isArray(changes) ? pagesOf(changes as readonly Change[], 4) : changes;
    return target.clock.runUntil(dispatch(pages as AsyncIterable<readonly Change[]>, tools));
  };
  return { tools, log, outcomes, intents, progress, run };
}

/** Changes whose steps carry their own name, `seq:step`, as subject, unless they shall share requests. */
export function buildChanges(count: number, steps = 1, difference: Partial<Change> = {}): readonly Change[] {
  return Array.from({ length: count }, (_, index) => {
    const seq = index + 1;
    return buildChange({
      seq,
      userId: `u${seq}`,
      linkKey: `e${seq}`,
      key: `E${seq}`,
      after: { userName: `p${seq}` },
      steps: Array.from({ length: steps }, (_unused, step) => buildStep({ subject: `${seq}:${step}` })),
      ...difference,
    });
  });
}

/** The same, with steps that may share requests. */
export function sharing(count: number): readonly Change[] {
  return buildChanges(count).map((change) => ({ ...change, steps: [buildStep()] }));
}

export function resultsOf({ outcomes }: World): Record<string, string> {
  return Object.fromEntries([...outcomes].map(([name, { result }]) => [name, result]));
}
