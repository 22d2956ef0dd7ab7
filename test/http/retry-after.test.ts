import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/http/retry-after.ts';

const nowMs = Date.UTC(2026, 10, 6, 8, 49, 7);
const yearMs = 365 * 24 * 60 * 60 * 1000;

describe('retryAfterMs', () => {
  it('takes digits for seconds', () => {
    expect(retryAfterMs('120', nowMs)).toBe(120_000);
    expect(retryAfterMs('0', nowMs)).toBe(0);
    expect(retryAfterMs('007', nowMs)).toBe(7000);
  });

  it.each([
    ['IMF-fixdate', 'Fri, 06 Nov 2026 08:49:37 GMT'],
    ['RFC 850', 'Friday, 06-Nov-26 08:49:37 GMT'],
    ['asctime', 'Fri Nov  6 08:49:37 2026'],
  ])('takes a date in the form of %s', (_, text) => {
    expect(retryAfterMs(text, nowMs)).toBe(30_000);
  });

  it('asks for no wait when the date is past', () => {
    expect(retryAfterMs('Sun, 06 Nov 1994 08:49:37 GMT', nowMs)).toBe(0);
  });

  it('takes a two-digit year that would be more than 50 years ahead for a past one', () => {
    expect(retryAfterMs('Sunday, 06-Nov-94 08:49:37 GMT', nowMs)).toBe(0);
    expect(retryAfterMs('Saturday, 06-Nov-27 08:49:07 GMT', nowMs)).toBe(yearMs);
  });

  it.each([
    undefined,
    '',
    ' ',
    '120 ',
    ' 120',
    '+120',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    '٣',
    '120, 60',
    'soon',
    'Infinity',
    '2026-11-06T08:49:37Z',
    'Fri, 06 Nov 2026 08:49:37 UTC',
    'Fri, 06 Nov 2026 08:49:37 +0000',
    'Fri, 6 Nov 2026 08:49:37 GMT',
    'fri, 06 nov 2026 08:49:37 gmt',
    'Thu, 31 Apr 2026 08:49:37 GMT',
    'Fri, 00 Nov 2026 08:49:37 GMT',
    'Fri, 06 Nov 2026 24:00:00 GMT',
    'Fri, 06 Nov 2026 08:60:00 GMT',
    'Fri, 06 Nov 2026 08:49:61 GMT',
    'Fri, 06 Nov 2026 08:49:37 GMT ',
  ])('takes %j for nothing', (text) => {
    expect(retryAfterMs(text, nowMs)).toBeNull();
  });

  it('reads back every date that a server may send', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: yearMs / 1000 }), (seconds) => {
        const at = new Date(nowMs + seconds * 1000);
        return retryAfterMs(at.toUTCString(), nowMs) === seconds * 1000;
      }),
    );
  });

  it('never gives more than a year', () => {
    expect(retryAfterMs('9'.repeat(400), nowMs)).toBe(yearMs);
    expect(retryAfterMs('Fri, 06 Nov 9999 08:49:37 GMT', nowMs)).toBe(yearMs);
  });
});
