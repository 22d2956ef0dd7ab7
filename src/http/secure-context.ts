import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { TargetFailure } from '../domain/failure.ts';

/** What we show to a target that asks who connects; all of it as PEM text. */
export interface ClientCertificate {
  /** The certificate, followed by those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Null for a key that is not encrypted. */
  readonly passphrase: string | null;
}

export interface Certificates {
  /** PEM text of certificates that are trusted besides the well-known ones. */
  readonly ca: string | null;
  readonly clientCertificate: ClientCertificate | null;
}

/**
 * The certificates in the form in which connections take them, made once for all: reading the well-known ones takes
 * tens of milliseconds. A `TargetFailure` `misconfigured`, which quotes nothing, when one of them is none.
 */
export function secureContext({ ca, clientCertificate }: Certificates): { secureContext?: SecureContext } {
  if (ca === null && clientCertificate === null) return {};
  if (ca !== null) requireCertificate(ca, 'http.ca');
  if (clientCertificate !== null) requireCertificate(clientCertificate.cert, 'http.cert');
  const trusted = ca === null ? {} : { ca: [...getCACertificates('default'), ca] };
  if (clientCertificate === null) return { secureContext: createSecureContext(trusted) };
  const { cert, key, passphrase } = clientCertificate;
  try {
    const secret = passphrase === null ? {} : { passphrase };
    return { secureContext: createSecureContext({ ...trusted, cert, key, ...secret }) };
  } catch (error) {
    throw badKey(error, passphrase !== null);
  }
}

/** `createSecureContext` says nothing about trusted text that is no certificate. */
function requireCertificate(pem: string, field: string): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw new TargetFailure({
      trouble: 'misconfigured',
      message: `What ${field} refers to is not a certificate in PEM form.`,
      hint: 'The file begins with -----BEGIN CERTIFICATE-----.',
    });
  }
}

function badKey(error: unknown, hasPassphrase: boolean): TargetFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  const [message, hint] = keyTrouble(code, hasPassphrase);
  return new TargetFailure({ trouble: 'misconfigured', message: `${message} (${code}).`, hint });
}

function keyTrouble(code: string, hasPassphrase: boolean): readonly [message: string, hint: string] {
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') {
    return [
      'The key that http.key refers to does not belong to the certificate of http.cert',
      'Name the key with which the certificate was asked for.',
    ];
  }
  if (/BAD_DECRYPT|INTERRUPTED_OR_CANCELLED|BAD_PASSWORD/.test(code)) {
    return hasPassphrase
      ? ['What http.passphrase refers to does not open the key of http.key', 'Check the passphrase.']
      : [
          'The key that http.key refers to is encrypted',
          'Give its passphrase by reference: http.passphrase.',
        ];
  }
  return [
    'What http.key refers to is not a private key in PEM form',
    'The file begins with -----BEGIN PRIVATE KEY-----, or with ENCRYPTED before PRIVATE.',
  ];
}
