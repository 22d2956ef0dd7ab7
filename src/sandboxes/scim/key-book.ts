import type { ScimAnswer } from './answers.ts';

interface Kept {
  readonly request: string;
  readonly answer: ScimAnswer;
  readonly untilMs: number;
}

/**
 * First answers by Idempotency-Key, as draft-ietf-httpapi-idempotency-key-header-07 has it: a known key with the same
 * request gets the same answer, whatever that was, and nothing is written; with another request it is refused.
 */
export class KeyBook {
  readonly #lifetimeMs: number;
  /** The oldest first. */
  readonly #kept = new Map<string, Kept>();

  /** @param lifetimeS seconds for which a key is remembered; 0: keys are not looked at */
  constructor(lifetimeS: number) {
    this.#lifetimeMs = lifetimeS * 1_000;
  }

  /** @param request method, address and body, by which two requests are the same */
  answer(key: string | undefined, request: string, serve: () => ScimAnswer): ScimAnswer {
    if (key === undefined || this.#lifetimeMs === 0) return serve();
    const nowMs = Date.now();
    for (const [old, { untilMs }] of this.#kept) {
      if (untilMs > nowMs) break;
      this.#kept.delete(old);
    }
    if (!/^"[\x20\x21\x23-\x5b\x5d-\x7e]+"$/.test(key))
      return problem(400, 'Idempotency-Key is not a string');
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      return kept.request === request ? kept.answer : problem(422, 'Idempotency-Key is already used');
    }
    const answer = serve();
    this.#kept.set(key, { request, answer, untilMs: nowMs + this.#lifetimeMs });
    return answer;
  }
}

function problem(status: number, title: string): ScimAnswer {
  return {
    status,
    body: { type: 'https://developer.example.com/idempotency', title },
    headers: { 'Content-Type': 'application/problem+json' },
  };
}
