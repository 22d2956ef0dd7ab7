import type { HttpAnswer, HttpRequest, Tools } from '../../src/contracts/provider.ts';
import type { Need } from '../../src/domain/change.ts';
import type { Attributes, User } from '../../src/domain/user.ts';

/** An answer as a test states it. */
export interface Canned {
  readonly status?: number;
  /** Text as it is, nothing as the empty text, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Size of the chunks in which the body arrives. */
  readonly chunkBytes?: number;
}

export interface FakeTools extends Tools {
  readonly requests: HttpRequest[];
}

export interface FakeWorld {
  readonly baseUrl: string;
  readonly secretOf: (reference: string) => string | undefined;
  readonly now?: () => number;
}

/** Tools of which every request is answered by the function, and kept. */
export function fakeTools(
  answer: (request: HttpRequest) => Canned | Promise<Canned>,
  { baseUrl, secretOf, now = () => 0 }: FakeWorld,
): FakeTools {
  const requests: HttpRequest[] = [];
  return {
    baseUrl,
    requests,
    async request(request) {
      requests.push(request);
      return answerOf(await answer(request));
    },
    async secret(reference) {
      const secret = secretOf(reference);
      if (secret === undefined) throw new Error(`No secret ${reference}.`);
      return secret;
    },
    now,
  };
}

/** Gives one of these answers after the other; the last one again when they run out. */
export function inTurn(answers: readonly Canned[]): () => Canned {
  let given = 0;
  return () => {
    const canned = answers[Math.min(given, answers.length - 1)];
    if (canned === undefined) throw new Error('No answer was prepared.');
    given += 1;
    return canned;
  };
}

export function answerOf({ status = 200, body, headers, chunkBytes = 65_536 }: Canned): HttpAnswer {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = new TextEncoder().encode(text);
  return {
    status,
    headers: headers ?? { 'content-type': 'application/json' },
    body: (async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    })(),
    text: async () => text,
  };
}

/** What somebody of the feed needs; `userId` is that of an account that exists. */
export function needOf(
  operation: Need['operation'],
  userId: string,
  before: Attributes,
  after: Attributes,
): Need {
  return {
    operation,
    key: '1001',
    linkKey: '1001',
    userId: operation === 'create' ? null : userId,
    user: null,
    rows: [],
    cause: 'feed',
    before,
    after,
    remember: null,
    conflict: null,
  };
}

export async function readAll(pages: AsyncIterable<readonly User[]>): Promise<User[]> {
  const users: User[] = [];
  for await (const page of pages) users.push(...page);
  return users;
}

/** What a piece of work throws. */
export async function errorOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('Nothing was thrown.');
}
