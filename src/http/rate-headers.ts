import { retryAfterMs } from './retry-after.ts';

/*
 * What an answer says about when the next request is welcome. `Retry-After` counts before all others, as the draft
 * asks. The others are read as vendors send them:
 *
 *   RateLimit: "burst";r=0;t=8, "day";r=90;t=3600     draft-ietf-httpapi-ratelimit-headers-08 and later
 *   RateLimit: limit=100, remaining=0, reset=8        the same, -07
 *   RateLimit-Remaining: 0, RateLimit-Reset: 8        the same, up to -06
 *   X-RateLimit-Remaining, X-RateLimit-Reset          before the draft; X-Rate-Limit-… (Okta) too
 *   X-RateLimit-Reset-After                           seconds, also 1.5 (Discord)
 *
 * A reset is in seconds from now, in Unix seconds (GitHub, Okta) or in Unix milliseconds: numbers so far apart that
 * they cannot be taken for one another.
 */

type Headers = Readonly<Record<string, string | undefined>>;

const families = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((family) => ({
  limit: `${family}-limit`,
  remaining: `${family}-remaining`,
  reset: `${family}-reset`,
  resetAfter: `${family}-reset-after`,
}));
/** Beyond it a reset is a moment, not a wait: 31 years in seconds. */
const epochSecondsMin = 1e9;
const epochMsMin = 1e11;
const yearMs = 365 * 24 * 60 * 60 * 1_000;
/** A difference between the target's clock and ours counts from here on; below, it is the time on the way. */
const skewMsMin = 2_000;
/** A `Date` further off is of no clock at all. */
const skewMsMax = 10 * 60_000;

/**
 * How long the target asks not to be called, in milliseconds from now; null when it does not say. An answer of any
 * status may say that nothing remains of a window; `Retry-After` is about requests on 429 and 5xx only.
 */
export function askedPauseMs(status: number, headers: Headers, nowMs: number): number | null {
  const windows = windowsOf(headers);
  const retryAfter = status === 429 || status >= 500 ? headers['retry-after'] : undefined;
  // Most answers say nothing of it.
  if (windows.length === 0 && retryAfter === undefined) return null;
  const targetNowMs = clockOf(headers, nowMs);
  const askedMs = retryAfterMs(retryAfter, targetNowMs);
  if (askedMs !== null) return askedMs;
  const waits = windows
    .filter((window) => isUsedUp(window, status))
    .map((window) => untilReset(window.reset, targetNowMs))
    .filter((ms) => ms !== null);
  return waits.length === 0 ? null : Math.max(...waits);
}

interface Window {
  readonly limit: string | undefined;
  readonly remaining: string | undefined;
  readonly reset: string | undefined;
}

/** A window without a limit to it, such as `limit=0`, is how some say that there is none. */
function isUsedUp({ limit, remaining }: Window, status: number): boolean {
  if (limit !== undefined && Number.parseFloat(limit) <= 0) return false;
  return remaining === undefined ? status === 429 : /^0+(?:\.0*)?$/.test(remaining);
}

/** The windows that the headers tell of. */
function windowsOf(headers: Headers): readonly Window[] {
  const windows: Window[] = headers.ratelimit === undefined ? [] : [...windowsIn(headers.ratelimit)];
  for (const names of families) {
    const limit = headers[names.limit];
    const remaining = headers[names.remaining];
    const reset = headers[names.reset] ?? headers[names.resetAfter];
    if (limit !== undefined || remaining !== undefined || reset !== undefined) {
      windows.push({ limit, remaining, reset });
    }
  }
  return windows;
}

/** The windows of the one header `RateLimit`, in both of its forms. */
function windowsIn(header: string): readonly Window[] {
  if (/(?:^|,)\s*(?:limit|remaining|reset)=/.test(header)) {
    return [
      {
        limit: parameter(header, 'limit'),
        remaining: parameter(header, 'remaining'),
        reset: parameter(header, 'reset'),
      },
    ];
  }
  return header.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((member) => ({
    limit: undefined,
    remaining: parameter(member, 'r'),
    reset: parameter(member, 't'),
  }));
}

function parameter(text: string, name: string): string | undefined {
  return new RegExp(String.raw`(?:^|[;,])\s*${name}=([\d.]+)`).exec(text.replaceAll(/"[^"]*"/g, ''))?.[1];
}

function untilReset(reset: string | undefined, nowMs: number): number | null {
  if (reset === undefined) return null;
  if (!/^\d+(?:\.\d+)?$/.test(reset)) return retryAfterMs(reset, nowMs);
  const number = Number(reset);
  if (number < epochSecondsMin) return Math.min(Math.ceil(number * 1_000), yearMs);
  const atMs = number < epochMsMin ? number * 1_000 : number;
  return Math.min(Math.max(0, Math.ceil(atMs - nowMs)), yearMs);
}

/** Moments are meant by the target's clock, which its `Date` tells to the second. */
function clockOf(headers: Headers, nowMs: number): number {
  const dateMs = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
  const skewMs = Math.abs(dateMs - nowMs);
  return skewMs >= skewMsMin && skewMs <= skewMsMax ? dateMs : nowMs;
}
