import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';

describe('a secret', () => {
  const holder = { line: 4, password: new Secret('Larch-2204') };

  it('is given to who asks for it', () => {
    expect(holder.password.reveal()).toBe('Larch-2204');
  });

  it.each([
    ['as JSON', JSON.stringify(holder)],
    ['in a message', `${holder.password} ${String(holder.password)}`],
    ['when inspected', inspect(holder, { showHidden: true, depth: 9 })],
    ['among the entries of a map', inspect(new Map([[4, holder.password]]))],
    ['when spread', JSON.stringify({ ...holder.password })],
    ['as a copy', JSON.stringify(structuredClone(Object.fromEntries(Object.entries(holder.password))))],
  ])('does not show %s', (_, shown) => {
    expect(shown).not.toContain('Larch');
  });
});
