import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/domain/error-code.ts';
import { guardNames } from '../../src/domain/guard-settings.ts';
import { providers } from '../../src/providers/registry.ts';
import { capabilityRow, limitsRow } from './provider-rows.ts';

const page = readFileSync('README.md', 'utf8');
const codesPage = readFileSync('src/report/README.md', 'utf8');

function codesBelow(header: string): readonly string[] {
  const [, table = ''] = codesPage.split(`| ${header} | meaning |\n|---|---|\n`);
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `?([\w]+)`? \|/gm)].map((match) => match[1] ?? '');
}

describe('src/report/README.md', () => {
  it('lists every error code', () => {
    expect(codesBelow('errorCode')).toEqual(Object.keys(errorCodes));
  });

  it('lists every code by which a row is set aside', () => {
    const source = readFileSync('src/domain/person.ts', 'utf8');
    const [, union = ''] = source.split('export type QuarantineCode =');
    const codes = [...(union.split(';')[0] ?? '').matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]);
    expect(codes.length).toBeGreaterThan(0);
    expect(codesBelow('code')).toEqual(codes);
  });
});

describe('src/run/README.md', () => {
  it('names for every failure a test that is there', () => {
    const rows = [...readFileSync('src/run/README.md', 'utf8').matchAll(/ \| `(test\/[^`]+)`: (.+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(20);
    const missing = rows.filter(([, file = '', title = '']) => !readFileSync(file, 'utf8').includes(title));
    expect(missing.map(([, , title]) => title)).toEqual([]);
  });
});

describe('README.md', () => {
  it('explains every guard that a job sets', () => {
    for (const name of guardNames) expect(page).toContain(`| \`${name}\` |`);
  });

  it('says of every provider what it can do, how it signs in and what its limits are', () => {
    const rows = Object.values(providers).flatMap((provider) => [
      capabilityRow(provider),
      limitsRow(provider),
    ]);
    const lines = new Set(page.split('\n'));
    expect(rows.filter((row) => !lines.has(row))).toEqual([]);
  });

  it('has a row for nothing that is no provider', () => {
    const named = [...page.matchAll(/^\| \[([\w-]+)\]\(src\/providers\//gm)].map(([, id]) => id);
    expect(named).toEqual(Object.keys(providers));
  });

  it('tells of every provider what to know before its first run', () => {
    expect(Object.keys(providers).filter((id) => !page.includes(`\n- **${id}**: `))).toEqual([]);
  });

  it('names only files and folders that are there', () => {
    const links = [...page.matchAll(/\]\(((?:src|jobs|fixtures|[A-Z]+\.md)[^)#]*)[^)]*\)/g)].map(
      ([, file = '']) => file,
    );
    expect(links.length).toBeGreaterThan(5);
    for (const file of links) expect(existsSync(file), file).toBe(true);
  });

  it('stays readable', () => {
    expect(page.split('\n').length).toBeLessThan(450);
  });
});
