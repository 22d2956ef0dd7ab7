import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes, newTally } from '../../src/feed/feed-file.ts';
import { runFeedCommand } from '../../src/feed/run-feed-command.ts';
import { discardCopy, spool } from '../../src/feed/spool.ts';
import { virtualClock } from '../http/virtual-clock.ts';
import { collect, temporaryDirectory } from './feeds.ts';

const clock = virtualClock();
const idle = { clock, signal: new AbortController().signal };

function node(script: string, ...args: readonly string[]): Parameters<typeof runFeedCommand>[0] {
  const command = [process.execPath, '-e', script, ...args];
  return { kind: 'command', command, directory: process.cwd(), timeoutMs: 60_000 };
}

async function output(source: Parameters<typeof runFeedCommand>[0], tools = idle): Promise<string> {
  return Buffer.concat(await collect(runFeedCommand(source, tools))).toString();
}

describe('the command of a feed', () => {
  it('gives what it writes, its arguments untouched by any shell', async () => {
    const source = node('process.stdout.write(process.argv[1] + process.env.PATH)', '$HOME; `id` *');
    expect(await output(source)).toBe(`$HOME; \`id\` *${process.env.PATH}`);
  });

  it('that ends with another status than 0 is refused, and nothing that it says is repeated', async () => {
    const source = node('console.log("id\\n1"); console.error("Ada Moreau"); process.exitCode = 3');
    const running = output(source);
    await expect(running).rejects.toMatchObject({ code: 'FEED_COMMAND', exit: 1 });
    await expect(running).rejects.toThrow('ended with status 3');
    await expect(running).rejects.not.toThrow('Ada');
  });

  it('that is ended by a signal is refused', async () => {
    const source = node('console.log("id"); process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 9)');
    await expect(output(source)).rejects.toThrow('was ended by SIGTERM');
  });

  it('that cannot be started is refused', async () => {
    const source = { ...node(''), command: ['/no/such/program'] };
    await expect(output(source)).rejects.toThrow('could not be started (ENOENT)');
  });

  it('that takes too long is ended, with all that it started', async () => {
    const child =
      'require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 9)"], { stdio: "inherit" })';
    const slow = virtualClock();
    const running = output(node(`${child}; setInterval(() => {}, 9)`), { ...idle, clock: slow });
    const refused = expect(running).rejects.toThrow('did not end within 60 s');
    await slow.untilAsleepFor(60_000);
    await slow.advance(60_000);
    await refused;
  });

  it('is ended when the run is told to stop', async () => {
    const stopping = new AbortController();
    const chunks = runFeedCommand(node('console.log("id"); setInterval(() => {}, 9)'), {
      clock,
      signal: stopping.signal,
    });
    expect((await chunks.next()).done).toBe(false);
    stopping.abort();
    await expect(chunks.next()).rejects.toMatchObject({ code: 'INTERRUPTED', exit: 75 });
  });
});

describe('a spooled feed', () => {
  const input = { name: '-', modifiedAt: null, bytesMax: 1000 };

  it('has no name while it is read, can be read twice, and leaves nothing behind', async () => {
    const directory = join(await temporaryDirectory(), 'spool');
    const file = await spool(
      runFeedCommand(node('process.stdout.write("id\\n1\\n")'), idle),
      directory,
      input,
    );
    expect(await readdir(directory)).toEqual([]);
    const read = async () => Buffer.concat(await collect(readBytes(file, newTally()))).toString();
    expect([await read(), await read()]).toEqual(['id\n1\n', 'id\n1\n']);
    expect(Number((await file.copy?.stat())?.mode) & 0o777).toBe(0o600);
    await discardCopy(file);
  });

  it('that grows over its bound ends the command', async () => {
    const endless = node('const more = () => process.stdout.write("x".repeat(65536), more); more()');
    await expect(
      spool(runFeedCommand(endless, idle), await temporaryDirectory(), input),
    ).rejects.toMatchObject({
      code: 'FEED_TOO_LARGE',
      exit: 1,
    });
  });
});
