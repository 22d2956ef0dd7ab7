import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Failure } from '../domain/failure.ts';
import { entryAppender } from './append-entries.ts';
import { connect } from './connection.ts';
import type { AppendAnswer, AppendRequest, AppendTrouble } from './entry-writer.ts';

/*
 * The thread of `threadedEntryWriter`. Requests that come while it writes wait at its port, and the next transaction
 * takes them all. Null ends it.
 */

const port = parentPort;
if (port === null) throw new Error('This file is a thread of its own.');
const connection = connect(String(workerData), { readOnly: false });
const append = entryAppender(connection);

port.on('message', (first: AppendRequest | null) => {
  const requests: AppendRequest[] = [];
  let next = first;
  while (next !== null) {
    requests.push(next);
    const received = receiveMessageOnPort(port) as { readonly message: AppendRequest | null } | undefined;
    if (received === undefined) break;
    next = received.message;
  }
  if (requests.length > 0) {
    const answer: AppendAnswer = {
      numbers: requests.map(({ number }) => number),
      trouble: write(requests),
    };
    port.postMessage(answer);
  }
  if (next !== null) return;
  connection.close();
  port.close();
});

function write(requests: readonly AppendRequest[]): AppendTrouble | null {
  try {
    connection.transaction(() => {
      for (const { run, entries } of requests) append(run, entries);
    });
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) return { failure: null, error };
    const { code, message, hint, exit } = error;
    return { failure: { code, message, exit, ...(hint === null ? {} : { hint }) } };
  }
}
