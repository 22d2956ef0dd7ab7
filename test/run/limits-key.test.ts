import { describe, expect, it } from 'vitest';
import { limitsKey } from '../../src/run/connect-target.ts';

const auth = { type: 'basic', username: 'env:USER', password: 'env:PASSWORD' };
const key = limitsKey('https://epm.example.com/tenant-a', { auth, welcomeMail: false });

describe('who shares limits', () => {
  it('is whoever asks the same host with the same credential, whatever else is set', () => {
    expect(limitsKey('https://epm.example.com/tenant-b', { auth, welcomeMail: true })).toBe(key);
  });

  it.each([
    ['https://other.example.com/tenant-a', auth],
    ['https://epm.example.com:8443/tenant-a', auth],
    ['https://epm.example.com/tenant-a', { ...auth, username: 'env:OTHER' }],
    ['https://epm.example.com/tenant-a', undefined],
  ])('is nobody else: %s', (baseUrl, other) => {
    expect(limitsKey(baseUrl, { auth: other })).not.toBe(key);
  });
});
