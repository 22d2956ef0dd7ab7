import { describe, expect, it } from 'vitest';
import type { Asked } from '../../../src/contracts/provider.ts';
import { Config } from '../../../src/providers/cloud-director/config.ts';
import { cloudDirector } from '../../../src/providers/cloud-director/index.ts';
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

describe('review of groups', () => {
  const mapped: Asked = { ...writes, attributes: [...writes.attributes, 'groups'] };

  it('refuses a job that maps them without the setting, and names it', () => {
    expect(found({}, mapped)).toEqual(['error feed.columns.groups']);
    expect(review(config(), mapped)[0]?.message).toContain('target.groups: true');
    expect(found({ groups: true }, mapped)).toEqual([]);
  });

  it('refuses them with Cloud Director, and with a version before 40.0', () => {
    expect(found({ groups: true, flavour: 'vcd' }, mapped)).toEqual(['error target.groups']);
    for (const apiVersion of ['39.1', '9.1.0']) {
      expect(found({ groups: true, apiVersion }, mapped)).toEqual(['error target.apiVersion']);
    }
    expect(found({ groups: true, apiVersion: '40.0' }, mapped)).toEqual([]);
  });

  it('warns of reading what nobody maps', () => {
    expect(found({ groups: true })).toEqual(['warning target.groups']);
  });
});

describe('review of removals', () => {
  const removes: Asked = {
    ...writes,
    policy: { ...writes.policy, leavers: [{ operation: 'remove', afterDays: 0 }] },
  };

  it('refuses a version that cannot take ownership, unless the job lets it go', () => {
    const old = { apiVersion: '37.0' };
    expect(found(old, removes)).toEqual(['error target.takeOwnershipBeforeRemove']);
    expect(found(old)).toEqual([]);
    expect(found({ apiVersion: '37.1' }, removes)).toEqual([]);
    expect(found({ apiVersion: '9.1.0' }, removes)).toEqual([]);
    const letGo = { ...old, takeOwnershipBeforeRemove: false };
    expect(found(letGo, removes)).toEqual(['warning target.takeOwnershipBeforeRemove']);
  });

  it('warns of a removal that takes along what the user owns', () => {
    const letGo = { takeOwnershipBeforeRemove: false };
    expect(found(letGo, removes)).toEqual(['warning target.takeOwnershipBeforeRemove']);
    expect(found(letGo)).toEqual([]);
  });
});

describe("the provider's own organisation", () => {
  it('is warned of where it is written', () => {
    expect(found({ organisation: 'system' })).toEqual(['warning target.organisation']);
    expect(found({ organisation: 'System' }, reads)).toEqual([]);
  });

  it('cannot be written from an organisation', () => {
    const auth = { type: 'basic', username: 'a', password: 'env:PW', organisation: 'acme' };
    expect(found({ auth, organisation: 'System' }, reads)).toEqual(['error target.auth.organisation']);
  });
});

describe('tenant', () => {
  it('is the organisation, however its name is spelt', () => {
    const tenant = (organisation: string) => cloudDirector.tenant?.(config({ organisation }));
    expect(tenant('acme')).toBe('acme');
    expect(tenant('ACME')).toBe(tenant('acme'));
    expect(tenant('other')).not.toBe(tenant('acme'));
    expect(tenant('System')).toBe(tenant('SYSTEM'));
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
