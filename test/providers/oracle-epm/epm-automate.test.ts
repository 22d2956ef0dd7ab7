import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mainFile } from '../../program/main-file.ts';

const job = 'jobs/oracle-epm-automate.yaml';
const feed = 'fixtures/oracle-epm/epm-automate.csv';
const header = 'First Name,Last Name,Email,User Login';
/** As the vendor's page on the older update call prints it. */
const misprinted = 'Firt Name, Last Name,Email, User Login';

describe("a CSV file with EPM Automate's own headers", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'rollcall-epm-automate-'));
    for (const file of [job, feed]) await cp(file, path.join(folder, file));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('becomes users, told apart by their logins, and nothing the second time', async () => {
    expect((await readFile(path.join(folder, feed), 'utf8')).split('\n')[0]).toBe(header);
    const first = await rollcall('apply', job, '--json');
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/"succeeded": ?3/) });
    expect(first.stderr).not.toContain('is taken for');
    const second = await rollcall('apply', job);
    expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing was written') });
  });

  it('is read with the misprint of one of its pages too, with a warning', async () => {
    const text = await readFile(path.join(folder, feed), 'utf8');
    await writeFile(path.join(folder, feed), text.replace(header, misprinted));
    const warning = 'column "Firt Name" is taken for "First Name"';
    const validated = await rollcall('validate', job);
    expect(validated).toMatchObject({ code: 0, stdout: expect.stringContaining(warning) });
    const planned = await rollcall('plan', job);
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringMatching(/name\.givenName +Jane/) });
    expect(planned.stderr).toContain('is taken for');
  });

  async function rollcall(
    ...args: readonly string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [mainFile, ...args], { cwd: folder });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.stderr += text;
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, ...said };
  }
});
