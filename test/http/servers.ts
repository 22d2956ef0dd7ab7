import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface TestServer {
  readonly port: number;
  readonly url: string;
  /** What reached the server, as `METHOD /path`. */
  readonly seen: readonly string[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** A server on loopback whose answers are given by `handler`. */
export async function startServer(handler: RequestListener): Promise<TestServer> {
  const seen: string[] = [];
  return listen(createServer(noting(seen, handler)), 'http', seen);
}

export async function startTlsServer(settings: ServerOptions, handler: RequestListener): Promise<TestServer> {
  const seen: string[] = [];
  return listen(createTlsServer(settings, noting(seen, handler)), 'https', seen);
}

/**
 * A proxy that forwards absolute-form requests and opens tunnels, or refuses everything with `refusal`.
 * A tunnel is not opened before `gate` is.
 */
export async function startProxy(
  refusal?: number,
  gate: Promise<void> = Promise.resolve(),
): Promise<TestServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (refusal === undefined) void forward(request, response);
    else response.writeHead(refusal).end();
  });
  server.on('connect', (request, socket: Socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      return;
    }
    const [host, port] = (request.url ?? '').split(':');
    const target = connect(Number(port), host, async () => {
      await gate;
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  return listen(server, 'http', seen);
}

/** The port of a server that is no more: connections to it are refused. */
export async function refusingPort(): Promise<number> {
  const server = await startServer(() => undefined);
  await server.close();
  return server.port;
}

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await fetch(request.url ?? '', { method: request.method ?? 'GET' });
  response.writeHead(answer.status).end(await answer.text());
}

function noting(seen: string[], handler: RequestListener): RequestListener {
  return (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    handler(request, response);
  };
}

async function listen(server: Server, scheme: string, seen: readonly string[]): Promise<TestServer> {
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    seen,
    connections: () => connections,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
