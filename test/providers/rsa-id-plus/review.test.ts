import { describe, expect, it } from 'vitest';
import type { Asked } from '../../../src/contracts/provider.ts';
import { Config } from '../../../src/providers/rsa-id-plus/config.ts';
import { review } from '../../../src/providers/rsa-id-plus/review.ts';
import { auth, config } from './world.ts';

const asked = (policy: Partial<Asked['policy']> = {}, attributes: readonly string[] = []): Asked => ({
  policy: { create: true, update: true, leavers: [], ...policy },
  attributes: ['userName', 'name.givenName', 'emails.work', ...attributes],
});
const found = (differences: Record<string, unknown>, job: Asked = asked()) =>
  review(config(differences), job).map(({ severity, path }) => `${severity} ${path.join('.')}`);

describe('review', () => {
  it('refuses a job that updates without saying what becomes of omitted lists', () => {
    expect(found({ omittedLists: undefined })).toEqual(['error target.omittedLists']);
    expect(found({ omittedLists: undefined }, asked({ update: false }))).toEqual([]);
    expect(found({ omittedLists: 'kept' })).toEqual([]);
  });

  it('warns that updates need every list where omitted ones are cleared', () => {
    expect(found({ omittedLists: 'cleared' })).toEqual(['warning target.omittedLists']);
  });

  it('warns of lists that nobody can read', () => {
    const job = asked({}, ['groups']);
    expect(found({}, job)).toEqual(['warning target.unseenLists']);
    expect(found({ unseenLists: 'replace' }, job)).toEqual([]);
  });

  it('refuses a job that removes without saying how', () => {
    const job = asked({ leavers: [{ operation: 'remove', afterDays: 0 }] });
    expect(found({ removal: undefined }, job)).toEqual(['error target.removal']);
    expect(found({ removal: 'delete' }, job)).toEqual([]);
  });

  it('refuses a job whose people cannot be looked up', () => {
    const job: Asked = { ...asked(), attributes: ['userName'] };
    expect(found({ lookUpBy: 'email' }, job)).toEqual(['error feed.columns']);
  });

  it('warns of mail to every new user', () => {
    const password = { creation: 'GENERATE_AND_SEND', send: 'EMAIL' };
    expect(found({ password })).toEqual(['warning target.password.send']);
    expect(found({ password }, asked({ create: false }))).toEqual([]);
  });
});

describe('the configuration', () => {
  it('makes no password by default, and removes nobody without being told how', () => {
    const settings = Config.parse({ auth });
    expect(settings).toMatchObject({ password: { creation: 'NONE' }, unseenLists: 'refuse', renames: false });
    expect([settings.omittedLists, settings.removal]).toEqual([undefined, undefined]);
  });

  it.each([
    ['GENERATE_AND_SEND without a send method', { password: { creation: 'GENERATE_AND_SEND' } }],
    ['mail without a password', { password: { send: 'EMAIL' } }],
    ['a key in clear', { auth: { ...auth, keys: ['{"kty":"EC"}'] } }],
    ['three keys', { auth: { ...auth, keys: ['env:A', 'env:B', 'env:C'] } }],
    ['no key', { auth: { ...auth, keys: [] } }],
    ['an issuer over http', { auth: { ...auth, issuer: 'http://auth.example.com/oauth' } }],
    ['an issuer with credentials', { auth: { ...auth, issuer: 'https://a:b@auth.example.com/oauth' } }],
    ['scopes in one text', { auth: { ...auth, scopes: ['a b'] } }],
    ['basic credentials in clear', { auth: { type: 'basic', username: 'u', password: 'p' } }],
  ])('refuses %s', (_, differences) => {
    expect(Config.safeParse({ auth, ...differences }).success).toBe(false);
  });

  it('takes the issuer with or without a slash at its end', () => {
    const parsed = Config.parse({ auth: { ...auth, issuer: `${auth.issuer}/` } });
    expect(parsed.auth).toMatchObject({ issuer: auth.issuer });
  });
});
