import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSecret } from '../../src/job/secret.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-secret-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

describe('a secret', () => {
  it('is read from a variable as it stands', async () => {
    vi.stubEnv('ROLLCALL_TEST_SECRET', 'hunter2\n');
    expect(await readSecret('env:ROLLCALL_TEST_SECRET', directory)).toBe('hunter2\n');
  });

  it.each([
    ['hunter2\n', 'hunter2'],
    ['hunter2\r\n', 'hunter2'],
    ['hunter2', 'hunter2'],
    [' hunter2\n\n', ' hunter2\n'],
  ])('is read from a file beside the job, %j without its last newline', async (text, secret) => {
    await writeFile(join(directory, 'token'), text);
    expect(await readSecret('file:token', directory)).toBe(secret);
    expect(await readSecret(`file:${join(directory, 'token')}`, '/')).toBe(secret);
  });

  it('is read anew each time', async () => {
    await writeFile(join(directory, 'token'), 'one');
    expect(await readSecret('file:token', directory)).toBe('one');
    await writeFile(join(directory, 'token'), 'two');
    expect(await readSecret('file:token', directory)).toBe('two');
  });

  it('that is missing or empty is a failure that names the variable or the file', async () => {
    vi.stubEnv('ROLLCALL_TEST_EMPTY', '');
    await writeFile(join(directory, 'empty'), '\n');
    const failing = (reference: string) => expect(readSecret(reference, directory)).rejects;
    await failing('env:ROLLCALL_TEST_MISSING').toMatchObject({
      name: 'Failure',
      exit: 1,
      message: expect.stringContaining('ROLLCALL_TEST_MISSING'),
      hint: expect.stringContaining('Set ROLLCALL_TEST_MISSING'),
    });
    await failing('env:ROLLCALL_TEST_EMPTY').toThrow(/ROLLCALL_TEST_EMPTY.*is empty/);
    await failing('file:none').toThrow(/none cannot be read \(ENOENT\)/);
    await failing('file:empty').toThrow(/empty is empty/);
    await failing('file:.').toThrow(/EISDIR/);
  });

  it('that is given as text is refused without repeating it', async () => {
    await expect(readSecret('hunter2', directory)).rejects.toThrow(
      expect.objectContaining({ exit: 1, message: expect.not.stringContaining('hunter2') }),
    );
  });
});
