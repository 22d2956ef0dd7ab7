import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { FaultBook } from './fault-book.ts';
import type { FaultAction } from './faults.ts';
import type { SlidingWindow } from './rate.ts';
import type { Sandbox, SandboxApp, SeenRequest } from './sandbox.ts';

const bodyBytesMax = 64 * 1024 * 1024;

export type Front = Hono<{ Bindings: HttpBindings }>;

/** What every sandbox has before the vendor's own app: the rate limit, and the faults that befall whole requests. */
export function buildFront(parts: {
  readonly sandbox: Sandbox;
  readonly app: SandboxApp;
  readonly faults: FaultBook;
  readonly rate: SlidingWindow | null;
  /** Fires when the sandbox closes, and cuts waits short. */
  readonly closing: AbortSignal;
}): Front {
  const front: Front = new Hono();
  front.use(
    bodyLimit({ maxSize: bodyBytesMax, onError: (context) => context.text('Content Too Large', 413) }),
  );
  front.all('*', async (context) => {
    const waitMs = parts.rate?.take(performance.now()) ?? 0;
    if (waitMs > 0) {
      return context.text('Too Many Requests', 429, { 'Retry-After': String(Math.ceil(waitMs / 1000)) });
    }
    const body = await context.req.text();
    const { method } = context.req;
    const seen: SeenRequest = { method, path: new URL(context.req.url).pathname, json: parseJson(body) };
    const faults = parts.faults.forRequest({ method, path: seen.path, ...parts.sandbox.describe(seen) });
    return misbehave({
      action: faults.action,
      closing: parts.closing,
      answer: () => parts.app.fetch(context.req.raw, { ...context.env, seen, body, faults }),
      hangUp: () => context.env.outgoing.destroy(),
    });
  });
  // Only somebody on this machine reads it, and a sandbox that has a bug should say which.
  front.onError((error, context) => context.text(`Internal Server Error: ${error.message}`, 500));
  return front;
}

async function misbehave(request: {
  readonly action: FaultAction;
  readonly closing: AbortSignal;
  answer(): Response | Promise<Response>;
  hangUp(): void;
}): Promise<Response> {
  const { action } = request;
  if (action.latencyMs !== undefined) {
    // A sandbox that closes in the meantime hangs up instead, so the rejection needs no other care.
    await sleep(action.latencyMs, undefined, { signal: request.closing }).catch(() => undefined);
  }
  if (action.drop === 'before' || request.closing.aborted) {
    request.hangUp();
    return RESPONSE_ALREADY_SENT;
  }
  const replacement = replacementAnswer(action);
  if (replacement !== null && action.applied !== true && action.drop === undefined) {
    return replacement;
  }
  const answer = await request.answer();
  if (action.drop === 'after') {
    await answer.body?.cancel();
    request.hangUp();
    return RESPONSE_ALREADY_SENT;
  }
  if (replacement !== null) {
    await answer.body?.cancel();
    return replacement;
  }
  return answer;
}

const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

/** The answer that a rule puts in the place of the vendor's; null when it lets that pass. */
function replacementAnswer(action: FaultAction): Response | null {
  if (action.status === undefined && action.html !== true && action.body === undefined) {
    return null;
  }
  const status = action.status ?? 200;
  const headers = new Headers(action.headers);
  const retryAfter = retryAfterHeader(action.retryAfter);
  if (retryAfter !== null) {
    headers.set('Retry-After', retryAfter);
  }
  if (withoutBody.has(status)) {
    return new Response(null, { status, headers });
  }
  const [type, body] = replacementBody(action, status);
  if (!headers.has('Content-Type')) {
    headers.set('Content-Type', type);
  }
  return new Response(body, { status, headers });
}

function replacementBody(action: FaultAction, status: number): readonly [type: string, body: string] {
  if (typeof action.body === 'string') {
    return [action.html === true ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8', action.body];
  }
  if (action.body !== undefined) {
    return ['application/json', JSON.stringify(action.body)];
  }
  if (action.html === true) {
    return [
      'text/html; charset=utf-8',
      `<!DOCTYPE html><title>${status}</title><h1>Sign in or try again</h1>`,
    ];
  }
  return ['text/plain; charset=utf-8', `The sandbox was told to answer ${status}.`];
}

const dateLeadMs = 2000;

function retryAfterHeader(retryAfter: FaultAction['retryAfter']): string | null {
  if (retryAfter === undefined || retryAfter === 'none') {
    return null;
  }
  return retryAfter === 'date' ? new Date(Date.now() + dateLeadMs).toUTCString() : String(retryAfter);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
