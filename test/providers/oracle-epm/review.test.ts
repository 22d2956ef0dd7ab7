import { describe, expect, it } from 'vitest';
import type { Asked } from '../../../src/contracts/provider.ts';
import { Config } from '../../../src/providers/oracle-epm/config.ts';
import { review } from '../../../src/providers/oracle-epm/review.ts';
import { config } from './world.ts';

const mapped = ['userName', 'name.familyName', 'emails.work', 'roles'];
const policy = (...operations: ('disable' | 'remove')[]): Asked['policy'] => ({
  create: true,
  update: true,
  leavers: operations.map((operation) => ({ operation, afterDays: 0 })),
});
const settled = { welcomeMail: false };

describe('review', () => {
  it('finds nothing in a job that knows what it does', () => {
    const known = config({
      ...settled,
      removeFromIdentityDomain: true,
      missingCodes: ['EPMCSS-29999'],
    });
    expect(review(known, { policy: policy('disable', 'remove'), attributes: mapped })).toEqual([]);
  });

  it('refuses a removal that does not acknowledge the whole identity domain', () => {
    const [finding] = review(config(settled), { policy: policy('remove'), attributes: mapped });
    expect(finding).toMatchObject({ severity: 'error', path: ['policy', 'leavers'] });
    expect(finding?.message).toContain('target.removeFromIdentityDomain: true');
  });

  it('warns of a removal that nobody could settle, for no code says that a login is gone already', () => {
    const unsettled = config({ ...settled, removeFromIdentityDomain: true });
    const findings = review(unsettled, { policy: policy('remove'), attributes: mapped });
    expect(findings).toMatchObject([{ severity: 'warning', path: ['target', 'missingCodes'] }]);
  });

  it('warns of creating people whom the list will not show', () => {
    const [finding] = review(config(settled), { policy: policy(), attributes: ['userName'] });
    expect(finding).toMatchObject({ severity: 'warning', path: ['policy', 'create'] });
  });

  it('warns of new users without a mail until the job says that it is meant', () => {
    const asked = { policy: policy(), attributes: mapped };
    expect(review(config(), asked).map(({ path }) => path)).toEqual([['target', 'welcomeMail']]);
  });

  it('warns of a token without the login whose it is', () => {
    const bearer = config({ ...settled, auth: { type: 'bearer', token: 'file:/run/token' } });
    const [finding] = review(bearer, { policy: policy(), attributes: mapped });
    expect(finding).toMatchObject({ severity: 'warning', path: ['target', 'ownLogin'] });
  });

  it('refuses to disable, or to map roles, by a list that shows no roles', () => {
    const older = config({ ...settled, listGeneration: 'memberof' });
    const findings = review(older, { policy: policy('disable'), attributes: mapped });
    expect(findings.map(({ severity, path }) => [severity, path.join('.')])).toEqual([
      ['error', 'policy.leavers'],
      ['error', 'target.listGeneration'],
    ]);
  });
});

describe('config', () => {
  it.each([
    ['a password in clear', { auth: { type: 'basic', username: 'svc', password: 'hunter2' } }],
    ['a token in clear', { auth: { type: 'bearer', token: 'hunter2' } }],
    ['a reference to nothing', { auth: { type: 'bearer', token: 'env:' } }],
    ['a setting that does not exist', { auth: { type: 'bearer', token: 'env:T' }, hunter2: true }],
    ['a code of another form', { auth: { type: 'bearer', token: 'env:T' }, existsCodes: ['21142'] }],
  ])('refuses %s', (_, value) => {
    expect(Config.safeParse(value).success).toBe(false);
  });

  it('does not repeat a secret that it refuses', () => {
    const read = Config.safeParse({ auth: { type: 'basic', username: 'svc', password: 'hunter2' } });
    expect(JSON.stringify(read.error?.issues)).not.toContain('hunter2');
  });
});
