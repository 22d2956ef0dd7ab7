import { describe, expect, it } from 'vitest';
import type { Asked } from '../../../src/contracts/provider.ts';
import { Config } from '../../../src/providers/cloud-director/config.ts';
import { review } from '../../../src/providers/cloud-director/review.ts';
import { config } from './world.ts';

const writes: Asked = {
  policy: { create: true, update: true, leavers: [] },
  attributes: ['userName', 'roles'],
};
const reads: Asked = { ...writes, policy: { create: false, update: false, leavers: [] } };
const found = (differences: Record<string, unknown>, asked: Asked = writes) =>
  review(config(differences), asked).map(({ severity, path }) => `${severity} ${path.join('.')}`);

describe('review', () => {
  const apiToken = { auth: { type: 'apiToken', token: 'env:TOKEN' } };

  it('finds nothing wrong with a plain job', () => {
    expect(found({})).toEqual([]);
  });

  it('refuses writing with an API token, whose session may only view users', () => {
    expect(found(apiToken)).toEqual(['error target.auth.type']);
    const leavers = [{ operation: 'disable', afterDays: 0 }] as const;
    expect(found(apiToken, { ...reads, policy: { ...reads.policy, leavers } })).toHaveLength(1);
    expect(found(apiToken, reads)).toEqual([]);
  });

  it('refuses an account of another organisation that is not System', () => {
    const auth = { type: 'basic', username: 'a', password: 'env:PW', organisation: 'other' };
    expect(found({ auth })).toEqual(['error target.auth.organisation']);
    expect(found({ auth: { ...auth, organisation: 'SYSTEM' } })).toEqual([]);
  });

  it('asks where new users sign in', () => {
    expect(found({ providerType: undefined })).toEqual(['error target.providerType']);
    expect(found({ providerType: undefined }, reads)).toEqual([]);
  });

  it('warns of local users with VCF Automation, which takes one per organisation', () => {
    expect(found({ providerType: 'LOCAL' })).toEqual(['warning target.providerType']);
    expect(found({ providerType: 'LOCAL', flavour: 'vcd' })).toEqual([]);
  });

  it('warns of one first password for all', () => {
    const local = { providerType: 'LOCAL', flavour: 'vcd', onCreate: { password: 'env:FIRST' } };
    expect(found(local)).toEqual(['warning target.onCreate.password']);
  });

  it('warns when new users get no role', () => {
    expect(found({}, { ...writes, attributes: ['userName'] })).toEqual(['warning policy.create']);
  });

  it('refuses names that only VCF Automation has', () => {
    const asked = { ...writes, attributes: ['roles', 'name.givenName'] };
    expect(found({ flavour: 'vcd' }, asked)).toEqual(['error feed.columns.name.givenName']);
    expect(found({}, asked)).toEqual([]);
  });
});

describe('settings', () => {
  it('take no literal secret', () => {
    expect(() => config({ onCreate: { password: 'hunter2' } })).toThrow();
    expect(() => config({ auth: { type: 'basic', username: 'a', password: 'hunter2' } })).toThrow();
  });

  it('make a random first password the default', () => {
    expect(config().onCreate.password).toBe('generated');
    expect(Config.safeParse({}).success).toBe(false);
  });
});
