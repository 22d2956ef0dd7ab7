import { describe, expect, it } from 'vitest';
import { dispatch, type DispatchTools } from '../../src/dispatch/dispatch.ts';
import { pagesOf } from '../report/build.ts';
import { refusal, success } from './fake-target.ts';
import { buildChanges, slow, world } from './world.ts';

const changes = 600;

interface Sends {
  readonly total: number;
  /** Steps that left before the ledger had synced their intent. */
  readonly early: readonly string[];
}

/** Sends a plan of three steps a change through a ledger whose syncs take their time, some longer than others. */
async function sendsOf(
  limits: { readonly concurrency: number; readonly batchSize: number },
  plant: (tools: DispatchTools) => DispatchTools = (tools) => tools,
): Promise<Sends> {
  const synced = new Set<string>();
  const early: string[] = [];
  let total = 0;
  let calls = 0;
  const made = world({ limits, answer: (step) => (step.endsWith('7:1') ? refusal : success) });
  const { connection, ledger } = made.tools;
  const tools = plant({
    ...made.tools,
    connection: {
      ...connection,
      write: async (items) => {
        total += items.length;
        early.push(...items.map(({ step }) => step.subject).filter((step) => !synced.has(step)));
        calls += 1;
        await slow(1 + (calls % 7) * 5);
        return connection.write(items);
      },
    },
    ledger: {
      ...ledger,
      recordIntents: async (intents) => {
        await slow(20 + (intents.length % 5) * 30);
        await ledger.recordIntents(intents);
        for (const { steps } of intents) for (const { seq, step } of steps) synced.add(`${seq}:${step}`);
      },
    },
  });
  expect(await dispatch(pagesOf(buildChanges(changes, 3), 100), tools)).toBeNull();
  return { total, early };
}

interface FollowUps {
  readonly total: number;
  /** Steps whose intent came before the outcome of the step before was durable. */
  readonly early: readonly string[];
  /** How often more changes were said to be over than have all outcomes durable. */
  readonly counted: number;
}

/** Sends a plan of three steps a change through a ledger that takes longer for outcomes than for intents. */
async function followUpsOf(
  limits: { readonly concurrency: number; readonly batchSize: number },
  plant: (tools: DispatchTools) => DispatchTools['ledger'] = ({ ledger }) => ledger,
): Promise<FollowUps> {
  const durable = new Set<string>();
  const early: string[] = [];
  const ends = { said: 0, durable: 0, tooMany: 0 };
  let calls = 0;
  const { tools } = world({ limits });
  const ledger: DispatchTools['ledger'] = {
    ...tools.ledger,
    recordIntents: async (intents) => {
      for (const { steps } of intents) {
        for (const { seq, step } of steps) {
          if (step > 0 && !durable.has(`${seq}:${step - 1}`)) early.push(`${seq}:${step}`);
        }
      }
      await slow(1);
    },
    recordOutcomes: async (outcomes) => {
      calls += 1;
      await slow(40 + (calls % 5) * 30);
      for (const { seq, step } of outcomes) durable.add(`${seq}:${step}`);
      ends.durable += outcomes.filter(({ step }) => step === 2).length;
    },
  };
  const onProgress = (over: number): void => {
    ends.said += over;
    if (ends.said > ends.durable) ends.tooMany += 1;
  };
  const planted = plant({ ...tools, ledger });
  expect(
    await dispatch(pagesOf(buildChanges(changes, 3), 100), { ...tools, ledger: planted, onProgress }),
  ).toBeNull();
  return { total: durable.size, early, counted: ends.tooMany };
}

describe.each([
  { concurrency: 8, batchSize: 1 },
  { concurrency: 64, batchSize: 1 },
  { concurrency: 64, batchSize: 20 },
])('with $concurrency requests of $batchSize at once', (limits) => {
  it('no step leaves before its intent is synced', async () => {
    const { total, early } = await sendsOf(limits);
    // One in ten ends at its second step.
    expect(total).toBe(changes * 3 - changes / 10);
    expect(early).toEqual([]);
  });

  it('a ledger that says so before its sync is seen', async () => {
    const { early } = await sendsOf(limits, (tools) => ({
      ...tools,
      ledger: {
        ...tools.ledger,
        recordIntents: async (intents) => {
          void tools.ledger.recordIntents(intents);
        },
      },
    }));
    expect(early.length).toBeGreaterThan(0);
  });

  it('no step is intended, and no change counted, before the outcome of the one before it is durable', async () => {
    const { total, early, counted } = await followUpsOf(limits);
    expect(total).toBe(changes * 3);
    expect(early).toEqual([]);
    expect(counted).toBe(0);
  });

  it('a ledger that says so before the outcome is durable is seen', async () => {
    const { early, counted } = await followUpsOf(limits, ({ ledger }) => ({
      ...ledger,
      recordOutcomes: async (outcomes) => {
        void slow(2_000).then(() => ledger.recordOutcomes(outcomes));
      },
    }));
    expect(early.length).toBeGreaterThan(0);
    expect(counted).toBeGreaterThan(0);
  });
});
