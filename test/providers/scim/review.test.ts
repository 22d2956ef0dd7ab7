import { describe, expect, it } from 'vitest';
import { review } from '../../../src/providers/scim/review.ts';
import { config } from './world.ts';

const policy = {
  create: true,
  update: true,
  leavers: [{ operation: 'remove' as const, afterDays: 0 }],
};
const asked = { policy, attributes: ['userName', 'externalId', 'active'] };

describe('review', () => {
  it('finds nothing in a job that maps a lasting id and deletes', () => {
    expect(review(config(), asked)).toEqual([]);
  });

  it('warns of a removal that only deactivates, which coming back does not undo', () => {
    expect(review(config({ removal: 'deactivate' }), asked)).toMatchObject([{ path: ['target', 'removal'] }]);
  });

  it('refuses bulk requests together with keys', () => {
    const both = config({ use: { bulk: true }, idempotency: { lifetime: '24h' } });
    expect(review(both, asked)).toMatchObject([{ severity: 'error', path: ['target', 'use', 'bulk'] }]);
  });

  it('warns of creates without a lasting id', () => {
    const without = { ...asked, attributes: ['userName'] };
    expect(review(config(), without)).toMatchObject([{ severity: 'warning', path: ['feed', 'columns'] }]);
  });
});
