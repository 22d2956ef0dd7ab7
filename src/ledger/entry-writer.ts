import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Failure, type FailureDetails } from '../domain/failure.ts';
import { entryAppender } from './append-entries.ts';
import type { Connection } from './connection.ts';
import { groupCommit } from './group-commit.ts';
import type { Entry } from './step-entries.ts';

/** Writes what happens to steps while a run sends. */
export interface EntryWriter {
  /** Resolves when entries will be written as soon as they come. */
  ready(): Promise<void>;
  /** The entries are on disk when the promise resolves; those asked for while the disk is busy share the next sync. */
  append(run: number, entries: readonly Entry[]): Promise<void>;
  close(): Promise<void>;
}

/** Writes on the ledger's own connection, which holds up everything else of the process for as long as a sync takes. */
export function entryWriter(connection: Connection): EntryWriter {
  const together = groupCommit(connection);
  const append = entryAppender(connection);
  return {
    ready: async () => undefined,
    append: (run, entries) => together(() => append(run, entries)),
    close: async () => undefined,
  };
}

/** What the thread is asked to write. */
export interface AppendRequest {
  readonly number: number;
  readonly run: number;
  readonly entries: readonly Entry[];
}

/** What became of requests that were written together. */
export interface AppendAnswer {
  readonly numbers: readonly number[];
  readonly trouble: AppendTrouble | null;
}

/** A failure does not pass from thread to thread as one. */
export type AppendTrouble =
  | { readonly failure: FailureDetails }
  | { readonly failure: null; readonly error: unknown };

interface Waiter {
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** Writes in a thread of its own, which begins when it is first needed: requests go on while the disk syncs. */
export function threadedEntryWriter(ledger: string): EntryWriter {
  let thread: Worker | null = null;
  let last = 0;
  const waiting = new Map<number, Waiter>();

  function settle(numbers: Iterable<number>, trouble: AppendTrouble | null): void {
    for (const number of numbers) {
      const waiter = waiting.get(number);
      waiting.delete(number);
      if (trouble === null) waiter?.done();
      else waiter?.fail(errorOf(trouble));
    }
    if (waiting.size === 0) thread?.unref();
  }

  function begin(): Worker {
    // Sources, what is built of them, and a bundle differ in how their files end.
    const file = `./entry-thread${path.extname(import.meta.filename)}`;
    const begun = new Worker(new URL(file, import.meta.url), { workerData: ledger });
    begun.on('message', ({ numbers, trouble }: AppendAnswer) => settle(numbers, trouble));
    begun.on('error', (error) => settle(waiting.keys(), { failure: null, error }));
    return begun;
  }

  function append(run: number, entries: readonly Entry[]): Promise<void> {
    thread ??= begin();
    if (waiting.size === 0) thread.ref();
    last += 1;
    const request: AppendRequest = { number: last, run, entries };
    const written = new Promise<void>((done, fail) => waiting.set(last, { done, fail }));
    thread.postMessage(request);
    return written;
  }

  return {
    ready: () => append(0, []),
    append,
    async close() {
      if (thread === null) return;
      const ended = once(thread, 'exit');
      thread.ref();
      thread.postMessage(null);
      await ended;
    },
  };
}

function errorOf(trouble: AppendTrouble): unknown {
  return trouble.failure === null ? trouble.error : new Failure(trouble.failure);
}
