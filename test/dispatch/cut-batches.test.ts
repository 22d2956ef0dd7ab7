import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cuttable, Waiting } from '../../src/dispatch/cut-batches.ts';

interface Entry extends Cuttable {
  readonly n: number;
}

function buildEntry(
  n: number,
  difference: Partial<Cuttable> & { action?: string; subject?: string } = {},
): Entry {
  const { action = 'update', subject = '', bytes = 10, userKey = `u${n}` } = difference;
  return { n, step: { action, subject, values: {} }, bytes, userKey };
}

function waitingFor(entries: readonly Entry[], limits: { batchSize?: number; batchBytes?: number } = {}) {
  const waiting = new Waiting<Entry>({ batchSize: 3, batchBytes: 1_000, ...limits });
  for (const entry of entries) waiting.add(entry);
  return waiting;
}

const numbersOf = (batch: readonly Entry[] | null): readonly number[] | null =>
  batch?.map(({ n }) => n) ?? null;

function drain(waiting: Waiting<Entry>): readonly (readonly Entry[])[] {
  const batches: (readonly Entry[])[] = [];
  for (let batch = waiting.takeAny(); batch !== null; batch = waiting.takeAny()) batches.push(batch);
  return batches;
}

describe('cutting batches', () => {
  it('waits until one is full', () => {
    const waiting = waitingFor([buildEntry(1), buildEntry(2)]);
    expect(waiting.takeFull()).toBeNull();
    waiting.add(buildEntry(3));
    expect(numbersOf(waiting.takeFull())).toEqual([1, 2, 3]);
    expect(waiting.takeAny()).toBeNull();
  });

  it('holds no more than the batch size, in the order in which they came', () => {
    const waiting = waitingFor([1, 2, 3, 4, 5].map((n) => buildEntry(n)));
    expect(numbersOf(waiting.takeFull())).toEqual([1, 2, 3]);
    expect(waiting.takeFull()).toBeNull();
    expect(numbersOf(waiting.takeAny())).toEqual([4, 5]);
    expect(waiting.takeAny()).toBeNull();
  });

  it('holds exactly as many bytes as are allowed, and not one more', () => {
    const entries = [4, 6, 1].map((bytes, index) => buildEntry(index + 1, { bytes }));
    expect(numbersOf(waitingFor(entries, { batchBytes: 10 }).takeFull())).toEqual([1, 2]);
    expect(numbersOf(waitingFor(entries, { batchBytes: 9 }).takeFull())).toEqual([1]);
    expect(waitingFor(entries, { batchBytes: 11 }).takeFull()).not.toBeNull();
    expect(waitingFor(entries.slice(0, 2), { batchBytes: 10 }).takeFull()).toBeNull();
  });

  it('sends alone what is larger than any request, for the target to judge', () => {
    const waiting = waitingFor([buildEntry(1, { bytes: 5_000 }), buildEntry(2)]);
    expect(numbersOf(waiting.takeFull())).toEqual([1]);
    expect(numbersOf(waiting.takeAny())).toEqual([2]);
  });

  it('never names a user twice in one request', () => {
    const waiting = waitingFor([
      buildEntry(1, { userKey: 'a' }),
      buildEntry(2, { userKey: 'b' }),
      buildEntry(3, { userKey: 'a' }),
    ]);
    expect(numbersOf(waiting.takeFull())).toEqual([1, 2]);
    expect(numbersOf(waiting.takeAny())).toEqual([3]);
  });

  it('keeps apart what cannot share a request', () => {
    const waiting = waitingFor([
      buildEntry(1, { action: 'assign-role', subject: 'Viewer' }),
      buildEntry(2, { action: 'assign-role', subject: 'Planner' }),
      buildEntry(3, { action: 'assign-role', subject: 'Viewer' }),
      buildEntry(4, { action: 'update' }),
    ]);
    expect(drain(waiting).map(numbersOf)).toEqual([[1, 3], [2], [4]]);
  });

  it('lets every kind have its turn while another never runs dry', () => {
    const waiting = waitingFor(
      [1, 2, 3, 4, 5, 6, 7].map((n) => buildEntry(n)),
      { batchSize: 2 },
    );
    waiting.add(buildEntry(100, { action: 'add' }));
    waiting.add(buildEntry(101, { action: 'add' }));
    const turns: (readonly number[] | null)[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      turns.push(numbersOf(waiting.takeFull()));
      waiting.add(buildEntry(200 + turn));
      waiting.add(buildEntry(300 + turn));
    }
    expect(turns[1]).toEqual([100, 101]);
  });

  it('gives a kind that is not full its turn, too', () => {
    const waiting = waitingFor(
      [1, 2, 3].map((n) => buildEntry(n)),
      { batchSize: 2 },
    );
    waiting.add(buildEntry(100, { action: 'add' }));
    expect([waiting.takeAny(), waiting.takeAny(), waiting.takeAny()].map(numbersOf)).toEqual([
      [1, 2],
      [100],
      [3],
    ]);
  });

  it('gives everything once, within all limits, and each kind in its order', () => {
    const entry = fc.record({
      action: fc.constantFrom('add', 'update'),
      subject: fc.constantFrom('', 'Viewer'),
      bytes: fc.integer({ min: 1, max: 40 }),
      userKey: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 100 }),
        (kinds, batchSize, batchBytes) => {
          const entries = kinds.map((kind, n) => buildEntry(n, kind));
          const waiting = waitingFor(entries, { batchSize, batchBytes });
          const full: (readonly Entry[])[] = [];
          for (let batch = waiting.takeFull(); batch !== null; batch = waiting.takeFull()) full.push(batch);
          const batches = [...full, ...drain(waiting)];
          expect(waiting.isFull).toBe(false);
          for (const batch of batches) {
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(batchSize);
            const bytes = batch.reduce((sum, one) => sum + one.bytes, 0);
            expect(bytes <= batchBytes || batch.length === 1).toBe(true);
            expect(new Set(batch.map(({ userKey }) => userKey)).size).toBe(batch.length);
            expect(new Set(batch.map(kindOf)).size).toBe(1);
          }
          for (const kind of new Set(entries.map(kindOf))) {
            const sent = batches.flat().filter((one) => kindOf(one) === kind);
            expect(sent).toEqual(entries.filter((one) => kindOf(one) === kind));
          }
        },
      ),
    );
  });
});

function kindOf({ step }: Entry): string {
  return `${step.action} ${step.subject}`;
}
