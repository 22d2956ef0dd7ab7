import { describe, expect, it } from 'vitest';
import { linkOf, pathBelow } from '../../../src/providers/cloud-director/links.ts';

describe('linkOf', () => {
  const header =
    '<https://h/cloudapi/1.0.0/users?filter=a==b,c==d&page=7>;rel="lastPage";type="application/json";model="A,B", ' +
    '<https://h/cloudapi/1.0.0/users?page=2>; REL=nextPage';

  it('tells relations apart although URLs and parameters hold commas', () => {
    expect(linkOf(header, 'lastPage')).toBe('https://h/cloudapi/1.0.0/users?filter=a==b,c==d&page=7');
    expect(linkOf(header, 'nextPage')).toBe('https://h/cloudapi/1.0.0/users?page=2');
    expect(linkOf(header, 'firstPage')).toBeNull();
    expect(linkOf(undefined, 'nextPage')).toBeNull();
  });

  it('finds one relation among several in one string', () => {
    expect(linkOf('</x>;rel="lastPage nextPage"', 'nextPage')).toBe('/x');
    expect(linkOf('</x>;rel="notNextPage"', 'nextPage')).toBeNull();
  });
});

describe('pathBelow', () => {
  it.each([
    ['https://cell.example.net/api/task/1', '/api/task/1'],
    ['https://cell.example.net/gateway/api/task/1?a=b', '/api/task/1?a=b'],
    ['/api/task/1', '/api/task/1'],
    ['https://cell.example.net/elsewhere', null],
    ['https://cell.example.net/api/task/../admin', null],
    ['https://cell.example.net/api/task/%2e%2e/admin', null],
    ['https://cell.example.net/api/task/..%2f..%2fadmin', null],
    ['file:///api/task/1', null],
    ['http://[', null],
  ])('makes of %s the path %s, and nothing of the host', (address, path) => {
    expect(pathBelow(address, '/api/task/')).toBe(path);
  });
});
