import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Failure, type FailureDetails } from '../domain/failure.ts';
import { entryAppender } from './append-entries.ts';
import { type PageRequest, type PlanPage, planReader } from './changes.ts';
import type { Connection } from './connection.ts';
import { groupCommit } from './group-commit.ts';
import type { Entry } from './step-entries.ts';

/** What a run does with the ledger while it sends. */
export interface WhileSending {
  /** Resolves when all else will be done as soon as it is asked for. */
  ready(): Promise<void>;
  /** The entries are on disk when the promise resolves; those asked for while the disk is busy share the next sync. */
  append(run: number, entries: readonly Entry[]): Promise<void>;
  readPlan(page: PageRequest): Promise<PlanPage>;
  close(): Promise<void>;
}

/** On the ledger's own connection, which holds up everything else of the process for as long as a sync takes. */
export function sendingHere(connection: Connection): WhileSending {
  const together = groupCommit(connection);
  const append = entryAppender(connection);
  const readPlan = planReader(connection);
  return {
    ready: async () => undefined,
    append: (run, entries) => together(() => append(run, entries)),
    readPlan: async (page) => readPlan(page),
    close: async () => undefined,
  };
}

/** What the thread is asked for. */
export type Request = WriteRequest | ReadRequest;

export interface WriteRequest {
  readonly number: number;
  readonly run: number;
  readonly entries: readonly Entry[];
}

export interface ReadRequest extends PageRequest {
  readonly number: number;
}

/** What became of requests, of several that were written together. */
export interface Answer {
  readonly numbers: readonly number[];
  /** What was read; null for what was written. */
  readonly page: PlanPage | null;
  readonly trouble: Trouble | null;
}

/** A failure does not pass from thread to thread as one. */
export type Trouble =
  | { readonly failure: FailureDetails }
  | { readonly failure: null; readonly error: unknown };

interface Waiter {
  readonly done: (page: PlanPage | null) => void;
  readonly fail: (error: unknown) => void;
}

/** What comes and goes in the thread is read once: room for more of it would only put off its collection. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** In a thread of its own, which begins when it is first needed: requests go on while the disk syncs. */
export function sendingInThread(ledger: string): WhileSending {
  let thread: Worker | null = null;
  /** Set once the thread is gone: nothing that is asked for then would ever be answered. */
  let gone: Trouble | null = null;
  let last = 0;
  const waiting = new Map<number, Waiter>();

  function settle(numbers: Iterable<number>, { page, trouble }: Omit<Answer, 'numbers'>): void {
    for (const number of numbers) {
      const waiter = waiting.get(number);
      waiting.delete(number);
      if (trouble === null) waiter?.done(page);
      else waiter?.fail(errorOf(trouble));
    }
    if (waiting.size === 0) thread?.unref();
  }

  function begin(): Worker {
    // Sources, what is built of them, and a bundle differ in how their files end.
    const file = `./sending-thread${path.extname(import.meta.filename)}`;
    const begun = new Worker(new URL(file, import.meta.url), { workerData: ledger, resourceLimits });
    begun.on('message', ({ numbers, ...answer }: Answer) => settle(numbers, answer));
    begun.on('error', (error) => lose({ failure: null, error }));
    begun.on('exit', () => lose({ failure: null, error: new Error('The thread of the ledger has ended.') }));
    return begun;
  }

  function lose(trouble: Trouble): void {
    gone ??= trouble;
    settle(waiting.keys(), { page: null, trouble: gone });
  }

  function ask(
    request: Omit<WriteRequest, 'number'> | Omit<ReadRequest, 'number'>,
  ): Promise<PlanPage | null> {
    if (gone !== null) return Promise.reject(errorOf(gone));
    thread ??= begin();
    if (waiting.size === 0) thread.ref();
    last += 1;
    const answered = new Promise<PlanPage | null>((done, fail) => waiting.set(last, { done, fail }));
    thread.postMessage({ ...request, number: last } satisfies Request);
    return answered;
  }

  async function append(run: number, entries: readonly Entry[]): Promise<void> {
    await ask({ run, entries });
  }

  async function readPlan(request: PageRequest): Promise<PlanPage> {
    const page = await ask(request);
    if (page === null) throw new Error('The thread read no page.');
    return page;
  }

  return {
    ready: () => append(0, []),
    append,
    readPlan,
    async close() {
      if (thread === null || gone !== null) return;
      const ended = once(thread, 'exit');
      thread.ref();
      thread.postMessage(null);
      await ended;
    },
  };
}

function errorOf(trouble: Trouble): unknown {
  return trouble.failure === null ? trouble.error : new Failure(trouble.failure);
}
