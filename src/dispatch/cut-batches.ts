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
  readonly #queues = new Map<string, Queue<T>>();
  readonly #limits: BatchLimits;
  #size = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const name = `${item.step.action}\u001f${item.step.subject}`;
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue(this.#limits);
      this.#queues.set(name, queue);
    }
    queue.add(item);
    this.#size += 1;
  }

  /** The next full batch; null when no queue fills one. */
  takeFull(): readonly T[] | null {
    for (const [name, queue] of this.#queues) if (queue.isFull) return this.#take(name, queue);
    return null;
  }

  /** What waits longest, however little it is; null when nothing waits. */
  takeAny(): readonly T[] | null {
    for (const [name, queue] of this.#queues) return this.#take(name, queue);
    return null;
  }

  #take(name: string, queue: Queue<T>): readonly T[] {
    const batch = queue.take();
    // A queue that still holds something goes to the end of the line, so that none starves.
    this.#queues.delete(name);
    if (queue.size > 0) this.#queues.set(name, queue);
    this.#size -= batch.length;
    return batch;
  }
}

/** Knows at any time how many items from its front fit into one request, so that asking costs nothing. */
class Queue<T extends Cuttable> {
  #items: T[] = [];
  /** Items at the front that have been taken. */
  #taken = 0;
  readonly #limits: BatchLimits;
  #fitting = 0;
  #bytes = 0;
  readonly #users = new Set<string>();

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#items.length - this.#taken;
  }

  get isFull(): boolean {
    return this.#fitting === this.#limits.batchSize || this.#fitting < this.size;
  }

  add(item: T): void {
    this.#items.push(item);
    this.#extend();
  }

  take(): readonly T[] {
    const end = this.#taken + this.#fitting;
    const batch = this.#items.slice(this.#taken, end);
    this.#taken = end;
    this.#tidy();
    this.#fitting = 0;
    this.#bytes = 0;
    this.#users.clear();
    this.#extend();
    return batch;
  }

  /** Moving what is left to the front for every batch would cost more than all else here. */
  #tidy(): void {
    if (this.#taken < 1_000 && this.#taken < this.#items.length) return;
    this.#items = this.#items.slice(this.#taken);
    this.#taken = 0;
  }

  /** One item always fits: the target may then refuse it. */
  #extend(): void {
    const { batchSize, batchBytes } = this.#limits;
    while (this.#fitting < batchSize) {
      const item = this.#items[this.#taken + this.#fitting];
      if (item === undefined) return;
      const overflows = this.#bytes + item.bytes > batchBytes || this.#users.has(item.userKey);
      if (this.#fitting > 0 && overflows) return;
      this.#fitting += 1;
      this.#bytes += item.bytes;
      this.#users.add(item.userKey);
    }
  }
}
