import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readJob } from '../../src/job/read-job.ts';
import { providers } from '../../src/providers/registry.ts';

const demoMaxMs = 180_000;

it('runs to its end, with every exit code and every write as expected', { timeout: demoMaxMs }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-demo-'));
  try {
    await cp('jobs/demo-epm.yaml', path.join(folder, 'jobs/demo-epm.yaml'));
    await cp('fixtures/demo', path.join(folder, 'fixtures/demo'), { recursive: true });
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
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('has job files that are valid without a warning', async () => {
  for (const file of ['jobs/demo-epm.yaml', 'jobs/oracle-epm.yaml']) {
    const { warnings } = await readJob(file, { providers });
    expect(warnings, file).toEqual([]);
  }
});

it('states the true number of rows in each export but the one that is cut', async () => {
  for (const name of ['hr-day-1.csv', 'hr-day-2.csv']) {
    const lines = (await readFile(path.join('fixtures/demo', name), 'utf8')).trimEnd().split('\n');
    expect(lines.at(-1), name).toBe(`TRAILER,${lines.length - 2},,,,,,,`);
  }
});
