import type { Dispatcher } from 'undici';
import type { HttpAnswer, HttpRequest } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';
import type { Clock } from '../domain/settings.ts';
import type { Address, Base } from './address.ts';
import { joinHeaders, openAnswer } from './answer.ts';
import { beginExchange, type Exchange, type ExchangeFacts } from './exchange.ts';
import { failureOf } from './trouble.ts';

const answerBytesMaxDefault = 16 * 1024 * 1024;
/** Of an answer that nobody wants, so much is read to keep the connection; beyond it, closing is cheaper. */
const drainBytesMax = 64 * 1024;

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
  /** Breaks reads off. */
  readonly stop: AbortSignal | undefined;
  /** Breaks off what is still under way a while later, writes too. */
  readonly giveUp: AbortSignal;
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
  /** Called once, when the connection is free again. */
  readonly onOver: () => void;
}

/** Sends a request once, and takes the answer or throws a `TargetFailure`. */
export async function sendOnce(line: Line, call: Call, attempt: Attempt): Promise<HttpAnswer> {
  const exchange = beginExchange({
    what: call.what,
    timeoutMs: attempt.timeoutMs,
    clock: line.clock,
    // A write on its way is given time to be answered: breaking it off leaves it in doubt.
    stop: call.request.safe ? line.stop : line.giveUp,
    onFinish(facts) {
      attempt.onOver();
      const { method } = call.request;
      line.onRequest?.({ method, path: call.address.path, attempt: attempt.number, ...facts });
    },
  });
  try {
    return await receiveAnswer(line, call, exchange, await dispatch(line, call, exchange));
  } catch (error) {
    const failure = failureOf(error, exchange.progress());
    exchange.finish(failure.trouble);
    throw failure;
  }
}

function dispatch(line: Line, call: Call, exchange: Exchange): Promise<Dispatcher.ResponseData> {
  const { request, address } = call;
  // undici tells of a request broken off before it has a connection only once it has one.
  const brokenOff = new Promise<never>((_, reject) => {
    exchange.signal.addEventListener('abort', () => reject(exchange.signal.reason), { once: true });
  });
  const answered = line.dispatcher.compose(exchange.watch).request({
    origin: line.base.origin,
    path: address.pathAndQuery,
    method: request.method,
    headers: { 'user-agent': line.userAgent, ...request.headers },
    body: request.body ?? null,
    signal: exchange.signal,
    // The exchange's deadline holds instead.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return Promise.race([answered, brokenOff]);
}

async function receiveAnswer(
  line: Line,
  call: Call,
  exchange: Exchange,
  response: Dispatcher.ResponseData,
): Promise<HttpAnswer> {
  const status = response.statusCode;
  const headers = joinHeaders(response.headers);
  if (status >= 300 && status < 400) {
    await response.body.dump({ limit: drainBytesMax });
    throw redirected(line.base, call, status, headers.location);
  }
  return openAnswer(response, exchange, call.request.answerBytesMax ?? answerBytesMaxDefault);
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
