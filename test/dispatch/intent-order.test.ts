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

  it('no step is intended before the outcome of the one before it is durable', async () => {
    const settled = new Set<string>();
    const early: string[] = [];
    const made = world({
      limits,
      onIntents: (intents) => {
        for (const { steps } of intents) {
          for (const { seq, step } of steps) {
            if (step > 0 && !settled.has(`${seq}:${step - 1}`)) early.push(`${seq}:${step}`);
          }
        }
      },
      onSettle: ({ outcomes }) => {
        for (const { seq, step } of outcomes) settled.add(`${seq}:${step}`);
      },
    });
    await made.run(buildChanges(changes, 3));
    expect(settled.size).toBe(changes * 3);
    expect(early).toEqual([]);
  });
});
