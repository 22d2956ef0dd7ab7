import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Move, orderMoves, type Place, wavesMax } from '../../src/match/order-moves.ts';

function move(waitsFor: readonly number[], difference: Partial<Move> = {}): Move {
  return { waitsFor, wave: 0, mayStepAside: true, isStuck: false, ...difference };
}

function ordered(moves: Readonly<Record<number, Move>>): Readonly<Record<number, Place>> {
  const byId = new Map(Object.entries(moves).map(([id, one]) => [Number(id), one]));
  return Object.fromEntries(orderMoves(byId));
}

/** `3`, or `3 aside`, or the trouble. */
function told({ wave, stepsAside, trouble }: Place): string {
  return trouble ?? `${wave}${stepsAside ? ' aside' : ''}`;
}

const toldOf = (moves: Readonly<Record<number, Move>>): readonly string[] =>
  Object.values(ordered(moves)).map(told);

describe('moves of values', () => {
  it('wait for their owners, wave by wave, whatever the order of the plan', () => {
    expect(toldOf({ 1: move([2]), 2: move([3]), 3: move([]) })).toEqual(['2', '1', '0']);
    expect(toldOf({ 1: move([]), 2: move([1]), 3: move([2]) })).toEqual(['0', '1', '2']);
  });

  it('keep to the wave in which they may be sent at the earliest', () => {
    expect(toldOf({ 1: move([2]), 2: move([], { wave: 1 }) })).toEqual(['2', '1']);
  });

  it('let one of a ring step aside, the first in the plan, and no other', () => {
    expect(toldOf({ 1: move([2]), 2: move([1]) })).toEqual(['2 aside', '1']);
    expect(toldOf({ 1: move([2]), 2: move([3]), 3: move([1]) })).toEqual(['3 aside', '2', '1']);
  });

  it('let somebody else of the ring step aside where the first cannot', () => {
    expect(toldOf({ 1: move([2], { mayStepAside: false }), 2: move([1]) })).toEqual(['1', '2 aside']);
  });

  it('leave whoever waits for a ring without a temporary value', () => {
    expect(toldOf({ 1: move([2]), 2: move([3]), 3: move([2]) })).toEqual(['1', '2 aside', '1']);
  });

  it('are in trouble where nobody of a ring can step aside, and so is whoever waits for them', () => {
    const cannot = { mayStepAside: false };
    const moves = { 1: move([2], cannot), 2: move([1], cannot), 3: move([1]), 4: move([]) };
    expect(toldOf(moves)).toEqual(['ring', 'ring', 'waits', '0']);
  });

  it('wait in vain for what is not sent, and so does who waits for them, ring or not', () => {
    const moves = { 1: move([], { isStuck: true }), 2: move([1, 3]), 3: move([2]), 4: move([3]) };
    expect(toldOf(moves).slice(1)).toEqual(['waits', 'waits', 'waits']);
  });

  it('cut a chain that would take too many waves', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [index + 1, move(index === 99 ? [] : [index + 2])]),
    );
    const places = Object.values(ordered(chain));
    expect(Math.max(...places.map(({ wave }) => wave))).toBe(wavesMax + 1);
    expect(places.filter(({ stepsAside }) => stepsAside).length).toBeLessThan(100 / wavesMax + 1);
    expect(places.every(({ trouble }) => trouble === null)).toBe(true);
  });

  it('go after all their owners and in few waves, however they are tangled', () => {
    const graphs = fc.integer({ min: 1, max: 30 }).chain((size) =>
      fc.array(
        fc.record({
          owners: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { maxLength: 2 }),
          wave: fc.integer({ min: 0, max: 1 }),
        }),
        { minLength: size, maxLength: size },
      ),
    );
    fc.assert(
      fc.property(graphs, (graph) => {
        const moves = new Map(
          graph.map(({ owners, wave }, id) => [
            id,
            move(
              owners.filter((owner) => owner !== id),
              { wave },
            ),
          ]),
        );
        const places = orderMoves(moves);
        for (const [id, { waitsFor, wave }] of moves) {
          const place = places.get(id);
          expect(place?.trouble).toBeNull();
          expect(place?.wave).toBeGreaterThanOrEqual(wave);
          expect(place?.wave).toBeLessThanOrEqual(wavesMax + 1);
          for (const owner of waitsFor) {
            const { wave: letsGoIn = 0, stepsAside = false } = places.get(owner) ?? {};
            expect(place?.wave).toBeGreaterThan(stepsAside ? 0 : letsGoIn);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
