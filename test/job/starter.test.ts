import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstFeed } from '../../src/job/job.ts';
import { readJob } from '../../src/job/read-job.ts';
import { starterFeed, starterJob, starterPaths } from '../../src/job/starter.ts';
import { providers } from '../../src/providers/registry.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-starter-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function readStarter(text: string) {
  const path = join(directory, starterPaths.job);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return readJob(path, { providers });
}

describe('the starter', () => {
  it('is a job without errors or warnings, for the feed beside it', async () => {
    const { job, warnings } = await readStarter(starterJob);
    expect(warnings).toEqual([]);
    expect(firstFeed(job).path).toBe(join(directory, starterPaths.feed));
    expect(job.target.origin).toBe('sandbox:oracle-epm');
  });

  it('is still a valid job when the real system takes the place of the sandbox', async () => {
    const real = starterJob
      .replace(/^ {2}sandbox:.*\n/m, '')
      .replace(/^ {2}# (?=baseUrl|auth| {2}type| {2}username| {2}password|limits)/gm, '  ');
    const { job, warnings } = await readStarter(real);
    expect(warnings).toEqual([]);
    expect(job.target).toMatchObject({
      sandbox: null,
      origin: expect.stringMatching(/^https:/),
      config: { auth: { type: 'basic', username: 'env:EPM_USER', password: 'env:EPM_PASSWORD' } },
      limits: { batchSize: 500 },
    });
  });

  it('has a feed with the columns of the job and a trailer that counts its rows', async () => {
    const { job } = await readStarter(starterJob);
    const [header, ...records] = parse(starterFeed) as string[][];
    const trailer = records.pop();
    expect(firstFeed(job).columns.flatMap((column) => column.from)).toEqual(header);
    expect(trailer).toContain(String(records.length));
    expect(trailer?.[0]).toBe(firstFeed(job).whole.trailer);
    expect(records.every((record) => record.some((cell) => cell.endsWith('@example.com')))).toBe(true);
  });
});
