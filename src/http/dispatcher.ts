import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool, ProxyAgent } from 'undici';
import { Failure, TargetFailure } from '../domain/failure.ts';
import type { Base } from './address.ts';
import { type Certificates, secureContext } from './secure-context.ts';

export interface Route extends Certificates {
  /** URL of the proxy; null: the usual proxy variables count, except for this machine itself. */
  readonly proxy: string | null;
  /** Connections at the same time, at most. */
  readonly connections: number;
}

/** Opens what connects to the target. A `TargetFailure` `misconfigured` for a bad proxy or certificate. */
export function openDispatcher(base: Base, route: Route): Dispatcher {
  const target = secureContext(route);
  // A client certificate is for the target; the proxy is only ever trusted.
  const between = secureContext({ ...route, clientCertificate: null });
  // Over HTTP/2 undici may send a request again after GOAWAY without telling us.
  const direct = { allowH2: false, connections: route.connections, connect: target, factory: openPool };
  const proxied = { ...direct, requestTls: target, proxyTls: between };
  try {
    if (route.proxy !== null) return new ProxyAgent({ ...proxied, uri: webAddress(route.proxy) });
    return isLoopback(base.hostname) ? new Agent(direct) : new EnvHttpProxyAgent(proxied);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw badProxy();
  }
}

/**
 * Under TLS 1.3 a target refuses our certificate, or its absence, after the handshake. Node tells the alert and
 * then the end of the connection, and undici keeps only the later one: closing at the alert keeps the reason.
 */
function openPool(origin: string | URL, options: object): Dispatcher {
  const given: Pool.Options = options;
  const connect =
    typeof given.connect === 'function'
      ? given.connect
      : buildConnector({ ...given.connect, allowH2: false });
  return new Pool(origin, {
    ...given,
    connect: (asked, done) =>
      connect(asked, (...end) => {
        const [, socket] = end;
        socket?.on('error', () => socket.destroy());
        done(...end);
      }),
  });
}

function webAddress(proxy: string): string {
  const protocol = URL.parse(proxy)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:') throw badProxy();
  return proxy;
}

/** Does not show the address, since it may hold the proxy's password. */
function badProxy(): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: 'The address of the proxy is not a URL that begins with http:// or https://.',
    hint: 'Mend http.proxy in the job file, or the variables HTTPS_PROXY and HTTP_PROXY.',
  });
}

function isLoopback(hostname: string): boolean {
  return /^127\.|^\[::1\]$|^(.+\.)?localhost$/.test(hostname);
}
