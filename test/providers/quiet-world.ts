import { Readable } from 'node:stream';
import { systemClock } from '../../src/http/clock.ts';
import type { World } from '../../src/run/world.ts';

const nothing = (): void => undefined;

/** The real clock and network without a terminal; `onRequest` counts what leaves. */
export function quietWorld(onRequest: () => void = nothing): World {
  return {
    clock: systemClock,
    random: () => 0,
    log: { debug: onRequest, info: nothing, warn: nothing, error: nothing },
    progress: { stage: nothing, sending: nothing, sent: nothing, end: nothing },
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    operator: 'ada',
    host: 'test.example.com',
    pid: process.pid,
    trigger: 'test',
    ledgerThread: false,
  };
}
