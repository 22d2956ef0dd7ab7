import pLimit from 'p-limit';
import type { HttpAnswer, HttpRequest } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';
import type { Clock, Limits } from '../domain/settings.ts';
import { joinPath, parseBaseUrl } from './address.ts';
import { backoffMs } from './backoff.ts';
import { openDispatcher } from './dispatcher.ts';
import type { Limiter } from './limiter.ts';
import { retryAfterMs } from './retry-after.ts';
import type { ClientCertificate } from './secure-context.ts';
import { type Call, type Line, type RequestEvent, sendOnce } from './send.ts';
import { stoppedBeforeSending } from './trouble.ts';

const attemptsMax = 5;
const backoffLimits = { baseMs: 500, capMs: 30_000 };
/** A target that asks a read to wait longer than this gets its wish by the run ending. */
const patienceMs = 10 * 60 * 1000;
/** Answers of a passing trouble: a read is repeated after them, a write's provider judges them. */
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
const passingTroubles: ReadonlySet<string> = new Set(['unsent', 'unanswered', 'throttled']);

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
  /** When it fires, nothing more is sent and reads are broken off; writes on their way are let finish. */
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
  const { limits, proxy, ca, clientCertificate } = settings;
  const base = parseBaseUrl(settings.baseUrl);
  const line: Line = {
    base,
    dispatcher: openDispatcher(base, { proxy, ca, clientCertificate, connections: limits.concurrency }),
    slots: pLimit(limits.concurrency),
    limiter: settings.limiter,
    clock: settings.clock,
    requestTimeoutMs: limits.requestTimeoutMs,
    userAgent: settings.userAgent,
    stop: settings.signal,
    onRequest: settings.onRequest,
  };
  return {
    async request(request) {
      const address = joinPath(base, request.path);
      const call = { request, address, what: `${request.method} ${address.path} at ${base.origin}` };
      return request.safe ? await sendPatiently(line, call, settings.random) : await sendOnce(line, call, 1);
    },
    close: () => line.dispatcher.destroy(),
  };
}

async function sendPatiently(line: Line, call: Call, random: () => number): Promise<HttpAnswer> {
  for (let attempt = 1; attempt < attemptsMax; attempt += 1) {
    const answer = await sendOrPass(line, call, attempt);
    if (answer !== null) return answer;
    await pause(line, call, backoffMs(attempt, random, backoffLimits));
  }
  return sendOnce(line, call, attemptsMax);
}

/** Null when the trouble is a passing one. What the target asked to wait is then held by the limiter. */
async function sendOrPass(line: Line, call: Call, attempt: number): Promise<HttpAnswer | null> {
  try {
    const answer = await sendOnce(line, call, attempt);
    const askedMs = retryAfterMs(answer.headers['retry-after'], line.clock.now()) ?? 0;
    if (!passingStatuses.has(answer.status) || askedMs > patienceMs) return answer;
    // An unread answer would keep its connection; what it says does not matter any more.
    await answer.text().catch(() => '');
    return null;
  } catch (error) {
    if (!(error instanceof TargetFailure) || !passingTroubles.has(error.trouble)) throw error;
    if ((error.retryAfterMs ?? 0) > patienceMs || line.stop?.aborted === true) throw error;
    return null;
  }
}

async function pause(line: Line, call: Call, ms: number): Promise<void> {
  try {
    await line.clock.sleep(ms, line.stop);
  } catch (error) {
    throw line.stop?.aborted === true ? stoppedBeforeSending(call.what) : error;
  }
}
