import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/job/job.ts';
import { withOtherFeeds } from '../../src/job/other-feed.ts';
import { aJob, read } from './job-world.ts';

async function jobWith(feed: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Job> {
  const columns = { externalId: 'ID', userName: 'Login' };
  return (await read(aJob({ feed: { columns, ...feed }, ...more }))).job;
}

describe('another file in place of the feed', () => {
  it('is read as the job says, relative to where the command is given, and left where it lies', async () => {
    const job = await jobWith({
      path: 'hr.csv',
      delimiter: ';',
      encoding: 'windows-1252',
      ready: { marker: '*.done', wait: '10m' },
      maxAge: '36h',
      whenSettled: 'delete',
    });
    const path = resolve('runs/rejects.csv');
    expect(withOtherFeeds(job, ['runs/rejects.csv']).feeds[0]).toEqual({
      ...job.feeds[0],
      path,
      source: { kind: 'file', path },
      delivery: { marker: null, stableMs: 0, waitMs: 0 },
      maxAgeMs: null,
      afterwards: { kind: 'leave' },
    });
  });

  it('has the format of its extension, with nothing left of the other one', async () => {
    const job = await jobWith({ path: 'hr.json', encoding: 'utf-16le', records: 'users' });
    expect(withOtherFeeds(job, ['rejects.csv']).feeds[0]).toMatchObject({
      format: 'csv',
      encoding: 'auto',
      delimiter: ',',
      quote: '"',
      recordsAt: null,
    });
    expect(withOtherFeeds(job, ['rejects.tsv']).feeds[0]).toMatchObject({ format: 'csv', delimiter: '\t' });
    expect(withOtherFeeds(job, ['-']).feeds[0]).toMatchObject({ format: 'json', source: { kind: 'stdin' } });
  });

  it('has the format of the job where the extension is that of the feed', async () => {
    const job = await jobWith({ path: 'export.txt', format: 'ndjson' });
    expect(withOtherFeeds(job, ['other.txt']).feeds[0]).toMatchObject({ format: 'ndjson' });
  });

  it('takes the place of the one of several feeds that it names', async () => {
    const columns = { externalId: 'ID', userName: 'Login' };
    const feeds = ['staff', 'guests'].map((name) => ({ name, path: `${name}.csv`, columns }));
    const { job } = await read(aJob({ feed: undefined, feeds }));
    const other = withOtherFeeds(job, ['guests=a=b.csv']);
    expect(other.feeds.map(({ path }) => path)).toEqual([job.feeds[0]?.path, resolve('a=b.csv')]);
    const refused = (text: string): unknown => expect.objectContaining({ code: text, exit: 1 });
    expect(() => withOtherFeeds(job, ['x.csv'])).toThrow(refused('FEED_NOT_NAMED'));
    expect(() => withOtherFeeds(job, ['gests=x.csv'])).toThrow(refused('FEED_UNKNOWN'));
  });

  it('is refused where the present users are read from a file like the feed', async () => {
    const job = await jobWith({ path: 'hr.json' }, { state: { from: 'file', path: 'users.json' } });
    expect(() => withOtherFeeds(job, ['rejects.csv'])).toThrow(
      expect.objectContaining({ code: 'STATE_FILE_FORMAT', exit: 1 }),
    );
  });
});
