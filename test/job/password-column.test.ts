import { describe, expect, it } from 'vitest';
import { firstFeed } from '../../src/job/job.ts';
import { aJob, messagesOf, read, withFeed } from './job-world.ts';

describe('the column with the first passwords', () => {
  it('is known by its header, and is no mapped column', async () => {
    const { job, warnings } = await read(withFeed({ passwordColumn: 'First Password' }));
    expect(firstFeed(job).passwordColumn).toBe('First Password');
    expect(firstFeed(job).columns.map(({ from }) => from)).not.toContain('First Password');
    expect(warnings).toEqual([]);
  });

  it('may not be mapped to an attribute too', async () => {
    const columns = { externalId: 'ID', userName: 'Login', 'emails.work': { from: 'First Password' } };
    expect(await messagesOf(withFeed({ columns, passwordColumn: 'First Password' }))).toEqual([
      'the column with the passwords is mapped to an attribute too',
    ]);
  });

  it('may be in standard input, of which a copy is read a second time', async () => {
    expect(await messagesOf(withFeed({ path: '-', passwordColumn: 'First Password' }))).toEqual([]);
  });

  it('is refused for a provider that takes no first passwords', async () => {
    const { feed } = withFeed({ passwordColumn: 'First Password' }) as { feed: object };
    const job = aJob({ feed, target: { provider: 'poor', sandbox: true } });
    expect(await messagesOf(job)).toContain('Poor Directory takes no first passwords');
  });
});
