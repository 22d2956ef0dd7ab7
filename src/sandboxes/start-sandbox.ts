import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Failure } from '../domain/failure.ts';
import { FaultBook } from './fault-book.ts';
import { noFaults, readFaults } from './faults.ts';
import { buildFront } from './front.ts';
import { Journal } from './journal.ts';
import { SlidingWindow } from './rate.ts';
import { findSandbox } from './registry.ts';
import { openUsersFile } from './users-file.ts';

export interface SandboxOptions {
  readonly provider: string;
  /** 0: any free one. */
  readonly port: number;
  /** Files; null when there is none. */
  readonly users: string | null;
  readonly journal: string | null;
  readonly faults: string | null;
  /** Requests within any second; null for no limit. */
  readonly ratePerSecond: number | null;
  /** The account that may call; the vendor's sandbox has a default. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface RunningSandbox {
  readonly baseUrl: string;
  readonly pid: number;
  readonly username: string;
  /** Stops taking requests, lets those under way finish for up to two seconds, and closes the journal. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const graceMs = 2000;

/**
 * Starts a vendor's sandbox on the loopback address. It remembers users as the users file and the journal say,
 * and nothing else. SIGTERM closes it.
 * @throws Failure for an unknown provider, a file that cannot be used, or a port that is taken
 */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const sandbox = findSandbox(options.provider);
  const rate = options.ratePerSecond === null ? null : new SlidingWindow(wholeRate(options.ratePerSecond));
  const faults = options.faults === null ? noFaults : await readFaults(options.faults, sandbox.operations);
  const users = options.users === null ? null : await openUsersFile(options.users, sandbox.csvColumns);
  const journal = new Journal(options.journal);
  const account = {
    username: options.username ?? sandbox.account.username,
    password: options.password ?? sandbox.account.password,
  };
  const closing = new AbortController();
  try {
    const { app, recall } = await sandbox.open({ account, users, journal });
    await journal.open(recall);
    const front = buildFront({
      sandbox,
      app,
      faults: new FaultBook(faults),
      rate,
      closing: closing.signal,
    });
    const server = createServer(getRequestListener((request, env) => front.fetch(request, env)));
    const port = await listen(server, options.port);
    return running({ server, port, username: account.username, journal, closing });
  } catch (error) {
    journal.close();
    throw error;
  }
}

function wholeRate(ratePerSecond: number): number {
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1 || ratePerSecond > 1_000_000) {
    throw new Failure({
      code: 'SANDBOX_RATE',
      message: `The sandbox's rate must be a whole number of requests per second from 1 to 1,000,000.`,
      exit: 1,
    });
  }
  return ratePerSecond;
}

function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (error) => {
    const taken = 'code' in error && error.code === 'EADDRINUSE';
    const failure = new Failure({
      code: 'SANDBOX_PORT',
      message: `The sandbox cannot listen on port ${port} of ${host}${taken ? ': it is taken' : ''}.`,
      hint: 'Name another port, or 0 for any that is free.',
      exit: 1,
      cause: error,
    });
    reject(failure);
  });
  server.listen(port, host, () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : port);
  });
  return promise;
}

function running(parts: {
  readonly server: Server;
  readonly port: number;
  readonly username: string;
  readonly journal: Journal;
  readonly closing: AbortController;
}): RunningSandbox {
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= shutDown(parts.server, parts.closing).finally(() => {
      process.off('SIGTERM', onSigterm);
      parts.journal.close();
    });
    return closed;
  };
  const onSigterm = (): void => {
    void close();
  };
  process.on('SIGTERM', onSigterm);
  return { baseUrl: `http://${host}:${parts.port}`, pid: process.pid, username: parts.username, close };
}

async function shutDown(server: Server, closing: AbortController): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  closing.abort();
  server.close(() => resolve());
  server.closeIdleConnections();
  const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearTimeout(impatience);
}
