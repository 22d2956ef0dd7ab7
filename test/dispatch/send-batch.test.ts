import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Item, Pending } from '../../src/contracts/provider.ts';
import type { Outcome } from '../../src/domain/change.ts';
import { attemptsMax, type BatchEnd, sendBatch } from '../../src/dispatch/send-batch.ts';
import {
  buildItem,
  buildItems,
  buildOutcome,
  doubt,
  exists,
  fakeTarget,
  type FakeTarget,
  inTurn,
  refusal,
  resultsOf,
  success,
  trouble,
} from './fake-target.ts';

function send(target: FakeTarget, items: readonly Item[]): Promise<BatchEnd> {
  return target.clock.runUntil(sendBatch(items, target.tools));
}

describe('an item whose key the target remembers, and that nobody can look up', () => {
  const hourMs = 3_600_000;

  it('is sent again with the same key, also from one half of a batch, and says until when it may leave', async () => {
    const seen: Item[] = [];
    const refused = trouble('refused');
    const target = fakeTarget({
      keyLifetimeMs: hourMs,
      write: (items, call) => {
        seen.push(...items);
        if (call === 1) return refused;
        return call <= 3 ? trouble('unanswered') : items.map(() => success);
      },
    });
    const startMs = target.clock.now();
    expect(resultsOf(await send(target, buildItems(2)))).toEqual(['succeeded', 'succeeded']);
    expect(seen.map(({ key }) => key)).toEqual(['key 1', 'key 2', 'key 1', 'key 1', 'key 1', 'key 2']);
    expect(seen.map(({ leaveBefore }) => leaveBefore !== undefined)).toEqual([
      ...[false, false, false],
      ...[true, true, false],
    ]);
    expect(seen[3]?.leaveBefore).toBe(startMs + hourMs);
  });

  it('stays unknown when the target answers that it exists: it has not remembered the key', async () => {
    const target = fakeTarget({
      keyLifetimeMs: hourMs,
      write: inTurn(trouble('unanswered'), [exists]),
      find: () => undefined,
      tools: { mayLink: () => true },
    });
    expect(resultsOf(await send(target, buildItems(1, 'create')))).toEqual(['unknown']);
    expect(target.writes).toHaveLength(2);
  });

  it('is sent without an end to its time once a look-up says that it was not taken', async () => {
    const seen: Item[] = [];
    const target = fakeTarget({
      keyLifetimeMs: 500,
      verdict: 'notApplied',
      write: (items, call) => {
        seen.push(...items);
        return call === 1 ? trouble('unanswered') : items.map(() => success);
      },
    });
    expect(resultsOf(await send(target, buildItems(1)))).toEqual(['succeeded']);
    expect(seen[1]).toEqual(buildItem(1));
  });

  it('stays unknown when the run stops before it is sent again', async () => {
    const stop = new AbortController();
    const target = fakeTarget({
      keyLifetimeMs: hourMs,
      write: () => {
        stop.abort(new Error('told to stop'));
        return trouble('unanswered');
      },
      tools: { signal: stop.signal },
    });
    expect(resultsOf(await send(target, buildItems(1)))).toEqual(['unknown']);
    expect(target.writes).toHaveLength(1);
  });

  it('is not sent again by a later sitting whose time was over, and stays unknown', async () => {
    const target = fakeTarget({ keyLifetimeMs: hourMs, write: () => trouble('unanswered') });
    const late = { ...buildItem(1), leaveBefore: target.clock.now() + 500 };
    expect(resultsOf(await send(target, [late]))).toEqual(['unknown']);
    expect(target.writes).toHaveLength(1);
  });
});

describe('a batch that is answered', () => {
  it('takes each item’s outcome, in order, after one attempt', async () => {
    const target = fakeTarget({ write: () => [success, refusal, buildOutcome({ userId: 'new' })] });
    const end = await send(target, buildItems(3));
    expect(end).toEqual({
      fatal: null,
      sent: [
        { outcome: success, attempts: 1 },
        { outcome: refusal, attempts: 1 },
        { outcome: buildOutcome({ userId: 'new' }), attempts: 1 },
      ],
    });
    expect(target.writes).toHaveLength(1);
    expect(target.lookUps).toEqual([]);
  });

  it('is an error when the provider gives an outcome too few or too many', async () => {
    for (const outcomes of [[success], [success, success, success]]) {
      const target = fakeTarget({ write: () => outcomes });
      await expect(sendBatch(buildItems(2), target.tools)).rejects.toThrow(
        `${outcomes.length} outcomes for 2 items`,
      );
    }
  });

  it('passes on what is no trouble of the target', async () => {
    const target = fakeTarget({
      write: () => {
        throw new Error('a bug');
      },
    });
    await expect(sendBatch(buildItems(1), target.tools)).rejects.toThrow('a bug');
  });

  it('calls an existing account a success only where logins tell who is who', async () => {
    const own = fakeTarget({ write: () => [exists], tools: { mayLink: () => true } });
    expect((await send(own, [buildItem(1, 'add')])).sent).toMatchObject([
      { outcome: { result: 'succeeded', errorCode: 'LINKED_EXISTING', providerCode: 'V-2' } },
    ]);
    const other = fakeTarget({ write: () => [exists] });
    expect((await send(other, [buildItem(1, 'add')])).sent).toMatchObject([{ outcome: exists }]);
  });

  it('never takes what a rename ran into for its own account', async () => {
    const target = fakeTarget({ write: () => [exists], tools: { mayLink: () => true } });
    expect((await send(target, [buildItem(1, 'update')])).sent).toMatchObject([{ outcome: exists }]);
  });
});

describe('a batch that was certainly not taken', () => {
  it('stops the run, because whoever sends it has repeated it already', async () => {
    for (const kind of ['unsent', 'throttled'] as const) {
      const failure = new TargetFailure({ trouble: kind, message: 'It is out.', givenUp: true });
      const target = fakeTarget({ write: inTurn(failure, 'success') });
      const end = await send(target, buildItems(2));
      expect(end).toEqual({ sent: [null, null], fatal: failure });
      expect(target.writes).toHaveLength(1);
      expect(target.lookUps).toEqual([]);
    }
  });

  it('is sent again after a backoff where each item of an answer was throttled', async () => {
    const target = fakeTarget({
      write: inTurn(trouble('throttled'), trouble('throttled'), 'success'),
      tools: { backoffMs: (attempt) => 100 * 2 ** attempt },
    });
    const end = await send(target, buildItems(2));
    expect(resultsOf(end)).toEqual(['succeeded', 'succeeded']);
    expect(end.sent.map((sent) => sent?.attempts)).toEqual([3, 3]);
    expect(target.writes.map(({ atMs }) => atMs)).toEqual([0, 200, 600]);
    expect(target.lookUps).toEqual([]);
  });

  it('stops the run when each item stays throttled', async () => {
    const target = fakeTarget({ write: inTurn(trouble('throttled')) });
    const end = await send(target, buildItems(2));
    expect(end.fatal).toMatchObject({ trouble: 'throttled', exit: 75 });
    expect(end.sent).toEqual([null, null]);
    expect(target.writes).toHaveLength(attemptsMax);
  });

  it.each(['unauthorised', 'misconfigured'] as const)('stops the run at once when it is %s', async (kind) => {
    const target = fakeTarget({ write: inTurn(trouble(kind)) });
    const end = await send(target, buildItems(2));
    expect(end.fatal).toMatchObject({ trouble: kind, exit: 1 });
    expect(end.sent).toEqual([null, null]);
    expect(target.writes).toHaveLength(1);
    expect(target.lookUps).toEqual([]);
  });
});

describe.each([
  ['unanswered', 'UNANSWERED'],
  ['unavailable', 'UNAVAILABLE'],
  ['unreadable', 'UNREADABLE_ANSWER'],
] as const)('a batch whose write was %s', (kind, errorCode) => {
  it('is looked up, and done when it took effect', async () => {
    const found = { id: 'u1', active: true, attributes: {} };
    const target = fakeTarget({ write: inTurn(trouble(kind)), verdict: 'applied', find: () => found });
    const end = await send(target, buildItems(1));
    expect(end).toEqual({ fatal: null, sent: [{ outcome: { ...success, userId: 'u1' }, attempts: 1 }] });
    expect(target.writes).toHaveLength(1);
    expect(target.lookUps).toEqual([['u1']]);
  });

  it('is sent again when it certainly did not take effect', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind), 'success'), verdict: 'notApplied' });
    const end = await send(target, buildItems(2));
    expect(resultsOf(end)).toEqual(['succeeded', 'succeeded']);
    expect(target.writes.map(({ ids }) => ids)).toEqual([
      ['u1', 'u2'],
      ['u1', 'u2'],
    ]);
  });

  it('is never sent again when nobody can tell', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind), 'success'), verdict: 'cannotTell' });
    const end = await send(target, buildItems(2));
    expect(end.fatal).toBeNull();
    expect(end.sent).toMatchObject([
      { outcome: { result: 'unknown', errorCode }, attempts: 1 },
      { outcome: { result: 'unknown', errorCode }, attempts: 1 },
    ]);
    expect(target.writes).toHaveLength(1);
  });

  it('is sent again, although nobody can tell, when its step only creates', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind), 'success'), verdict: 'cannotTell' });
    const end = await send(target, buildItems(1, 'add'));
    expect(resultsOf(end)).toEqual(['succeeded']);
    expect(target.writes).toHaveLength(2);
  });

  it('is done when a create that was sent again finds the account', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind), [exists]), verdict: 'cannotTell' });
    const end = await send(target, buildItems(1, 'add'));
    expect(end.sent).toMatchObject([
      { outcome: { result: 'succeeded', errorCode: 'LINKED_EXISTING' }, attempts: 2 },
    ]);
  });

  it('stays unknown and stops the run when it cannot be looked up', async () => {
    for (const action of ['update', 'add']) {
      const target = fakeTarget({ write: inTurn(trouble(kind)), lookUpFailure: trouble('unavailable') });
      const end = await send(target, buildItems(1, action));
      expect(end.fatal).toMatchObject({ trouble: 'unavailable' });
      expect(end.sent).toMatchObject([{ outcome: { result: 'unknown', errorCode } }]);
      expect(target.writes).toHaveLength(1);
    }
  });

  it('is given up after so many attempts that did not take effect', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind)), verdict: 'notApplied' });
    const end = await send(target, buildItems(1));
    expect(end).toMatchObject({
      fatal: null,
      sent: [{ outcome: { result: 'failed', errorCode: 'NOT_APPLIED' }, attempts: attemptsMax }],
    });
    expect(target.writes).toHaveLength(attemptsMax);
  });

  it('stays unknown after so many attempts to create', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind)), verdict: 'cannotTell' });
    const end = await send(target, buildItems(1, 'add'));
    expect(end.sent).toMatchObject([{ outcome: { result: 'unknown' }, attempts: attemptsMax }]);
    expect(target.writes).toHaveLength(attemptsMax);
  });

  it('is given time before it is looked up', async () => {
    const target = fakeTarget({ write: inTurn(trouble(kind)), verdict: 'applied' });
    const sending = sendBatch(buildItems(1), target.tools);
    await target.clock.advance(999);
    expect(target.lookUps).toEqual([]);
    await target.clock.runUntil(sending);
    expect(target.lookUps).toHaveLength(1);
  });
});

describe('single items in doubt', () => {
  it('are looked up and sent again without the others', async () => {
    const target = fakeTarget({
      write: inTurn([success, doubt, refusal, doubt], 'success'),
      verdict: 'notApplied',
    });
    const end = await send(target, buildItems(4));
    expect(resultsOf(end)).toEqual(['succeeded', 'succeeded', 'failed', 'succeeded']);
    expect(end.sent.map((sent) => sent?.attempts)).toEqual([1, 2, 1, 2]);
    expect(target.lookUps).toEqual([['u2', 'u4']]);
    expect(target.writes.map(({ ids }) => ids)).toEqual([
      ['u1', 'u2', 'u3', 'u4'],
      ['u2', 'u4'],
    ]);
  });

  it('stay unknown, as the answer put it, when nobody can tell', async () => {
    const target = fakeTarget({ write: inTurn([success, doubt], 'success') });
    const end = await send(target, buildItems(2));
    expect(end.sent[1]).toEqual({ outcome: doubt, attempts: 1 });
    expect(target.writes).toHaveLength(1);
  });

  it('of a refusal that says “already so” are refused when the values are not there', async () => {
    const alreadySo = buildOutcome({ result: 'unknown', errorCode: 'ALREADY_SO', providerCode: 'V-3' });
    const target = fakeTarget({ write: inTurn([alreadySo]), verdict: 'notApplied' });
    const end = await send(target, buildItems(1));
    expect(end.sent).toMatchObject([
      { outcome: { result: 'failed', errorCode: 'REFUSED', providerCode: 'V-3' }, attempts: 1 },
    ]);
  });

  it('to create stay unknown when sending them again does not come through', async () => {
    for (const kind of ['unauthorised', 'throttled'] as const) {
      const target = fakeTarget({ write: inTurn(trouble('unanswered'), trouble(kind)) });
      const end = await send(target, buildItems(1, 'add'));
      expect(end.fatal).toMatchObject({ trouble: kind });
      expect(end.sent).toMatchObject([{ outcome: { result: 'unknown', errorCode: 'UNANSWERED' } }]);
    }
  });
});

describe('a batch that is refused as a whole', () => {
  const refusing = (bad: ReadonlySet<string>): FakeTarget =>
    fakeTarget({
      write: (items) =>
        items.some(({ userId }) => bad.has(userId ?? '')) ? trouble('refused') : items.map(() => success),
    });
  const spread = (count: number, of: number): ReadonlySet<string> =>
    new Set(Array.from({ length: count }, (_, index) => `u${Math.floor(((index + 0.5) * of) / count) + 1}`));

  it.each([
    [1, 21],
    [3, 55],
    [10, 151],
  ])('finds %i bad items among a thousand in %i requests, and fails no good one', async (count, calls) => {
    const bad = spread(count, 1_000);
    const target = refusing(bad);
    const end = await send(target, buildItems(1_000));
    expect(end.fatal).toBeNull();
    const failed = end.sent.flatMap((sent, index) =>
      sent?.outcome.result === 'failed' ? [`u${index + 1}`] : [],
    );
    expect(failed).toEqual([...bad]);
    expect(resultsOf(end).filter((result) => result === 'succeeded')).toHaveLength(1_000 - count);
    expect(target.writes).toHaveLength(calls);
  });

  it('never takes more requests than that, wherever the bad ones stand', async () => {
    for (const [count, callsMax] of [
      [1, 21],
      [3, 55],
      [10, 151],
    ] as const) {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: count, maxLength: count }),
          async (places) => {
            const bad = new Set(places.map((place) => `u${place}`));
            const target = refusing(bad);
            const results = resultsOf(await send(target, buildItems(1_000)));
            expect(target.writes.length).toBeLessThanOrEqual(callsMax);
            expect(results.filter((result) => result === 'succeeded')).toHaveLength(1_000 - count);
          },
        ),
        { numRuns: 50 },
      );
    }
  });

  it('finds a bad item wherever it stands, at the edges too', async () => {
    for (const id of ['u1', 'u2', 'u99', 'u100']) {
      const end = await send(refusing(new Set([id])), buildItems(100));
      expect(end.sent.findIndex((sent) => sent?.outcome.result === 'failed')).toBe(Number(id.slice(1)) - 1);
    }
  });

  it('fails alone without being cut', async () => {
    const target = refusing(new Set(['u1']));
    const end = await send(target, buildItems(1));
    expect(end.sent).toMatchObject([
      { outcome: { result: 'failed', errorCode: 'REQUEST_REFUSED' }, attempts: 1 },
    ]);
    expect(target.writes).toHaveLength(1);
  });

  it('stops the run after five levels of cutting without one success', async () => {
    const all = new Set(buildItems(1_000).map(({ userId }) => userId ?? ''));
    const target = refusing(all);
    const end = await send(target, buildItems(1_000));
    expect(end.fatal).toMatchObject({ trouble: 'misconfigured', exit: 1 });
    // Some of them may be good, so none has failed.
    expect(resultsOf(end)).toEqual(Array(1_000).fill(null));
    // One request, then twice as many on each of five levels.
    expect(target.writes).toHaveLength(1 + 2 + 4 + 8 + 16 + 32);
  });

  it('cuts on when the fifth level brings a success', async () => {
    const bad = new Set(
      buildItems(63)
        .map(({ userId }) => userId ?? '')
        .slice(0, 62),
    );
    const end = await send(refusing(bad), buildItems(64));
    expect(end.fatal).toBeNull();
    expect(resultsOf(end).slice(61)).toEqual(['failed', 'succeeded', 'succeeded']);
  });

  it.each(['unanswered', 'unavailable', 'unreadable'] as const)(
    'is never cut when a try of it was %s',
    async (kind) => {
      const target = fakeTarget({ write: inTurn(trouble(kind)), verdict: 'notApplied' });
      await send(target, buildItems(1_000));
      expect(target.writes.map(({ ids }) => ids.length)).toEqual(Array(attemptsMax).fill(1_000));
    },
  );

  it.each(['unauthorised', 'misconfigured'] as const)('is never cut when it is %s', async (kind) => {
    const target = fakeTarget({ write: inTurn(trouble(kind)) });
    const end = await send(target, buildItems(1_000));
    expect(end.fatal).toMatchObject({ trouble: kind });
    expect(target.writes).toHaveLength(1);
  });

  it('gives an item no more tries because it stands in a half', async () => {
    const target = fakeTarget({
      write: (items, call) => {
        if (call === attemptsMax - 1) return trouble('refused');
        return items.length === 4 ? trouble('unanswered') : items.map(() => doubt);
      },
      verdict: 'notApplied',
    });
    const end = await send(target, buildItems(4));
    expect(end.sent).toMatchObject(
      Array(4).fill({ outcome: { result: 'failed', errorCode: 'NOT_APPLIED' }, attempts: attemptsMax + 1 }),
    );
    // Each half has what the whole batch left it: two of the six tries.
    expect(target.writes.map(({ ids }) => ids.length)).toEqual([4, 4, 4, 4, 4, 2, 2, 2, 2]);
  });

  it('never sends again what an earlier answer settled', async () => {
    const target = fakeTarget({
      write: inTurn([success, doubt, success, doubt], trouble('refused'), 'success'),
      verdict: 'notApplied',
    });
    const end = await send(target, buildItems(4));
    expect(resultsOf(end)).toEqual(Array(4).fill('succeeded'));
    expect(target.writes.map(({ ids }) => ids.join(' '))).toEqual(['u1 u2 u3 u4', 'u2 u4', 'u2', 'u4']);
  });

  it('counts fruitless levels anew once a level brought something', async () => {
    // The first half is good, and of the second only the last: it stands alone six levels down.
    const bad = new Set(
      buildItems(63)
        .map(({ userId }) => userId ?? '')
        .slice(32),
    );
    const end = await send(refusing(bad), buildItems(64));
    expect(resultsOf(end).filter((result) => result === 'succeeded')).toHaveLength(33);
    expect(resultsOf(end)[63]).toBe('succeeded');
  });

  it('counts every attempt of an item', async () => {
    const end = await send(refusing(new Set(['u1'])), buildItems(4));
    expect(end.sent.map((sent) => sent?.attempts)).toEqual([3, 3, 2, 2]);
  });

  it('tries both halves before it cuts either again', async () => {
    const target = refusing(new Set(['u1', 'u3']));
    await send(target, buildItems(4));
    expect(target.writes.map(({ ids }) => ids.join(' '))).toEqual([
      'u1 u2 u3 u4',
      'u1 u2',
      'u3 u4',
      'u1',
      'u2',
      'u3',
      'u4',
    ]);
  });

  it('sends nothing more once a half stops the run', async () => {
    const target = fakeTarget({ write: inTurn(trouble('refused'), 'success', trouble('unauthorised')) });
    const end = await send(target, buildItems(8));
    expect(resultsOf(end)).toEqual([...Array(4).fill('succeeded'), ...Array(4).fill(null)]);
    expect(target.writes).toHaveLength(3);
  });
});

describe('a write that the target takes and works on', () => {
  const pending = (checkAfterMs: number, check: () => Promise<Outcome | Pending>): Pending => ({
    result: 'pending',
    checkAfterMs,
    check,
  });

  it('is asked after when the target said, until it is final', async () => {
    const asked: number[] = [];
    const target = fakeTarget({
      write: () => [
        pending(2_000, async () => {
          asked.push(target.clock.now() - startMs);
          return pending(3_000, async () => {
            asked.push(target.clock.now() - startMs);
            return refusal;
          });
        }),
        success,
      ],
    });
    const startMs = target.clock.now();
    const end = await send(target, buildItems(2));
    expect(resultsOf(end)).toEqual(['failed', 'succeeded']);
    expect(asked).toEqual([2_000, 5_000]);
    expect(target.writes).toHaveLength(1);
  });

  it('is in doubt when it takes too long, and is then looked up', async () => {
    let checks = 0;
    const forever: Pending = pending(60_000, async () => {
      checks += 1;
      return forever;
    });
    const target = fakeTarget({ write: inTurn([forever]), verdict: 'applied' });
    const end = await send(target, buildItems(1));
    expect(resultsOf(end)).toEqual(['succeeded']);
    expect(checks).toBe(10);
    expect(target.lookUps).toHaveLength(1);
  });

  it('is in doubt when it cannot be asked after', async () => {
    const lost = pending(10, async () => {
      throw trouble('unavailable');
    });
    const target = fakeTarget({ write: inTurn([lost, success]) });
    const end = await send(target, buildItems(2));
    expect(end.sent).toMatchObject([
      { outcome: { result: 'unknown', errorCode: 'UNAVAILABLE' } },
      { outcome: { result: 'succeeded' } },
    ]);
    expect(target.writes).toHaveLength(1);
  });

  it('is asked after once more when the run stops, then looked up', async () => {
    const stop = new AbortController();
    const slow: Pending = pending(5_000, async () => slow);
    const target = fakeTarget({ write: inTurn([slow]), tools: { signal: stop.signal } });
    const sending = sendBatch(buildItems(1), target.tools);
    await target.clock.advance(1);
    stop.abort();
    const end = await target.clock.runUntil(sending);
    expect(end.sent).toMatchObject([{ outcome: { result: 'unknown', errorCode: 'UNANSWERED' } }]);
    expect(target.lookUps).toHaveLength(1);
  });
});

describe('a run that is told to stop', () => {
  it('sends nothing that has not left', async () => {
    const target = fakeTarget({ tools: { signal: AbortSignal.abort() } });
    const end = await send(target, buildItems(2));
    expect(end).toEqual({ sent: [null, null], fatal: null });
    expect(target.writes).toEqual([]);
  });

  it('does not wait out a pause, and does not send again', async () => {
    const stop = new AbortController();
    const target = fakeTarget({
      write: inTurn(trouble('throttled'), 'success'),
      tools: { signal: stop.signal, backoffMs: () => 60_000 },
    });
    const sending = sendBatch(buildItems(1), target.tools);
    await target.clock.advance(1);
    stop.abort();
    expect(await sending).toEqual({ sent: [null], fatal: null });
    expect(target.writes).toHaveLength(1);
  });

  it('does not take what it kept from being sent for a target that is out', async () => {
    const stop = new AbortController();
    const target = fakeTarget({
      write: () => {
        stop.abort();
        return trouble('unsent');
      },
      tools: { signal: stop.signal },
    });
    expect(await send(target, buildItems(1))).toEqual({ sent: [null], fatal: null });
  });

  it('still looks up what is in doubt', async () => {
    const stop = new AbortController();
    const target = fakeTarget({
      write: inTurn(trouble('unanswered'), 'success'),
      verdict: 'applied',
      tools: { signal: stop.signal },
    });
    const sending = sendBatch(buildItems(1), target.tools);
    await target.clock.advance(1);
    stop.abort();
    expect(resultsOf(await sending)).toEqual(['succeeded']);
    expect(target.lookUps).toHaveLength(1);
  });

  it('leaves a create in doubt that it would have sent again', async () => {
    const stop = new AbortController();
    const target = fakeTarget({
      write: inTurn(trouble('unanswered'), 'success'),
      tools: { signal: stop.signal },
    });
    const sending = sendBatch(buildItems(1, 'add'), target.tools);
    await target.clock.advance(1);
    stop.abort();
    expect(resultsOf(await sending)).toEqual(['unknown']);
    expect(target.writes).toHaveLength(1);
  });

  it('cuts a refused batch no further', async () => {
    const stop = new AbortController();
    const target = fakeTarget({
      write: () => {
        stop.abort();
        return trouble('refused');
      },
      tools: { signal: stop.signal },
    });
    const end = await send(target, buildItems(4));
    expect(end.sent).toEqual([null, null, null, null]);
    expect(target.writes).toHaveLength(1);
  });
});
