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
  readonly #queues = new Map<string, T[]>();
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
    const queue = this.#queues.get(name);
    if (queue === undefined) this.#queues.set(name, [item]);
    else queue.push(item);
    this.#size += 1;
  }

  /** The next full batch; null when no queue fills one. */
  takeFull(): readonly T[] | null {
    for (const [name, queue] of this.#queues) {
      if (queue.length < this.#limits.batchSize && !overflows(queue, this.#limits)) continue;
      return this.#take(name, queue);
    }
    return null;
  }

  /** What waits longest, however little it is; null when nothing waits. */
  takeAny(): readonly T[] | null {
    for (const [name, queue] of this.#queues) return this.#take(name, queue);
    return null;
  }

  #take(name: string, queue: T[]): readonly T[] {
    const length = batchLength(queue, this.#limits);
    const batch = queue.splice(0, length);
    // A queue that still holds something goes to the end of the line, so that none starves.
    this.#queues.delete(name);
    if (queue.length > 0) this.#queues.set(name, queue);
    this.#size -= batch.length;
    return batch;
  }
}

function overflows(queue: readonly Cuttable[], limits: BatchLimits): boolean {
  return batchLength(queue, limits) < queue.length;
}

/** How many items from the front fit into one request; at least one, which the target may then refuse. */
function batchLength(queue: readonly Cuttable[], limits: BatchLimits): number {
  const users = new Set<string>();
  let bytes = 0;
  for (const [index, item] of queue.entries()) {
    bytes += item.bytes;
    const full = index === limits.batchSize || bytes > limits.batchBytes || users.has(item.userKey);
    if (index > 0 && full) return index;
    users.add(item.userKey);
  }
  return queue.length;
}
