import type { Clock } from '../domain/settings.ts';

/** Node fires a timer that is set for longer than 2^31 - 1 ms at once, so long waits are made of shorter ones. */
const waitMsMax = 2 ** 31 - 1;

/** The machine's clock. `now` is Unix time in milliseconds. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    let leftMs = Math.ceil(ms);
    do {
      await wait(Math.min(leftMs, waitMsMax), signal);
      leftMs -= waitMsMax;
    } while (leftMs > 0);
  },
};

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
