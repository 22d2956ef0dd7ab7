import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { firstFeed } from '../../src/job/job.ts';
import { checkFeed } from '../../src/feed/read-feed.ts';
import { readJob } from '../../src/job/read-job.ts';
import { providers } from '../../src/providers/registry.ts';

const demoMaxMs = 180_000;
const exampleJobs = readdirSync('jobs').filter((name) => name.endsWith('.yaml'));

it('runs to its end, with every exit code and every write as expected', { timeout: demoMaxMs }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-demo-'));
  try {
    for (const needed of ['jobs', 'fixtures']) {
      await cp(needed, path.join(folder, needed), { recursive: true });
    }
    const demo = spawn(process.execPath, ['test/demo/demo.ts', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    for (const stream of [demo.stdout, demo.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
    }
    const [code] = await once(demo, 'close');
    expect({ code, output: output.join('') }).toEqual({
      code: 0,
      output: expect.stringContaining('Every command ended as it should.'),
    });
    for (const id of Object.keys(providers)) expect(output.join('')).toContain(`${id} sandbox:${id}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describe('the example jobs', () => {
  it('are there for every provider', async () => {
    const files = await readdir('jobs');
    for (const id of Object.keys(providers)) expect(files).toContain(`${id}.yaml`);
  });

  it.each(exampleJobs)('%s is valid, and its feed fits it', async (name) => {
    const { job, warnings } = await readJob(path.join('jobs', name), { providers });
    // Look-ups of RSA ID Plus do not show groups, of which its job is right to be warned.
    const unseen = name === 'rsa-id-plus.yaml' ? [expect.stringContaining('do not show groups')] : [];
    expect(warnings.map(({ message }) => message)).toEqual(unseen);
    // The demo lays the feed of its own job where it expects it.
    if (name === 'demo-epm.yaml') return;
    const { attributes: rules, headerAliases } = job.target.provider;
    const { headers } = await checkFeed(firstFeed(job), { match: job.match, rules, headerAliases });
    expect(headers.length).toBeGreaterThan(0);
  });
});

it('states the true number of rows in each export but the one that is cut', async () => {
  for (const name of ['hr-day-1.csv', 'hr-day-2.csv']) {
    const lines = (await readFile(path.join('fixtures/demo', name), 'utf8')).trimEnd().split('\n');
    expect(lines.at(-1), name).toBe(`TRAILER,${lines.length - 2},,,,,,,`);
  }
});
