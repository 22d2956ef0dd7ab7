import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandboxes/start-sandbox.ts';
import { EpmWorld, person } from './epm-world.ts';

let epm: EpmWorld;
beforeEach(() => {
  epm = new EpmWorld();
});
afterEach(() => epm.close());

const plain = { port: 0, users: null, journal: null, faults: null, ratePerSecond: null } as const;

describe('starting a sandbox', () => {
  it('listens on the loopback address only and says where and as whom', async () => {
    const running = await startSandbox({ ...plain, provider: 'oracle-epm', username: undefined });
    expect(running).toMatchObject({
      baseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      pid: process.pid,
      username: 'admin',
    });
    await running.close();
    await expect(fetch(running.baseUrl)).rejects.toThrow('fetch failed');
    await running.close();
  });

  it('fails clearly for a provider that has none', async () => {
    await expect(startSandbox({ ...plain, provider: 'nobody' })).rejects.toMatchObject({
      name: 'Failure',
      code: 'SANDBOX_UNKNOWN',
      hint: expect.stringContaining('oracle-epm'),
    });
  });

  it('fails clearly when the port is taken', async () => {
    await epm.start();
    const port = Number(new URL(epm.baseUrl).port);
    await expect(startSandbox({ ...plain, provider: 'oracle-epm', port })).rejects.toMatchObject({
      name: 'Failure',
      code: 'SANDBOX_PORT',
      message: expect.stringContaining('it is taken'),
    });
  });

  it('fails clearly when the journal is a folder', async () => {
    await expect(epm.start({ options: { journal: epm.folder } })).rejects.toMatchObject({
      name: 'Failure',
      message: `journal ${epm.folder}: it is a folder, not a file`,
    });
  });

  it('leaves no listener for SIGTERM behind', async () => {
    const before = process.listenerCount('SIGTERM');
    const running = await startSandbox({ ...plain, provider: 'oracle-epm' });
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    await running.close();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});

it('closes on SIGTERM and lets its process end', async () => {
  const options = {
    ...plain,
    provider: 'oracle-epm',
    journal: epm.journalPath,
    users: epm.file('u.json', '[]'),
  };
  const script = `
    const { startSandbox } = await import(${JSON.stringify(pathToFileURL('src/sandboxes/start-sandbox.ts').href)});
    process.stdout.write(JSON.stringify(await startSandbox(${JSON.stringify(options)})));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [ready] = (await once(child.stdout, 'data')) as [Buffer];
    const { baseUrl, pid } = JSON.parse(ready.toString('utf8')) as { baseUrl: string; pid: number };
    expect(pid).toBe(child.pid);
    expect((await fetch(baseUrl)).status).toBe(401);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

it('remembers nothing outside its journal', async () => {
  await epm.start({ users: [person('jdoe')], options: { journal: null } });
  await epm.update({ userlogin: 'jdoe', firstname: 'Jane' });
  await epm.start({ users: [person('jdoe')], options: { journal: null } });
  expect(await epm.list()).toMatchObject([{ firstname: 'Ada' }]);
});
