import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { HttpAnswer } from '../contracts/provider.ts';
import { TargetFailure, type TargetTrouble } from '../domain/failure.ts';
import type { Clock } from '../domain/settings.ts';
import { answerOf, joinHeaders, type Received } from './answer.ts';
import { failureOf, type Progress } from './trouble.ts';
import type { Breakable, Underway } from './underway.ts';

/*
 * One request on its way, from the moment a connection is looked for to the last byte of the answer:
 *
 *   waiting for a connection ──first byte leaves──> sent ──status──> being answered ──last byte──> over
 *
 * The answer is handed over when it is over or, a long one, well begun. It breaks off at the deadline or the end of the
 * run, when the connection breaks, when it is longer than is read, and when its reader stops early. It is undici's
 * handler itself: a request through undici's promises and streams takes twice as long.
 */

/** So much of an answer is read before it is handed over: a connection lost until then can still be mended. */
const readAheadBytes = 256 * 1024;
/** Of an answer that nobody wants, so much is read to keep the connection; beyond it, closing is cheaper. */
const drainBytesMax = 64 * 1024;

/** What is known of an exchange at its end. */
export interface ExchangeFacts {
  /** Null when no answer came. */
  readonly status: number | null;
  /** Set when the exchange broke off, whether or not a status had come. */
  readonly trouble: TargetTrouble | null;
  readonly durationMs: number;
}

export interface ExchangeSettings {
  /** Names the request in messages. */
  readonly what: string;
  readonly safe: boolean;
  /** Holds from the first byte sent to the last received, and once more for getting a connection. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly clock: Clock;
  readonly underway: Underway;
  /** Called when the first byte leaves. */
  readonly onStart: () => void;
  /** Called once, when the connection is free again. */
  readonly onFinish: (facts: ExchangeFacts) => void;
  /** What a redirect means, which is never followed. */
  readonly redirected: (status: number, location: string | undefined) => TargetFailure;
}

/** Sends a request through undici and gives its answer, or a `TargetFailure`. */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  settings: ExchangeSettings,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const handler = new Exchange(settings, resolve, reject);
    try {
      dispatcher.dispatch(request, handler);
    } catch (error) {
      handler.fail(error);
    }
  });
}

class Exchange implements Dispatcher.DispatchHandler, Breakable, Received {
  readonly safe: boolean;
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  readonly chunks: Uint8Array[] = [];
  /** What comes after the chunks; null unless the answer is a long one. */
  rest: Readable | null = null;
  readonly #settings: ExchangeSettings;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (failure: TargetFailure) => void;
  readonly #beganMs: number;
  #startedMs: number | null = null;
  #bytes = 0;
  #cutBy: Progress['cutBy'] = null;
  #redirect: TargetFailure | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #isOver = false;

  constructor(
    settings: ExchangeSettings,
    resolve: (answer: HttpAnswer) => void,
    reject: (failure: TargetFailure) => void,
  ) {
    this.safe = settings.safe;
    this.#settings = settings;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#beganMs = settings.clock.now();
    settings.underway.add(this);
  }

  get what(): string {
    return this.#settings.what;
  }

  get dueMs(): number {
    return (this.#startedMs ?? this.#beganMs) + this.#settings.timeoutMs;
  }

  /** undici's own time-outs hold between chunks, so a body that drips would never end: the deadline is total. */
  cut(by: 'deadline' | 'stop'): void {
    if (this.#isOver) return;
    this.#cutBy = by;
    this.fail(new Error(by));
  }

  /** Ends the exchange and its connection; only what comes first counts. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    const failure = this.#redirect ?? failureOf(error, this.#progress());
    this.#finish(failure.trouble);
    if (this.rest === null) this.#reject(failure);
    else this.rest.destroy(failure);
    this.#controller?.abort(failure);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // undici tells of a request that was broken off before it had a connection only now, before a byte is sent.
    if (this.#isOver) {
      controller.abort(new Error('over'));
      return;
    }
    this.#startedMs = this.#settings.clock.now();
    this.#settings.onStart();
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Parameters<typeof joinHeaders>[0],
  ): void {
    if (status < 200) return;
    this.status = status;
    this.headers = joinHeaders(headers);
    if (status < 400 && status >= 300) {
      this.#redirect = this.#settings.redirected(status, this.headers.location);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#bytesMax()) this.fail(tooLong(this.what, this.#settings.answerBytesMax));
    else if (this.rest !== null) this.#pass(this.rest, controller, chunk);
    else if (this.#redirect === null) this.#keep(controller, chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#finish(this.#redirect?.trouble ?? null);
    if (this.#redirect !== null) this.#reject(this.#redirect);
    else if (this.rest === null) this.#resolve(answerOf(this));
    else this.rest.push(null);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  #bytesMax(): number {
    return this.#redirect === null ? this.#settings.answerBytesMax : drainBytesMax;
  }

  #keep(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.chunks.push(chunk);
    if (this.#bytes < readAheadBytes) return;
    this.rest = new Readable({
      highWaterMark: readAheadBytes,
      read: () => {
        if (controller.paused && !this.#isOver) controller.resume();
      },
      destroy: (error, done) => {
        this.#leave(controller);
        done(error);
      },
    });
    // Whoever reads is told; nobody need be reading.
    this.rest.on('error', () => undefined);
    this.#resolve(answerOf(this));
  }

  #pass(rest: Readable, controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (!rest.push(chunk)) controller.pause();
  }

  /** A reader who stops early closes the connection with it. */
  #leave(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return;
    this.#finish(null);
    controller.abort(new Error('over'));
  }

  #progress(): Progress {
    const { what, timeoutMs } = this.#settings;
    return { what, started: this.#startedMs !== null, cutBy: this.#cutBy, timeoutMs };
  }

  #finish(trouble: TargetTrouble | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { underway, clock, onFinish } = this.#settings;
    underway.delete(this);
    const status = this.status === 0 ? null : this.status;
    onFinish({ status, trouble, durationMs: clock.now() - this.#beganMs });
  }
}

function tooLong(what: string, bytesMax: number): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `${what} was answered with more than ${bytesMax} bytes, which is more than is read.`,
  });
}
