import type { HttpAnswer } from '../../../src/contracts/provider.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import type { Clock } from '../../../src/domain/settings.ts';
import type { SimTarget, SimUser, WriteRequest } from './sim-target.ts';

// The network between the program and the target: seeded faults, and a look at every request that leaves.

export type Ask =
  | { readonly kind: 'list' }
  | { readonly kind: 'find'; readonly ids: readonly (string | null)[]; readonly keys: readonly string[] }
  | { readonly kind: 'task'; readonly task: number }
  | ({ readonly kind: 'write' } & WriteRequest);

/** How often each trouble comes, from 0 to 1. */
export interface Weather {
  readonly refused: number;
  readonly dropBefore: number;
  readonly dropAfter: number;
  readonly hang: number;
  /** 503, half of them although the write took effect. */
  readonly unavailable: number;
  /** 429, half of them with `Retry-After`. */
  readonly throttled: number;
  readonly tasks: number;
  /** Reads are well whatever the weather. */
  readonly writesOnly?: true;
}

export const fairWeather: Weather = {
  refused: 0,
  dropBefore: 0,
  dropAfter: 0,
  hang: 0,
  unavailable: 0,
  throttled: 0,
  tasks: 0,
};

/** Points of a request at which the process may die. */
export type WirePoint = 'leaves' | 'arrives' | 'took effect' | 'is answered';

export interface WireSettings {
  readonly target: SimTarget;
  readonly clock: Clock;
  readonly random: () => number;
  readonly weather: Weather;
  /** Whether a batch with a bad record is refused as a whole. */
  readonly refusesBatches: boolean;
  /** Most requests that may leave within any second. */
  readonly perSecond: number;
  readonly onPoint: (point: WirePoint) => void;
  /** Called for each write that leaves, before anything has happened to it. */
  readonly onWrite: (request: WriteRequest) => Promise<void>;
  /** Called for each write whose answer never came, or came to nobody. */
  readonly onLost: (request: WriteRequest) => void;
  readonly trace: (line: string) => void;
  /** True once the process is dead: nothing of it reaches the target any more. */
  readonly isDead: () => boolean;
}

export class SimWire {
  /** What the program did that it had promised not to. */
  readonly violations: string[] = [];
  readonly #settings: WireSettings;
  readonly #left: number[] = [];
  readonly #tasks = new Map<number, unknown>();
  #pausedUntilMs = 0;

  constructor(settings: WireSettings) {
    this.#settings = settings;
  }

  /** Carries a request once; throws what the real way of requests throws. */
  async send(ask: Ask, timeoutMs: number): Promise<HttpAnswer> {
    const { clock, random, weather, trace, onPoint, onWrite, onLost } = this.#settings;
    this.#live();
    this.#judgeMoment();
    if (ask.kind === 'write') await onWrite(ask);
    onPoint('leaves');
    this.#live();
    const drawn = drawFault(weather, random());
    const fault = weather.writesOnly === true && ask.kind !== 'write' ? null : drawn;
    trace(`${clock.now()} ${nameOf(ask)} ${fault ?? 'well'}`);
    if (fault === 'refused') throw failure('unsent', 'The connection was refused.');
    try {
      const reply = await this.#carry(ask, fault, timeoutMs);
      if (reply.status === 503 && ask.kind === 'write') onLost(ask);
      return reply;
    } catch (error) {
      if (ask.kind === 'write') onLost(ask);
      throw error;
    }
  }

  async #carry(ask: Ask, fault: Fault | null, timeoutMs: number): Promise<HttpAnswer> {
    const { clock, random, onPoint } = this.#settings;
    await clock.sleep(5 + Math.floor(random() * 60));
    this.#live();
    onPoint('arrives');
    this.#live();
    if (fault === 'dropBefore') throw failure('unanswered', 'The connection was dropped.');
    if (fault === 'throttled') return this.#throttled(random());
    if (fault === 'unavailable' && random() < 0.5) return answer(503, {});
    const reply = this.#reply(ask);
    onPoint('took effect');
    this.#live();
    if (fault === 'unavailable') return answer(503, {});
    if (fault === 'hang') await clock.sleep(timeoutMs);
    else await clock.sleep(5 + Math.floor(random() * 60));
    this.#live();
    if (fault === 'hang' || fault === 'dropAfter') throw failure('unanswered', 'No answer came.');
    onPoint('is answered');
    this.#live();
    return reply;
  }

  #throttled(draw: number): HttpAnswer {
    if (draw < 0.5) return answer(429, {});
    const seconds = 1 + Math.floor(draw * 20);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#settings.clock.now() + seconds * 1_000);
    return answer(429, {}, { 'retry-after': String(seconds) });
  }

  /** The limits that the program knows, and the pauses that it was asked for. */
  #judgeMoment(): void {
    const { clock, perSecond } = this.#settings;
    const nowMs = clock.now();
    if (nowMs < this.#pausedUntilMs)
      this.violations.push(
        `a request left ${this.#pausedUntilMs - nowMs} ms before the end of a Retry-After`,
      );
    this.#left.push(nowMs);
    while ((this.#left[0] ?? nowMs) <= nowMs - 1_000) this.#left.shift();
    if (this.#left.length > perSecond)
      this.violations.push(`${this.#left.length} requests left within a second, ${perSecond} may`);
  }

  #reply(ask: Ask): HttpAnswer {
    const { target, random, weather, refusesBatches } = this.#settings;
    switch (ask.kind) {
      case 'list':
        return answer(200, [...target.users.values()]);
      case 'find':
        return answer(
          200,
          ask.ids.map((id, index) => found(target, id, ask.keys[index] ?? '') ?? null),
        );
      case 'task':
        return answer(200, this.#tasks.get(ask.task));
      case 'write': {
        if (refusesBatches && target.hasPoison(ask)) {
          // A record that stands alone is judged by itself.
          if (ask.items.length === 1) target.take(ask);
          return answer(400, {});
        }
        const answers = target.take(ask);
        if (random() >= weather.tasks) return answer(200, answers);
        this.#tasks.set(this.#tasks.size + 1, answers);
        return answer(202, this.#tasks.size);
      }
    }
  }

  #live(): void {
    if (this.#settings.isDead()) throw failure('misconfigured', 'The process is dead.');
  }
}

function found(target: SimTarget, id: string | null, key: string): SimUser | undefined {
  if (id !== null) return target.users.get(id);
  return [...target.users.values()].find(({ externalId }) => externalId === key);
}

type Fault = Exclude<keyof Weather, 'tasks' | 'writesOnly'>;

const faults: readonly Fault[] = ['refused', 'dropBefore', 'dropAfter', 'hang', 'unavailable', 'throttled'];

function drawFault(weather: Weather, draw: number): Fault | null {
  let sum = 0;
  for (const fault of faults) {
    sum += weather[fault];
    if (draw < sum) return fault;
  }
  return null;
}

function nameOf(ask: Ask): string {
  if (ask.kind !== 'write') return ask.kind;
  const users = ask.items.map(({ id, values }) => id ?? String(values.externalId)).join(',');
  return `${ask.action} ${ask.subject} [${users}]`;
}

function failure(trouble: 'unsent' | 'unanswered' | 'misconfigured', message: string): TargetFailure {
  return new TargetFailure({ trouble, message });
}

function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return {
    status,
    headers,
    body: (async function* () {})(),
    text: () => Promise.resolve(JSON.stringify(body)),
  };
}
