import { describe, expect, it } from 'vitest';
import { providers } from '../../src/providers/registry.ts';

describe('providers', () => {
  it('stand under their own ids', () => {
    expect(Object.keys(providers)).toContain('oracle-epm');
    for (const [id, provider] of Object.entries(providers)) expect(provider.id).toBe(id);
  });

  it.each(Object.entries(providers))('%s names a user without regard to case', (_, provider) => {
    expect(provider.idOf({ userName: 'Jane.Doe' })).toBe(provider.idOf({ userName: 'JANE.DOE' }));
    expect(provider.idOf({})).toBeNull();
  });
});
