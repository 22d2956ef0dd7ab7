import type { Step } from '../domain/change.ts';

/** What a batch may hold. */
export interface BatchLimits {
  readonly batchSize: number;
  readonly batchBytes: number;
}

export interface Cuttable {
  readonly step: Step;
  /** Bytes that the item adds to a request's body. */
  readonly bytes: number;
  /** The user that it is about: one request never names a user twice. */
  readonly userKey: string;
}

/**
 * Steps that wait to be sent, by what may share a request. Items leave in the order in which they came.
 */
export class Waiting<T extends Cuttable> {
  readonly #limits: BatchLimits;
  readonly #queues = new Map<string, Queue<T>>();
  /** The queues that hold something, the one whose turn is next first. */
  readonly #line: Queue<T>[] = [];
  /** Of the item that came last: its neighbours mostly go the same way. */
  #last: { readonly step: Step; readonly queue: Queue<T> } | null = null;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  add(item: T): void {
    const queue = this.#queueOf(item.step);
    if (queue.isEmpty) this.#line.push(queue);
    queue.add(item);
  }

  /** Whether some batch is full. */
  get isFull(): boolean {
    return this.#line.some((queue) => queue.isFull);
  }

  /** The next full batch; null when no queue fills one. */
  takeFull(): readonly T[] | null {
    return this.#take(this.#line.findIndex((queue) => queue.isFull));
  }

  /** What waits longest, however little it is; null when nothing waits. */
  takeAny(): readonly T[] | null {
    return this.#take(0);
  }

  #queueOf(step: Step): Queue<T> {
    const last = this.#last;
    if (last?.step.action === step.action && last.step.subject === step.subject) return last.queue;
    const name = `${step.action}\u001f${step.subject}`;
    const queue = this.#queues.get(name) ?? new Queue<T>(this.#limits);
    this.#queues.set(name, queue);
    this.#last = { step, queue };
    return queue;
  }

  #take(place: number): readonly T[] | null {
    const queue = this.#line[place];
    if (queue === undefined) return null;
    const batch = queue.take();
    // A queue that still holds something goes to the end of the line, so that none starves.
    this.#line.splice(place, 1);
    if (!queue.isEmpty) this.#line.push(queue);
    return batch;
  }
}

/** Cuts items into batches as they come. Only the last batch, which is not full, still takes some. */
class Queue<T extends Cuttable> {
  readonly #full: (readonly T[])[] = [];
  #last: T[] = [];
  readonly #limits: BatchLimits;
  /** Of the last batch. */
  #bytes = 0;
  readonly #users = new Set<string>();

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#full.length === 0 && this.#last.length === 0;
  }

  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** One item always fits: the target may then refuse it. */
  add(item: T): void {
    const { batchSize, batchBytes } = this.#limits;
    const overflows = this.#bytes + item.bytes > batchBytes || this.#users.has(item.userKey);
    if (this.#last.length > 0 && overflows) this.#close();
    this.#last.push(item);
    this.#bytes += item.bytes;
    if (this.#last.length >= batchSize) this.#close();
    else this.#users.add(item.userKey);
  }

  take(): readonly T[] {
    if (!this.isFull) this.#close();
    return this.#full.shift() ?? [];
  }

  #close(): void {
    this.#full.push(this.#last);
    this.#last = [];
    this.#bytes = 0;
    this.#users.clear();
  }
}
