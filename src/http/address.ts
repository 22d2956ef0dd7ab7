import { TargetFailure } from '../domain/failure.ts';

/** Where a target's API begins. */
export interface Base {
  readonly origin: string;
  readonly hostname: string;
  /** Path before every request's own, without a slash at its end; often empty. */
  readonly prefix: string;
}

/** A request's address below the base. */
export interface Address {
  /** As it is sent: path and query. */
  readonly pathAndQuery: string;
  /** As it is shown: without the query, which may hold personal values. */
  readonly path: string;
}

/** Printable ASCII that a URL parser takes as it stands: no blank, `#` or backslash. */
const plainPath = /^\/[!"$-[\]-~]*$/;

/** A path and query that a URL parser would give back as they stand, and none of whose segments leads upwards. */
const settledPath = /^(?:\/[\w~@:-][\w~@:.-]*)+(?:\?[\w~@:.%=&+-]+)?$/;

/** Takes a base URL apart. A `TargetFailure` `misconfigured` when it is none, or holds more than an address. */
export function parseBaseUrl(baseUrl: string): Base {
  const url = URL.parse(baseUrl);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw misconfigured('The base URL is not an address that begins with https:// or http://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw misconfigured('The base URL holds credentials; they belong under auth.');
  }
  if (url.search !== '' || url.hash !== '') {
    throw misconfigured(`The base URL at ${url.origin} has a query or a fragment; leave them out.`);
  }
  return { origin: url.origin, hostname: url.hostname, prefix: url.pathname.replace(/\/+$/, '') };
}

/** Joins base and path. A `TargetFailure` `misconfigured` when the path would lead out of the base. */
export function joinPath(base: Base, path: string): Address {
  if (settledPath.test(path)) {
    const pathAndQuery = `${base.prefix}${path}`;
    const query = pathAndQuery.indexOf('?');
    return { pathAndQuery, path: query < 0 ? pathAndQuery : pathAndQuery.slice(0, query) };
  }
  const below = `${base.origin}${base.prefix}`;
  const url = plainPath.test(path) ? URL.parse(`${below}${path}`) : null;
  if (url === null || url.origin !== base.origin || !url.pathname.startsWith(`${base.prefix}/`)) {
    throw new TargetFailure({
      trouble: 'misconfigured',
      message: `A request would not stay below ${below}, so it was not sent.`,
      hint: 'Its path holds characters that must be encoded, or the target sent an address of another place.',
    });
  }
  return { pathAndQuery: `${url.pathname}${url.search}`, path: url.pathname };
}

function misconfigured(message: string): TargetFailure {
  return new TargetFailure({ trouble: 'misconfigured', message, hint: 'Mend baseUrl in the job file.' });
}
