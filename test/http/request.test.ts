import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HttpRequest } from '../../src/contracts/provider.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Limits } from '../../src/domain/settings.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { graceMs, type Http, type HttpSettings, openHttp } from '../../src/http/request.ts';
import type { RequestEvent } from '../../src/http/send.ts';
import { refusingPort, startProxy, startServer, startTlsServer, type TestServer } from './servers.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const timeoutMs = 30_000;
const read: HttpRequest = { method: 'GET', path: '/users?filter=ann@example.com', safe: true };
const write: HttpRequest = { method: 'POST', path: '/users', body: '{}', safe: false };

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of toClose.splice(0).reverse()) await close();
});

function closing<T extends { close(): Promise<void> }>(thing: T): T {
  toClose.push(() => thing.close());
  return thing;
}

interface World {
  readonly http: Http;
  readonly clock: VirtualClock;
  readonly events: RequestEvent[];
  readonly stop: AbortController;
}

function atOnce(concurrency: number): Limits {
  return { rates: [], concurrency, batchSize: 1, batchBytes: 1000, requestTimeoutMs: timeoutMs };
}

/** A client of the server; backoff takes no time unless `random` says otherwise. */
function clientOf(baseUrl: string, settings: Partial<HttpSettings> = {}): World {
  const clock = virtualClock();
  const events: RequestEvent[] = [];
  const stop = new AbortController();
  const http = openHttp({
    baseUrl,
    limits: atOnce(4),
    proxy: null,
    ca: null,
    clientCertificate: null,
    limiter: createLimiter([], clock, { waitMaxMs: 900_000 }),
    clock,
    random: () => 0,
    signal: stop.signal,
    onRequest: (event) => events.push(event),
    userAgent: 'rollcall/test',
    ...settings,
  });
  closing(http);
  return { http, clock, events, stop };
}

describe('a write that must not leave after a moment', () => {
  it('leaves before it, and not when its turn comes too late', async () => {
    let came = 0;
    const server = await serverWith((_, response) => {
      came += 1;
      response.end('{}');
    });
    const clock = virtualClock();
    const limiter = createLimiter([], clock, { waitMaxMs: 900_000 });
    const { http } = clientOf(server.url, { clock, limiter });
    const leaveBefore = clock.now() + 1_000;
    expect((await http.request({ ...write, leaveBefore })).status).toBe(200);
    limiter.pauseUntil(leaveBefore);
    const late = http.request({ ...write, leaveBefore });
    await expect(clock.runUntil(late)).rejects.toMatchObject({ trouble: 'unanswered' });
    expect((await http.request(write)).status).toBe(200);
    expect(came).toBe(2);
  });
});

async function serverWith(handler: RequestListener): Promise<TestServer> {
  return closing(await startServer(handler));
}

/** Answers the first requests as listed, the last one for ever. */
function answers(...handlers: [RequestListener, ...RequestListener[]]): RequestListener {
  let next = 0;
  return (request, response) => {
    const handler = handlers[Math.min(next, handlers.length - 1)] ?? handlers[0];
    next += 1;
    request.resume();
    handler(request, response);
  };
}

const ok: RequestListener = (_, response) => void response.end('fine');
const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end('sorry');
const dropped: RequestListener = (request) => void request.socket.destroy();
const droppedMidway: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half', () => request.socket.destroy());
};

async function failure(promise: Promise<unknown>): Promise<TargetFailure> {
  const error = await promise.then(
    () => new Error('It succeeded.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TargetFailure)) throw error;
  return error;
}

describe('a request', () => {
  it('goes to base, prefix, path and query, and brings status, headers and body', async () => {
    let agent: string | undefined;
    const server = await serverWith((request, response) => {
      agent = request.headers['user-agent'];
      response.writeHead(404, [
        ['X-Kind', 'a'],
        ['X-Kind', 'b'],
      ]);
      response.end('grüße');
    });
    const { http, events } = clientOf(`${server.url}/api/`);
    const answer = await http.request(read);
    expect(server.seen).toEqual(['GET /api/users?filter=ann@example.com']);
    expect(agent).toBe('rollcall/test');
    expect(answer.status).toBe(404);
    expect(answer.headers['x-kind']).toBe('a, b');
    expect(await answer.text()).toBe('grüße');
    expect(events).toEqual([
      { method: 'GET', path: '/api/users', status: 404, trouble: null, attempt: 1, durationMs: 0 },
    ]);
  });

  it('is not sent when its path would leave the base', async () => {
    const server = await serverWith(ok);
    const { http } = clientOf(`${server.url}/api`);
    expect((await failure(http.request({ ...read, path: '/../admin' }))).trouble).toBe('misconfigured');
    expect(server.seen).toEqual([]);
  });

  it('with a header that HTTP does not allow is not sent, and the message does not show the header', async () => {
    const server = await serverWith(ok);
    const { http } = clientOf(server.url);
    const error = await failure(http.request({ ...write, headers: { authorization: 'Bearer s3cret\n' } }));
    expect(error.trouble).toBe('misconfigured');
    expect(`${error.message} ${error.hint}`).not.toContain('s3cret');
    expect(server.seen).toEqual([]);
  });

  it('waits for the limiter', async () => {
    const server = await serverWith(ok);
    const clock = virtualClock();
    const limiter = createLimiter([{ requests: 1, perMs: 1000 }], clock);
    const { http } = clientOf(server.url, { clock, limiter });
    await http.request(write);
    const second = http.request(write);
    await clock.untilAsleepFor(1015);
    expect(server.seen).toHaveLength(1);
    await clock.advance(1015);
    await second;
    expect(server.seen).toHaveLength(2);
  });

  it('tells the limiter when it leaves, which may be long after it was let go', async () => {
    const server = await serverWith(ok);
    const clock = virtualClock();
    const limiter = createLimiter([], clock);
    const left: number[] = [];
    const listening = { ...limiter, left: (grantedMs: number) => left.push(clock.now() - grantedMs) };
    const { http } = clientOf(server.url, { clock, limiter: listening });
    const answered = http.request(write);
    await clock.advance(70);
    await answered;
    expect(left).toHaveLength(1);
    expect(left[0]).toBeLessThanOrEqual(70);
    await http.request(write);
    expect(left).toHaveLength(2);
  });

  it('is under way with no more than the agreed number of others', async () => {
    const underWay = new Set<() => void>();
    let most = 0;
    const server = await serverWith((_, response) => {
      underWay.add(() => response.end());
      most = Math.max(most, underWay.size);
      // Once three have come, one more is given the time to come too.
      if (underWay.size === 3) setTimeout(answerAll, 10);
    });
    function answerAll() {
      for (const answer of underWay) answer();
      underWay.clear();
    }
    const { http } = clientOf(server.url, { limits: atOnce(3) });
    await Promise.all(Array.from({ length: 30 }, () => http.request(write)));
    expect(most).toBe(3);
  });

  it('keeps its connection for the next one, also after a refusal', async () => {
    const server = await serverWith(answers(status(400), status(429), ok));
    const { http, clock } = clientOf(server.url, { limits: atOnce(1) });
    await http.request(write);
    const second = http.request(write);
    await clock.untilAsleepFor(1000);
    await clock.advance(1000);
    await second;
    expect(server.connections()).toBe(1);
  });
});

describe('a deadline', () => {
  it('ends a body that drips on and on, and leaves a write in doubt', async () => {
    let dripped = () => {};
    const firstDrip = new Promise<void>((resolve) => {
      dripped = resolve;
    });
    const server = await serverWith((request, response) => {
      const drip = setInterval(() => response.write('.', dripped), 1);
      request.socket.on('close', () => clearInterval(drip));
    });
    const { http, clock, events } = clientOf(server.url);
    const writing = failure(http.request(write));
    await firstDrip;
    await clock.advance(timeoutMs - 1);
    expect(events).toEqual([]);
    await clock.advance(1);
    const error = await writing;
    expect(error.trouble).toBe('unanswered');
    expect(error.message).toContain('POST /users at http://127.0.0.1');
    expect(error.message).toContain('within 30 s');
    expect(events.map((event) => event.trouble)).toEqual(['unanswered']);
    expect(events[0]?.durationMs).toBe(timeoutMs);
    expect(clock.sleeping).toEqual([]);
  });

  it("may be the request's own", async () => {
    const server = await serverWith(() => undefined);
    const { http, clock } = clientOf(server.url);
    const writing = failure(http.request({ ...write, timeoutMs: 50 }));
    await vi.waitUntil(() => server.seen.length === 1);
    await clock.advance(50);
    expect((await writing).message).toContain('within 0.05 s');
  });

  it('also bounds the wait for a connection, and then the request never leaves', async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const received: Buffer[] = [];
    const sockets: { destroy(): void }[] = [];
    silent.on('connection', (socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => received.push(bytes));
    });
    closing({
      close: async () => {
        for (const socket of sockets) socket.destroy();
        silent.close();
      },
    });
    // A server that accepts but never speaks TLS keeps the connection from coming about.
    const { http, clock } = clientOf(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const writing = failure(http.request(write));
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await clock.untilAsleepFor(timeoutMs);
      await clock.advance(timeoutMs);
    }
    const error = await writing;
    expect(received.length).toBeGreaterThan(0);
    expect(error.trouble).toBe('unsent');
    expect(error.message).toContain('no connection came about within 30 s');
  });

  it('does not hold for one who reads slowly what has come already', async () => {
    const server = await serverWith((_, response) => void response.end(Buffer.alloc(300_000, 'x')));
    const { http, clock } = clientOf(server.url);
    const answer = await http.request(read);
    await vi.waitUntil(() => clock.sleeping.length === 0);
    await clock.advance(10 * timeoutMs);
    expect(await answer.text()).toHaveLength(300_000);
  });
});

describe('a connection that breaks', () => {
  it('before anything was sent is tried again, and at last leaves a write unsent', async () => {
    const port = await refusingPort();
    const { http, events } = clientOf(`http://127.0.0.1:${port}`);
    const error = await failure(http.request(write));
    expect(error.trouble).toBe('unsent');
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.hint).toContain('baseUrl');
    expect(error.givenUp).toBe(true);
    expect(events.map(({ status, trouble, attempt }) => [status, trouble, attempt])).toEqual(
      [1, 2, 3, 4, 5].map((attempt) => [null, 'unsent', attempt]),
    );
  });

  it('because nobody knows the host leaves a write unsent', async () => {
    const { http } = clientOf('http://no-such-host.invalid', { proxy: null });
    vi.stubEnv('NO_PROXY', '*');
    const error = await failure(http.request(write));
    expect(error.trouble).toBe('unsent');
    expect(error.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it.each([
    ['before the answer', dropped],
    ['in the middle of the answer', droppedMidway],
  ])('%s leaves a write in doubt, and it is not sent again', async (_, handler) => {
    const server = await serverWith(handler);
    const { http, events } = clientOf(server.url);
    expect((await failure(http.request(write))).trouble).toBe('unanswered');
    expect(server.seen).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it('after it had served another request leaves a write in doubt, and it is not sent again', async () => {
    const server = await serverWith(answers(ok, dropped, ok));
    const { http } = clientOf(server.url, { limits: atOnce(1) });
    await http.request(write);
    expect((await failure(http.request(write))).trouble).toBe('unanswered');
    expect(server.seen).toHaveLength(2);
    expect(server.connections()).toBe(1);
  });
});

describe('an answer', () => {
  it('that is longer than is read is unreadable, and is not read on', async () => {
    let closed = false;
    const server = await serverWith((request, response) => {
      request.socket.on('close', () => {
        closed = true;
      });
      const more = () => {
        while (!closed && response.write(Buffer.alloc(65_536)));
        if (!closed) response.once('drain', more);
      };
      more();
    });
    const { http, clock } = clientOf(server.url);
    const error = await failure(http.request({ ...read, answerBytesMax: 100_000 }));
    expect(error.trouble).toBe('unreadable');
    expect(error.message).toContain('100000 bytes');
    await vi.waitUntil(() => closed);
    expect(clock.sleeping).toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  it('of exactly the length that is read is whole', async () => {
    const server = await serverWith((_, response) => void response.end(Buffer.alloc(100_000, 'x')));
    const { http } = clientOf(server.url);
    const answer = await http.request({ ...read, answerBytesMax: 100_000 });
    expect(await answer.text()).toHaveLength(100_000);
  });

  it('that is long comes in chunks, and a reader may stop early', async () => {
    const server = await serverWith((_, response) => void response.end(Buffer.alloc(5_000_000, 'x')));
    const { http, clock } = clientOf(server.url);
    const answer = await http.request(read);
    for await (const chunk of answer.body) {
      expect(chunk.byteLength).toBeLessThan(1_000_000);
      break;
    }
    await vi.waitUntil(() => clock.sleeping.length === 0);
  });

  it('that nobody reads is given up at the deadline, and its place is free again', async () => {
    const server = await serverWith((_, response) => void response.end(Buffer.alloc(5_000_000, 'x')));
    const { http, clock } = clientOf(server.url, { limits: atOnce(1) });
    await http.request(read);
    const second = http.request(read);
    await clock.untilAsleepFor(timeoutMs);
    await clock.advance(timeoutMs);
    expect(await (await second).text()).toHaveLength(5_000_000);
  });

  it('of data that is not UTF-8 is unreadable, an error page is not', async () => {
    const server = await serverWith(
      answers(
        (_, response) => void response.end(Buffer.from([0x4a, 0xfc, 0x72])),
        (_, response) => void response.writeHead(403).end(Buffer.from([0x4a, 0xfc, 0x72])),
      ),
    );
    const { http } = clientOf(server.url);
    const answer = await http.request(read);
    expect((await failure(answer.text())).trouble).toBe('unreadable');
    expect(await (await http.request(read)).text()).toBe('J\ufffdr');
  });

  it('that is not HTTP is unreadable', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end('+OK Dovecot ready.\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing({ close: async () => void server.close() });
    const { http } = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const error = await failure(http.request(write));
    expect(error.trouble).toBe('unreadable');
    expect(error.message).not.toContain('Dovecot');
  });
});

describe('a redirect', () => {
  it('is never followed, and the other server sees nothing of the credentials', async () => {
    const other = await serverWith(ok);
    const server = await serverWith(status(302, { location: `${other.url}/login?token=s3cret` }));
    const { http } = clientOf(server.url);
    const error = await failure(http.request({ ...read, headers: { authorization: 'Basic YTpi' } }));
    expect(error.trouble).toBe('misconfigured');
    expect(error.exit).toBe(1);
    expect(error.message).toContain(`to ${other.url} (302)`);
    expect(error.message).not.toContain('s3cret');
    expect(other.seen).toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  it.each(['http://', undefined])('with the address %j is told as such', async (location) => {
    const server = await serverWith(status(307, location === undefined ? {} : { location }));
    const { http } = clientOf(server.url);
    expect((await failure(http.request(write))).message).toContain('without a readable address (307)');
  });

  it('within the same server shows no credentials of its address', async () => {
    const server = await serverWith(status(308, { location: '//ann:s3cret@example.com/' }));
    const { http } = clientOf(server.url);
    const error = await failure(http.request(write));
    expect(error.message).toContain('to http://example.com (308)');
    expect(error.message).not.toContain('s3cret');
  });
});

describe('a target that asks to slow down', () => {
  const soon = new Date(Date.UTC(2026, 0, 1) + 9000).toUTCString();

  it.each([
    ['seconds', '7', 7000],
    ['a date', soon, 9000],
    ['nothing', undefined, 1000],
    ['nonsense', '7.5', 1000],
  ])('with %s gets a write again after it, and nothing else meanwhile', async (_, asked, heldMs) => {
    const server = await serverWith(
      answers(status(429, asked === undefined ? {} : { 'retry-after': asked }), ok),
    );
    const { http, clock, events } = clientOf(server.url);
    const first = http.request(write);
    await clock.untilAsleepFor(heldMs);
    const next = http.request(read);
    await clock.advance(heldMs - 1);
    expect(server.seen).toHaveLength(1);
    await clock.advance(1);
    expect([(await first).status, (await next).status]).toEqual([200, 200]);
    expect(events.map(({ method, status }) => [method, status])).toContainEqual(['POST', 429]);
  });

  it('gets its wish before a read is repeated', async () => {
    const server = await serverWith(
      answers(status(429, { 'retry-after': '7' }), status(503, { 'retry-after': '8' }), ok),
    );
    const { http, clock, events } = clientOf(server.url);
    const reading = http.request(read);
    await clock.untilAsleepFor(7000);
    await clock.advance(7000);
    await clock.untilAsleepFor(8000);
    expect(server.seen).toHaveLength(2);
    await clock.advance(8000);
    expect((await reading).status).toBe(200);
    expect(events.map(({ status, attempt }) => [status, attempt])).toEqual([
      [429, 1],
      [503, 2],
      [200, 3],
    ]);
  });

  it.each([read, write])(
    'for longer than is waited for parks the run, and says until when ($method)',
    async (request) => {
      const server = await serverWith(status(429, { 'retry-after': '3600' }));
      const { http } = clientOf(server.url);
      const error = await failure(http.request(request));
      expect([error.trouble, error.givenUp, error.exit]).toEqual(['throttled', true, 75]);
      expect(error.retryAfterMs).toBe(3_600_000);
      expect(`${error.message} ${error.hint}`).toContain('until 2026-01-01T01:00:00.000Z');
      expect(server.seen).toHaveLength(1);
      expect((await failure(http.request(write))).givenUp).toBe(true);
      expect(server.seen).toHaveLength(1);
    },
  );

  it('again and again, for longer in all than is waited for, ends the run', async () => {
    const server = await serverWith(status(429, { 'retry-after': '400' }));
    const { http, clock } = clientOf(server.url);
    const writing = failure(http.request(write));
    for (let pause = 1; pause <= 3; pause += 1) {
      await clock.untilAsleepFor(400_000);
      await clock.advance(400_000);
    }
    expect((await writing).givenUp).toBe(true);
    expect(server.seen).toHaveLength(4);
  });

  it('without saying for how long is left alone twice as long by every time in a row', async () => {
    const server = await serverWith(answers(status(429), status(429), status(429), ok));
    const { http, clock } = clientOf(server.url);
    const writing = http.request(write);
    for (const ms of [1000, 2000, 4000]) {
      await clock.untilAsleepFor(ms);
      await clock.advance(ms);
    }
    expect((await writing).status).toBe(200);
  });

  it('by saying that nothing remains is left alone until its window ends, without a refusal', async () => {
    const spent = { 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'ratelimit-reset': '8' };
    const server = await serverWith(answers(status(200, spent), ok));
    const { http, clock } = clientOf(server.url);
    await http.request(write);
    const next = http.request(write);
    await clock.untilAsleepFor(8000);
    expect(server.seen).toHaveLength(1);
    await clock.advance(8000);
    expect((await next).status).toBe(200);
  });
});

describe('a read', () => {
  it.each([
    ['a dropped connection', dropped],
    ['an answer that breaks off', droppedMidway],
    ['status 502', status(502)],
    ['status 503', status(503)],
    ['status 504', status(504)],
  ])('is repeated after %s', async (_, handler) => {
    const server = await serverWith(answers(handler, handler, ok));
    const { http } = clientOf(server.url);
    expect(await (await http.request(read)).text()).toBe('fine');
    expect(server.seen).toHaveLength(3);
  });

  it('gives the last answer after five attempts', async () => {
    const server = await serverWith(status(503));
    const { http } = clientOf(server.url);
    const answer = await http.request(read);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('sorry');
    expect(server.seen).toHaveLength(5);
  });

  it('gives the last trouble after five attempts', async () => {
    const server = await serverWith(dropped);
    const { http } = clientOf(server.url);
    const error = await failure(http.request(read));
    expect(error.trouble).toBe('unanswered');
    expect(error.message).toContain('GET /users at');
    expect(error.message).not.toContain('ann@example.com');
    expect(server.seen).toHaveLength(5);
  });

  it('waits longer with every attempt', async () => {
    const server = await serverWith(answers(status(502), status(502), ok));
    const { http, clock } = clientOf(server.url, { random: () => 0.5 });
    const reading = http.request(read);
    await clock.untilAsleepFor(250);
    await clock.advance(250);
    await clock.untilAsleepFor(500);
    await clock.advance(500);
    expect((await reading).status).toBe(200);
  });

  it.each([400, 401, 404, 409, 500, 501])('is not repeated after status %i', async (code) => {
    const server = await serverWith(status(code));
    const { http } = clientOf(server.url);
    expect((await http.request(read)).status).toBe(code);
    expect(server.seen).toHaveLength(1);
  });

  it('is not repeated once its body is being handed out', async () => {
    const server = await serverWith((request, response) => {
      response.writeHead(200, { 'content-length': '5000000' });
      response.write(Buffer.alloc(1_000_000), () => setImmediate(() => request.socket.destroy()));
    });
    const { http } = clientOf(server.url);
    const answer = await http.request(read);
    expect((await failure(answer.text())).trouble).toBe('unanswered');
    expect(server.seen).toHaveLength(1);
  });
});

describe('a write', () => {
  it.each([502, 503, 504])('is not repeated after status %i: the provider judges it', async (code) => {
    const server = await serverWith(status(code));
    const { http } = clientOf(server.url);
    expect((await http.request(write)).status).toBe(code);
    expect(server.seen).toHaveLength(1);
  });
});

describe('the end of a run', () => {
  it('breaks a read off, lets a write finish, and sends nothing more', async () => {
    let finish = () => {};
    const server = await serverWith((request, response) => {
      if (request.method === 'POST') finish = () => response.end('done');
    });
    const { http, stop, clock } = clientOf(server.url);
    const reading = failure(http.request(read));
    const writing = http.request(write);
    await vi.waitUntil(() => server.seen.length === 2);
    stop.abort();
    expect((await reading).trouble).toBe('unanswered');
    expect((await failure(http.request(write))).trouble).toBe('unsent');
    finish();
    expect(await (await writing).text()).toBe('done');
    expect(server.seen).toHaveLength(2);
    await http.close();
    expect(clock.sleeping).toEqual([]);
  });

  it('gives up a write that is not answered 3 s after, and leaves it in doubt', async () => {
    const server = await serverWith(() => undefined);
    const { http, stop, clock } = clientOf(server.url);
    const writing = failure(http.request(write));
    await vi.waitUntil(() => server.seen.length === 1);
    stop.abort();
    await clock.advance(graceMs - 1);
    await expect(Promise.race([writing, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
    await clock.advance(1);
    const error = await writing;
    expect(error.trouble).toBe('unanswered');
    expect(error.message).toContain('broken off, because the run is stopping');
    expect(clock.sleeping).toEqual([]);
  });

  it('ends the wait between two attempts', async () => {
    const server = await serverWith(status(503));
    const { http, stop, clock } = clientOf(server.url, { random: () => 0.5 });
    const reading = failure(http.request(read));
    await clock.untilAsleepFor(250);
    stop.abort();
    const error = await reading;
    expect(error.message).toContain('the run is stopping');
    await http.close();
    expect(clock.sleeping).toEqual([]);
  });

  it('closes every connection, and leaves a write under way in doubt', async () => {
    let closed = 0;
    const server = await serverWith((request, response) => {
      request.socket.on('close', () => {
        closed += 1;
      });
      if (request.url === '/quick') response.end();
    });
    const { http, clock } = clientOf(server.url);
    const writing = failure(http.request(write));
    await vi.waitUntil(() => server.seen.length === 1);
    await http.request({ ...write, path: '/quick' });
    await http.close();
    expect((await writing).trouble).toBe('unanswered');
    await vi.waitUntil(() => closed === 2);
    expect(clock.sleeping).toEqual([]);
    expect((await failure(http.request(write))).trouble).toBe('unsent');
  });
});

describe('a proxy', () => {
  it('named in the job is used, even for this machine', async () => {
    const server = await serverWith(ok);
    const proxy = closing(await startProxy());
    const { http } = clientOf(server.url, { proxy: proxy.url });
    expect(await (await http.request(read)).text()).toBe('fine');
    expect(proxy.seen).toEqual([`GET ${server.url}/users?filter=ann@example.com`]);
  });

  it('named in the environment is used, unless NO_PROXY says otherwise', async () => {
    const proxy = closing(await startProxy(502));
    vi.stubEnv('http_proxy', proxy.url);
    vi.stubEnv('no_proxy', '');
    const { http } = clientOf('http://api.invalid');
    expect((await http.request(write)).status).toBe(502);
    expect(proxy.seen).toEqual(['POST http://api.invalid/users']);
    vi.stubEnv('no_proxy', '.invalid');
    expect((await failure(http.request(write))).message).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(proxy.seen).toHaveLength(1);
  });

  it('named in the environment is not used for this machine', async () => {
    const server = await serverWith(ok);
    const proxy = closing(await startProxy(502));
    vi.stubEnv('http_proxy', proxy.url);
    vi.stubEnv('no_proxy', '');
    const { http } = clientOf(server.url);
    expect((await http.request(write)).status).toBe(200);
    expect(proxy.seen).toEqual([]);
  });

  it.each([
    ['http', 407, 'misconfigured'],
    ['https', 407, 'misconfigured'],
    ['https', 403, 'misconfigured'],
    ['https', 503, 'unsent'],
  ])('that refuses %s with status %i is %s', async (scheme, code, trouble) => {
    const proxy = closing(await startProxy(code));
    const withPassword = proxy.url.replace('http://', 'http://ann:s3cret@');
    const { http } = clientOf(`${scheme}://api.invalid`, { proxy: withPassword });
    const error = await failure(http.request(write));
    expect(error.trouble).toBe(trouble);
    expect(error.message).toContain(`status ${code}`);
    expect(`${error.message} ${error.hint}`).not.toContain('s3cret');
    expect(proxy.seen).toHaveLength(trouble === 'unsent' ? 5 : 1);
  });

  it('that does not listen leaves a write unsent, and the message names its port', async () => {
    const port = await refusingPort();
    const { http } = clientOf('http://api.invalid', { proxy: `http://127.0.0.1:${port}` });
    const error = await failure(http.request(write));
    expect(error.trouble).toBe('unsent');
    expect(error.message).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
  });

  it.each(['proxy.example.com:3128', 'ann:s3cret', ''])(
    'with the address %j is refused without showing it',
    async (proxy) => {
      expect(() => clientOf('https://api.invalid', { proxy })).toThrow(
        'The address of the proxy is not a URL that begins with http:// or https://.',
      );
    },
  );
});

/** A key and a certificate that it signed itself; null where there is no openssl. */
function selfSigned(): { key: string; cert: string } | null {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-http-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  try {
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
    ];
    execFileSync('openssl', [...made, ...names], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } catch {
    return null;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const pem = selfSigned();

describe.skipIf(pem === null)(
  `TLS${pem === null ? ' (skipped: no openssl to make a certificate with)' : ''}`,
  () => {
    const certificate = pem ?? { key: '', cert: '' };

    it('with a certificate that nobody vouches for stops before a byte of the request is sent', async () => {
      const server = closing(await startTlsServer(certificate, ok));
      const { http } = clientOf(server.url);
      const error = await failure(http.request(read));
      expect(error.trouble).toBe('misconfigured');
      expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
      expect(error.hint).toContain('http.ca');
      expect(server.seen).toEqual([]);
      expect(server.connections()).toBe(1);
    });

    it('trusts the authority that the job names', async () => {
      const server = closing(await startTlsServer(certificate, ok));
      const { http } = clientOf(server.url, { ca: certificate.cert });
      expect(await (await http.request(read)).text()).toBe('fine');
    });

    it('goes through a proxy in a tunnel, and trusts the authority there too', async () => {
      const server = closing(await startTlsServer(certificate, ok));
      const proxy = closing(await startProxy());
      const { http } = clientOf(server.url, { ca: certificate.cert, proxy: proxy.url });
      expect(await (await http.request(write)).text()).toBe('fine');
      expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
    });

    it('never sends a request that was given up before its connection came about', async () => {
      const server = closing(await startTlsServer(certificate, ok));
      const gate = Promise.withResolvers<void>();
      const proxy = closing(await startProxy(undefined, gate.promise));
      const { http, clock } = clientOf(server.url, {
        ca: certificate.cert,
        proxy: proxy.url,
        limits: atOnce(1),
      });
      const writing = failure(http.request({ ...write, path: '/given-up' }));
      await vi.waitUntil(() => proxy.seen.length === 1);
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        await clock.untilAsleepFor(timeoutMs);
        await clock.advance(timeoutMs);
      }
      expect((await writing).trouble).toBe('unsent');
      gate.resolve();
      await http.request({ ...write, path: '/next' });
      expect(server.seen).toEqual(['POST /next']);
      expect(clock.sleeping).toEqual([]);
    });

    it('refuses a certificate made for another name', async () => {
      const server = closing(await startTlsServer(certificate, ok));
      const { http } = clientOf(`https://localhost:${server.port}`, { ca: certificate.cert });
      const error = await failure(http.request(write));
      expect(error.trouble).toBe('misconfigured');
      expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
      expect(server.seen).toEqual([]);
    });

    it('towards a port that speaks plain HTTP is misconfigured', async () => {
      const server = await serverWith(ok);
      const { http } = clientOf(`https://127.0.0.1:${server.port}`);
      const error = await failure(http.request(write));
      expect(error.trouble).toBe('misconfigured');
      expect(error.hint).toContain('http://');
    });

    it('refuses an authority that is no certificate', () => {
      expect(() => clientOf('https://127.0.0.1', { ca: 'secret' })).toThrow('not a certificate in PEM form');
    });
  },
);
