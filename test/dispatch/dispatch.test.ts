import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispatch, type DispatchTools } from '../../src/dispatch/dispatch.ts';
import type { Outcome, Sendable } from '../../src/domain/change.ts';
import { buildChange, pagesOf } from '../report/build.ts';
import { buildOutcome, doubt, exists, refusal, success, trouble } from './fake-target.ts';
import { buildChanges, resultsOf, sharing, slow, world } from './world.ts';

describe('dispatching a plan', () => {
  it('gives every step an outcome', async () => {
    const made = world();
    expect(await made.run(buildChanges(7, 2))).toBeNull();
    expect(Object.keys(resultsOf(made))).toHaveLength(14);
    expect(new Set(Object.values(resultsOf(made)))).toEqual(new Set(['succeeded']));
    expect(made.progress.reduce((sum, one) => sum + one, 0)).toBe(7);
  });

  it('does nothing for a plan without changes', async () => {
    const made = world();
    expect(await made.run([])).toBeNull();
    expect(made.log).toEqual([]);
  });

  it('is not troubled by a change without steps', async () => {
    const made = world();
    expect(await made.run([buildChange({ seq: 1, steps: [] }), ...buildChanges(1)])).toBeNull();
    expect(resultsOf(made)).toEqual({ '1:0': 'succeeded' });
  });

  it('sends the steps of a change one after the other, each settled before the next is intended', async () => {
    const made = world();
    await made.run(buildChanges(1, 3));
    expect(made.log).toEqual(
      ['0', '1', '2'].flatMap((step) => [`intend 1:${step}`, `send 1:${step}`, `settle 1:${step} succeeded`]),
    );
  });

  it('hands a first password to the step that creates the user, and to no other', async () => {
    const given: (string | undefined)[] = [];
    const made = world({
      write: (items) => {
        given.push(...items.map((item) => `${item.step.subject} ${item.initialPassword ?? 'none'}`));
        return items.map(() => buildOutcome({ userId: 'u1' }));
      },
    });
    const [first, second] = buildChanges(2, 2, { operation: 'create', userId: null });
    const [, , third] = buildChanges(3, 1, { operation: 'update' });
    const changes = [first, second, third].filter((change) => change !== undefined);
    const initialPassword = ({ seq }: Sendable): string | undefined =>
      seq === 2 ? undefined : `Larch-${seq}`;
    await dispatch(pagesOf(changes, 4), { ...made.tools, initialPassword });
    expect(given.toSorted()).toEqual(['1:0 Larch-1', '1:1 none', '2:0 none', '2:1 none', '3:0 none']);
  });

  it('lets steps of several changes share a request, each user once', async () => {
    const sizes: number[] = [];
    const made = world({
      write: (items) => {
        sizes.push(items.length);
        return items.map(() => success);
      },
    });
    await made.run(sharing(8));
    expect(sizes).toEqual([3, 3, 2]);
    expect(made.intents.map(({ steps }) => steps.length)).toEqual([3, 3, 2]);
  });

  it('numbers batches one by one', async () => {
    const made = world();
    await made.run(buildChanges(5, 2));
    const numbers = made.intents.map(({ batch }) => batch);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('keeps the requests under way within the concurrency', async () => {
    let under = 0;
    let most = 0;
    const made = world({ limits: { concurrency: 3, batchSize: 1 } });
    const { write } = made.tools.connection;
    const tools: DispatchTools = {
      ...made.tools,
      connection: {
        ...made.tools.connection,
        write: async (items) => {
          under += 1;
          most = Math.max(most, under);
          await slow(20);
          const answers = await write(items);
          under -= 1;
          return answers;
        },
      },
    };
    await dispatch(pagesOf(buildChanges(20)), tools);
    expect(most).toBe(3);
  });
});

describe('an intent', () => {
  it('is durable before its step is sent, for every step of every change', async () => {
    const made = world({
      answer: (step) => (step.endsWith('3:1') ? refusal : success),
      limits: { batchSize: 2 },
    });
    await made.run(buildChanges(20, 3));
    const sent = made.log.filter((line) => line.startsWith('send '));
    expect(sent).toHaveLength(made.intents.flatMap(({ steps }) => steps).length);
    for (const line of sent) {
      const intended = made.log.indexOf(line.replace('send', 'intend'));
      expect(intended, line).toBeGreaterThanOrEqual(0);
      expect(intended).toBeLessThan(made.log.indexOf(line));
    }
  });

  it('is followed by an outcome of its step, whatever the target does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(success, refusal, doubt, exists), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        async (answers, batchSize, concurrency) => {
          let count = 0;
          const next = (): Outcome => {
            count += 1;
            return answers[count % answers.length] ?? success;
          };
          const made = world({ answer: next, limits: { batchSize, concurrency } });
          expect(await made.run(buildChanges(9, 3))).toBeNull();
          // Every step of every change has an outcome, and none was sent behind one that did not succeed.
          for (let seq = 1; seq <= 9; seq += 1) {
            let isOver = false;
            for (const step of [0, 1, 2]) {
              const outcome = made.outcomes.get(`${seq}:${step}`);
              if (isOver)
                expect(outcome).toMatchObject({ result: 'notSent', errorCode: 'PREDECESSOR_FAILED' });
              else expect(['succeeded', 'failed', 'conflict', 'unknown']).toContain(outcome?.result);
              if (outcome?.result !== 'succeeded') isOver = true;
            }
          }
          expect(made.progress.reduce((sum, one) => sum + one, 0)).toBe(9);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('that could not be recorded keeps its steps, and all later ones, from being sent', async () => {
    let calls = 0;
    const made = world({
      limits: { concurrency: 1, batchSize: 1 },
      onIntents: () => {
        calls += 1;
        if (calls === 2) throw new Error('the disk is full');
      },
    });
    const one = buildChanges(1, 2);
    await expect(made.run(one)).rejects.toThrow('the disk is full');
    expect(made.log).toEqual(['intend 1:0', 'send 1:0', 'settle 1:0 succeeded']);
  });

  it('that could not be recorded waits for what is under way, and settles it', async () => {
    let calls = 0;
    const made = world({
      limits: { concurrency: 2, batchSize: 1, rates: [{ requests: 1, perMs: 1_000 }] },
      onIntents: () => {
        calls += 1;
        if (calls === 2) throw new Error('the disk is full');
      },
    });
    await expect(made.run(buildChanges(4))).rejects.toThrow('the disk is full');
    const sent = made.log.filter((line) => line.startsWith('send '));
    const settled = made.log.filter((line) => line.startsWith('settle '));
    expect(sent).toEqual(['send 1:0']);
    expect(settled).toEqual(['settle 1:0 succeeded']);
  });

  it('is recorded no more than a second’s worth of the rate ahead', async () => {
    let open = 0;
    let most = 0;
    const made = world({
      limits: { concurrency: 1, batchSize: 1, rates: [{ requests: 300, perMs: 60_000 }] },
      onIntents: (made) => {
        open += made.length;
        most = Math.max(most, open);
      },
      onOutcomes: (outcomes) => {
        open -= outcomes.length;
      },
    });
    await made.run(buildChanges(60));
    expect(most).toBeGreaterThan(1);
    // Five requests a second, and the one that is on its way.
    expect(most).toBeLessThanOrEqual(6);
  });
});

describe('a step that did not succeed', () => {
  it.each([
    ['failed', refusal],
    ['conflict', exists],
    ['unknown', doubt],
  ] as const)('but %s ends its change, and no other', async (result, outcome) => {
    const made = world({ answer: (step) => (step === '1:1' ? outcome : success) });
    expect(await made.run(buildChanges(2, 4))).toBeNull();
    expect(resultsOf(made)).toEqual({
      '1:0': 'succeeded',
      '1:1': result,
      '1:2': 'notSent',
      '1:3': 'notSent',
      '2:0': 'succeeded',
      '2:1': 'succeeded',
      '2:2': 'succeeded',
      '2:3': 'succeeded',
    });
    expect(made.outcomes.get('1:2')).toMatchObject({ errorCode: 'PREDECESSOR_FAILED', attempts: 0 });
    expect(made.log).not.toContain('send 1:2');
    expect(made.log).not.toContain('intend 1:2');
  });
});

describe('a step that succeeded', () => {
  it('of a create goes on with the id that the target gave', async () => {
    const ids: (string | null)[] = [];
    const made = world({
      write: (items) => {
        ids.push(...items.map(({ userId }) => userId));
        return items.map(() => buildOutcome({ userId: 'new-1' }));
      },
    });
    await made.run(buildChanges(1, 2, { operation: 'create', userId: null, user: null }));
    expect(ids).toEqual([null, 'new-1']);
    expect([0, 1].map((step) => made.outcomes.get(`1:${step}`)?.userId)).toEqual(['new-1', 'new-1']);
  });

  it('of a create goes on with the id that its attributes tell when the target gave none', async () => {
    const made = world();
    await made.run(buildChanges(1, 2, { operation: 'create', userId: null, user: null }));
    expect([0, 1].map((step) => made.outcomes.get(`1:${step}`)?.userId)).toEqual([null, 'id of p1']);
  });

  it('is told with the values that nobody knew when the plan was made', async () => {
    const made = world();
    const step = { action: 'update', subject: '1:0', values: { manager: 'u7' }, isFilled: true as const };
    await made.run(buildChanges(1, 1, { steps: [step] }));
    expect(made.outcomes.get('1:0')?.values).toEqual({ manager: 'u7' });
  });
});

describe('a run that has to stop', () => {
  it('says what stopped it, and sends nothing more', async () => {
    const made = world({
      limits: { concurrency: 1, batchSize: 1 },
      write: (items, call) => (call === 3 ? trouble('unauthorised') : items.map(() => success)),
    });
    const failure = await made.run(buildChanges(20));
    expect(failure).toMatchObject({ trouble: 'unauthorised', exit: 1 });
    expect(made.log.filter((line) => line.startsWith('send '))).toHaveLength(3);
    expect(made.outcomes.get('3:0')).toMatchObject({ result: 'notSent', errorCode: 'STOPPED', attempts: 0 });
  });

  it('settles whatever was intended and not sent, so that nothing has to be looked up', async () => {
    const made = world({
      limits: { concurrency: 1, batchSize: 1 },
      write: (items, call) => (call === 2 ? trouble('misconfigured') : items.map(() => success)),
    });
    await made.run(buildChanges(20, 2));
    const intended = made.intents.flatMap(({ steps }) => steps.map(({ seq, step }) => `${seq}:${step}`));
    expect(intended.length).toBeGreaterThan(2);
    for (const name of intended) expect(made.outcomes.has(name), name).toBe(true);
    expect(Object.values(resultsOf(made)).filter((result) => result === 'succeeded')).toHaveLength(1);
  });

  it('because it was told to lets what is under way end, and settles the rest as not sent', async () => {
    const stop = new AbortController();
    const made = world({
      limits: { concurrency: 2, batchSize: 1 },
      write: (items, call) => {
        if (call === 3) stop.abort();
        return items.map(() => success);
      },
      tools: { signal: stop.signal },
    });
    expect(await made.run(buildChanges(30))).toBeNull();
    const sent = made.log.filter((line) => line.startsWith('send '));
    expect(sent.length).toBeLessThanOrEqual(4);
    for (const line of sent) expect(resultsOf(made)[line.slice(5)]).toBe('succeeded');
    const intended = made.intents.flatMap(({ steps }) => steps.map(({ seq, step }) => `${seq}:${step}`));
    for (const name of intended) expect(['succeeded', 'notSent']).toContain(resultsOf(made)[name]);
  });

  it('before it began sends nothing', async () => {
    const made = world({ tools: { signal: AbortSignal.abort() } });
    expect(await made.run(buildChanges(5))).toBeNull();
    expect(made.log.filter((line) => line.startsWith('send '))).toEqual([]);
  });

  it('because an outcome could not be written down says so, after what is under way has ended', async () => {
    let sentBefore = 0;
    const made = world({
      limits: { concurrency: 2, batchSize: 1 },
      onOutcomes: () => {
        if (sentBefore > 0) return;
        sentBefore = made.log.filter((line) => line.startsWith('send ')).length;
        throw new Error('the disk is full');
      },
    });
    await expect(made.run(buildChanges(2_000))).rejects.toThrow('the disk is full');
    const sent = made.log.filter((line) => line.startsWith('send '));
    expect(sent.length).toBeLessThanOrEqual(sentBefore + 2);
    // Once the disk takes something again, what was sent is not lost.
    for (const line of sent) expect(resultsOf(made)[line.slice(5)]).toBe('succeeded');
  });

  it('because the plan could not be read on settles what is under way first', async () => {
    const made = world({ limits: { batchSize: 1 } });
    const broken = (async function* () {
      yield buildChanges(60);
      throw new Error('the plan broke off');
    })();
    await expect(made.run(broken)).rejects.toThrow('the plan broke off');
    const sent = made.log.filter((line) => line.startsWith('send '));
    for (const line of sent) expect(resultsOf(made)[line.slice(5)]).toBe('succeeded');
  });
});

describe('a plan of any length', () => {
  it('is read only as far as changes are under way', async () => {
    const total = 4_000;
    let read = 0;
    let over = 0;
    let most = 0;
    const made = world({
      limits: { concurrency: 2, batchSize: 5, rates: [{ requests: 10, perMs: 1_000 }] },
      onOutcomes: (outcomes) => {
        over += outcomes.length;
      },
    });
    const pages = (async function* () {
      for (const change of sharing(total)) {
        read += 1;
        most = Math.max(most, read - over);
        yield [change];
      }
    })();
    expect(await made.run(pages)).toBeNull();
    expect(over).toBe(total);
    // Batch size × (concurrency + batches intended ahead) × 2.
    expect(most).toBeLessThanOrEqual(5 * (2 + 10) * 2 + 1);
  });
});
