import { describe, expect, it } from 'vitest';
import { type Breaker, createBreaker } from '../../src/http/breaker.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

function world(failuresMax = 3): { clock: VirtualClock; breaker: Breaker } {
  const clock = virtualClock();
  const breaker = createBreaker({ clock, failuresMax, outageMaxMs: 60_000, origin: 'https://x.example.com' });
  return { clock, breaker };
}

/** A breaker that has just opened. */
function opened() {
  const { clock, breaker } = world();
  breaker.succeeded();
  for (let failure = 1; failure <= 3; failure += 1) breaker.failed();
  return { clock, breaker };
}

describe('the breaker', () => {
  it('opens after so many failures in a row, and not before', () => {
    const { breaker } = world();
    breaker.succeeded();
    breaker.failed();
    breaker.failed();
    breaker.succeeded();
    breaker.failed();
    breaker.failed();
    expect(breaker.isOpen).toBe(false);
    breaker.failed();
    expect(breaker.isOpen).toBe(true);
  });

  it('stays closed for a target that has never answered', () => {
    const { clock, breaker } = world();
    for (let failure = 1; failure <= 10; failure += 1) breaker.failed();
    expect(breaker.isOpen).toBe(false);
    expect(breaker.exhausted(clock.now())).toBe(false);
  });

  it('opens when one request is out of attempts and nobody was answered since it began', async () => {
    const { clock, breaker } = world(100);
    breaker.succeeded();
    await clock.advance(1_000);
    const beganMs = clock.now();
    breaker.failed();
    expect(breaker.exhausted(beganMs)).toBe(true);
    expect(breaker.isOpen).toBe(true);
  });

  it('stays closed when others were answered meanwhile: then it is that request’s own trouble', async () => {
    const { clock, breaker } = world(100);
    const beganMs = clock.now();
    await clock.advance(1_000);
    breaker.succeeded();
    breaker.failed();
    expect(breaker.exhausted(beganMs)).toBe(false);
  });

  it('lets one request through every ten seconds while it is open, reads first', async () => {
    const { clock, breaker } = opened();
    const passed: string[] = [];
    void breaker.pass(false).then(({ probe }) => passed.push(`write ${probe}`));
    void breaker.pass(true).then(({ probe }) => passed.push(`read ${probe}`));
    await clock.advance(9_999);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect(passed).toEqual(['read true']);
    await clock.advance(10_000);
    expect(passed).toEqual(['read true', 'write true']);
  });

  it('closes with the first answer, and lets everybody go on', async () => {
    const { clock, breaker } = opened();
    const waiting = Promise.all([breaker.pass(false), breaker.pass(true)]);
    breaker.succeeded();
    expect(await waiting).toEqual([{ probe: false }, { probe: false }]);
    expect(clock.sleeping).toEqual([]);
  });

  it('gives up when the outage has lasted too long, and says since when', async () => {
    const { clock, breaker } = opened();
    const failed: unknown[] = [];
    breaker.failed();
    const probing = breaker.pass(true);
    const waiting = breaker.pass(false).catch((error: unknown) => failed.push(error));
    await clock.advance(10_000);
    await probing;
    const again = breaker.pass(false);
    await clock.advance(10_000);
    await Promise.race([again, waiting]);
    await clock.advance(60_000);
    await expect(breaker.pass(false)).rejects.toMatchObject({ trouble: 'unsent', givenUp: true, exit: 75 });
    await expect(breaker.pass(true)).rejects.toMatchObject({ trouble: 'unavailable', givenUp: true });
    await expect(breaker.pass(true)).rejects.toThrow('2026-01-01T00:00:00.000Z');
  });

  it('lets a stop end the wait, and leaves nothing behind', async () => {
    const { clock, breaker } = opened();
    const stop = new AbortController();
    const waiting = breaker.pass(true, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    expect(clock.sleeping).toEqual([]);
  });
});
