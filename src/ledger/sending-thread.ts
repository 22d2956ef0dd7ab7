import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Failure } from '../domain/failure.ts';
import { type AppendEntries, entryAppender } from './append-entries.ts';
import { type PlanPage, planReader } from './changes.ts';
import { type Connection, connect } from './connection.ts';
import type { Answer, ReadRequest, Request, Trouble, WriteRequest } from './while-sending.ts';

/*
 * The thread of `sendingInThread`. Requests that come while it is busy wait at its port, and the next transaction takes
 * all that write. Null ends it.
 */

const port = parentPort;
if (port === null) throw new Error('This file is a thread of its own.');
let opened: Opened | null = null;

interface Opened {
  readonly connection: Connection;
  readonly append: AppendEntries;
  readonly readPlan: ReturnType<typeof planReader>;
}

/** Only when something is asked for, so that whoever asks hears why it cannot be opened. */
function open(): Opened {
  if (opened !== null) return opened;
  const connection = connect(String(workerData), { readOnly: false });
  opened = { connection, append: entryAppender(connection), readPlan: planReader(connection) };
  return opened;
}

port.on('message', (first: Request | null) => {
  const writes: WriteRequest[] = [];
  const reads: ReadRequest[] = [];
  let next: Request | null | undefined = first;
  for (; next !== null && next !== undefined; next = nextRequest()) {
    if ('entries' in next) writes.push(next);
    else reads.push(next);
  }
  if (writes.length > 0) answer(writes, () => write(writes));
  for (const read of reads) answer([read], () => open().readPlan(read));
  if (next !== null) return;
  opened?.connection.close();
  port.close();
});

function nextRequest(): Request | null | undefined {
  const received = port === null ? undefined : receiveMessageOnPort(port);
  return (received as { readonly message: Request | null } | undefined)?.message;
}

function write(requests: readonly WriteRequest[]): null {
  const { connection, append } = open();
  connection.transaction(() => {
    for (const { run, entries } of requests) append(run, entries);
  });
  return null;
}

function answer(requests: readonly Request[], work: () => PlanPage | null): void {
  const numbers = requests.map(({ number }) => number);
  let told: Omit<Answer, 'numbers'>;
  try {
    told = { page: work(), trouble: null };
  } catch (error) {
    told = { page: null, trouble: troubleOf(error) };
  }
  port?.postMessage({ numbers, ...told } satisfies Answer);
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Failure)) return { failure: null, error };
  const { code, message, hint, exit } = error;
  return { failure: { code, message, exit, ...(hint === null ? {} : { hint }) } };
}
