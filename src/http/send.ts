import type { Dispatcher } from 'undici';
import type { HttpAnswer, HttpRequest } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';
import type { Clock } from '../domain/settings.ts';
import type { Address, Base } from './address.ts';
import { type ExchangeFacts, exchange } from './exchange.ts';
import type { Underway } from './underway.ts';

const answerBytesMaxDefault = 16 * 1024 * 1024;

/** What may be logged of an attempt: no query, no header, no body. */
export interface RequestEvent extends ExchangeFacts {
  readonly method: string;
  readonly path: string;
  /** From 1. */
  readonly attempt: number;
}

/** What all requests to one target need to be sent. */
export interface Line {
  readonly base: Base;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly underway: Underway;
  readonly onRequest: ((event: RequestEvent) => void) | undefined;
}

/** A request with its address joined and its name for messages. */
export interface Call {
  readonly request: HttpRequest;
  readonly address: Address;
  readonly what: string;
}

/** One way to the target and back. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly timeoutMs: number;
  /** Called when the first byte leaves. */
  readonly onLeft: () => void;
  /** Called once, when the connection is free again. */
  readonly onOver: () => void;
}

/** Sends a request once, and takes the answer or throws a `TargetFailure`. */
export function sendOnce(line: Line, call: Call, attempt: Attempt): Promise<HttpAnswer> {
  const { base, dispatcher, userAgent, clock, underway } = line;
  const { request, address, what } = call;
  const { method, safe, body = null } = request;
  return exchange(
    dispatcher,
    {
      origin: base.origin,
      path: address.pathAndQuery,
      method,
      headers: { 'user-agent': userAgent, ...request.headers },
      body,
      // The exchange's deadline holds instead.
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    {
      what,
      safe,
      timeoutMs: attempt.timeoutMs,
      answerBytesMax: request.answerBytesMax ?? answerBytesMaxDefault,
      clock,
      underway,
      onStart: attempt.onLeft,
      onFinish(facts) {
        attempt.onOver();
        line.onRequest?.({ method, path: address.path, attempt: attempt.number, ...facts });
      },
      redirected: (status, location) => redirected(base, call, status, location),
    },
  );
}

/** Shows only where the redirect leads: its path and query may hold tokens. */
function redirected(base: Base, call: Call, status: number, location: string | undefined): TargetFailure {
  const to = location === undefined ? null : URL.parse(location, base.origin);
  const where = to === null ? 'without a readable address' : `to ${to.protocol}//${to.host}`;
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `${call.what} was answered by a redirect ${where} (${status}), which is not followed.`,
    hint: 'Set baseUrl to the address of the API itself; a redirect often leads to a page to sign in on.',
  });
}
