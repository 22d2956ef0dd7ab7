import { randomUUID } from 'node:crypto';
import { codes } from './facts.ts';

/** An answer that refuses: its status, its code, and what it says. */
export interface Refused {
  readonly status: number;
  readonly minorErrorCode: string;
  readonly message: string;
}

export function badRequest(message: string): Refused {
  return { status: 400, minorErrorCode: codes.badRequest, message };
}

/** The one answer to a missing right and to a missing entity. */
export function forbidden(what: string): Refused {
  return {
    status: 403,
    minorErrorCode: codes.forbidden,
    message: `Either you need some or all of the following rights [Base] to perform operations [${what}] or the target entity is invalid.`,
  };
}

export function unauthorised(message: string): Refused {
  return { status: 401, minorErrorCode: codes.unauthorised, message };
}

/** Messages begin with the request's id in brackets, another one each time. */
export function refusalResponse({ status, minorErrorCode, message }: Refused, version: string): Response {
  const body = { minorErrorCode, message: `[ ${randomUUID()} ] ${message}`, stackTrace: null };
  return jsonResponse(body, version, status);
}

/** The media type echoes the version that was asked for. */
export function jsonResponse(
  body: object,
  version: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': `application/json;version=${version}`, ...headers },
  });
}

export function isRefused<T extends object>(value: T | Refused): value is Refused {
  return 'minorErrorCode' in value && 'status' in value;
}
