import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinPath, parseBaseUrl } from '../../src/http/address.ts';

describe('parseBaseUrl', () => {
  it.each(['', 'example.com', 'ftp://example.com', 'file:///etc/passwd'])('refuses %j', (text) => {
    expect(() => parseBaseUrl(text)).toThrow('not an address');
  });

  it('refuses credentials without showing them', () => {
    expect(() => parseBaseUrl('https://ann:hunter2@example.com')).toThrow(/^(?!.*hunter2).*credentials/);
  });

  it('refuses a query', () => {
    expect(() => parseBaseUrl('https://example.com/api?token=abc')).toThrow(/^(?!.*abc).*query/);
  });
});

describe('joinPath', () => {
  const base = parseBaseUrl('https://example.com/tenant/api/');

  it('joins prefix, path and query, and shows no query', () => {
    expect(joinPath(base, '/users?filter=ann%40example.com')).toEqual({
      pathAndQuery: '/tenant/api/users?filter=ann%40example.com',
      path: '/tenant/api/users',
    });
  });

  it('gives what a URL parser gives, for paths with and without anything to mind', () => {
    const paths = fc.stringMatching(/^(?:\/[\w~@:.%-]{0,4}){1,4}(?:\?[\w~@:.%=&+'-]{0,6})?$/);
    fc.assert(
      fc.property(paths, (path) => {
        const url = new URL(`https://example.com/tenant/api${path}`);
        fc.pre(url.pathname.startsWith('/tenant/api/'));
        expect(joinPath(base, path)).toEqual({
          pathAndQuery: `${url.pathname}${url.search}`,
          path: url.pathname,
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps encoded slashes and double slashes as they are', () => {
    expect(joinPath(base, '/users/a%2Fb').pathAndQuery).toBe('/tenant/api/users/a%2Fb');
    expect(joinPath(base, '//other.example/x').pathAndQuery).toBe('/tenant/api//other.example/x');
  });

  it.each([
    '',
    'users',
    'https://other.example/users',
    '@other.example/',
    '.other.example/',
    '/../users',
    '/x/../../other',
    '/%2e%2e/users',
    '/users#ann',
    '/users\\..\\..',
    '/us\ners',
    '/jürgen',
    '/ann lee',
  ])('refuses %j', (path) => {
    expect(() => joinPath(base, path)).toThrow('would not stay below https://example.com/tenant/api');
  });
});
