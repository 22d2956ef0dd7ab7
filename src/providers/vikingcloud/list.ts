import { JSONParser, TokenType } from '@streamparser/json';
import { keepMarks } from '../../domain/keep-marks.ts';
import type { HttpAnswer } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import type { Redact } from '../../domain/redaction.ts';
import { type CallName, failureOfStatus, unreadable } from './answers.ts';
import { WireUser } from './wire.ts';

export interface Listing {
  readonly answer: HttpAnswer;
  readonly call: CallName;
  readonly redact: Redact;
  /** Users at which an answer is taken as cut off; null without such a limit. */
  readonly usersMax: number | null;
}

/**
 * The users of one search, some at a time as they arrive: a bare array without pages, which may be hundreds of
 * megabytes. Throws a `TargetFailure` when the answer is not a whole list, which may show only at its end: nobody
 * may take what came before for the list.
 */
export async function* readList(listing: Listing): AsyncGenerator<readonly WireUser[]> {
  const { answer, call, usersMax } = listing;
  if (answer.status < 200 || answer.status > 299) {
    const raw = { status: answer.status, text: await answer.text() };
    throw failureOfStatus(raw, call, listing.redact) ?? unreadable(call, `HTTP ${answer.status}`);
  }
  const stream = openStream(call);
  let count = 0;
  for await (const chunk of answer.body) {
    const users = stream.write(chunk).map((value) => listedUser(value, call));
    count += users.length;
    if (users.length > 0) yield users;
  }
  stream.end();
  if (usersMax !== null && count >= usersMax) throw cutOff(call, usersMax);
}

interface Stream {
  /** The elements that the chunk completes. */
  write(chunk: Uint8Array): readonly unknown[];
  /** Throws unless the answer was one whole array. */
  end(): void;
}

function openStream(call: CallName): Stream {
  let elements: unknown[] = [];
  let first: TokenType | null = null;
  const parser = keepMarks(new JSONParser({ paths: ['$.*'], keepStack: false }));
  parser.onToken = ({ token }) => {
    first ??= token;
  };
  parser.onValue = ({ value, parent }) => {
    if (Array.isArray(parent)) elements.push(value);
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
      if (first !== TokenType.LEFT_BRACKET) throw unreadable(call, 'it is not a list of users');
    },
  };
}

function listedUser(value: unknown, call: CallName): WireUser {
  const read = WireUser.safeParse(value);
  if (read.success) return read.data;
  const field = read.error.issues[0]?.path.map(String).join('.') || 'it';
  throw unreadable(call, `a user has another form (${field})`);
}

function cutOff(call: CallName, usersMax: number): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `The answer to ${call.method} ${call.path} holds ${usersMax} users or more, so it may have been cut off.`,
    hint: 'Give target.orgIds, so that each organisation is searched for itself, or raise target.answerUsersMax.',
  });
}
