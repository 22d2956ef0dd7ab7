import type { Tools } from '../../contracts/provider.ts';
import { fold } from '../../domain/comparison.ts';
import type { Attributes, User } from '../../domain/user.ts';
import { appErrorOf, failureOfAnswer, isBadToken, type RawAnswer, unreadable } from './answers.ts';
import { redactor } from './redact.ts';
import { type Call, type LookUpKey, lookUpCall } from './requests.ts';
import type { Tokens } from './tokens.ts';
import { userOf } from './users.ts';
import { LookedUp, parseJson } from './wire.ts';

/** The Administration API, signed in. */
export interface Service {
  /** Sends one call. After a refused token it is sent once more with another: a call so refused was not taken. */
  send(call: Call, safe: boolean): Promise<RawAnswer>;
  /** The one user whom the key names; undefined when there is none. */
  find(key: LookUpKey, remembered: Attributes): Promise<User | undefined>;
}

export function openService(tokens: Tokens, tools: Tools): Service {
  const sendWith = async (token: string, call: Call, safe: boolean): Promise<RawAnswer> => {
    const headers: Record<string, string> = { accept: 'application/json', authorization: `Bearer ${token}` };
    if (call.body !== null) headers['content-type'] = 'application/json';
    const { method, path, body } = call;
    const answer = await tools.request({ method, path, headers, safe, ...(body === null ? {} : { body }) });
    return { status: answer.status, text: await answer.text() };
  };

  const send = async (call: Call, safe: boolean): Promise<RawAnswer> => {
    const token = await tokens.current();
    const answer = await sendWith(token, call, safe);
    if (!isBadToken(answer)) return answer;
    tokens.discard(token);
    return sendWith(await tokens.current(), call, safe);
  };

  return {
    send,
    async find(key, remembered) {
      const call = lookUpCall(key);
      const raw = await send(call, true);
      // Only the application itself can say that there is no such user: a wrong address is answered with 404 too.
      if (raw.status === 404 && appErrorOf(raw) !== null) return undefined;
      const redact = redactor({ ...remembered, key: key.value });
      if (raw.status !== 200) throw failureOfAnswer(raw, call, redact);
      const found = LookedUp.safeParse(parseJson(raw.text));
      if (!found.success) throw unreadable(call, 'it is no user with an id and a status');
      return userOf(found.data, remembered);
    },
  };
}

/** Whether the user found is the one of this name or address: a look-up may find somebody by an alternate name. */
export function answersTo({ by, value }: LookUpKey, user: User): boolean {
  const own = user.attributes[by === 'username' ? 'userName' : 'emails.work'];
  const ignoringCase = { caseExact: false };
  return typeof own === 'string' && fold(own, ignoringCase) === fold(value, ignoringCase);
}
