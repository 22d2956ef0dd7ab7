import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/http/clock.ts';

describe('systemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function watched(ms: number, signal?: AbortSignal) {
    const state = { over: false };
    void systemClock.sleep(ms, signal).then(() => {
      state.over = true;
    });
    return state;
  }

  it('sleeps no shorter than asked', async () => {
    const sleep = watched(7.2);
    await vi.advanceTimersByTimeAsync(7);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  it('sleeps through a wait that is longer than one timer can be', async () => {
    const monthsMs = 2 ** 32;
    const sleep = watched(monthsMs);
    await vi.advanceTimersByTimeAsync(monthsMs - 1);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  it("ends with the signal's reason, and leaves no timer and no listener behind", async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(1000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(systemClock.sleep(1000, stop.signal)).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('leaves no listener behind after a whole sleep', async () => {
    const stop = new AbortController();
    const sleep = watched(5, stop.signal);
    await vi.advanceTimersByTimeAsync(5);
    expect(sleep.over).toBe(true);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});
