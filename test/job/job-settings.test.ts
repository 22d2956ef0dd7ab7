import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/job/job-settings.ts';
import { withOtherFeeds } from '../../src/job/other-feed.ts';
import { aJob, read, validTarget } from './job-world.ts';

async function settings(difference = {}): Promise<ReturnType<typeof settingsOf>> {
  return settingsOf((await read(aJob(difference))).job);
}

describe('the settings of a job, for a later run to compare with', () => {
  it('are told by their places', async () => {
    const some = await settings({ policy: { leavers: [{ disable: 'now' }, { remove: 'after 90d' }] } });
    expect(some).toMatchObject({
      match: 'userName',
      firstLoad: false,
      'policy.leavers.disable': 0,
      'policy.leavers.remove': 90,
      'feeds.0.mode': 'full',
      'feeds.0.whole.trailer': null,
      'target.provider': 'acme',
    });
    expect(some['feeds.0.columns.userName']).toContain('"from":["Login"]');
  });

  it('hold references to secrets, and nothing else of credentials', async () => {
    const some = await settings();
    expect(some).toMatchObject({
      'target.config.auth.password': 'env:ACME_PASSWORD',
      'target.config.auth.username': '(given)',
    });
    expect(JSON.stringify(some)).not.toContain('svc');
  });

  it('are the same for another file in place of the feed', async () => {
    const { job } = await read(
      aJob({ feed: { path: 'hr.csv', maxAge: '36h', columns: { userName: 'Login' } } }),
    );
    expect(settingsOf(withOtherFeeds(job, ['rejects.tsv']))).toEqual(settingsOf(job));
  });

  it('are not the same for another mapping, nor for another account', async () => {
    const other = { ...validTarget, auth: { type: 'basic', username: 'svc', password: 'env:OTHER' } };
    expect((await settings({ target: other }))['target.config.auth.password']).toBe('env:OTHER');
  });
});
