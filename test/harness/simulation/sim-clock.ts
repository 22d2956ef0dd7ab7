import { getActiveResourcesInfo } from 'node:process';
import type { Clock } from '../../../src/domain/settings.ts';

export interface SimClock extends Clock {
  /**
   * Lets time pass from sleeper to sleeper until the promise is settled. Time only passes once nothing is left to be
   * done without it, reads and writes of files included, so that the same run always meets the same moments.
   */
  runUntil<T>(promise: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** Turns of the event loop without file work under way, after which nothing but time can change anything. */
const quietTurns = 3;
/** Milliseconds of real time after which a run in which nobody sleeps counts as hanging. */
const hangMs = 120_000;

/** Unlike `test/http/virtual-clock.ts` it may stand beside real files, which take real time. */
export function simClock(startMs: number): SimClock {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();

  function first(): Sleeper | undefined {
    let found: Sleeper | undefined;
    for (const sleeper of sleepers) if (found === undefined || sleeper.dueMs < found.dueMs) found = sleeper;
    return found;
  }

  return {
    now: () => nowMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (ms <= 0) return resolve();
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + ms,
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async runUntil(promise) {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      promise.then(settle, settle);
      let idleSince = performance.now();
      while (!settled) {
        await untilQuiet(() => settled);
        const sleeper = first();
        if (settled) break;
        if (sleeper !== undefined) {
          nowMs = Math.max(nowMs, sleeper.dueMs);
          sleeper.wake();
          idleSince = performance.now();
        } else if (performance.now() - idleSince > hangMs) {
          throw new Error('Nobody sleeps, and the run does not end.');
        }
      }
      return promise;
    },
  };
}

async function untilQuiet(over: () => boolean): Promise<void> {
  for (let turns = 0; turns < quietTurns && !over(); turns += 1) {
    await oneTurn();
    if (isWorking()) turns = -1;
  }
}

/** Whether files are being read or written, or something is being expanded. */
function isWorking(): boolean {
  return getActiveResourcesInfo().some((kind) => /^(FS|FILEHANDLE|CloseReq|Zlib|ZLIB)/.test(kind));
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
