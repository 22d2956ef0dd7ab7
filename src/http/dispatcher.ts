import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import { Failure, TargetFailure } from '../domain/failure.ts';
import type { Base } from './address.ts';

export interface Route {
  /** URL of the proxy; null: the usual proxy variables count, except for this machine itself. */
  readonly proxy: string | null;
  /** PEM text of certificates that are trusted besides the well-known ones. */
  readonly ca: string | null;
  /** Connections at the same time, at most. */
  readonly connections: number;
}

/** Opens what connects to the target. A `TargetFailure` `misconfigured` for a bad proxy or certificate. */
export function openDispatcher(base: Base, route: Route): Dispatcher {
  const tls = route.ca === null ? {} : { secureContext: trusting(route.ca) };
  // Over HTTP/2 undici may send a request again after GOAWAY without telling us.
  const direct = { allowH2: false, connections: route.connections, connect: tls };
  const proxied = { ...direct, requestTls: tls, proxyTls: tls };
  try {
    if (route.proxy !== null) return new ProxyAgent({ ...proxied, uri: webAddress(route.proxy) });
    return isLoopback(base.hostname) ? new Agent(direct) : new EnvHttpProxyAgent(proxied);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw badProxy();
  }
}

/** Made once for all connections: reading the well-known certificates takes tens of milliseconds. */
function trusting(pem: string): SecureContext {
  try {
    // createSecureContext says nothing about text that is no certificate.
    new X509Certificate(pem);
    return createSecureContext({ ca: [...getCACertificates('default'), pem] });
  } catch {
    throw new TargetFailure({
      trouble: 'misconfigured',
      message: 'What http.ca refers to is not a certificate in PEM form.',
      hint: 'The file begins with -----BEGIN CERTIFICATE-----.',
    });
  }
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
