import type { Connection } from './connection.ts';

interface Part {
  readonly work: () => void;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** Does the work in one transaction with everything else that is asked for in the same turn of the event loop. */
export type GroupCommit = (work: () => void) => Promise<void>;

/**
 * Lets several writes share one sync of the disk, which costs far more than they do. All of them are on disk when
 * their promises resolve; when one throws, none is written and all reject.
 */
export function groupCommit(connection: Pick<Connection, 'transaction'>): GroupCommit {
  let waiting: Part[] = [];

  function commit(): void {
    const parts = waiting;
    waiting = [];
    try {
      connection.transaction(() => {
        for (const { work } of parts) work();
      });
    } catch (error) {
      for (const { fail } of parts) fail(error);
      return;
    }
    for (const { done } of parts) done();
  }

  return (work) =>
    new Promise((done, fail) => {
      waiting.push({ work, done, fail });
      if (waiting.length === 1) setImmediate(commit);
    });
}
