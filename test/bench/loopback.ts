import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Connection, HttpRequest, Item, Provider } from '../../src/contracts/provider.ts';
import type { Outcome } from '../../src/domain/change.ts';

// The bench's own provider: as little as a provider can be, so that what is measured is not it.

type Sendable = Pick<Item, 'userId' | 'step'>;

interface Answer {
  readonly results: readonly { readonly id: string; readonly status: number }[];
}

const success: Outcome = {
  result: 'succeeded',
  errorCode: null,
  providerCode: null,
  message: null,
  userId: null,
};
const refusal: Outcome = { ...success, result: 'failed', errorCode: 'REFUSED' };

export const loopback: Pick<Provider, 'verdict' | 'createOnly' | 'idOf' | 'applied'> = {
  verdict: () => 'cannotTell',
  createOnly: () => false,
  idOf: () => null,
  applied: ({ values }, user, id) => ({ id, active: true, attributes: { ...user?.attributes, ...values } }),
};

/** The request for one or several users. */
export function requestOf(items: readonly Sendable[]): HttpRequest & { readonly body: string } {
  return {
    method: 'POST',
    path: '/users',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ users: items.map(({ userId, step }) => ({ id: userId, values: step.values })) }),
    safe: false,
  };
}

/** One outcome per item from an answer's text; throws when it is not about these items. */
export function outcomesOf(items: readonly Sendable[], text: string): readonly Outcome[] {
  const { results } = JSON.parse(text) as Answer;
  return items.map(({ userId }, position) => {
    const result = results[position];
    if (result?.id !== userId) throw new Error('The answer is about somebody else.');
    return result?.status === 200 ? success : refusal;
  });
}

/** What dispatch needs of a connection, on a function that sends. */
export function connectionOver(
  send: (request: HttpRequest) => Promise<string>,
): Pick<Connection, 'write' | 'lookUp' | 'bodyBytes'> {
  return {
    write: async (items) => outcomesOf(items, await send(requestOf(items))),
    lookUp: async () => {
      throw new Error('Nothing is ever in doubt here.');
    },
    bodyBytes: ({ userId }) => 64 + (userId?.length ?? 0),
  };
}

export interface Loopback {
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** Starts the server in a process of its own. */
export async function startLoopback(): Promise<Loopback> {
  const file = fileURLToPath(new URL('loopback-server.ts', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [port] = (await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => Promise.reject(new Error('The loopback server did not start.'))),
  ])) as [Buffer];
  return {
    baseUrl: `http://127.0.0.1:${port.toString().trim()}`,
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
