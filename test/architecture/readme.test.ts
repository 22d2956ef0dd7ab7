import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/domain/error-code.ts';
import { guardNames } from '../../src/domain/settings.ts';
import { providers } from '../../src/providers/registry.ts';

const page = readFileSync('README.md', 'utf8');

function codesBelow(header: string): readonly string[] {
  const [, table = ''] = page.split(`| ${header} | meaning |\n|---|---|\n`);
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `?([\w]+)`? \|/gm)].map((match) => match[1] ?? '');
}

describe('README.md', () => {
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

  it('explains every guard of an operation', () => {
    for (const name of guardNames) expect(page).toContain(`| \`${name}\` |`);
  });

  it('has a column for every provider', () => {
    for (const id of Object.keys(providers)) expect(page).toMatch(new RegExp(`^\\|.*\\| ${id} \\|`, 'm'));
  });
});
