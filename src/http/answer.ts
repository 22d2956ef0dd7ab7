import type { Readable } from 'node:stream';
import type { HttpAnswer } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';

/** An answer as far as it has come. */
export interface Received {
  /** Names the request in messages. */
  readonly what: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly Uint8Array[];
  /** What comes after the chunks; null when they are all. Fails with a `TargetFailure` when it breaks off. */
  readonly rest: Readable | null;
}

/** An answer to be read, as the contract of a provider's tools says. */
export function answerOf(received: Received): HttpAnswer {
  return new Answer(received);
}

class Answer implements HttpAnswer {
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
  readonly #received: Received;

  constructor(received: Received) {
    this.status = received.status;
    this.headers = received.headers;
    this.#received = received;
  }

  get body(): HttpAnswer['body'] {
    return bodyOf(this.#received);
  }

  async text(): Promise<string> {
    const { chunks, rest, what, status } = this.#received;
    if (rest === null) return decode(chunks, status, what);
    return decode([...chunks, ...(await collected(rest))], status, what);
  }
}

/** The values of headers that came several times are joined by a comma. */
export function joinHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}

async function* bodyOf({ chunks, rest }: Received): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
    if (rest !== null) yield* rest;
  } finally {
    rest?.destroy();
  }
}

async function collected(rest: Readable): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of rest) chunks.push(chunk);
  return chunks;
}

/** Error pages may be in any encoding; what is taken for data must be UTF-8, or names would be garbled unseen. */
function decode(chunks: readonly Uint8Array[], status: number, what: string): string {
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  try {
    return (status < 300 ? strict : lenient).decode(bytes);
  } catch {
    throw new TargetFailure({
      trouble: 'unreadable',
      message: `${what} was answered with text that is not UTF-8.`,
    });
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');
