import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedPauseMs } from '../../src/http/rate-headers.ts';

const nowMs = Date.UTC(2026, 10, 6, 8, 49, 7, 400);
const nowSeconds = Math.floor(nowMs / 1_000);

describe('what an answer asks for', () => {
  it.each([
    ['Retry-After in seconds', { 'retry-after': '7' }, 7_000],
    ['Retry-After as a date', { 'retry-after': 'Fri, 06 Nov 2026 08:49:37 GMT' }, 29_600],
    [
      'Retry-After before all others',
      { 'retry-after': '7', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '90' },
      7_000,
    ],
    ['RateLimit, draft 08 and later', { ratelimit: '"default";r=0;t=30' }, 30_000],
    ['the longest of several used-up windows', { ratelimit: '"burst";r=0;t=8, "day, all";r=0;t=90' }, 90_000],
    ['only windows that are used up', { ratelimit: '"burst";r=0;t=8, "day";r=5;t=3600' }, 8_000],
    ['RateLimit, draft 07', { ratelimit: 'limit=100, remaining=0, reset=8' }, 8_000],
    [
      'RateLimit-Reset, draft 06',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '0', 'ratelimit-reset': '8' },
      8_000,
    ],
    ['X-RateLimit-Reset in seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '12' }, 12_000],
    [
      'X-RateLimit-Reset in Unix seconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${nowSeconds + 30}` },
      29_600,
    ],
    [
      'X-RateLimit-Reset in Unix milliseconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${nowMs + 1_234}` },
      1_234,
    ],
    [
      'X-Rate-Limit-Reset (Okta)',
      { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': `${nowSeconds + 5}` },
      4_600,
    ],
    [
      'X-RateLimit-Reset-After with a fraction',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.25' },
      1_250,
    ],
    ['a reset alone', { 'x-ratelimit-reset': '4' }, 4_000],
    ['a reset that is past', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${nowSeconds - 30}` }, 0],
    ['nothing', {}, null],
    ['a window with something left', { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '60' }, null],
    [
      'no limit at all',
      { 'x-ratelimit-limit': '0', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' },
      null,
    ],
    ['nonsense', { ratelimit: 'soon', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '-5' }, null],
  ])('with 429 reads %s', (_, headers, ms) => {
    expect(askedPauseMs(429, headers, nowMs)).toBe(ms);
  });

  it('with success is a pause when nothing remains, and nothing else', () => {
    expect(askedPauseMs(200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '8' }, nowMs)).toBe(8_000);
    expect(askedPauseMs(200, { ratelimit: '"a";r=0;t=8' }, nowMs)).toBe(8_000);
    expect(askedPauseMs(200, { ratelimit: '"a";r=10;t=8' }, nowMs)).toBeNull();
    expect(askedPauseMs(200, { 'ratelimit-reset': '8' }, nowMs)).toBeNull();
    // A task that is worked on says when to look again; that is no limit.
    expect(askedPauseMs(202, { 'retry-after': '30' }, nowMs)).toBeNull();
  });

  it('with 503 is what Retry-After says', () => {
    expect(askedPauseMs(503, { 'retry-after': '30' }, nowMs)).toBe(30_000);
  });

  it('is by the clock of the target, where that is a little off', () => {
    const date = 'Fri, 06 Nov 2026 08:48:07 GMT';
    expect(askedPauseMs(429, { date, 'retry-after': 'Fri, 06 Nov 2026 08:48:17 GMT' }, nowMs)).toBe(10_000);
    const far = 'Fri, 06 Nov 2020 08:48:07 GMT';
    expect(askedPauseMs(429, { date: far, 'retry-after': 'Fri, 06 Nov 2026 08:49:37 GMT' }, nowMs)).toBe(
      29_600,
    );
  });

  it('is never negative, nor more than a year, whatever is sent', () => {
    const name = fc.constantFrom(
      'retry-after',
      'ratelimit',
      'ratelimit-remaining',
      'ratelimit-reset',
      'x-ratelimit-reset',
      'x-ratelimit-remaining',
      'date',
    );
    const value = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.constantFrom('0', '"a";r=0;t=9', 'limit=1, remaining=0, reset=3', '9'.repeat(30)),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.constantFrom(200, 429, 503), (headers, status) => {
        const ms = askedPauseMs(status, headers, nowMs);
        return ms === null || (ms >= 0 && ms <= 365 * 24 * 3_600_000);
      }),
    );
  });
});
