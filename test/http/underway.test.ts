import { describe, expect, it } from 'vitest';
import { type Breakable, watchUnderway } from '../../src/http/underway.ts';
import { virtualClock } from './virtual-clock.ts';

/** Somebody to be watched, who notes when and by what they were cut. */
function world() {
  const clock = virtualClock({ startMs: 0 });
  const stop = new AbortController();
  const giveUp = new AbortController();
  const underway = watchUnderway({ clock, stop: stop.signal, giveUp: giveUp.signal });
  const cuts: string[] = [];
  const begin = (name: string, timeoutMs: number, safe = true) => {
    const one = {
      dueMs: clock.now() + timeoutMs,
      safe,
      cut(by: string) {
        cuts.push(`${name} by ${by} at ${clock.now()}`);
        underway.delete(one);
      },
    } satisfies Breakable;
    underway.add(one);
    return one;
  };
  return { clock, stop, giveUp, underway, cuts, begin };
}

describe('requests on their way', () => {
  it('are cut at their own deadlines, in whatever order they began', async () => {
    const { clock, cuts, begin } = world();
    begin('slow', 500);
    await clock.advance(100);
    begin('quick', 50);
    begin('third', 400);
    await clock.advance(1_000);
    expect(cuts).toEqual(['quick by deadline at 150', 'slow by deadline at 500', 'third by deadline at 500']);
  });

  it('are not cut once they are over, and nobody waits for them any more', async () => {
    const { clock, underway, cuts, begin } = world();
    const first = begin('first', 100);
    const second = begin('second', 200);
    underway.delete(first);
    expect(clock.sleeping).toHaveLength(1);
    underway.delete(second);
    await clock.advance(1_000);
    expect(cuts).toEqual([]);
    expect(clock.sleeping).toEqual([]);
  });

  it('are given the time by which their deadline has moved on', async () => {
    const { clock, cuts, begin } = world();
    const one = begin('one', 100);
    await clock.advance(50);
    one.dueMs = 150;
    await clock.advance(99);
    expect(cuts).toEqual([]);
    await clock.advance(1);
    expect(cuts).toEqual(['one by deadline at 150']);
  });

  it('that change nothing are cut when the run stops, and the others when the grace is over', () => {
    const { stop, giveUp, cuts, begin } = world();
    begin('write', 100, false);
    begin('read', 100);
    stop.abort();
    expect(cuts).toEqual(['read by stop at 0']);
    giveUp.abort();
    expect(cuts).toEqual(['read by stop at 0', 'write by stop at 0']);
  });
});
