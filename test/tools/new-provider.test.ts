import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const command = promisify(execFile);
const scaffoldMaxMs = 180_000;
/** What a new provider touches, and what it is held to. */
const copied = [
  'src',
  'jobs',
  'fixtures',
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'package.json',
  'biome.json',
  'tsconfig.json',
  'vitest.config.ts',
  'test',
];

describe('npm run provider:new', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rollcall-new-provider-'));
  const bin = path.resolve('node_modules/.bin');
  const scaffold = (...args: readonly string[]) =>
    command(process.execPath, [path.resolve('test/tools/new-provider.ts'), ...args, '--into', folder]);
  const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

  beforeAll(async () => {
    for (const name of copied) cpSync(name, path.join(folder, name), { recursive: true });
    symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
    await scaffold('acme-people');
  });
  afterAll(() => {
    unlinkSync(path.join(folder, 'node_modules'));
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes a provider that is typed, formatted and linted', { timeout: scaffoldMaxMs }, async () => {
    const made = ['src/providers/acme-people', 'src/sandboxes/acme-people', 'test/providers/acme-people'];
    const registries = ['src/providers/registry.ts', 'src/sandboxes/registry.ts'];
    const { stdout } = await command(path.join(bin, 'tsc'), ['--noEmit'], { cwd: folder }).catch(
      (failure: { readonly stdout: string }) => failure,
    );
    expect(stdout.split('\n').filter((line) => line.includes('acme-people'))).toEqual([]);
    await command(path.join(bin, 'biome'), ['format', ...made, ...registries], { cwd: folder });
    await command(path.join(bin, 'biome'), ['lint', '--error-on-warnings', ...made, ...registries], {
      cwd: folder,
    });
  });

  it('passes the conformance suite, its own tests and those of the pages', {
    timeout: scaffoldMaxMs,
  }, async () => {
    const args = [
      'run',
      'test/providers/acme-people',
      'test/providers/conformance.test.ts',
      'test/providers/registry.test.ts',
      'test/architecture/readme.test.ts',
      '-t',
      'acme|Acme|md|doubt',
    ];
    const { stdout } = await command(path.join(bin, 'vitest'), args, {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1' },
    }).catch((failure: { readonly stdout: string }) => failure);
    expect(stdout).toMatch(/Tests +\d\d passed/);
    expect(stdout).not.toContain('failed');
    expect(stdout).toContain('the provider acme-people');
  });

  it('leaves nothing of the templates open', () => {
    for (const file of ['jobs/acme-people.yaml', 'src/providers/acme-people/index.ts', 'README.md']) {
      expect(read(file)).toContain('acme-people');
      expect(read(file)).not.toContain('__');
    }
  });

  it('touches nothing when there is such a provider, or the name is none', async () => {
    const before = read('src/providers/registry.ts');
    await expect(scaffold('scim')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exists'),
    });
    await expect(scaffold('Acme People')).rejects.toMatchObject({ code: 1 });
    await expect(scaffold()).rejects.toMatchObject({ code: 1 });
    expect(read('src/providers/registry.ts')).toBe(before);
  });
});
