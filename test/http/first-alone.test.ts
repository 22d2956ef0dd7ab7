import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../src/contracts/provider.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import { createFirstAlone } from '../../src/http/first-alone.ts';

function answer(status: number): HttpAnswer {
  return {
    status,
    headers: {},
    body: (async function* () {})(),
    text: () => Promise.resolve(''),
  };
}

/** Requests that are answered by hand, and how many have been sent. */
function target() {
  const sent: PromiseWithResolvers<HttpAnswer>[] = [];
  const pass = createFirstAlone();
  return {
    sent,
    request: () =>
      pass(() => {
        const request = Promise.withResolvers<HttpAnswer>();
        sent.push(request);
        return request.promise;
      }),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the first requests of a run', () => {
  it('wait until one was accepted, and then go together', async () => {
    const { sent, request } = target();
    const all = Promise.all([request(), request(), request(), request()]);
    await turn();
    expect(sent).toHaveLength(1);
    sent[0]?.resolve(answer(200));
    await turn();
    expect(sent).toHaveLength(4);
    for (const one of sent) one.resolve(answer(200));
    expect((await all).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('are not sent when the one before them was refused for its credentials', async () => {
    const { sent, request } = target();
    const all = Promise.allSettled([request(), request(), request()]);
    await turn();
    sent[0]?.resolve(answer(401));
    const [first, ...others] = await all;
    expect(first).toMatchObject({ status: 'fulfilled', value: { status: 401 } });
    for (const other of others) {
      const reason = other.status === 'rejected' ? other.reason : null;
      expect(reason instanceof TargetFailure && reason.trouble).toBe('unauthorised');
    }
    expect(sent).toHaveLength(1);
  });

  it('may be tried once more with renewed credentials, still alone', async () => {
    const { sent, request } = target();
    const refused = request();
    await turn();
    sent[0]?.resolve(answer(401));
    await refused;
    const again = Promise.all([request(), request()]);
    await turn();
    expect(sent).toHaveLength(2);
    sent[1]?.resolve(answer(200));
    await turn();
    expect(sent).toHaveLength(3);
    sent[2]?.resolve(answer(200));
    await again;
  });

  it('go on one by one while no answer comes at all', async () => {
    const { sent, request } = target();
    const first = request();
    const second = request();
    await turn();
    sent[0]?.reject(new TargetFailure({ trouble: 'unsent', message: 'refused' }));
    await expect(first).rejects.toThrow('refused');
    await turn();
    expect(sent).toHaveLength(2);
    sent[1]?.resolve(answer(403));
    expect((await second).status).toBe(403);
  });
});
