import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

// A target that takes every write at once and remembers nothing: what a client costs shows best against it. It prints
// its port, and ends when its input does, whatever becomes of the bench.

interface Body {
  readonly users: readonly { readonly id: string }[];
}

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  void taken(request).then((text) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});

async function taken(request: IncomingMessage): Promise<string> {
  const { users } = JSON.parse((await buffer(request)).toString()) as Body;
  return JSON.stringify({ results: users.map(({ id }) => ({ id, status: 200 })) });
}

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume().on('end', () => process.exit());
