import type { RequestListener } from 'node:http';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../src/contracts/provider.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { type Http, type HttpSettings, openHttp } from '../../src/http/request.ts';
import { failureOf } from '../../src/http/trouble.ts';
import { makeCertificates, passphrase } from './certificates.ts';
import { startProxy, startTlsServer, type TestServer } from './servers.ts';
import { virtualClock } from './virtual-clock.ts';

const read: HttpRequest = { method: 'GET', path: '/users', safe: true };
const write: HttpRequest = { method: 'POST', path: '/users', body: '{}', safe: false };

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

function closing<T extends { close(): Promise<void> }>(thing: T): T {
  toClose.push(() => thing.close());
  return thing;
}

async function failure(promise: Promise<unknown>): Promise<TargetFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TargetFailure) return error;
  throw new Error(`no TargetFailure: ${String(error)}`);
}

const made = makeCertificates();
const none = { cert: '', key: '' };
const { ca, server, client, encryptedKey, stranger } = made ?? {
  ca: '',
  server: none,
  client: none,
  encryptedKey: '',
  stranger: none,
};
const shown = { ...client, passphrase: null };

function clientOf(baseUrl: string, settings: Partial<HttpSettings> = {}): Http {
  const clock = virtualClock();
  const limits = { rates: [], concurrency: 4, batchSize: 1, batchBytes: 1000, requestTimeoutMs: 30_000 };
  return closing(
    openHttp({
      baseUrl,
      limits,
      proxy: null,
      ca,
      clientCertificate: null,
      limiter: createLimiter([], clock),
      clock,
      random: () => 0,
      userAgent: 'rollcall/test',
      ...settings,
    }),
  );
}

/** Answers with the name in the certificate that it was shown. */
const greet: RequestListener = (request, response) => {
  request.resume();
  const name = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
  response.end(`hello ${String(name)}`);
};

async function demanding(version: SecureVersion): Promise<TestServer> {
  const versions = { minVersion: version, maxVersion: version };
  const settings = { ...server, ca, requestCert: true, rejectUnauthorized: true, ...versions };
  return closing(await startTlsServer(settings, greet));
}

const ways = [
  ['TLSv1.2', 'directly'],
  ['TLSv1.2', 'through a proxy'],
  ['TLSv1.3', 'directly'],
  ['TLSv1.3', 'through a proxy'],
] as const;

async function route(way: string): Promise<{ proxy?: string }> {
  return way === 'directly' ? {} : { proxy: closing(await startProxy()).url };
}

describe.skipIf(made === null)(
  `a target that demands a client certificate${made === null ? ' (skipped: no openssl to make one with)' : ''}`,
  () => {
    it.each(ways)('over %s, reached %s, lets in who shows one', async (version, way) => {
      const { url } = await demanding(version);
      const http = clientOf(url, { ...(await route(way)), clientCertificate: shown });
      expect(await (await http.request(write)).text()).toBe('hello client');
    });

    it.each(ways)(
      'over %s, reached %s, leaves a write without one undone, not in doubt',
      async (version, way) => {
        const target = await demanding(version);
        const error = await failure(clientOf(target.url, await route(way)).request(write));
        expect(error.trouble).toBe('misconfigured');
        expect(error.hint).toContain('http.cert');
        expect(target.seen).toEqual([]);
      },
    );

    it('is not asked again when it refused a read', async () => {
      const target = await demanding('TLSv1.3');
      const error = await failure(clientOf(target.url).request(read));
      expect(error.message).toContain(
        'demands a client certificate (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)',
      );
      expect(target.connections()).toBe(1);
    });

    it('and hangs up on one of a strange authority without a word is in doubt, with a hint at the certificate', async () => {
      const target = await demanding('TLSv1.3');
      const http = clientOf(target.url, { clientCertificate: { ...stranger, passphrase: null } });
      const error = await failure(http.request(write));
      expect(error.trouble).toBe('unanswered');
      expect(error.hint).toContain('http.cert');
      expect(target.seen).toEqual([]);
    });

    it('takes one whose key is encrypted, with its passphrase', async () => {
      const { url } = await demanding('TLSv1.3');
      const http = clientOf(url, { clientCertificate: { cert: client.cert, key: encryptedKey, passphrase } });
      expect(await (await http.request(read)).text()).toBe('hello client');
    });

    it('is the only one to see it: an https proxy that would like it is shown none', async () => {
      const proxy = closing(
        await startTlsServer({ ...server, ca, requestCert: true, rejectUnauthorized: false }, greet),
      );
      const http = clientOf('http://api.invalid', { proxy: proxy.url, clientCertificate: shown });
      expect(await (await http.request(read)).text()).toBe('hello undefined');
    });

    it.each([
      ['a key of another certificate', { key: stranger.key }, /does not belong to the certificate/],
      ['an encrypted key without its passphrase', { key: encryptedKey }, /is encrypted/],
      [
        'a wrong passphrase',
        { key: encryptedKey, passphrase: 'hunter2' },
        /http.passphrase .* does not open/,
      ],
      ['a key that is none', { key: 'hunter2' }, /http.key .* not a private key/],
      ['a certificate that is none', { cert: 'hunter2' }, /http.cert .* not a certificate/],
    ])('is not even asked with %s', async (_, difference, words) => {
      const open = async (): Promise<unknown> =>
        clientOf('https://127.0.0.1', { clientCertificate: { ...shown, ...difference } });
      const error = await failure(open());
      expect(error.trouble).toBe('misconfigured');
      expect(error.message).toMatch(words);
      expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
    });
  },
);

describe('an alert about our certificate', () => {
  it.each([
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  ])('%s means that nothing was taken, even when bytes had left', (code) => {
    const error = Object.assign(new Error('alert'), { code });
    const told = failureOf(error, { what: 'POST /users', started: true, cutBy: null, timeoutMs: 1000 });
    expect(told.trouble).toBe('misconfigured');
    expect(told.message).toContain(code);
    expect(told.hint).toContain('http.cert');
  });
});
