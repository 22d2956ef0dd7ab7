import { JSONParser, TokenType } from '@streamparser/json';
import { keepMarks } from '../../domain/keep-marks.ts';
import type { HttpAnswer } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import type { Redact } from '../../domain/redaction.ts';
import type { User } from '../../domain/user.ts';
import {
  type CallName,
  failureOfError,
  failureOfStatus,
  unauthorisedFailure,
  unreadable,
} from './answers.ts';
import { codeOf, wordingOf } from './codes.ts';
import { type ListGeneration, userOf } from './users.ts';
import { ListAnswer, ListedUser } from './wire.ts';

export interface Listing {
  readonly answer: HttpAnswer;
  readonly call: CallName;
  readonly generation: ListGeneration;
  /** Whether all users were asked for. */
  readonly whole: boolean;
  readonly redact: Redact;
}

/**
 * The users of one answer of List Users, some at a time as they arrive: the answer has no pages and may be
 * hundreds of megabytes. Throws a `TargetFailure` when the answer is not a whole and successful list, which may
 * show only at its end: nobody may take what came before for the list.
 */
export async function* readList(listing: Listing): AsyncGenerator<readonly User[]> {
  const { answer, call, generation, whole } = listing;
  if (answer.status < 200 || answer.status > 299) throw await refusal(listing);
  const stream = openStream(listing);
  let sawUser = false;
  let sawRoles = false;
  for await (const chunk of answer.body) {
    const users: User[] = [];
    for (const value of stream.write(chunk)) {
      const listed = listedUser(value, call);
      sawUser = true;
      if (listed.applicationroles != null) sawRoles = true;
      users.push(userOf(listed, generation));
    }
    if (users.length > 0) yield users;
  }
  stream.end();
  // Somebody always has a role, the account that asks at least: a list without any did not understand the flags.
  if (generation === 'epmgroups' && whole && sawUser && !sawRoles) throw withoutRoles(call);
}

interface Stream {
  /** The elements of `details` that the chunk completes. */
  write(chunk: Uint8Array): readonly unknown[];
  /** Throws unless the answer was whole and successful. */
  end(): void;
}

function openStream(listing: Listing): Stream {
  const { call } = listing;
  const envelope: Record<string, unknown> = {};
  let elements: unknown[] = [];
  const parser = keepMarks(
    new JSONParser({ paths: ['$.status', '$.error', '$.details.*'], keepStack: false }),
  );
  const sawDetails = watchForDetails(parser);
  parser.onValue = ({ value, key, parent, stack }) => {
    if (stack.length === 1) envelope[String(key)] = value;
    else if (Array.isArray(parent)) elements.push(value);
  };
  const parse = (work: () => void): void => {
    try {
      work();
    } catch {
      // The parser's own message quotes the answer, which may hold personal values.
      throw unreadable(call, 'it is not whole JSON');
    }
  };
  return {
    write(chunk) {
      elements = [];
      parse(() => parser.write(chunk));
      return elements;
    },
    end() {
      parse(() => {
        if (!parser.isEnded) parser.end();
      });
      const read = ListAnswer.safeParse(envelope);
      if (!read.success) throw unreadable(call, 'it has no status');
      const { status, error } = read.data;
      if (status !== 0 || error != null) throw failureOfError(status, error, call, listing.redact);
      if (!sawDetails()) throw unreadable(call, 'its details are not a list');
    },
  };
}

/** Whether the top level held `"details": [`: an empty list emits no element by which that could be told. */
function watchForDetails(parser: JSONParser): () => boolean {
  let depth = 0;
  let text: unknown = null;
  let seen = false;
  parser.onToken = ({ token, value }) => {
    if (token === TokenType.STRING && depth === 1) text = value;
    else if (token === TokenType.LEFT_BRACKET || token === TokenType.LEFT_BRACE) {
      if (depth === 1 && text === 'details' && token === TokenType.LEFT_BRACKET) seen = true;
      depth += 1;
    } else if (token === TokenType.RIGHT_BRACKET || token === TokenType.RIGHT_BRACE) depth -= 1;
  };
  return () => seen;
}

function listedUser(value: unknown, call: CallName): ListedUser {
  const read = ListedUser.safeParse(value);
  if (read.success) return read.data;
  const field = read.error.issues[0]?.path.join('.') || 'it';
  throw unreadable(call, `a listed user has another form (${field})`);
}

/** Why a list was refused; the body is small then, and read to its end. */
async function refusal(listing: Listing): Promise<TargetFailure> {
  const { answer, call } = listing;
  const read = ListAnswer.safeParse(jsonOf(await answer.text()));
  const code = codeOf(read.data?.error?.errorcode);
  if (answer.status === 401 || answer.status === 403) {
    return unauthorisedFailure(call, wordingOf(code) ?? `HTTP ${answer.status}`, code);
  }
  if (read.success && read.data.status !== 0) {
    return failureOfError(read.data.status, read.data.error, call, listing.redact);
  }
  return failureOfStatus(answer.status, call) ?? unreadable(call, `HTTP ${answer.status}`);
}

function withoutRoles(call: CallName): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `The answer to ${call.method} ${call.path} holds users and no roles, so who is active cannot be told.`,
    hint: 'The environment may be of a build before 26.06: see target.listGeneration.',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
