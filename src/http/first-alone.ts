import type { HttpAnswer } from '../contracts/provider.ts';
import { TargetFailure } from '../domain/failure.ts';

type Send = () => Promise<HttpAnswer>;

/**
 * Lets requests through one at a time until one was answered by anything but 401: several at once with a wrong
 * password would lock the account that signs in. Those that wait while one is refused are not sent at all, and throw
 * a `TargetFailure` `unauthorised`.
 */
export function createFirstAlone(): (send: Send) => Promise<HttpAnswer> {
  let accepted = false;
  let refusals = 0;
  let underWay: Promise<void> | null = null;

  async function sendAlone(send: Send): Promise<HttpAnswer> {
    const over = Promise.withResolvers<void>();
    underWay = over.promise;
    try {
      const answer = await send();
      if (answer.status === 401) refusals += 1;
      else accepted = true;
      return answer;
    } finally {
      underWay = null;
      over.resolve();
    }
  }

  return async (send) => {
    const refusalsBefore = refusals;
    while (!accepted && underWay !== null) await underWay;
    if (accepted) return send();
    if (refusals > refusalsBefore) throw spared();
    return sendAlone(send);
  };
}

function spared(): TargetFailure {
  return new TargetFailure({
    trouble: 'unauthorised',
    message: 'The first request was refused for its credentials, so this one was not sent.',
    hint: 'Check the credentials under auth; more attempts with wrong ones would lock the account.',
  });
}
