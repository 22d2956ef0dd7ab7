import type { HttpAnswer, HttpRequest } from '../contracts/provider.ts';
import type { Clock, Limits } from '../domain/settings.ts';
import { joinPath, parseBaseUrl } from './address.ts';
import { openDispatcher } from './dispatcher.ts';
import type { Limiter } from './limiter.ts';
import { createPatience } from './patience.ts';
import type { ClientCertificate } from './secure-context.ts';
import { type Call, type Line, type RequestEvent, sendOnce } from './send.ts';
import { watchUnderway } from './underway.ts';

/** How long a write on its way may still be answered once the run is told to stop: whoever stops it waits 5 s at most. */
export const graceMs = 3_000;

export interface HttpSettings {
  readonly baseUrl: string;
  readonly limits: Limits;
  /** URL of a proxy; null: the usual proxy variables count. */
  readonly proxy: string | null;
  /** PEM text of a private authority's certificate. */
  readonly ca: string | null;
  /** What the target is shown when it asks who connects; null: nothing. */
  readonly clientCertificate: ClientCertificate | null;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /**
   * When it fires, nothing more is sent and reads are broken off. Writes on their way have `graceMs` to be answered;
   * then they are given up, and are in doubt.
   */
  readonly signal?: AbortSignal;
  /** Told of every attempt when it is over. */
  readonly onRequest?: (event: RequestEvent) => void;
  readonly userAgent: string;
}

export interface Http {
  /** As the contract of a provider's tools says (`src/contracts/provider.ts`). */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes all connections, and breaks off what is still under way. */
  close(): Promise<void>;
}

/** Opens the way to one target. A `TargetFailure` `misconfigured` for a bad base URL, proxy or certificate. */
export function openHttp(settings: HttpSettings): Http {
  const { limits, proxy, ca, clientCertificate, clock, limiter, random } = settings;
  const base = parseBaseUrl(settings.baseUrl);
  // Nothing waits for a way that has been closed.
  const closed = new AbortController();
  const stop =
    settings.signal === undefined ? closed.signal : AbortSignal.any([settings.signal, closed.signal]);
  const line: Line = {
    base,
    dispatcher: openDispatcher(base, { proxy, ca, clientCertificate, connections: limits.concurrency }),
    clock,
    userAgent: settings.userAgent,
    underway: watchUnderway({ clock, stop, giveUp: afterGrace(settings.signal, closed.signal, clock) }),
    onRequest: settings.onRequest,
  };
  const patience = createPatience({ limits, limiter, clock, random, stop, origin: base.origin });
  return {
    async request(request) {
      const address = joinPath(base, request.path);
      const call: Call = { request, address, what: `${request.method} ${address.path} at ${base.origin}` };
      return patience.carry(call, (attempt) => sendOnce(line, call, attempt));
    },
    close() {
      closed.abort();
      return line.dispatcher.destroy();
    },
  };
}

/** Fires when the grace is over, or at once when the way is closed. */
function afterGrace(stop: AbortSignal | undefined, closed: AbortSignal, clock: Clock): AbortSignal {
  const over = new AbortController();
  const wait = async (): Promise<void> => {
    await clock.sleep(graceMs, closed).catch(() => undefined);
    over.abort();
  };
  if (stop?.aborted === true) void wait();
  else stop?.addEventListener('abort', () => void wait(), { once: true, signal: closed });
  return AbortSignal.any([over.signal, closed]);
}
