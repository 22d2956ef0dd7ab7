import type { Dispatcher } from 'undici';
import type { TargetTrouble } from '../domain/failure.ts';
import type { Clock } from '../domain/settings.ts';
import type { Progress } from './trouble.ts';

/** What is known of an exchange at its end. */
export interface ExchangeFacts {
  /** Null when no answer came. */
  readonly status: number | null;
  /** Set when the exchange broke off, whether or not a status had come. */
  readonly trouble: TargetTrouble | null;
  readonly durationMs: number;
}

/** One request on its way, from the moment a connection is looked for to the last byte of the answer. */
export interface Exchange {
  /** Fires when the deadline or the end of the run breaks the exchange off. */
  readonly signal: AbortSignal;
  /** Tells the exchange how far undici has come. */
  readonly watch: Dispatcher.DispatcherComposeInterceptor;
  progress(): Progress;
  /** Ends it: only the first call counts. */
  finish(trouble: TargetTrouble | null): void;
}

export interface ExchangeSettings {
  readonly what: string;
  /** Holds from the first byte sent to the last received, and once more for getting a connection. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Breaks the exchange off when it fires. */
  readonly stop: AbortSignal | undefined;
  readonly onFinish: (facts: ExchangeFacts) => void;
}

/** Aborting without a reason makes one with a stack trace, for every request. */
const over = new Error('over');

/** undici's own time-outs hold between chunks, so a body that drips would never end: this deadline is total. */
export function beginExchange(settings: ExchangeSettings): Exchange {
  const { clock, what, timeoutMs, stop } = settings;
  const beganMs = clock.now();
  const controller = new AbortController();
  let startedMs: number | null = null;
  let finished = false;
  let status: number | null = null;
  let cutBy: Progress['cutBy'] = null;
  const disarm = new AbortController();
  void holdDeadline().catch(() => undefined);
  stop?.addEventListener('abort', onStop, { once: true });

  function onStop(): void {
    cut('stop');
  }

  function cut(by: 'deadline' | 'stop'): void {
    if (finished) return;
    cutBy = by;
    controller.abort(new Error(by));
    // Perhaps nobody reads the answer any more, and then nobody else would end the exchange.
    finish(startedMs === null ? 'unsent' : 'unanswered');
  }

  /** Holds for getting a connection, and anew from the first byte: rejects when the exchange is over before. */
  async function holdDeadline(): Promise<void> {
    await clock.sleep(timeoutMs, disarm.signal);
    if (startedMs !== null) {
      const waitedMs = Math.min(timeoutMs, Math.max(0, startedMs - beganMs));
      await clock.sleep(waitedMs, disarm.signal);
    }
    cut('deadline');
  }

  function start(): void {
    startedMs = clock.now();
  }

  function finish(trouble: TargetTrouble | null): void {
    if (finished) return;
    finished = true;
    disarm.abort(over);
    stop?.removeEventListener('abort', onStop);
    settings.onFinish({ status, trouble, durationMs: clock.now() - beganMs });
  }

  return {
    signal: controller.signal,
    watch: watching({
      onStart: start,
      onStatus: (code) => {
        status = code;
      },
      onEnd: () => finish(null),
    }),
    progress: () => ({ what, started: startedMs !== null, cutBy, timeoutMs }),
    finish,
  };
}

interface Watcher {
  onStart(): void;
  onStatus(status: number): void;
  onEnd(): void;
}

/** `request` does not tell when the first byte is about to leave nor when the last one has come; its handler does. */
function watching(watcher: Watcher): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const onRequestStart = handler.onRequestStart?.bind(handler);
    const onResponseStart = handler.onResponseStart?.bind(handler);
    const onResponseEnd = handler.onResponseEnd?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      onRequestStart?.(controller, context);
      // A request broken off while it waited for its connection is taken back here, before a byte is sent.
      if (!controller.aborted) watcher.onStart();
    };
    handler.onResponseStart = (controller, status, headers, statusText) => {
      if (status >= 200) watcher.onStatus(status);
      onResponseStart?.(controller, status, headers, statusText);
    };
    handler.onResponseEnd = (controller, trailers) => {
      watcher.onEnd();
      onResponseEnd?.(controller, trailers);
    };
    return dispatch(options, handler);
  };
}
