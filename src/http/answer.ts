import type { Dispatcher } from 'undici';
import type { HttpAnswer } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';
import type { Exchange } from './exchange.ts';
import { failureOf } from './trouble.ts';

/** So much of an answer is read before it is handed over: a connection lost until then can still be mended. */
const readAheadBytes = 256 * 1024;

/**
 * Hands an answer over once it has come whole or, when it is a long one, well begun. Reading it gives a
 * `TargetFailure`: `unreadable` beyond `bytesMax`, `unanswered` when it breaks off or the deadline passes.
 */
export async function openAnswer(
  response: Dispatcher.ResponseData,
  exchange: Exchange,
  bytesMax: number,
): Promise<HttpAnswer> {
  const rest = receive(response.body, exchange, bytesMax);
  const ahead: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < readAheadBytes) {
    const next = await rest.next();
    if (next.done === true) break;
    ahead.push(next.value);
    bytes += next.value.byteLength;
  }
  const body = handOut(ahead, rest);
  const status = response.statusCode;
  return {
    status,
    headers: joinHeaders(response.headers),
    body,
    async text() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return decode(Buffer.concat(chunks), status, exchange.progress().what);
    },
  };
}

/** The values of headers that came several times are joined by a comma. */
export function joinHeaders(headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}

async function* receive(
  body: AsyncIterable<Uint8Array>,
  exchange: Exchange,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw tooLong(exchange.progress().what, bytesMax);
      yield chunk;
    }
  } catch (error) {
    const failure = failureOf(error, exchange.progress());
    exchange.finish(failure.trouble);
    throw failure;
  } finally {
    // A reader who stopped early has closed the connection with it.
    exchange.finish(null);
  }
}

async function* handOut(
  ahead: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* ahead;
    yield* rest;
  } finally {
    await rest.return();
  }
}

/** Error pages may be in any encoding; what is taken for data must be UTF-8, or names would be garbled unseen. */
function decode(bytes: Uint8Array, status: number, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: status < 300 }).decode(bytes);
  } catch {
    throw new TargetFailure({
      trouble: 'unreadable',
      message: `${what} was answered with text that is not UTF-8.`,
    });
  }
}

function tooLong(what: string, bytesMax: number): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: `${what} was answered with more than ${bytesMax} bytes, which is more than is read.`,
  });
}
