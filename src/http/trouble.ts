import { TargetFailure } from '../domain/failure.ts';

/** How far a request came before it broke off. */
export interface Progress {
  /** Method, path and origin, for messages. */
  readonly what: string;
  /** True once the first byte was handed to the connection: from then on nobody knows whether it arrived. */
  readonly started: boolean;
  /** Set when we broke it off ourselves. */
  readonly cutBy: 'deadline' | 'stop' | null;
  readonly timeoutMs: number;
}

const certificateCodes = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Alerts by which the other side ends a connection for the certificate that we showed, or did not show. */
const refusedCertificate =
  /_ALERT_(?:CERTIFICATE_(?:REQUIRED|EXPIRED|REVOKED|UNKNOWN)|(?:BAD|NO|UNSUPPORTED)_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)$/;

const connectWords: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'the name service did not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before anything was sent',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name is unknown',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
};

/** What the error of a request that got no whole answer means for the target. */
export function failureOf(error: unknown, progress: Progress): TargetFailure {
  if (error instanceof TargetFailure) return error;
  if (progress.cutBy !== null) return cutOff(progress.cutBy, progress);
  const proxy = proxyRefusal(error, progress);
  if (proxy !== null) return proxy;
  const code = codeOf(error);
  // Such an alert comes instead of a finished handshake, so that nothing was taken, whatever we had begun to send.
  if (refusedCertificate.test(code)) return notLetIn(code, progress);
  return progress.started ? brokenOff(error, progress) : neverLeft(error, progress);
}

/** The run is stopping, and the request was not sent any more. */
export function stoppedBeforeSending(what: string): TargetFailure {
  return new TargetFailure({
    trouble: 'unsent',
    message: `${what} was not sent, because the run is stopping.`,
  });
}

function cutOff(by: 'deadline' | 'stop', { what, started, timeoutMs }: Progress): TargetFailure {
  if (by === 'stop') {
    if (!started) return stoppedBeforeSending(what);
    return new TargetFailure({
      trouble: 'unanswered',
      message: `${what} was broken off, because the run is stopping.`,
    });
  }
  const within = `within ${timeoutMs / 1000} s`;
  return started
    ? new TargetFailure({
        trouble: 'unanswered',
        message: `${what} got no whole answer ${within}.`,
        hint: 'If the target is slow by nature, allow requests more time or fewer steps under limits.',
      })
    : new TargetFailure({
        trouble: 'unsent',
        message: `${what} was not sent: no connection came about ${within}.`,
        hint: addressHint,
      });
}

const addressHint = 'Check the host and port of baseUrl, and whether a proxy is needed (http.proxy).';

function neverLeft(error: unknown, { what }: Progress): TargetFailure {
  const code = codeOf(error);
  if (certificateCodes.has(code)) {
    return misconfigured(
      `${what} was not sent: the certificate of the other side is not trusted (${code}).`,
      'If a private authority signed it, name the file with its certificate under http.ca.',
    );
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return misconfigured(
      `${what} was not sent: the other side does not speak TLS as we do (${code}).`,
      'Check whether baseUrl should begin with http:// or has another port.',
    );
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return misconfigured(
      `${what} was not sent: a header holds characters that HTTP does not allow.`,
      'A secret that ends with a line break or holds other than ASCII characters is the usual cause.',
    );
  }
  const reason = connectWords[code] ?? 'no connection came about';
  return new TargetFailure({
    trouble: 'unsent',
    message: `${what} was not sent: ${reason} (${code}${peerOf(error)}).`,
    hint: addressHint,
  });
}

function brokenOff(error: unknown, { what }: Progress): TargetFailure {
  const code = codeOf(error);
  if (code.startsWith('HPE_') || code === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new TargetFailure({
      trouble: 'unreadable',
      message: `${what} was answered by something that is not HTTP (${code}).`,
      hint: 'Check whether baseUrl should begin with https:// or has another port.',
    });
  }
  return new TargetFailure({
    trouble: 'unanswered',
    message: `${what} was sent, but the connection broke before the whole answer had come (${code}).`,
    hint: 'If no request is ever answered, the target may demand a client certificate, or another one: http.cert.',
  });
}

function notLetIn(code: string, { what }: Progress): TargetFailure {
  if (code.endsWith('_CERTIFICATE_REQUIRED')) {
    return misconfigured(
      `${what} was not taken: the other side demands a client certificate (${code}).`,
      'Name the certificate under http.cert and its key under http.key.',
    );
  }
  if (code.endsWith('_HANDSHAKE_FAILURE')) {
    return misconfigured(
      `${what} was not sent: the other side refused to speak TLS with us (${code}).`,
      'Most often it demands a client certificate: name it under http.cert and its key under http.key.',
    );
  }
  return misconfigured(
    `${what} was not taken: the other side does not accept our client certificate (${code}).`,
    'Check http.cert: is it given, still valid, and of an authority that the target knows? The certificates between it and that authority belong into the same file.',
  );
}

/** undici tells what a proxy answered in words only. */
function proxyRefusal(error: unknown, { what }: Progress): TargetFailure | null {
  if (!(error instanceof Error)) return null;
  const status =
    /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] ??
    /^Proxy Authentication Required \((407)\)/.exec(error.message)?.[1];
  if (status === undefined) return null;
  const message = `${what} was not sent on: the proxy answered with status ${status}.`;
  if (Number(status) >= 500) return new TargetFailure({ trouble: 'unsent', message });
  return misconfigured(message, 'Check http.proxy, its user and password, and what the proxy allows.');
}

function misconfigured(message: string, hint: string): TargetFailure {
  return new TargetFailure({ trouble: 'misconfigured', message, hint });
}

/** The stable word of a network error. Messages of such errors are not shown: some quote what was received. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function peerOf(error: unknown): string {
  const holder = error instanceof AggregateError ? error.errors[0] : error;
  if (!(holder instanceof Error) || !('address' in holder) || !('port' in holder)) return '';
  return ` ${holder.address}:${holder.port}`;
}
