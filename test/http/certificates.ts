import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority, a server and a client that it vouches for, and somebody whom nobody vouches for. */
export interface Certificates {
  readonly ca: string;
  readonly server: Pair;
  readonly client: Pair;
  /** The client's key, encrypted with `passphrase`. */
  readonly encryptedKey: string;
  readonly stranger: Pair;
}

export const passphrase = 'Larch-2204-shut';

/** Null where there is no openssl to make them with. */
export function makeCertificates(): Certificates | null {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-certificates-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  };
  const text = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const pair = (name: string): Pair => ({ cert: text(`${name}.pem`), key: text(`${name}.key`) });
  const request = (name: string, ...more: string[]): void => {
    const address = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, ...address, ...more);
  };
  const sign = (name: string): void => {
    request(name, '-out', `${name}.csr`);
    const by = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-copy_extensions', 'copy', '-out', `${name}.pem`);
  };
  try {
    request('authority', '-x509', '-days', '2', '-out', 'authority.pem');
    request('stranger', '-x509', '-days', '2', '-out', 'stranger.pem');
    sign('server');
    sign('client');
    openssl('rsa', '-aes256', '-passout', `pass:${passphrase}`, '-in', 'client.key', '-out', 'encrypted.key');
    return {
      ca: text('authority.pem'),
      server: pair('server'),
      client: pair('client'),
      encryptedKey: text('encrypted.key'),
      stranger: pair('stranger'),
    };
  } catch {
    return null;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
